import { isFloating, type Scalar, scalarValue } from '../dtype.ts';
import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOp, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp } from '../elementwise-types.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { call, Expr, type ExprLike } from '../expr/node.ts';
import { inPlace } from '../inplace.ts';
import { exponentOf, mantissaOf, nextAfter, nextAfter32 } from '../scalar/float.ts';
import { gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { mul } from './arithmetic.ts';
import { exp2 } from './exponential.ts';
import { pow } from './power.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** this · 2^other. @see https://pytorch.org/docs/stable/generated/torch.ldexp.html */
    ldexp<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.ldexp}. */
    ldexp_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** {@link frexp} of this tensor. */
    frexp<A extends Shape>(this: Tensor<A>): FrexpResult<A>;
    /** The next number of the dtype in the direction of `other`. @see https://pytorch.org/docs/stable/generated/torch.nextafter.html */
    nextafter<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.nextafter}. */
    nextafter_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** {@link floatPower} of this tensor. */
    floatPower<A extends Shape, const T extends Operand>(this: Tensor<A>, exponent: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.floatPower}, for float64. */
    floatPower_<A extends Shape>(this: Tensor<A>, exponent: Operand): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    ldexp(other: ExprLike): Expr;
  }
}

/** x = mantissa · 2^exponent with 1/2 <= |mantissa| < 1. */
export interface FrexpResult<S extends Shape = Shape> {
  /** Of the dtype of x. */
  readonly mantissa: Tensor<S>;
  /** int32. */
  readonly exponent: Tensor<S>;
}

const ldexpOp: ElementwiseOp = defineElementwise({
  name: 'ldexp',
  arity: 2,
  tensors: 'all',
  expand: (a, b) => a.mul(b.exp2()),
  grad: [(_a, b) => b.exp2(), (a, b) => a.mul(b.exp2().mul(Math.LN2))],
});

/** Whether one kernel gives what PyTorch's product does: it takes 2^b in the dtype of b, which is float32 for integers. */
const alike = (a: Tensor, b: Tensor): boolean => !isTensor(a) || !isTensor(b) || (a.dtype === b.dtype && isFloating(a.dtype));

/**
 * a · 2^b.
 *
 * @throws ValueError for numbers
 * @see https://pytorch.org/docs/stable/generated/torch.ldexp.html
 */
export const ldexp: BinaryOp = ((a: Tensor | Expr, b: Tensor | ExprLike): Tensor | Expr => {
  if (a instanceof Expr || b instanceof Expr) return call(ldexpOp.row, [a as ExprLike, b as ExprLike]);
  return alike(a, b as Tensor) ? ldexpOp(a, b as Tensor) : mul(a, exp2(b as Tensor) as Tensor);
}) as unknown as BinaryOp;
Object.defineProperties(ldexp, { row: { value: ldexpOp.row }, opName: { value: 'ldexp' }, name: { value: 'ldexp' } });

addMethod('ldexp', function (this: Tensor, other: Tensor) {
  return ldexp(this, other);
});
addMethod('ldexp_', function (this: Tensor, other: Tensor) {
  return alike(this, other) ? applyRowInPlace(ldexpOp.row, { tensors: 'all' }, this, [other]) : this.mul_(exp2(other));
});

const exponentOp: ElementwiseOp = defineElementwise({
  name: 'frexpExponent',
  noInPlace: true,
  dtype: 'floating',
  exact: true,
  js: (x) => `exponentOf(${x})`,
  helpers: { exponentOf },
  gpu: gpuCall('exponentPart'),
});

const mantissaOp: ElementwiseOp = defineElementwise({
  name: 'frexpMantissa',
  noInPlace: true,
  dtype: 'floating',
  exact: true,
  js: (x) => `mantissaOf(${x})`,
  helpers: { mantissaOf },
  gpu: gpuCall('mantissaPart'),
  grad: [(x) => x.frexpExponent().neg().exp2()],
});

declare module '../expr/node.ts' {
  interface Expr {
    frexpExponent(): Expr;
    frexpMantissa(): Expr;
  }
}

/**
 * Splits numbers into mantissa and exponent: x = mantissa · 2^exponent with 1/2 <= |mantissa| < 1. Zeros, infinities and NaN
 * have the exponent 0.
 *
 * @throws DTypeError for integers and bool
 * @example
 * ```ts
 * const { mantissa, exponent } = frexp(tensor([3, -0.5])); // [0.75, -0.5], [2, 0]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.frexp.html
 */
export function frexp<S extends Shape>(x: Tensor<S>): FrexpResult<S> {
  const mantissa = applyRow(mantissaOp.row, { dtype: 'floating' }, [x]);
  const exponent = applyRow(exponentOp.row, { dtype: 'floating' }, [x.detach()]).to('int32');
  return { mantissa: mantissa as unknown as Tensor<S>, exponent: exponent as unknown as Tensor<S> };
}

addMethod('frexp', function (this: Tensor) {
  return frexp(this);
});

/**
 * The next number of the dtype after a in the direction of b. It has no gradient.
 *
 * @throws DTypeError for integers; ValueError for numbers
 * @see https://pytorch.org/docs/stable/generated/torch.nextafter.html
 */
export const nextafter: BinaryOp = defineElementwise({
  name: 'nextafter',
  arity: 2,
  dtype: 'floating',
  tensors: 'all',
  js: (a, b) => `nextAfter(${a},${b})`,
  only: { float32: (a, b) => `nextAfter32(${a},${b})` },
  helpers: { nextAfter, nextAfter32 },
  gpu: gpuCall('neighbour'),
}) as BinaryOp;

/** {@link floatPower}'s type. */
export interface FloatPowerOp {
  <A extends Shape, const T extends Operand>(base: Tensor<A>, exponent: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
  <B extends Shape>(base: Scalar, exponent: Tensor<B>): Tensor<B>;
}

/**
 * {@link pow} in float64, whatever the dtypes of the operands: the result has that dtype.
 *
 * @throws DeviceError on a device without float64
 * @see https://pytorch.org/docs/stable/generated/torch.float_power.html
 */
export const floatPower: FloatPowerOp = ((base: Operand, exponent: Operand): Tensor => {
  if (!isTensor(base) && !isTensor(exponent)) throw new ValueError('floatPower: at least one operand must be a tensor');
  return pow(doubled(base) as Tensor, doubled(exponent) as Tensor);
}) as FloatPowerOp;

const doubled = (o: Operand): Tensor | number => (isTensor(o) ? o.to('float64') : scalarValue(o));

addMethod('floatPower', function (this: Tensor, exponent: Operand) {
  return floatPower(this, exponent as Tensor);
});
addMethod('floatPower_', function (this: Tensor, exponent: Operand) {
  if (this.dtype !== 'float64') throw new DTypeError(`floatPower_: a float64 result cannot be written into a ${this.dtype} tensor`);
  return inPlace('floatPower_', this, () => floatPower(this, exponent as Tensor));
});
