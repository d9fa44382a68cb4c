import { LinAlgError, ShapeError } from '../errors.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { checkFinite, entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { factorCholesky } from '../parts/linear-algebra/cholesky.ts';
import { keepTriangle } from '../parts/linear-algebra/symmetric.ts';
import {
  batchOf,
  broadcastBatches,
  checkMatrix,
  checkSameFloating,
  checkSquare,
  expandBatch,
  halvedTriangle,
  identity,
  product,
  symmetric,
} from '../parts/linear-algebra/tensors.ts';
import { solveTriangle } from '../parts/linear-algebra/triangular.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { neg } from './arithmetic.ts';
import { solveTriangularOp } from './solve-triangular.ts';

interface Attrs {
  readonly upper: boolean;
  /** Whether a matrix that is not positive-definite is an error. */
  readonly check: boolean;
}

const choleskyOp = defineOp<Attrs>({
  name: 'linalg.cholesky',
  infer: ([a]) => {
    checkSquare('linalg.cholesky', a!);
    return [
      { shape: a!.shape, dtype: a!.dtype },
      { shape: batchOf(a!), dtype: 'int32' },
    ];
  },
  forward: ([a], { upper, check }) => {
    const n = a!.shape[a!.ndim - 1]!;
    const batch = batchOf(a!);
    const results = [
      { shape: [n, n], dtype: a!.dtype },
      { shape: [], dtype: 'int32' as const },
    ];
    // The factor of the upper triangle is that of its transpose, the lower one, transposed.
    return perMatrix('linalg.cholesky', [upper ? (a!.mT as Tensor).detach() : a!], batch, results, ([x], [l, info], entry) => {
      const order = factorCholesky(x!, n);
      if (check && order > 0) {
        keepTriangle(x!, n, false);
        checkFinite('linalg.cholesky', x!, batch, entry);
        throw new LinAlgError(
          `linalg.cholesky: ${entryName(batch, entry)}the matrix is not positive-definite: the leading minor of order ${order} is not`,
        );
      }
      info![0] = order;
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) l![upper ? j * n + i : i * n + j] = x![i * n + j]!;
    });
  },
  save: (_inputs, [l]) => [l!],
  backward: ({ attrs: { upper }, saved: [factor] }, [g]) => {
    if (g == null) return [null];
    const [l, gl] = upper ? [factor!.mT as Tensor, g.mT as Tensor] : [factor!, g];
    // dL = L Φ(L⁻¹ dA L⁻ᵀ), where Φ takes the lower triangle and half of the diagonal (I. Murray, arXiv:1602.07527).
    const inner = symmetric(halvedTriangle(product(l.mT as Tensor, gl)));
    const transposed = l.mT as Tensor;
    const half = solveTriangularOp([transposed, inner], { upper: true, unit: false })[0]!;
    return [solveTriangularOp([transposed, half.mT as Tensor], { upper: true, unit: false })[0]!.mT as Tensor];
  },
});

/** Options of {@link cholesky} and its relatives. */
export interface CholeskyOptions {
  /** The factor is upper triangular, and the upper triangle of the matrix is read. Default false. */
  upper?: boolean;
}

/** Result of {@link choleskyEx}. */
export interface CholeskyInfo {
  readonly L: Tensor;
  /** For each matrix 0, or the order of the leading minor that is not positive-definite (int32). */
  readonly info: Tensor;
}

/**
 * The Cholesky factor of a symmetric positive-definite matrix or of each in a batch: lower triangular L with A = L Lᵀ, or
 * with `upper` U with A = Uᵀ U. Only that triangle of A is read; the gradient is symmetric.
 *
 * @throws LinAlgError when a matrix is not positive-definite: the message names the batch entry and the leading minor
 * @example
 * ```ts
 * linalg.cholesky(tensor([[4, 2], [2, 5]])); // [[2, 0], [1, 2]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html
 */
export function cholesky(a: Tensor, options: CholeskyOptions = {}): Tensor {
  return choleskyOp([a], { upper: options.upper ?? false, check: true })[0]!;
}

/** {@link cholesky} that reports in `info` instead of throwing, unless `checkErrors`. @see https://pytorch.org/docs/stable/generated/torch.linalg.cholesky_ex.html */
export function choleskyEx(a: Tensor, options: CholeskyOptions & { checkErrors?: boolean } = {}): CholeskyInfo {
  const [L, info] = choleskyOp([a], { upper: options.upper ?? false, check: options.checkErrors ?? false });
  return { L: L!, info: info! };
}

interface SolveAttrs {
  readonly op: string;
  readonly upper: boolean;
  /** Whether a zero on the diagonal is an error. */
  readonly check: boolean;
}

/** (L Lᵀ)⁻¹ B for factors and right sides of one batch shape; `upper`: (Uᵀ U)⁻¹ B. */
const choleskySolveOp: OpFunction<SolveAttrs> = defineOp<SolveAttrs>({
  name: 'choleskySolve',
  infer: ([b]) => [{ shape: b!.shape, dtype: b!.dtype }],
  forward: ([b, factor], { op, upper, check }) => {
    const [n, k] = b!.shape.slice(-2) as [number, number];
    const batch = batchOf(b!);
    return perMatrix(op, [b!, factor!], batch, [{ shape: [n, k], dtype: b!.dtype }], ([y, l], [x], entry) => {
      for (let i = 0; check && i < n; i++) {
        if (l![i * n + i] === 0)
          throw new LinAlgError(`${op}: ${entryName(batch, entry)}the matrix is singular: element ${i} of the factor's diagonal is zero`);
      }
      x!.set(y!);
      solveTriangle(l!, n, x!, k, { upper, unit: false, transpose: upper });
      solveTriangle(l!, n, x!, k, { upper, unit: false, transpose: !upper });
    });
  },
  save: ([, factor], [x]) => [factor!, x!],
  backward: ({ attrs, saved: [factor, x], needs }, [g]) => {
    const gb = choleskySolveOp([g!, factor!], attrs)[0]!;
    if (!needs[1]) return [gb, null];
    const half = product(gb, x!.mT as Tensor);
    return [gb, factorGradient(factor!, half.add(half.mT as Tensor) as Tensor, attrs.upper)];
  },
});

/**
 * The gradient of a factor, given minus that of A = L Lᵀ, which is symmetric. As in PyTorch, the factor counts as a matrix
 * whose other triangle happens to be zero: the gradient there is what it would be if that were read.
 */
function factorGradient(factor: Tensor, g: Tensor, upper: boolean): Tensor {
  return neg(upper ? product(factor, g) : product(g, factor)) as Tensor;
}

/**
 * The solution of A X = B from the Cholesky factor of A: B [.., n, k], L [.., n, n], with broadcasting of the leading
 * dimensions. Only the factor's triangle is read; for its gradient the other one must be zero.
 *
 * @throws ShapeError when L is not square or does not fit B
 * @see https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html
 */
export function choleskySolve(b: Tensor, l: Tensor, options: CholeskyOptions = {}): Tensor {
  const n = checkSquare('choleskySolve', l);
  const [rows] = checkMatrix('choleskySolve', b);
  checkSameFloating('choleskySolve', b, l);
  if (n !== rows) throw new ShapeError(`choleskySolve: B ${show(b.shape)} does not fit the factor ${show(l.shape)}: ${rows} vs ${n} rows`);
  const [x, y] = broadcastBatches('choleskySolve', l, b);
  return choleskySolveOp([y, x], { op: 'choleskySolve', upper: options.upper ?? false, check: false })[0]!;
}

/**
 * The inverse of A from its Cholesky factor. Only the factor's triangle is read; for its gradient the other one must be
 * zero.
 *
 * @throws LinAlgError when the factor has a zero on its diagonal
 * @see https://pytorch.org/docs/stable/generated/torch.cholesky_inverse.html
 */
export function choleskyInverse(l: Tensor, options: CholeskyOptions = {}): Tensor {
  const op = 'choleskyInverse';
  const n = checkSquare(op, l);
  const upper = options.upper ?? false;
  return choleskySolveOp([expandBatch(identity(n, l), batchOf(l)), l], { op, upper, check: true })[0]!;
}
