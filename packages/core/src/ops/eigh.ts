import { isGradEnabled } from '../autograd/modes.ts';
import { needsGrad } from '../autograd/views.ts';
import { LinAlgError, ValueError } from '../errors.ts';
import { defineOp } from '../op.ts';
import { type BlockResult, checkFinite, entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { transposed } from '../parts/linear-algebra/scaling.ts';
import { keepTriangle, symmetricEigen } from '../parts/linear-algebra/symmetric.ts';
import { batchOf, checkSquare, diagonalMatrix, minus, onDiagonal, plus, product, skew } from '../parts/linear-algebra/tensors.ts';
import type { Tensor } from '../tensor.ts';
import { where } from './where.ts';

/** Which triangle of a symmetric matrix is read: lower or upper. */
export type UPLO = 'L' | 'U';

interface Attrs {
  readonly op: string;
  readonly upper: boolean;
}

function decompose(a: Tensor, { op, upper }: Attrs, vectors: boolean): Tensor[] {
  const n = a.shape[a.ndim - 1]!;
  const batch = batchOf(a);
  const results: BlockResult[] = [{ shape: [n], dtype: a.dtype }];
  if (vectors) results.push({ shape: [n, n], dtype: a.dtype });
  return perMatrix(op, [a], batch, results, ([x], [values, columns], entry) => {
    keepTriangle(x!, n, upper);
    checkFinite(op, x!, batch, entry);
    const rows = vectors ? new Float64Array(n * n) : null;
    const found = symmetricEigen(x!, n, upper, rows);
    if (found === null) throw new LinAlgError(`${op}: ${entryName(batch, entry)}the eigenvalues did not converge`);
    values!.set(found);
    if (rows !== null) columns!.set(transposed(rows, n, n));
  });
}

const eighOp = defineOp<Attrs>({
  name: 'linalg.eigh',
  infer: ([a], { op }) => {
    const n = checkSquare(op, a!);
    return [
      { shape: [...batchOf(a!), n], dtype: a!.dtype },
      { shape: a!.shape, dtype: a!.dtype },
    ];
  },
  forward: ([a], attrs) => decompose(a!, attrs, true),
  save: (_inputs, [w, v]) => [w!, v!],
  backward: ({ saved: [w, v] }, [gw, gv]) => {
    const n = w!.shape[w!.ndim - 1]!;
    let inner = gw == null ? null : diagonalMatrix(gw);
    if (gv != null) {
      // dV = V (E ∘ Vᵀ dA V) with E_ij = 1 / (w_j - w_i), 0 on the diagonal.
      const gaps = minus(w!.unsqueeze(-2) as Tensor, w!.unsqueeze(-1) as Tensor);
      const turned = skew(product(v!.mT as Tensor, gv));
      inner = plus(inner, turned.div(where(onDiagonal(n, w!), 1, gaps) as Tensor) as Tensor);
    }
    return [inner === null ? null : product(v!, inner, v!.mT as Tensor)];
  },
});

const eigvalshOp = defineOp<Attrs>({
  name: 'linalg.eigvalsh',
  infer: ([a], { op }) => {
    const n = checkSquare(op, a!);
    return [{ shape: [...batchOf(a!), n], dtype: a!.dtype }];
  },
  forward: ([a], attrs) => decompose(a!, attrs, false),
});

/** Options of {@link eigh}. */
export interface EighOptions {
  /** The triangle that is read. Default 'L'. */
  UPLO?: UPLO;
}

function attrsOf(op: string, { UPLO = 'L' }: EighOptions): Attrs {
  const letter = typeof UPLO === 'string' ? UPLO.toUpperCase() : '';
  if (letter !== 'L' && letter !== 'U') throw new ValueError(`${op}: UPLO must be 'L' or 'U', got '${String(UPLO)}'`);
  return { op, upper: letter === 'U' };
}

/** Result of {@link eigh}. */
export interface SymmetricEigen {
  /** In ascending order: [.., n]. */
  readonly eigenvalues: Tensor;
  /** Orthonormal columns in the same order: [.., n, n]. */
  readonly eigenvectors: Tensor;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, or of each in a batch: A = V diag(w) Vᵀ. Only one triangle is read.
 *
 * Eigenvectors are determined up to their sign (here LAPACK's), those of repeated eigenvalues up to a rotation: gradients
 * of functions that depend on this choice are meaningless, and infinite where eigenvalues repeat.
 *
 * @throws LinAlgError when a matrix has values that are not finite, or the iteration does not converge
 * @example
 * ```ts
 * linalg.eigh(tensor([[2, 1], [1, 2]])).eigenvalues; // [1, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html
 */
export function eigh(a: Tensor, options: EighOptions = {}): SymmetricEigen {
  const [eigenvalues, eigenvectors] = eighOp([a], attrsOf('linalg.eigh', options));
  return { eigenvalues: eigenvalues!, eigenvectors: eigenvectors! };
}

/** The eigenvalues of {@link eigh} alone, with a gradient that is always defined. @see https://pytorch.org/docs/stable/generated/torch.linalg.eigvalsh.html */
export function eigvalsh(a: Tensor, options: EighOptions = {}): Tensor {
  const attrs = attrsOf('linalg.eigvalsh', options);
  // The gradient is made of the eigenvectors.
  return (isGradEnabled() && needsGrad(a) ? eighOp : eigvalshOp)([a], attrs)[0]!;
}
