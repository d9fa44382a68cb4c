import { eye, linalg, noGrad, type RandomOptions, rand, randn, ShapeError, type Tensor, tensor, ValueError } from '@nabla/core';

function shown(t: Tensor): string {
  return `[${t.shape.join(', ')}]`;
}

/** Abramowitz and Stegun's 7.1.26 is too coarse for weights in float64: the series near 0, the continued fraction far out. */
function normalCdf(x: number): number {
  const z = x / Math.SQRT2;
  const a = Math.abs(z);
  if (a > 6) return z < 0 ? 0 : 1;
  if (a < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return 0.5 * (1 + (2 / Math.sqrt(Math.PI)) * sum);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  const tail = Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI));
  return z < 0 ? tail / 2 : 1 - tail / 2;
}

/** Options of {@link truncNormal_}. */
export interface TruncNormalOptions extends RandomOptions {
  /** Default 0. */
  mean?: number;
  /** Default 1. */
  std?: number;
  /** Least value. Default -2. */
  a?: number;
  /** Largest value. Default 2. */
  b?: number;
}

/**
 * Fills with normally distributed numbers of which those outside of [a, b] are left out.
 *
 * @throws ValueError when `std` is not positive or `b` does not exceed `a`
 * @example
 * ```ts
 * init.truncNormal_(empty([3, 5]), { std: 0.02 });
 * ```
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
 */
export function truncNormal_<T extends Tensor>(t: T, options: TruncNormalOptions = {}): T {
  const { mean = 0, std = 1, a = -2, b = 2, ...random } = options;
  if (!(std > 0)) throw new ValueError(`truncNormal_: std must be positive, got ${std}`);
  if (!(b > a)) throw new ValueError(`truncNormal_: b must exceed a, got ${a} and ${b}`);
  if (t.size === 0) return t;
  const [low, high] = [normalCdf((a - mean) / std), normalCdf((b - mean) / std)];
  noGrad(() => {
    // The inverse of the distribution function, between what it is at the bounds.
    t.uniform_(2 * low - 1, 2 * high - 1, random);
    t.copy_(
      t
        .erfinv()
        .mul(std * Math.SQRT2)
        .add(mean)
        .clamp(a, b) as Tensor,
    );
  });
  return t;
}

/**
 * Fills a matrix with the identity: ones on its diagonal, zeros elsewhere.
 *
 * @throws ShapeError for a tensor that is no matrix
 * @example
 * ```ts
 * init.eye_(linear.weight);
 * ```
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.eye_
 */
export function eye_<T extends Tensor>(t: T): T {
  if (t.ndim !== 2) throw new ShapeError(`eye_ expects a matrix, got ${shown(t)}`);
  noGrad(() => t.copy_(eye(t.shape[0]!, t.shape[1]!, { dtype: t.dtype, device: t.device }) as unknown as Tensor));
  return t;
}

/**
 * Fills the weight of a convolution with Dirac's delta, so that as many channels as possible pass unchanged, in each of
 * `groups` groups.
 *
 * @param groups default 1
 * @throws ShapeError for a tensor without 3 to 5 dimensions; ValueError when the groups do not divide dimension 0
 * @example
 * ```ts
 * init.dirac_(conv.weight);
 * ```
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
 */
export function dirac_<T extends Tensor>(t: T, groups: number = 1): T {
  if (t.ndim < 3 || t.ndim > 5) throw new ShapeError(`dirac_ expects 3 to 5 dimensions, got ${shown(t)}`);
  const [out, into, ...kernel] = t.shape as readonly [number, number, ...number[]];
  if (!Number.isInteger(groups) || groups < 1 || out % groups !== 0)
    throw new ValueError(`dirac_: dimension 0 of ${shown(t)} must be divisible by groups, got ${groups}`);
  const each = out / groups;
  const field = kernel.reduce((p, n) => p * n, 1);
  const center = kernel.reduce((at, n) => at * n + Math.floor(n / 2), 0);
  const values = new Float64Array(t.size);
  for (let g = 0; g < groups; g++) for (let d = 0; d < Math.min(each, into); d++) values[((g * each + d) * into + d) * field + center] = 1;
  noGrad(() => t.copy_(tensor(values, { dtype: t.dtype, device: t.device }).reshape([...t.shape]) as Tensor));
  return t;
}

/** Options of {@link orthogonal_}. */
export interface OrthogonalOptions extends RandomOptions {
  /** Factor. Default 1. */
  gain?: number;
}

/**
 * Fills with a (semi-)orthogonal matrix, dimensions after the first taken as one (Saxe et al. 2013).
 *
 * @throws ShapeError for a tensor with fewer than 2 dimensions
 * @example
 * ```ts
 * init.orthogonal_(rnn.weightHhL0);
 * ```
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
 */
export function orthogonal_<T extends Tensor>(t: T, options: OrthogonalOptions = {}): T {
  if (t.ndim < 2) throw new ShapeError(`orthogonal_ expects at least 2 dimensions, got ${shown(t)}`);
  const { gain = 1, ...random } = options;
  if (t.size === 0) return t;
  const rows = t.shape[0]!;
  const columns = t.size / rows;
  noGrad(() => {
    const drawn = randn([Math.max(rows, columns), Math.min(rows, columns)], { dtype: t.dtype, device: t.device, ...random });
    const [q, r] = Object.values(linalg.qr(drawn as unknown as Tensor)) as [Tensor, Tensor];
    // The signs of the diagonal make the distribution uniform (Mezzadri 2007).
    const signed = q.mul(r.diagonal(0).sign() as never) as Tensor;
    t.copy_((rows < columns ? (signed.mT as Tensor) : signed).reshape([...t.shape]).mul(gain) as Tensor);
  });
  return t;
}

/** Options of {@link sparse_}. */
export interface SparseOptions extends RandomOptions {
  /** Standard deviation of the other elements. Default 0.01. */
  std?: number;
}

/**
 * Fills a matrix with normally distributed numbers, and a fraction of each column with zeros (Martens 2010).
 *
 * @param sparsity the fraction
 * @throws ShapeError for a tensor that is no matrix; ValueError for a fraction outside of [0, 1]
 * @example
 * ```ts
 * init.sparse_(linear.weight, 0.9);
 * ```
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
 */
export function sparse_<T extends Tensor>(t: T, sparsity: number, options: SparseOptions = {}): T {
  if (t.ndim !== 2) throw new ShapeError(`sparse_ expects a matrix, got ${shown(t)}`);
  if (!(sparsity >= 0 && sparsity <= 1)) throw new ValueError(`sparse_: the sparsity must lie in [0, 1], got ${sparsity}`);
  const { std = 0.01, ...random } = options;
  if (t.size === 0) return t;
  const count = Math.ceil(sparsity * t.shape[0]!);
  noGrad(() => {
    t.normal_(0, std, random);
    // Every column of the order of random numbers is a permutation of the rows.
    const order = rand(t.shape, { device: t.device, ...random }).argsort(0) as unknown as Tensor;
    t.copy_(t.maskedFill(order.lt(count) as Tensor, 0) as Tensor);
  });
  return t;
}
