import { AutogradError, ShapeError, ValueError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { defineOp } from '../op.ts';
import { perMatrix } from '../parts/linear-algebra/batch.ts';
import { applyReflectors, factorQR, formQ } from '../parts/linear-algebra/householder.ts';
import {
  batchOf,
  checkMatrix,
  checkSameFloating,
  columnsOf,
  identity,
  minus,
  plus,
  product,
  times,
} from '../parts/linear-algebra/tensors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { neg } from './arithmetic.ts';
import { zeros } from './create.ts';
import { cat } from './join.ts';
import { solveTriangularOp } from './solve-triangular.ts';
import { tril, triu } from './triangular.ts';

/** How much of the factors {@link qr} gives. */
export type QRMode = 'reduced' | 'complete' | 'r';

const qrOp = defineOp<QRMode>({
  name: 'linalg.qr',
  infer: ([a], mode) => {
    const [m, n] = checkMatrix('linalg.qr', a!);
    const batch = batchOf(a!);
    const k = mode === 'complete' ? m : Math.min(m, n);
    return [
      { shape: mode === 'r' ? [0] : [...batch, m, k], dtype: a!.dtype },
      { shape: [...batch, k, n], dtype: a!.dtype },
    ];
  },
  forward: ([a], mode) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const k = mode === 'complete' ? m : Math.min(m, n);
    const { dtype } = a!;
    const results = [{ shape: [k, n], dtype }, ...(mode === 'r' ? [] : [{ shape: [m, k], dtype }])];
    const [r, q] = perMatrix('linalg.qr', [a!], batchOf(a!), results, ([x], [upper, unitary]) => {
      const tau = factorQR(x!, m, n);
      for (let i = 0; i < Math.min(m, n); i++) for (let j = i; j < n; j++) upper![i * n + j] = x![i * n + j]!;
      if (unitary !== undefined) formQ(unitary, k, x!, m, n, tau);
    });
    return [q ?? zeros([0], { dtype, device: a!.device }), r!];
  },
  save: (_inputs, [q, r], mode) => (mode === 'r' ? [] : [q!, r!]),
  backward: ({ attrs: mode, inputs, saved: [q, r] }, [gq, gr]) => {
    const [m, n] = inputs[0]!.shape.slice(-2) as [number, number];
    if (mode === 'r') throw new AutogradError("linalg.qr: mode 'r' has no gradient: it needs Q; use mode 'reduced'");
    if (mode === 'complete' && m > n)
      throw new AutogradError(
        `linalg.qr: mode 'complete' has no gradient for more rows than columns (${m} by ${n}): the added columns of Q are not determined; use mode 'reduced'`,
      );
    return [qrBackward(q!, r!, gq ?? null, gr ?? null)];
  },
});

/**
 * With X = Qᵀ dA₁ R₁⁻¹ (A₁ and R₁ the first square part of the columns) dQ = Q Ω + (I - Q Qᵀ) dA R⁻¹ and dR = Qᵀ dA - Ω R,
 * where Ω is the skew matrix with the strictly lower triangle of X; this is the adjoint of that. Only what has to go
 * through R₁⁻ᵀ does, since it may be ill-conditioned. Compare S. Walter and L. Lehmann, "Algorithmic differentiation of
 * linear algebra functions", arXiv:1009.6112.
 */
function qrBackward(q: Tensor, r: Tensor, gq: Tensor | null, gr: Tensor | null): Tensor {
  const [m, k] = q.shape.slice(-2) as [number, number];
  const n = r.shape[r.ndim - 1]!;
  const upper = gr === null ? null : (triu(gr) as Tensor);
  const fromQ = gq === null ? null : product(q.mT as Tensor, gq);
  const fromR = upper === null ? null : (neg(product(upper, r.mT as Tensor)) as Tensor);
  const inner = plus(fromQ, fromR)!;
  let left = product(q, tril(minus(inner, inner.mT as Tensor), -1) as Tensor);
  if (m > k && gq !== null) left = left.add(minus(gq, product(q, fromQ!))) as Tensor;
  const first = solveTriangularOp([columnsOf(r, 0, k), left.mT as Tensor], { upper: true, unit: false })[0]!.mT as Tensor;
  const rest = zeros([...batchOf(r), m, n - k], { dtype: r.dtype, device: r.device });
  const through = n > k ? (cat([first, rest], -1) as Tensor) : first;
  return plus(through, upper === null ? null : product(q, upper))!;
}

/**
 * QR factorization A = Q R by Householder reflections, of a matrix or of each in a batch. For A [.., m, n] and
 * k = min(m, n): 'reduced' gives Q [.., m, k] with orthonormal columns and upper triangular R [.., k, n]; 'complete' gives
 * Q [.., m, m] and R [.., m, n]; 'r' gives R of the reduced form and an empty Q. The signs are LAPACK's.
 *
 * The gradient needs the first k columns of A to be independent; 'r', and 'complete' with m > n, have none.
 *
 * @throws ShapeError for fewer than 2 dimensions; ValueError for another mode
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.qr.html
 */
export function qr(a: Tensor, options: { mode?: QRMode } = {}): { readonly Q: Tensor; readonly R: Tensor } {
  const { mode = 'reduced' } = options;
  if (mode !== 'reduced' && mode !== 'complete' && mode !== 'r')
    throw new ValueError(`linalg.qr: mode must be 'reduced', 'complete' or 'r', got '${String(mode)}'`);
  const [Q, R] = qrOp([a], mode);
  return { Q: Q!, R: R! };
}

function noGradient(op: string): () => never {
  return () => {
    throw new AutogradError(`${op}: has no gradient; use linalg.qr or linalg.householderProduct`);
  };
}

const geqrfOp = defineOp<void>({
  name: 'geqrf',
  infer: ([a]) => {
    const [m, n] = checkMatrix('geqrf', a!);
    return [
      { shape: a!.shape, dtype: a!.dtype },
      { shape: [...batchOf(a!), Math.min(m, n)], dtype: a!.dtype },
    ];
  },
  forward: ([a]) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const results = [
      { shape: [m, n], dtype: a!.dtype },
      { shape: [Math.min(m, n)], dtype: a!.dtype },
    ];
    return perMatrix('geqrf', [a!], batchOf(a!), results, ([x], [factors, tau]) => {
      tau!.set(factorQR(x!, m, n));
      factors!.set(x!);
    });
  },
  backward: noGradient('geqrf'),
});

/**
 * QR factorization as LAPACK stores it: R in the upper triangle of `a`, the vectors of the Householder reflections below
 * it, their factors in `tau`. Has no gradient.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.geqrf.html
 */
export function geqrf(a: Tensor): { readonly a: Tensor; readonly tau: Tensor } {
  const [factors, tau] = geqrfOp([a], undefined);
  return { a: factors!, tau: tau! };
}

/** Checks reflections: vectors [.., m, n] with m >= n, and tau [.., k] with k <= n. */
function checkReflections(op: string, a: Tensor, tau: Tensor): readonly [m: number, n: number, k: number] {
  const [m, n] = checkMatrix(op, a);
  checkSameFloating(op, a, tau);
  const k = tau.shape[tau.ndim - 1];
  const fits = tau.ndim === a.ndim - 1 && sameShape(tau.shape.slice(0, -1), batchOf(a)) && k! <= n;
  if (!fits) throw new ShapeError(`${op}: tau ${show(tau.shape)} does not fit the vectors ${show(a.shape)}`);
  return [m, n, k!];
}

const householderProductOp = defineOp<void>({
  name: 'linalg.householderProduct',
  infer: ([a, tau]) => {
    const [m, n] = checkReflections('linalg.householderProduct', a!, tau!);
    if (m < n) throw new ShapeError(`linalg.householderProduct: needs at least as many rows as columns, got ${show(a!.shape)}`);
    return [{ shape: a!.shape, dtype: a!.dtype }];
  },
  forward: ([a, tau]) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    return perMatrix('linalg.householderProduct', [a!, tau!], batchOf(a!), [{ shape: [m, n], dtype: a!.dtype }], ([x, t], [q]) => {
      formQ(q!, n, x!, m, n, t!);
    });
  },
  save: ([a, tau]) => [a!, tau!],
  backward: ({ saved: [a, tau] }, [g]) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const k = tau!.shape[tau!.ndim - 1]!;
    // v_j [.., m, 1]: a one at j, zeros before it.
    const one = identity(m, a!);
    const vectors = (tril(a!, -1) as Tensor).add(columnsOf(one, 0, n)) as Tensor;
    const v = Array.from({ length: k }, (_, j) => columnsOf(vectors, j, j + 1));
    const t = v.map((_, j) => tau!.narrow(-1, j, 1).unsqueeze(-1) as Tensor);
    const reflected = (j: number, x: Tensor): Tensor => minus(x, times(t[j]!, product(v[j]!, v[j]!.mT as Tensor, x)));
    // after[j] = H_j ... H_{k-1} I: what reflection j - 1 is applied to.
    const after: Tensor[] = new Array<Tensor>(k + 1);
    after[k] = columnsOf(one, 0, n);
    for (let j = k - 1; j > 0; j--) after[j] = reflected(j, after[j + 1]!);
    const gv: Tensor[] = [];
    const gt: Tensor[] = [];
    let left = g!;
    for (let j = 0; j < k; j++) {
      const [vt, next] = [v[j]!.mT as Tensor, after[j + 1]!];
      const alongLeft = product(vt, left);
      const alongNext = product(vt, next);
      gt.push((times(alongLeft, alongNext).sum([-1]) as Tensor).neg() as Tensor);
      const both = product(next, alongLeft.mT as Tensor).add(product(left, alongNext.mT as Tensor)) as Tensor;
      gv.push(neg(times(t[j]!, both)) as Tensor);
      left = reflected(j, left);
    }
    if (k === 0)
      return [zeros(a!.shape, { dtype: a!.dtype, device: a!.device }), zeros(tau!.shape, { dtype: a!.dtype, device: a!.device })];
    if (n > k) gv.push(zeros([...batchOf(a!), m, n - k], { dtype: a!.dtype, device: a!.device }));
    return [tril(cat(gv, -1) as Tensor, -1), cat(gt, -1) as Tensor];
  },
});

/**
 * The first n columns of H₁ H₂ ... H_k, H_j = I - tau_j v_j v_jᵀ, whose v_j lie below the diagonal of a [.., m, n] matrix
 * with a one on it: Q of what {@link geqrf} gives.
 *
 * @throws ShapeError for more columns than rows, or when `tau` does not fit
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.householder_product.html
 */
export function householderProduct(a: Tensor, tau: Tensor): Tensor {
  return householderProductOp([a, tau], undefined)[0]!;
}

const ormqrOp = defineOp<boolean>({
  name: 'ormqr',
  infer: ([, , other]) => [{ shape: other!.shape, dtype: other!.dtype }],
  forward: ([a, tau, other], transpose) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const columns = other!.shape[other!.ndim - 1]!;
    const results = [{ shape: [m, columns], dtype: other!.dtype }];
    return perMatrix('ormqr', [a!, tau!, other!], batchOf(other!), results, ([x, t, y], [out]) => {
      out!.set(y!);
      applyReflectors(out!, columns, x!, m, n, t!, transpose);
    });
  },
  backward: noGradient('ormqr'),
});

/** Options of {@link ormqr}. */
export interface OrmqrOptions {
  /** Q times `other` (the default) or `other` times Q. */
  left?: boolean;
  /** Multiply with Qᵀ. Default false. */
  transpose?: boolean;
}

/**
 * Q times `other`, where Q (m × m) is all of the product of the reflections that {@link geqrf} gives, without forming Q.
 * Has no gradient.
 *
 * @throws ShapeError when the sides do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.ormqr.html
 */
export function ormqr(a: Tensor, tau: Tensor, other: Tensor, options: OrmqrOptions = {}): Tensor {
  const { left = true, transpose = false } = options;
  const [m] = checkReflections('ormqr', a, tau);
  checkMatrix('ormqr', other);
  checkSameFloating('ormqr', a, other);
  const side = other.shape[other.ndim - (left ? 2 : 1)]!;
  if (side !== m || !sameShape(batchOf(other), batchOf(a)) || tau.shape[tau.ndim - 1]! > m)
    throw new ShapeError(`ormqr: reflections ${show(a.shape)} do not fit ${show(other.shape)} on the ${left ? 'left' : 'right'}`);
  // C Q is (Qᵀ Cᵀ)ᵀ.
  if (left) return ormqrOp([a, tau, other], transpose)[0]!;
  return ormqrOp([a, tau, other.mT as Tensor], !transpose)[0]!.mT as Tensor;
}
