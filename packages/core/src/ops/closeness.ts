import { isFloating } from '../dtype.ts';
import { type ElementwiseOp, elementwise } from '../elementwise.ts';
import type { Bin } from '../elementwise-types.ts';
import { DTypeError, ValueError } from '../errors.ts';
import type { Expr } from '../expr/node.ts';
import { sameShape } from '../layout.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

/** Options of {@link isclose} and {@link allclose}. */
export interface CloseOptions {
  /** Relative tolerance, a part of the second operand's magnitude. Default 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance. Default 1e-8. */
  readonly atol?: number;
  /** Count two NaN as close. Default false. */
  readonly equalNan?: boolean;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link isclose} of this tensor and another. */
    isclose<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: CloseOptions): Out<Bin<A, T>>;
    /** {@link allclose} of this tensor and another. */
    allclose(this: Tensor, other: Tensor, options?: CloseOptions): boolean;
    /** {@link equal} of this tensor and another. */
    equal(this: Tensor, other: Tensor): boolean;
  }
}

const within = (a: Expr, b: Expr, rtol: Expr, atol: Expr): Expr => {
  const gap = a.sub(b).abs();
  return a.eq(b).logicalOr(gap.isfinite().logicalAnd(gap.le(atol.add(rtol.mul(b).abs()))));
};

const close: ElementwiseOp = elementwise('isclose', (a, b, rtol, atol) => within(a, b, rtol, atol), { dtype: 'compare', parameters: 2 });

const closeOrNan: ElementwiseOp = elementwise(
  'isclose',
  (a, b, rtol, atol) => within(a, b, rtol, atol).logicalOr(a.isnan().logicalAnd(b.isnan())),
  { dtype: 'compare', parameters: 2 },
);

function checkPair(name: string, a: Tensor, b: Tensor): void {
  if (!isTensor(a) || !isTensor(b)) throw new ValueError(`${name}: both operands must be tensors; make one of a number with tensor(...)`);
}

/**
 * Where |a - b| <= atol + rtol |b|, with broadcasting: a bool tensor. Equal infinities are close.
 *
 * @throws DTypeError when the dtypes differ; ValueError for a negative tolerance
 * @example
 * ```ts
 * isclose(a, b, { rtol: 1e-3 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.isclose.html
 */
export function isclose<A extends Shape, const T extends Tensor>(
  a: Tensor<A>,
  b: Ok<Bin<A, T>, T>,
  options?: CloseOptions,
): Out<Bin<A, T>> {
  return compare('isclose', a as Tensor, b as Tensor, options) as unknown as Out<Bin<A, T>>;
}

function compare(name: string, a: Tensor, b: Tensor, { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions = {}): Tensor {
  checkPair(name, a, b);
  if (a.dtype !== b.dtype) throw new DTypeError(`${name}: the dtypes differ: ${a.dtype} and ${b.dtype}`);
  if (!(rtol >= 0)) throw new ValueError(`${name}: rtol must not be negative, got ${rtol}`);
  if (!(atol >= 0)) throw new ValueError(`${name}: atol must not be negative, got ${atol}`);
  if (isFloating(a.dtype)) return (equalNan ? closeOrNan : close)(a, b, rtol, atol);
  // Integers are compared as they are where nothing else counts.
  return rtol === 0 && atol === 0 ? a.eq(b) : close(a.to('float32'), b.to('float32'), rtol, atol);
}

/**
 * Whether all of two tensors is {@link isclose}; they broadcast.
 *
 * @throws DTypeError when the dtypes differ; ValueError for a negative tolerance; DeviceError on a device that cannot be read
 *   at once: read `isclose(a, b).all()` there
 * @see https://pytorch.org/docs/stable/generated/torch.allclose.html
 */
export function allclose(a: Tensor, b: Tensor, options?: CloseOptions): boolean {
  return compare('allclose', a, b, options).all().item() !== 0;
}

/**
 * Whether two tensors have the same shape and the same elements; NaN equals nothing.
 *
 * @throws ValueError for numbers; DeviceError on a device that cannot be read at once: read `a.eq(b).all()` there
 * @see https://pytorch.org/docs/stable/generated/torch.equal.html
 */
export function equal(a: Tensor, b: Tensor): boolean {
  checkPair('equal', a, b);
  return sameShape(a.shape, b.shape) && a.eq(b).all().item() !== 0;
}

addMethod('isclose', function (this: Tensor, other: Tensor, options?: CloseOptions) {
  return compare('isclose', this, other, options);
});
addMethod('allclose', function (this: Tensor, other: Tensor, options?: CloseOptions) {
  return allclose(this, other, options);
});
addMethod('equal', function (this: Tensor, other: Tensor) {
  return equal(this, other);
});
