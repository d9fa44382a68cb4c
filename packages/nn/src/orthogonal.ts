import { cat, eye, geqrf, isTensor, linalg, randn, ShapeError, type Tensor, ValueError, where, zeros } from '@nabla/core';
import { Module } from './module.ts';
import { Buffer } from './parameter.ts';
import { type Parametrization, registerParametrization } from './parametrize.ts';
import { nameOf } from './state.ts';

/** How a matrix of parameters becomes an orthogonal one. */
export type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** Which parameter. Default `'weight'`. */
  name?: string;
  /** Default `'matrix_exp'` for square matrices, else `'householder'`. */
  orthogonalMap?: OrthogonalMap;
  /** Multiply by a fixed orthogonal matrix, near which the map is used (Lezcano-Casado 2019). Default true. */
  useTrivialization?: boolean;
}

const maps: readonly OrthogonalMap[] = ['matrix_exp', 'cayley', 'householder'];

/** Rows and columns. */
const sides = (t: Tensor): readonly [number, number] => [t.shape[t.ndim - 2]!, t.shape[t.ndim - 1]!];
const unit = (n: number, like: Tensor): Tensor => eye(n, n, { dtype: like.dtype, device: like.device }) as unknown as Tensor;
const diagonalOf = (t: Tensor): Tensor => t.diagonal(0, -2, -1) as Tensor;

/** Numbers [..., k] on the diagonal, `t` elsewhere. */
function withDiagonal(t: Tensor, numbers: Tensor): Tensor {
  const [n, k] = sides(t);
  const on = unit(Math.max(n, k), t).narrow(-2, 0, n).narrow(-1, 0, k).ne(0) as Tensor;
  return where(on, numbers.unsqueeze(k <= n ? -2 : -1) as Tensor, t) as Tensor;
}

/** Q of A = Q R with a diagonal of R that is not negative, which makes it the only one. A has no fewer rows than columns. */
function orthogonalized(a: Tensor): Tensor {
  const { a: factors, tau } = geqrf(a);
  return linalg.householderProduct(factors, tau).mul(diagonalOf(factors).sign().unsqueeze(-2) as Tensor) as Tensor;
}

/** Whether the columns are orthonormal, up to rounding. Not known where values are not read at once. */
function isOrthogonal(q: Tensor): boolean {
  if (!q.device.caps.syncRead) return false;
  const [n, k] = sides(q);
  const eps = q.dtype === 'float32' ? 2 ** -23 : Number.EPSILON;
  return q.mT.matmul(q).allclose(unit(k, q).expand([...q.shape.slice(0, -2), k, k]) as Tensor, { atol: 10 * n * eps });
}

/** What {@link orthogonal} registers. Inside matrices have no fewer rows than columns: others are transposed. */
class Orthogonal extends Module implements Parametrization {
  readonly #map: OrthogonalMap;
  readonly #trivialized: boolean;
  readonly #shape: readonly number[];
  /** The matrix near which the map is used; null without one. */
  base: Buffer | null = null;

  constructor(weight: Tensor, map: OrthogonalMap, trivialized: boolean) {
    super();
    this.#map = map;
    this.#trivialized = trivialized;
    this.#shape = weight.shape;
  }

  forward(original: Tensor): Tensor {
    const [rows, columns] = sides(original);
    const x = rows < columns ? (original.mT as Tensor) : original;
    const q = this.#map === 'householder' ? reflections(x) : rotation(x, this.#map);
    const moved = this.base === null ? q : (this.base.matmul(q) as Tensor);
    return rows < columns ? (moved.mT as Tensor) : moved;
  }

  /** The original of a matrix, which is made orthogonal first. */
  rightInverse(value: Tensor): Tensor {
    if (value.shape.join() !== this.#shape.join())
      throw new ShapeError(`orthogonal: expected [${this.#shape.join(', ')}], got [${value.shape.join(', ')}]`);
    const wide = value.shape[value.ndim - 2]! < value.shape[value.ndim - 1]!;
    const q = wide ? (value.mT as Tensor) : value;
    if (!this.#trivialized) {
      // No inverse of these two is known; what a forward makes of the value is the first weight, as in PyTorch.
      if (this.#map !== 'householder') return value;
      const x = signed(q);
      return wide ? (x.mT as Tensor) : x;
    }
    this.base = new Buffer(completed(q));
    // Of -I all three maps make I.
    const minus = unit(Math.max(...sides(value)), value).neg() as Tensor;
    const [rows, columns] = sides(value);
    return minus.narrow(0, 0, rows).narrow(1, 0, columns).expand(value.shape).clone() as Tensor;
  }
}

/** An orthogonal matrix with all rows that has the first columns of Q of `q`. */
function completed(q: Tensor): Tensor {
  const [n, k] = sides(q);
  if (n === k) return isOrthogonal(q) ? (q.clone() as Tensor) : orthogonalized(q);
  const more = randn([...q.shape.slice(0, -2), n, n - k], { dtype: q.dtype, device: q.device }) as unknown as Tensor;
  return orthogonalized(cat([q, more], -1) as Tensor);
}

/** Reflections below a diagonal of signs, such that {@link reflections} of them is Q of `q`. */
function signed(q: Tensor): Tensor {
  const { a, tau } = geqrf(q);
  const sign = diagonalOf(a).sign() as Tensor;
  // LAPACK gives exactly 0 for a reflection that it does not use.
  return withDiagonal(a, where(tau.eq(0), sign.neg(), sign) as Tensor);
}

/** The product of the reflections at the columns below the diagonal, whose elements, 1 or -1, are its signs. */
function reflections(x: Tensor): Tensor {
  const a = x.tril(-1) as Tensor;
  const tau = a.square().sum(-2).add(1).reciprocal().mul(2) as Tensor;
  const signs = diagonalOf(x.detach() as Tensor).trunc() as Tensor;
  return linalg.householderProduct(a, tau).mul(signs.unsqueeze(-2) as Tensor) as Tensor;
}

/** The first columns of a rotation, given by the skew matrix of the lower triangle. */
function rotation(x: Tensor, map: OrthogonalMap): Tensor {
  const [n, k] = sides(x);
  const lower = x.tril() as Tensor;
  const like = { dtype: x.dtype, device: x.device };
  const square = n === k ? lower : (cat([lower, zeros([...x.shape.slice(0, -1), n - k], like) as unknown as Tensor], -1) as Tensor);
  const a = square.sub(square.mT as Tensor) as Tensor;
  const half = a.div(2) as Tensor;
  const one = unit(n, x);
  const q = map === 'matrix_exp' ? (a.matrixExp() as Tensor) : linalg.solve(one.sub(half) as Tensor, one.add(half) as Tensor);
  return n === k ? q : (q.narrow(-1, 0, k) as Tensor);
}

/**
 * Keeps a matrix (or each of a batch [..., m, n]) orthogonal: its columns are orthonormal, its rows where there are fewer
 * of them. The weight is a function of `parametrizations.weight.original`: the exponential of the skew matrix of its lower
 * triangle, the Cayley map (I + A/2)(I - A/2)⁻¹ of that, or a product of Householder reflections; times an orthogonal
 * matrix, the buffer `parametrizations.weight.0.base`, unless `useTrivialization` is false.
 *
 * At first the weight is what it was, made orthogonal by a QR decomposition where it was not. Without trivialization
 * that holds for `'householder'` alone; the other maps are then applied to the weight that was there.
 *
 * @returns the module
 * @throws ValueError when there is no such parameter, it is no matrix, or for another map
 * @example
 * ```ts
 * const layer = orthogonal(new Linear(20, 40));
 * layer.weight.mT.matmul(layer.weight); // I
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html
 * @see https://arxiv.org/abs/1909.09501
 */
export function orthogonal<M extends Module>(module: M, options: OrthogonalOptions = {}): M {
  const { name = 'weight', useTrivialization = true } = options;
  const weight = (module as unknown as Record<string, unknown>)[name];
  if (!isTensor(weight)) throw new ValueError(`orthogonal: ${nameOf(module)} has no parameter '${name}'`);
  if (weight.ndim < 2) throw new ValueError(`orthogonal: expected a matrix or a batch of them, got [${weight.shape.join(', ')}]`);
  const [rows, columns] = sides(weight);
  const { orthogonalMap = rows === columns ? 'matrix_exp' : 'householder' } = options;
  if (!maps.includes(orthogonalMap))
    throw new ValueError(`orthogonal: orthogonalMap must be 'matrix_exp', 'cayley' or 'householder', got '${String(orthogonalMap)}'`);
  return registerParametrization(module, name, new Orthogonal(weight, orthogonalMap, useTrivialization));
}
