import { float, isFloating } from '../dtype.ts';
import { defineElementwise, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp } from '../elementwise-types.ts';
import { AutogradError, DTypeError, ValueError } from '../errors.ts';
import type { Expr } from '../expr/node.ts';
import { inPlace } from '../inplace.ts';
import { zetaOf } from '../scalar/gamma.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import { gammaP, gammaQ } from '../scalar/incomplete-gamma.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { lgamma } from './special.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The regularized lower incomplete gamma function P(this, other). Only `other` has a gradient. @see https://pytorch.org/docs/stable/generated/torch.igamma.html */
    igamma<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.igamma}. */
    igamma_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** The regularized upper incomplete gamma function Q(this, other). Only `other` has a gradient. @see https://pytorch.org/docs/stable/generated/torch.igammac.html */
    igammac<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.igammac}. */
    igammac_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** Σ (other + k)^-this, the Hurwitz zeta function. Only `other` has a gradient. @see https://pytorch.org/docs/stable/special.html#torch.special.zeta */
    zeta<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** The logarithm of the gamma function of p dimensions. @see https://pytorch.org/docs/stable/generated/torch.mvlgamma.html */
    mvlgamma<A extends Shape>(this: Tensor<A>, p: number): Tensor<A>;
    /** In-place {@link Tensor.mvlgamma}. */
    mvlgamma_<A extends Shape>(this: Tensor<A>, p: number): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    igamma(other: ExprLike): Expr;
    igammac(other: ExprLike): Expr;
    zeta(q: ExprLike): Expr;
  }
}

/** PyTorch has no derivative in the first argument either. To let no gradient flow would be a wrong one. */
function missing(name: string): never {
  throw new AutogradError(`${name}: there is no derivative in the first operand; detach() it`);
}

/** x^(a-1) e^-x / Γ(a), through its logarithm. */
const slope = (a: Expr, x: Expr): Expr => a.sub(1).mul(x.log()).sub(x).sub(a.lgamma()).exp();

/**
 * The regularized lower incomplete gamma function P(a, x) = γ(a, x) / Γ(a): NaN for negative arguments. There is no derivative
 * in a.
 *
 * @throws DTypeError for integers; ValueError for numbers; AutogradError when a gradient in a would be recorded
 * @see https://pytorch.org/docs/stable/generated/torch.igamma.html
 */
export const igamma: BinaryOp = defineElementwise({
  name: 'igamma',
  arity: 2,
  dtype: 'floating',
  tensors: 'all',
  js: (a, x) => `gammaP(${a},${x})`,
  helpers: { gammaP },
  gpu: gpuBody((a, x) => `gammaRatio(${a}, ${x}, 0)`, 'gammaRatio'),
  grad: [() => missing('igamma'), slope],
}) as BinaryOp;

/**
 * The regularized upper incomplete gamma function Q(a, x) = 1 - P(a, x), without cancellation.
 *
 * @throws DTypeError for integers; ValueError for numbers; AutogradError when a gradient in a would be recorded
 * @see https://pytorch.org/docs/stable/generated/torch.igammac.html
 */
export const igammac: BinaryOp = defineElementwise({
  name: 'igammac',
  arity: 2,
  dtype: 'floating',
  tensors: 'all',
  js: (a, x) => `gammaQ(${a},${x})`,
  helpers: { gammaQ },
  gpu: gpuBody((a, x) => `gammaRatio(${a}, ${x}, 1)`, 'gammaRatio'),
  grad: [() => missing('igammac'), (a, x) => slope(a, x).neg()],
}) as BinaryOp;

/**
 * The Hurwitz zeta function Σ (q + k)^-x over k = 0, 1, ...: +inf at x = 1, NaN for x < 1. There is no derivative in x.
 *
 * @throws AutogradError when a gradient in x would be recorded
 * @see https://pytorch.org/docs/stable/special.html#torch.special.zeta
 */
export const zeta: BinaryOp = defineElementwise({
  name: 'zeta',
  arity: 2,
  noInPlace: true,
  js: (x, q) => `zetaOf(${x},${q})`,
  helpers: { zetaOf },
  gpu: gpuCall('hurwitz'),
  grad: [() => missing('zeta'), (x, q) => x.add(1).zeta(q).mul(x.neg())],
}) as BinaryOp;

/**
 * The logarithm of the multivariate gamma function, p(p - 1)/4 ln π + Σ ln Γ(x - j/2) over j = 0 ... p - 1. It is defined for
 * x > (p - 1)/2.
 *
 * @param p the number of dimensions, at least 1
 * @throws ValueError for another p; DTypeError for bool
 * @see https://pytorch.org/docs/stable/generated/torch.mvlgamma.html
 */
export function mvlgamma<S extends Shape>(x: Tensor<S>, p: number): Tensor<S> {
  if (!Number.isInteger(p) || p < 1) throw new ValueError(`mvlgamma: p must be an integer of at least 1, got ${p}`);
  if (x.dtype === 'bool') throw new DTypeError('mvlgamma: not defined for bool');
  const places = Array.from({ length: p }, (_, j) => -j / 2);
  let sum: Tensor = lgamma(x as Tensor);
  for (const shift of places.slice(1)) sum = sum.add(lgamma((x as Tensor).add(float(shift))));
  return sum.add((p * (p - 1) * Math.log(Math.PI)) / 4) as unknown as Tensor<S>;
}

addMethod('mvlgamma', function (this: Tensor, p: number) {
  return mvlgamma(this, p);
});
addMethod('mvlgamma_', function (this: Tensor, p: number) {
  if (!isFloating(this.dtype)) throw new DTypeError(`mvlgamma_: a float32 result cannot be written into a ${this.dtype} tensor`);
  return inPlace('mvlgamma_', this, () => mvlgamma(this, p));
});
