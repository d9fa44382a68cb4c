import { LinAlgError, ShapeError } from '../errors.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { exchangeRows, factorLU } from '../parts/linear-algebra/lu.ts';
import {
  batchOf,
  broadcastBatches,
  checkMatrix,
  checkSameFloating,
  checkSquare,
  isVectorSide,
  product,
} from '../parts/linear-algebra/tensors.ts';
import { solveTriangle } from '../parts/linear-algebra/triangular.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { neg } from './arithmetic.ts';

interface Attrs {
  readonly op: string;
  /** Whether a singular matrix is an error. */
  readonly check: boolean;
}

/** Solves with LU in place of `b`; gives the position of a zero pivot, -1 when there is none. */
function solveInPlace(a: Float64Array, n: number, b: Float64Array, columns: number): number {
  const pivots = new Float64Array(n);
  const zero = factorLU(a, n, n, pivots);
  exchangeRows(b, columns, pivots, false);
  solveTriangle(a, n, b, columns, { upper: false, unit: true, transpose: false });
  solveTriangle(a, n, b, columns, { upper: true, unit: false, transpose: false, keepZeros: true });
  return zero;
}

function singular(op: string, batch: readonly number[], entry: number, zero: number): LinAlgError {
  return new LinAlgError(`${op}: ${entryName(batch, entry)}the matrix is singular: pivot ${zero} is zero`);
}

/** A [.., n, n] and B [.., n, k] of one batch shape, to X and where a pivot is zero. */
export const solveOp: OpFunction<Attrs> = defineOp<Attrs>({
  name: 'linalg.solve',
  infer: ([a, b]) => [
    { shape: b!.shape, dtype: b!.dtype },
    { shape: batchOf(a!), dtype: 'int32' },
  ],
  forward: ([a, b], { op, check }) => {
    const [n, k] = b!.shape.slice(-2) as [number, number];
    const batch = batchOf(b!);
    const results = [
      { shape: [n, k], dtype: b!.dtype },
      { shape: [], dtype: 'int32' as const },
    ];
    return perMatrix(op, [a!, b!], batch, results, ([m, y], [x, info], entry) => {
      x!.set(y!);
      const zero = solveInPlace(m!, n, x!, k);
      if (check && zero >= 0) throw singular(op, batch, entry, zero);
      info![0] = zero + 1;
    });
  },
  save: ([a], [x]) => [a!, x!],
  backward: ({ attrs, saved: [a, x], needs }, [g]) => {
    if (g == null) return [null, null];
    const gb = solveOp([a!.mT as Tensor, g], attrs)[0]!;
    return [needs[0] ? (neg(product(gb, x!.mT as Tensor)) as Tensor) : null, gb];
  },
});

const inverseOp = defineOp<Attrs>({
  name: 'linalg.inv',
  infer: ([a], { op }) => {
    checkSquare(op, a!);
    return [
      { shape: a!.shape, dtype: a!.dtype },
      { shape: batchOf(a!), dtype: 'int32' },
    ];
  },
  forward: ([a], { op, check }) => {
    const n = a!.shape[a!.ndim - 1]!;
    const batch = batchOf(a!);
    const results = [
      { shape: [n, n], dtype: a!.dtype },
      { shape: [], dtype: 'int32' as const },
    ];
    return perMatrix(op, [a!], batch, results, ([m], [x, info], entry) => {
      for (let i = 0; i < n; i++) x![i * n + i] = 1;
      const zero = solveInPlace(m!, n, x!, n);
      if (check && zero >= 0) throw singular(op, batch, entry, zero);
      info![0] = zero + 1;
    });
  },
  save: (_inputs, [x]) => [x!],
  backward: ({ saved: [x] }, [g]) => {
    if (g == null) return [null];
    const transposed = x!.mT as Tensor;
    return [neg(product(transposed, g, transposed)) as Tensor];
  },
});

/** Options of {@link solve}. */
export interface SolveOptions {
  /** Solve A X = B (the default) or X A = B. */
  left?: boolean;
}

function solved(op: string, a: Tensor, b: Tensor, left: boolean, check: boolean): readonly [x: Tensor, info: Tensor] {
  const n = checkSquare(op, a);
  checkSameFloating(op, a, b);
  if (b.ndim === 0) throw new ShapeError(`${op}: the right side is a scalar`);
  const vector = isVectorSide(a, b);
  if (vector && !left) throw new ShapeError(`${op}: a vector ${show(b.shape)} has no right side; left: false needs a matrix`);
  const right = vector ? (b.unsqueeze(-1) as Tensor) : b;
  checkMatrix(op, right);
  const side = right.shape[right.ndim - (left ? 2 : 1)]!;
  if (n !== side)
    throw new ShapeError(`${op}: A ${show(a.shape)} does not fit B ${show(b.shape)}: ${n} vs ${side} ${left ? 'rows' : 'columns'}`);
  const [x, y] = broadcastBatches(op, a, right);
  const out = solveOp(left ? [x, y] : [x.mT as Tensor, y.mT as Tensor], { op, check }) as readonly [Tensor, Tensor];
  const result = left ? out[0] : (out[0].mT as Tensor);
  return [vector ? (result.squeeze(-1) as Tensor) : result, out[1]];
}

/**
 * The solution of A X = B for square A: B is [.., n, k], or [.., n] for one right side per matrix; leading dimensions
 * broadcast.
 *
 * @throws LinAlgError when a matrix is singular; the message names the batch entry
 * @example
 * ```ts
 * linalg.solve(tensor([[2, 1], [1, 3]]), tensor([3, 5])); // [0.8, 1.4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.solve.html
 */
export function solve(a: Tensor, b: Tensor, options: SolveOptions = {}): Tensor {
  return solved('linalg.solve', a, b, options.left ?? true, true)[0];
}

/** {@link solve} that reports in `info` (0, or the zero pivot counted from 1) instead of throwing, unless `checkErrors`. @see https://pytorch.org/docs/stable/generated/torch.linalg.solve_ex.html */
export function solveEx(
  a: Tensor,
  b: Tensor,
  options: SolveOptions & { checkErrors?: boolean } = {},
): { readonly result: Tensor; readonly info: Tensor } {
  const [result, info] = solved('linalg.solveEx', a, b, options.left ?? true, options.checkErrors ?? false);
  return { result, info };
}

/**
 * The inverse of a square matrix, or of each in a batch. To solve a system, {@link solve} is faster and more accurate.
 *
 * @throws LinAlgError when a matrix is singular; the message names the batch entry
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.inv.html
 */
export function inv(a: Tensor): Tensor {
  return inverseOp([a], { op: 'linalg.inv', check: true })[0]!;
}

/** {@link inv} that reports in `info` (0, or the zero pivot counted from 1) instead of throwing, unless `checkErrors`. @see https://pytorch.org/docs/stable/generated/torch.linalg.inv_ex.html */
export function invEx(a: Tensor, options: { checkErrors?: boolean } = {}): { readonly inverse: Tensor; readonly info: Tensor } {
  const [inverse, info] = inverseOp([a], { op: 'linalg.invEx', check: options.checkErrors ?? false });
  return { inverse: inverse!, info: info! };
}
