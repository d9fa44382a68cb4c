import { isGradEnabled } from '../autograd/modes.ts';
import { needsGrad } from '../autograd/views.ts';
import { LinAlgError } from '../errors.ts';
import { defineOp } from '../op.ts';
import { checkFinite, entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { transposed } from '../parts/linear-algebra/scaling.ts';
import { factorSVD } from '../parts/linear-algebra/svd.ts';
import {
  batchOf,
  checkMatrix,
  columnsOf,
  diagonalMatrix,
  minus,
  onDiagonal,
  plus,
  product,
  times,
} from '../parts/linear-algebra/tensors.ts';
import type { Tensor } from '../tensor.ts';
import { where } from './where.ts';

interface Attrs {
  readonly op: string;
  readonly full: boolean;
}

const svdOp = defineOp<Attrs>({
  name: 'linalg.svd',
  infer: ([a], { op, full }) => {
    const [m, n] = checkMatrix(op, a!);
    const k = Math.min(m, n);
    const batch = batchOf(a!);
    return [
      { shape: [...batch, m, full ? m : k], dtype: a!.dtype },
      { shape: [...batch, k], dtype: a!.dtype },
      { shape: [...batch, full ? n : k, n], dtype: a!.dtype },
    ];
  },
  forward: ([a], { op, full }, out) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const batch = batchOf(a!);
    const results = out.map((meta) => ({ shape: meta.shape.slice(batch.length), dtype: meta.dtype }));
    return perMatrix(op, [a!], batch, results, ([x], [u, s, vh], entry) => {
      checkFinite(op, x!, batch, entry);
      const f = factorSVD(x!, m, n, full ? 'full' : 'thin');
      if (f === null) throw diverged(op, batch, entry);
      u!.set(transposed(f.ut, full ? m : Math.min(m, n), m));
      s!.set(f.s);
      vh!.set(f.vt);
    });
  },
  save: (_inputs, outputs) => outputs,
  backward: ({ saved: [u, s, vh] }, [gu, gs, gvh]) => {
    const k = s!.shape[s!.ndim - 1]!;
    // What is added by `fullMatrices` is not determined by A: it has no gradient.
    const first = (t: Tensor | null | undefined): Tensor | null => (t == null ? null : columnsOf(t, 0, k));
    const rows = (t: Tensor | null | undefined): Tensor | null => (t == null ? null : t.narrow(-2, 0, k));
    return [svdBackward(first(u)!, s!, rows(vh)!, first(gu), gs ?? null, rows(gvh))];
  },
});

function diverged(op: string, batch: readonly number[], entry: number): LinAlgError {
  return new LinAlgError(`${op}: ${entryName(batch, entry)}the singular values did not converge`);
}

/**
 * U [(X / E) S + S (Y / E) + diag(gS)] Vᵀ with X = Uᵀ gU - gUᵀ U, Y = Vᵀ gV - gVᵀ V and E_ij = s_j² - s_i², and what gU and gV have outside of
 * the spaces of U and V (J. Townsend, "Differentiating the singular value decomposition", 2016).
 */
function svdBackward(u: Tensor, s: Tensor, vh: Tensor, gu: Tensor | null, gs: Tensor | null, gvh: Tensor | null): Tensor | null {
  const [m, k] = u.shape.slice(-2) as [number, number];
  const n = vh.shape[vh.ndim - 1]!;
  const v = vh.mT as Tensor;
  const ut = u.mT as Tensor;
  let inner = gs === null ? null : diagonalMatrix(gs);
  if (gu === null && gvh === null) return inner === null ? null : product(u, inner, vh);
  const [row, column] = [s.unsqueeze(-2) as Tensor, s.unsqueeze(-1) as Tensor];
  // (s_j - s_i)(s_j + s_i): squares would lose digits.
  const gaps = where(onDiagonal(k, s), 1, times(minus(row, column), row.add(column) as Tensor)) as Tensor;
  if (gu !== null) inner = plus(inner, times(antisymmetric(product(ut, gu)).div(gaps) as Tensor, row));
  if (gvh !== null) inner = plus(inner, times(antisymmetric(product(vh, gvh.mT as Tensor)).div(gaps) as Tensor, column));
  let left = product(u, inner!);
  if (m > k && gu !== null) left = left.add(outside(u, gu).div(row) as never) as Tensor;
  let out = product(left, vh);
  if (n > k && gvh !== null) out = out.add(product(u, (outside(v, gvh.mT as Tensor).div(row) as Tensor).mT as Tensor) as never) as Tensor;
  return out;
}

/** m - mᵀ. */
function antisymmetric(m: Tensor): Tensor {
  return minus(m, m.mT as Tensor);
}

/** The part of g that is orthogonal to the columns of u. */
function outside(u: Tensor, g: Tensor): Tensor {
  return minus(g, product(u, product(u.mT as Tensor, g)));
}

const svdvalsOp = defineOp<Attrs>({
  name: 'linalg.svdvals',
  infer: ([a], { op }) => {
    const [m, n] = checkMatrix(op, a!);
    return [{ shape: [...batchOf(a!), Math.min(m, n)], dtype: a!.dtype }];
  },
  forward: ([a], { op }) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const batch = batchOf(a!);
    return perMatrix(op, [a!], batch, [{ shape: [Math.min(m, n)], dtype: a!.dtype }], ([x], [s], entry) => {
      checkFinite(op, x!, batch, entry);
      const f = factorSVD(x!, m, n, null);
      if (f === null) throw diverged(op, batch, entry);
      s!.set(f.s);
    });
  },
});

/** Result of {@link svd}. */
export interface SVD {
  readonly U: Tensor;
  /** In descending order. */
  readonly S: Tensor;
  /** The transpose of V. */
  readonly Vh: Tensor;
}

/** Options of {@link svd}. */
export interface SVDOptions {
  /** Square U and Vh (the default), or only the min(m, n) vectors that belong to singular values. */
  fullMatrices?: boolean;
}

/**
 * Singular value decomposition A = U diag(S) Vh of a matrix [.., m, n], or of each in a batch: U [.., m, m], S [.., k]
 * and Vh [.., n, n] with k = min(m, n); without `fullMatrices` U [.., m, k] and Vh [.., k, n].
 *
 * Singular vectors are determined up to a common sign of a pair (here LAPACK's), and up to a rotation where values repeat:
 * gradients of functions that depend on this choice are meaningless, and infinite where values repeat. What
 * `fullMatrices` adds has no gradient. {@link svdvals} has one everywhere.
 *
 * @throws LinAlgError when a matrix has values that are not finite, or the iteration does not converge
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.svd.html
 */
export function svd(a: Tensor, options: SVDOptions = {}): SVD {
  const [U, S, Vh] = svdOp([a], { op: 'linalg.svd', full: options.fullMatrices ?? true });
  return { U: U!, S: S!, Vh: Vh! };
}

/**
 * The singular values of {@link svd} alone, in descending order: [.., m, n] to [.., min(m, n)].
 *
 * @throws LinAlgError when a matrix has values that are not finite
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.svdvals.html
 */
export function svdvals(a: Tensor): Tensor {
  // The gradient is made of the vectors.
  if (isGradEnabled() && needsGrad(a)) return svdOp([a], { op: 'linalg.svdvals', full: false })[1]!;
  return svdvalsOp([a], { op: 'linalg.svdvals', full: false })[0]!;
}

/**
 * The matrix norms that are made of singular values, of the last two dimensions: the largest (2), the smallest (-2), the
 * sum (nuclear). [.., m, n] to [..].
 */
export function spectralNorm(a: Tensor, order: 2 | -2 | 'nuc'): Tensor {
  const s = svdvals(a);
  return (order === 'nuc' ? s.sum([-1]) : order === 2 ? s.amax([-1]) : s.amin([-1])) as Tensor;
}
