import { elementwise } from '../elementwise.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { matrixNormOf, normDType, normOver } from '../parts/norms.ts';
import { checkTensor, type Dims, isOptions, type KeepDim, type ReduceAll, type ReduceOver } from '../parts/reduction.ts';
import { normalizeDim, normalizeDims, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { gt } from './compare.ts';
import type { ReduceDType } from './sum.ts';
import { where } from './where.ts';

/** The order of a norm; `fro` (Frobenius) is 2; `nuc` (nuclear) is the sum of the singular values of a matrix. */
export type NormOrder = number | 'fro' | 'nuc';

/** Options of {@link norm}. */
export type NormOptions<K extends boolean = boolean> = KeepDim<K> & ReduceDType;

/** `norm` as a method. */
export interface NormMethod {
  <A extends Shape>(this: Tensor<A>, p?: NormOrder | null): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(
    this: Tensor<A>,
    p: NormOrder | null | undefined,
    options: NormOptions<K>,
  ): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends Dims, const K extends boolean = false>(
    this: Tensor<A>,
    p: NormOrder | null | undefined,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: NormOptions<K>,
  ): Out<ReduceOver<A, X, K>>;
}

/** `norm` as a function. */
export interface NormFunction {
  <A extends Shape>(x: Tensor<A>, p?: NormOrder | null): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(
    x: Tensor<A>,
    p: NormOrder | null | undefined,
    options: NormOptions<K>,
  ): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends Dims, const K extends boolean = false>(
    x: Tensor<A>,
    p: NormOrder | null | undefined,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: NormOptions<K>,
  ): Out<ReduceOver<A, X, K>>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The vector norm of the elements over `dim` (one, several, or all): `(sum |x|^p)^(1/p)`, the largest magnitude for
     * p = Infinity, the smallest for -Infinity, the number of elements that are not 0 for p = 0. The norm of no elements is
     * 0. Its gradient where it is 0 is 0.
     *
     * @param p order; default 2, which is also `fro`; `nuc` is the nuclear norm of matrices
     * @throws DTypeError for integers and bools; ValueError for another word, or `fro` and `nuc` over other than matrices
     * @see https://pytorch.org/docs/stable/generated/torch.norm.html
     */
    readonly norm: NormMethod;
    /** {@link dist} to another tensor. @see https://pytorch.org/docs/stable/generated/torch.dist.html */
    dist(other: Tensor, p?: number): Tensor<readonly []>;
    /** {@link renorm} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.renorm.html */
    renorm<A extends Shape>(this: Tensor<A>, p: number, dim: number, maxnorm: number): Tensor<A>;
  }
}

function run(x: Tensor, order?: NormOrder | null, third?: Dims | NormOptions, fourth: NormOptions = {}): Tensor {
  checkTensor('norm', x);
  const [dim, { keepdim = false, dtype }] = isOptions<NormOptions>(third) ? [undefined, third] : [third, fourth];
  const p = order ?? 'fro';
  if (p === 'nuc') {
    const dims = dim === undefined || dim === null ? x.shape.map((_, d) => d) : typeof dim === 'number' ? [dim] : dim;
    return matrixNormOf('norm', dtype == null ? x : (x.to(dtype) as Tensor), 'nuc', dims, keepdim, dtype);
  }
  if (p !== 'fro' && typeof p !== 'number') throw new ValueError(`norm: p must be a number, 'fro' or 'nuc', got ${String(p)}`);
  if (p === 'fro' && typeof dim === 'object' && dim !== null && dim.length > 2) {
    throw new ValueError(`norm: 'fro' is the norm of matrices, over at most 2 dimensions, got ${show(dim)}; use p = 2`);
  }
  const output = normDType('norm', x, dtype);
  return normOver(x, p === 'fro' ? 2 : p, normalizeDims('norm', dim, x.shape), keepdim, output);
}

/** The norm of a tensor or of its slices; see {@link Tensor.norm}. */
export const norm: NormFunction = run as NormFunction;

/**
 * The norm of order p of `a - b`, which broadcast.
 *
 * @param p default 2
 * @throws ShapeError when the shapes do not broadcast; DTypeError for integers and bools
 * @see https://pytorch.org/docs/stable/generated/torch.dist.html
 */
export function dist(a: Tensor, b: Tensor, p: number = 2): Tensor<readonly []> {
  checkTensor('dist', a);
  checkTensor('dist', b);
  const difference = a.sub(b as never) as Tensor;
  const dims = difference.shape.map((_, d) => d);
  return normOver(difference, p, dims, false, normDType('dist', difference, null)) as Tensor<readonly []>;
}

/** A slice scaled to the norm `most` where its norm is above it. */
const shortened = elementwise('renorm', (x, norm, most, eps) => where(gt(norm, most), x.mul(most.div(norm.add(eps))), x));

/** What keeps {@link renorm} from dividing by 0, as in PyTorch. */
const tiny = 1e-7;

/**
 * The slices along `dim` with a norm of order p above `maxnorm` scaled down to it.
 *
 * @throws ShapeError for less than 2 dimensions; ValueError when p is not positive or `maxnorm` is negative; DTypeError
 * @example
 * ```ts
 * renorm(weight, 2, 0, 1); // rows no longer than 1
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.renorm.html
 */
export function renorm<A extends Shape>(x: Tensor<A>, p: number, dim: number, maxnorm: number): Tensor<A>;
export function renorm(x: Tensor, p: number, dim: number, maxnorm: number): Tensor {
  checkTensor('renorm', x);
  if (!(p > 0)) throw new ValueError(`renorm: p must be positive, got ${p}`);
  if (!(maxnorm >= 0)) throw new ValueError(`renorm: maxnorm must not be negative, got ${maxnorm}`);
  if (x.ndim < 2) throw new ShapeError(`renorm: needs at least 2 dimensions, got ${show(x.shape)}`);
  const d = normalizeDim('renorm', dim, x.shape);
  const others = x.shape.map((_, k) => k).filter((k) => k !== d);
  const norms = normOver(x, p, others, true, normDType('renorm', x, null));
  return shortened(x, norms, maxnorm, tiny);
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Order of the norm. Default 2. */
  p?: number;
  /** Over which the norm is taken. Default 1. */
  dim?: number | readonly number[];
  /** What a norm is at least. Default 1e-12. */
  eps?: number;
}

/**
 * `x` divided by its norm over `dim`, so that this becomes 1.
 *
 * @throws IndexError when `dim` is out of range; DTypeError for integers and bools
 * @example
 * ```ts
 * normalize(tensor([[3, 4]])); // [[0.6, 0.8]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize<A extends Shape>(x: Tensor<A>, options?: NormalizeOptions): Tensor<A>;
export function normalize(x: Tensor, { p = 2, dim = 1, eps = 1e-12 }: NormalizeOptions = {}): Tensor {
  checkTensor('normalize', x);
  const norms = normOver(x, p, normalizeDims('normalize', dim, x.shape), true, normDType('normalize', x, null));
  return x.div(norms.clampMin(eps) as never) as Tensor;
}

addMethod('norm', function (this: Tensor, p?: NormOrder | null, dim?: Dims | NormOptions, options?: NormOptions) {
  return run(this, p, dim, options);
});
addMethod('dist', function (this: Tensor, other: Tensor, p?: number) {
  return dist(this, other, p);
});
addMethod('renorm', function (this: Tensor, p: number, dim: number, maxnorm: number) {
  return renorm(this, p, dim, maxnorm);
});
