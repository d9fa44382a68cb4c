import { DTypeError, LinAlgError, ShapeError, ValueError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { defineOp } from '../op.ts';
import { entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { factorLU, permutationOf } from '../parts/linear-algebra/lu.ts';
import {
  batchOf,
  broadcastBatches,
  checkMatrix,
  checkSameFloating,
  checkSquare,
  columnsOf,
  identity,
  minus,
  product,
} from '../parts/linear-algebra/tensors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { eq } from './compare.ts';
import { arange } from './create.ts';
import { gather } from './gather.ts';
import { cat } from './join.ts';
import { solveTriangularOp } from './solve-triangular.ts';
import { tril, triu } from './triangular.ts';

/** Options of {@link lu} and {@link luFactor}. */
export interface LUOptions {
  /** Exchange rows so that pivots are large. Only true (the default) is possible on the CPU, as in PyTorch. */
  pivot?: boolean;
}

/** Result of {@link luFactor}. */
export interface LUFactors {
  /** U on and above the diagonal, L (without its ones) below: [.., m, n]. */
  readonly LU: Tensor;
  /** For each step the row, from 1, that it was exchanged with: int32 [.., min(m, n)]. */
  readonly pivots: Tensor;
}

/** Result of {@link lu}. */
export interface PLU {
  readonly P: Tensor;
  readonly L: Tensor;
  readonly U: Tensor;
}

/** `check`: whether a pivot of zero is an error. */
const luFactorOp = defineOp<boolean>({
  name: 'linalg.luFactor',
  infer: ([a]) => {
    const [m, n] = checkMatrix('linalg.luFactor', a!);
    const batch = batchOf(a!);
    return [
      { shape: a!.shape, dtype: a!.dtype },
      { shape: [...batch, Math.min(m, n)], dtype: 'int32' },
      { shape: batch, dtype: 'int32' },
    ];
  },
  forward: ([a], check) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const batch = batchOf(a!);
    const results = [
      { shape: [m, n], dtype: a!.dtype },
      { shape: [Math.min(m, n)], dtype: 'int32' as const },
      { shape: [], dtype: 'int32' as const },
    ];
    return perMatrix('linalg.luFactor', [a!], batch, results, ([x], [factors, pivots, info], entry) => {
      const zero = factorLU(x!, m, n, pivots!);
      if (check && zero >= 0) throw new LinAlgError(`linalg.luFactor: ${entryName(batch, entry)}U[${zero}, ${zero}] is zero`);
      info![0] = zero + 1;
      factors!.set(x!);
      for (let i = 0; i < pivots!.length; i++) pivots![i]!++;
    });
  },
  save: (_inputs, [factors, pivots]) => [factors!, pivots!],
  backward: ({ saved: [factors, pivots] }, [g]) => (g == null ? [null] : [luBackward(factors!, pivots!, g)]),
});

/** The gradient of A = P L U from that of both factors in one matrix. */
function luBackward(factors: Tensor, pivots: Tensor, g: Tensor): Tensor {
  const [m, n] = factors.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const square = factors.narrow(-2, 0, k).narrow(-1, 0, k);
  const core = g.narrow(-2, 0, k).narrow(-1, 0, k);
  const l = tril(square, -1).add(identity(k, g)) as Tensor;
  const u = triu(square) as Tensor;
  const lower = (x: Tensor): Tensor => solveTriangularOp([l.mT as Tensor, x], { upper: true, unit: true })[0]!;
  const upper = (x: Tensor): Tensor => solveTriangularOp([u, x.mT as Tensor], { upper: true, unit: false })[0]!.mT as Tensor;
  const gu = triu(core) as Tensor;
  // P L⁻ᵀ (tril(Lᵀ gL, -1) + triu(gU Uᵀ)) U⁻ᵀ. What of gU Uᵀ would be undone by U⁻ᵀ is never multiplied: U may be
  // ill-conditioned, L is not.
  let below = minus(product(l.mT as Tensor, tril(core, -1) as Tensor), product(gu, u.mT as Tensor));
  // What is beyond the square part depends on its factors too: U₂ = L⁻¹ Pᵀ A₂, or L₂ = A₂ U⁻¹.
  if (n > m) below = minus(below, product(columnsOf(g, k, n), columnsOf(factors, k, n).mT as Tensor));
  let middle = tril(below, -1) as Tensor;
  if (m > n) middle = minus(middle, triu(product(factors.narrow(-2, k, m - k).mT as Tensor, g.narrow(-2, k, m - k))) as Tensor);
  let permuted = lower(gu.add(upper(middle)) as Tensor);
  if (n > m) permuted = cat([permuted, lower(columnsOf(g, k, n))], -1) as Tensor;
  if (m > n) permuted = cat([permuted, upper(g.narrow(-2, k, m - k))], -2) as Tensor;
  return takeRows(permuted, inverseOrder(rowOrder(pivots, m)));
}

/** Which row of A each row of L U is: int64 [.., m]. */
function rowOrder(pivots: Tensor, m: number): Tensor {
  const batch = pivots.shape.slice(0, -1);
  return perMatrix('linalg.luUnpack', [pivots], batch, [{ shape: [m], dtype: 'int64' }], ([p], [order], entry) => {
    for (let i = 0; i < p!.length; i++) {
      p![i]!--;
      if (!(p![i]! >= 0 && p![i]! < m))
        throw new ValueError(`linalg.luUnpack: ${entryName(batch, entry)}pivot ${p![i]! + 1} is out of range for ${m} rows`);
    }
    order!.set(permutationOf(p!, m));
  })[0]!;
}

function inverseOrder(order: Tensor): Tensor {
  const m = order.shape[order.ndim - 1]!;
  return perMatrix('linalg.luUnpack', [order], order.shape.slice(0, -1), [{ shape: [m], dtype: 'int64' }], ([p], [inverse]) => {
    for (let i = 0; i < m; i++) inverse![p![i]!] = i;
  })[0]!;
}

/** Rows of matrices in another order. */
function takeRows(t: Tensor, order: Tensor): Tensor {
  return gather(t, t.ndim - 2, (order.unsqueeze(-1) as Tensor).expand(t.shape) as Tensor);
}

function checkPivot(op: string, pivot: boolean | undefined): void {
  if (pivot === false) throw new ValueError(`${op}: LU without pivoting is not possible; leave out pivot: false`);
}

/**
 * LU factorization with partial pivoting, A = P L U, with both factors in one matrix: [.., m, n] of any sides.
 *
 * @throws LinAlgError when U has a zero on its diagonal; {@link luFactorEx} and {@link lu} take such matrices
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html
 */
export function luFactor(a: Tensor, options: LUOptions = {}): LUFactors {
  checkPivot('linalg.luFactor', options.pivot);
  const [LU, pivots] = luFactorOp([a], true);
  return { LU: LU!, pivots: pivots! };
}

/** {@link luFactor} that reports the first zero of U's diagonal (from 1) in `info` instead of throwing, unless `checkErrors`. @see https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor_ex.html */
export function luFactorEx(a: Tensor, options: LUOptions & { checkErrors?: boolean } = {}): LUFactors & { readonly info: Tensor } {
  checkPivot('linalg.luFactorEx', options.pivot);
  const [LU, pivots, info] = luFactorOp([a], options.checkErrors ?? false);
  return { LU: LU!, pivots: pivots!, info: info! };
}

/** Which parts {@link luUnpack} gives; what is left out is an empty tensor. */
export interface LUUnpackOptions {
  /** L and U. Default true. */
  unpackData?: boolean;
  /** P. Default true. */
  unpackPivots?: boolean;
}

/** P, L and U of what {@link luFactor} gave. @see https://pytorch.org/docs/stable/generated/torch.lu_unpack.html */
export function luUnpack(factors: Tensor, pivots: Tensor, options: LUUnpackOptions = {}): PLU {
  const op = 'luUnpack';
  const [m, n] = checkMatrix(op, factors);
  const k = Math.min(m, n);
  const { unpackData = true, unpackPivots = true } = options;
  const none = (): Tensor => factors.detach().flatten().narrow(0, 0, 0).clone() as Tensor;
  let [P, L, U] = [none(), none(), none()];
  if (unpackPivots) {
    checkPivots(op, factors, pivots, k);
    const order = rowOrder(pivots, m).unsqueeze(-2) as Tensor;
    const rows = arange(m, { device: factors.device }).unsqueeze(-1) as Tensor;
    P = (eq(order, rows) as Tensor).to(factors.dtype);
  }
  if (unpackData) {
    L = tril(columnsOf(factors, 0, k), -1).add(identity(m, factors).narrow(-1, 0, k)) as Tensor;
    U = triu(factors.narrow(-2, 0, k)) as Tensor;
  }
  return { P, L, U };
}

function checkPivots(op: string, factors: Tensor, pivots: Tensor, k: number): void {
  if (pivots.dtype !== 'int32') throw new DTypeError(`${op}: the pivots must be int32, got ${pivots.dtype}`);
  const want = [...batchOf(factors), k];
  if (!sameShape(pivots.shape, want))
    throw new ShapeError(`${op}: pivots of shape ${show(want)} belong to ${show(factors.shape)}, got ${show(pivots.shape)}`);
}

/**
 * LU factorization with partial pivoting: P [.., m, m], L [.., m, k] with ones on the diagonal, U [.., k, n] with
 * A = P L U and k = min(m, n).
 *
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.lu.html
 */
export function lu(a: Tensor, options: LUOptions = {}): PLU {
  checkPivot('linalg.lu', options.pivot);
  const [factors, pivots] = luFactorOp([a], false);
  return luUnpack(factors!, pivots!);
}

/** Options of {@link luSolve}. */
export interface LUSolveOptions {
  /** Solve A X = B (the default) or X A = B. */
  left?: boolean;
  /** Solve with Aᵀ instead of A. Default false. */
  adjoint?: boolean;
}

/**
 * The solution of A X = B from what {@link luFactor} gave for A, with broadcasting of the leading dimensions.
 *
 * @throws ShapeError when the factors are not square or do not fit B
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.lu_solve.html
 */
export function luSolve(factors: Tensor, pivots: Tensor, b: Tensor, options: LUSolveOptions = {}): Tensor {
  const op = 'linalg.luSolve';
  const { left = true, adjoint = false } = options;
  const n = checkSquare(op, factors);
  checkMatrix(op, b);
  checkSameFloating(op, factors, b);
  checkPivots(op, factors, pivots, n);
  const side = b.shape[b.ndim - (left ? 2 : 1)]!;
  if (n !== side)
    throw new ShapeError(`${op}: LU ${show(factors.shape)} does not fit B ${show(b.shape)}: ${n} vs ${side} ${left ? 'rows' : 'columns'}`);
  // X A = B is Aᵀ Xᵀ = Bᵀ.
  const right = left ? b : (b.mT as Tensor);
  const order = rowOrder(pivots, n);
  const [f, y] = broadcastBatches(op, factors, right);
  const o = order.expand([...batchOf(f), n]) as Tensor;
  let x: Tensor;
  if (adjoint === left) {
    const half = solveTriangularOp([f.mT as Tensor, y], { upper: false, unit: false })[0]!;
    x = takeRows(solveTriangularOp([f.mT as Tensor, half], { upper: true, unit: true })[0]!, inverseOrder(o));
  } else {
    const half = solveTriangularOp([f, takeRows(y, o)], { upper: false, unit: true })[0]!;
    x = solveTriangularOp([f, half], { upper: true, unit: false })[0]!;
  }
  return left ? x : (x.mT as Tensor);
}
