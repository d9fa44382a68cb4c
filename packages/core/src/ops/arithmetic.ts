import { scalarValue } from '../dtype.ts';
import { applyFormInPlace, applyRowInPlace, defineElementwise, type ElementwiseOp, elementwise, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import { constant } from '../expr/node.ts';
import { gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

export type { Bin, BinaryOp, Tri, UnaryOp } from '../elementwise-types.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Sum, with broadcasting: `this + alpha * other`. @see https://pytorch.org/docs/stable/generated/torch.add.html */
    add<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: { alpha?: number }): Out<Bin<A, T>>;
    /** In-place {@link Tensor.add}. */
    add_<A extends Shape>(this: Tensor<A>, other: Operand, options?: { alpha?: number }): Tensor<A>;
    /** Difference, with broadcasting: `this - alpha * other`. @see https://pytorch.org/docs/stable/generated/torch.sub.html */
    sub<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: { alpha?: number }): Out<Bin<A, T>>;
    /** In-place {@link Tensor.sub}. */
    sub_<A extends Shape>(this: Tensor<A>, other: Operand, options?: { alpha?: number }): Tensor<A>;
    /** Product, with broadcasting. @see https://pytorch.org/docs/stable/generated/torch.mul.html */
    mul<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.mul}. */
    mul_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Negation. @see https://pytorch.org/docs/stable/generated/torch.neg.html */
    neg<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.neg}. */
    neg_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Absolute value; its derivative at 0 is 0. @see https://pytorch.org/docs/stable/generated/torch.abs.html */
    abs<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.abs}. */
    abs_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** -1, 0 or 1; 0 for NaN. @see https://pytorch.org/docs/stable/generated/torch.sign.html */
    sign<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.sign}. */
    sign_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Square. @see https://pytorch.org/docs/stable/generated/torch.square.html */
    square<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.square}. */
    square_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Square root. @see https://pytorch.org/docs/stable/generated/torch.sqrt.html */
    sqrt<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.sqrt}. */
    sqrt_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** 1 / sqrt(x). @see https://pytorch.org/docs/stable/generated/torch.rsqrt.html */
    rsqrt<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.rsqrt}. */
    rsqrt_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** 1 / x. @see https://pytorch.org/docs/stable/generated/torch.reciprocal.html */
    reciprocal<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.reciprocal}. */
    reciprocal_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    add(other: ExprLike): Expr;
    sub(other: ExprLike): Expr;
    mul(other: ExprLike): Expr;
    neg(): Expr;
    abs(): Expr;
    sign(): Expr;
    square(): Expr;
    sqrt(): Expr;
    rsqrt(): Expr;
    reciprocal(): Expr;
  }
}

const one = constant(1);
const zero = constant(0);

/** Elementwise sum. */
export const add: BinaryOp = defineElementwise({
  name: 'add',
  arity: 2,
  dtype: 'promote',
  js: (a, b) => `${a}+${b}`,
  grad: [() => one, () => one],
  doc: 'a + b',
}) as BinaryOp;

/** Elementwise difference. Not defined for bool. */
export const sub: BinaryOp = defineElementwise({
  name: 'sub',
  arity: 2,
  dtype: 'promote',
  reject: ['bool'],
  js: (a, b) => `${a}-${b}`,
  grad: [() => one, () => constant(-1)],
  doc: 'a - b',
}) as BinaryOp;

/** Elementwise product. */
export const mul: BinaryOp = defineElementwise({
  name: 'mul',
  arity: 2,
  dtype: 'promote',
  js: (a, b) => `${a}*${b}`,
  only: { int32: (a, b) => `Math.imul(${a},${b})` },
  grad: [(_a, b) => b, (a) => a],
  doc: 'a * b',
}) as BinaryOp;

/** Elementwise negation. Not defined for bool. */
export const neg: UnaryOp = defineElementwise({
  name: 'neg',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (a) => `-${a}`,
  int: (a) => `0-${a}`,
  grad: [() => constant(-1)],
  doc: '-a',
}) as UnaryOp;

/** Absolute value. Not defined for bool. */
export const abs: UnaryOp = defineElementwise({
  name: 'abs',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (x) => `Math.abs(${x})`,
  int: (x) => `Math.abs(${x})`,
  gpu: gpuCall('absolute'),
  grad: [(x) => x.sign()],
  doc: '|x|',
}) as UnaryOp;

/** -1, 0 or 1; 0 for NaN. */
export const sign: UnaryOp = defineElementwise({
  name: 'sign',
  dtype: 'promote',
  exact: true,
  js: (x) => `${x}>0?1:${x}<0?-1:0`,
  gpu: gpuCall('signOf'),
  grad: [() => zero],
  doc: 'the sign of x: -1, 0 or 1',
}) as UnaryOp;

/** Square. Not defined for bool. */
export const square: UnaryOp = defineElementwise({
  name: 'square',
  dtype: 'promote',
  reject: ['bool'],
  js: (x) => `${x}*${x}`,
  only: { int32: (x) => `Math.imul(${x},${x})` },
  grad: [(x) => x.mul(2)],
  doc: 'x * x',
}) as UnaryOp;

/** Square root. */
export const sqrt: UnaryOp = defineElementwise({
  name: 'sqrt',
  js: (x) => `Math.sqrt(${x})`,
  grad: [(_x, y) => one.div(y.mul(2))],
  doc: 'the square root of x',
}) as UnaryOp;

/** Reciprocal of the square root. */
export const rsqrt: UnaryOp = defineElementwise({
  name: 'rsqrt',
  js: (x) => `1/Math.sqrt(${x})`,
  grad: [(_x, y) => y.square().mul(y).mul(-0.5)],
  doc: '1 / sqrt(x)',
}) as UnaryOp;

/** Reciprocal. */
export const reciprocal: UnaryOp = defineElementwise({
  name: 'reciprocal',
  js: (x) => `1/${x}`,
  grad: [(_x, y) => y.square().neg()],
  doc: '1 / x',
}) as UnaryOp;

const addScaled = elementwise('add', (a, b, alpha) => a.add(b.mul(alpha)), { dtype: 'promote' });
const subScaled = elementwise('sub', (a, b, alpha) => a.sub(b.mul(alpha)), { dtype: 'promote' });

/** `op(self, other)`, or with a factor on the second operand. A factor that is a number stays an argument of the kernel. */
function scaled(plain: ElementwiseOp, withAlpha: ElementwiseOp) {
  return function (this: Tensor, other: Operand, options?: { alpha?: number }): Tensor {
    return options?.alpha === undefined || options.alpha === 1 ? plain(this, other) : withAlpha(this, other, options.alpha);
  };
}

function scaledInPlace(plain: ElementwiseOp, name: string) {
  return function (this: Tensor, other: Operand, options?: { alpha?: number }): Tensor {
    const alpha = options?.alpha ?? 1;
    if (alpha === 1) return applyRowInPlace(plain.row, 'promote', this, [other]);
    return isTensor(other)
      ? applyFormInPlace(name, scaledForms[name]!, 'promote', this, [other, alpha])
      : applyRowInPlace(plain.row, 'promote', this, [scalarValue(other) * alpha]);
  };
}

const scaledForms: Readonly<Record<string, ElementwiseOp>> = { add_: addScaled, sub_: subScaled };

addMethod('add', scaled(add, addScaled));
addMethod('sub', scaled(sub, subScaled));
addMethod('add_', scaledInPlace(add, 'add_'));
addMethod('sub_', scaledInPlace(sub, 'sub_'));
