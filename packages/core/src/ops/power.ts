import { isFloating, type Scalar, scalarValue } from '../dtype.ts';
import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOp, elementwiseTypes, type Operand } from '../elementwise.ts';
import type { Bin } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import { defineFunction } from '../expr/function.ts';
import { call, constant, Expr, type ExprLike } from '../expr/node.ts';
import { powC, powNumber } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import { powInt, powInt32 } from '../scalar/integer.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * This tensor to the power of `exponent`, with broadcasting.
     *
     * @throws ValueError for an integer tensor and a negative integer number
     * @see https://pytorch.org/docs/stable/generated/torch.pow.html
     */
    pow<A extends Shape, const T extends Operand>(this: Tensor<A>, exponent: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.pow}. */
    pow_<A extends Shape>(this: Tensor<A>, exponent: Operand): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    pow(exponent: ExprLike): Expr;
  }
}

const integers = {
  int: (a: string, b: string): string => `powInt(${a},${b})`,
  only: { int32: (a: string, b: string): string => `powInt32(${a},${b})`, uint8: (a: string, b: string): string => `powInt32(${a},${b})` },
};

const powTyping = { dtype: 'promote', reject: ['bool'] } as const;

const rowOp: ElementwiseOp = defineElementwise({
  name: 'pow',
  arity: 2,
  ...powTyping,
  js: (a, b) => `powC(${a},${b})`,
  ...integers,
  helpers: { powC, powInt, powInt32 },
  gpu: gpuCall('power'),
  grad: [(a, b) => call(powBaseGrad, [a, b]), (a, b) => call(powExponentGrad, [a, b])],
});

// The derivatives of a^b are functions of their own, because PyTorch fixes their values at b = 0 and at a = 0 but derives
// from what they would be otherwise.

/** b·a^(b-1), and 0 at b = 0. There its derivative in b is 0 times what it would be, which is NaN unless a > 0. */
const powBaseGrad = defineFunction({
  name: 'powBaseGrad',
  arity: 2,
  js: (a, b) => `${b}===0?0:${b}*powC(${a},${b}-1)`,
  helpers: { powC },
  gpu: gpuBody((a, b) => `(isEqual(${b}, 0) > 0.5 ? 0 : ${b} * power(${a}, ${b} - 1))`, 'isEqual', 'power'),
  grad: [
    (a, b) => where(b.eq(0), 0, b.mul(call(powBaseGrad, [a, b.sub(1)]))),
    (a, b) => {
      const p = call(rowOp.row, [a, b.sub(1)]);
      return where(b.eq(0), 0, 1)
        .mul(p)
        .add(b.mul(call(powExponentGrad, [a, b.sub(1)])));
    },
  ],
});

const powerOfZero = (a: Expr, b: Expr): Expr => a.eq(0).logicalAnd(b.ge(0));

/**
 * a^b·ln a, and 0 at a = 0 for b >= 0. There its derivatives are 0 times what they would be, as in PyTorch, unless they
 * have the limit 0.
 */
const powExponentGrad = defineFunction({
  name: 'powExponentGrad',
  arity: 2,
  js: (a, b) => `${a}===0&&${b}>=0?0:powC(${a},${b})*Math.log(${a})`,
  helpers: { powC },
  gpu: gpuCall('powerTimesLogarithm'),
  grad: [
    (a, b) => {
      const m = where(powerOfZero(a, b), 0, 1);
      const inBase = where(b.eq(0), 0, m.mul(a.log()).mul(call(powBaseGrad, [a, b])));
      return where(
        a.eq(0).logicalAnd(b.gt(1)),
        0,
        m
          .mul(call(rowOp.row, [a, b]))
          .div(a)
          .add(inBase),
      );
    },
    (a, b) => {
      const m = where(powerOfZero(a, b), 0, 1);
      return where(a.eq(0).logicalAnd(b.gt(0)), 0, m.mul(a.log()).mul(call(powExponentGrad, [a, b])));
    },
  ],
});

// PyTorch computes x^0.5 as a square root and so on only when the exponent is a number, which shows at -inf.
const powScalar = defineFunction({
  name: 'powScalar',
  arity: 2,
  js: (x, p) => literalPower(x, p) ?? `powNumber(${x},${p})`,
  ...integers,
  helpers: { powNumber, powInt, powInt32 },
  gpu: gpuCall('power'),
  grad: [powScalarGrad, null],
});

/** Powers whose exponent is part of the kernel need no call. */
function literalPower(x: string, p: string): string | undefined {
  return p === '2' ? `${x}*${x}` : p === '3' ? `${x}*${x}*${x}` : p === '0.5' ? `Math.sqrt(${x})` : undefined;
}

function powScalarGrad(x: Expr, p: Expr): Expr {
  if (p.kind !== 'const') return where(p.eq(0), 0, p.mul(call(powScalar, [x, p.sub(1)])));
  return p.value === 0 ? constant(0) : p.value === 1 ? constant(1) : call(powScalar, [x, p.value - 1]).mul(p);
}

/** Refuses powers that are no integers. */
function checkExponent(base: Operand, exponent: Scalar): void {
  const p = scalarValue(exponent);
  if (p < 0 && !isFloating(elementwiseTypes('pow', powTyping, [base, exponent]).output)) {
    throw new ValueError(`pow: an integer tensor to the negative integer power ${p}; convert it to a floating dtype first`);
  }
}

/** Raises to a power. */
export interface PowOp {
  <A extends Shape, const T extends Operand>(base: Tensor<A>, exponent: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
  <B extends Shape>(base: Scalar, exponent: Tensor<B>): Tensor<B>;
  (base: Expr, exponent: ExprLike): Expr;
  (base: ExprLike, exponent: Expr): Expr;
}

/**
 * `base` to the power of `exponent`; either may be a number.
 *
 * @throws ValueError for an integer tensor and a negative integer number
 * @example
 * ```ts
 * pow(x, 3);
 * pow(2, x);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.pow.html
 */
export const pow: PowOp = ((base: Operand | Expr, exponent: Operand | Expr): Tensor | Expr => {
  if (base instanceof Expr || exponent instanceof Expr) {
    return call(typeof exponent === 'number' ? powScalar : rowOp.row, [base, exponent] as ExprLike[]);
  }
  if (isTensor(exponent)) return rowOp(base, exponent);
  checkExponent(base, exponent);
  return applyRow(powScalar, powTyping, [base, exponent]);
}) as PowOp;

addMethod('pow', function (this: Tensor, exponent: Operand) {
  return pow(this, exponent);
});
addMethod('pow_', function (this: Tensor, exponent: Operand) {
  if (!isTensor(exponent)) checkExponent(this, exponent);
  return applyRowInPlace(isTensor(exponent) ? rowOp.row : powScalar, powTyping, this, [exponent]);
});
Object.defineProperty(Expr.prototype, 'pow', {
  configurable: true,
  value(this: Expr, exponent: ExprLike): Expr {
    return pow(this, exponent);
  },
});
