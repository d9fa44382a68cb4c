import { type Scalar, scalarValue } from '../dtype.ts';
import { applyFormInPlace, applyRowInPlace, defineElementwise, type ElementwiseOp, elementwise, type Operand } from '../elementwise.ts';
import { constant } from '../expr/node.ts';
import type { Broadcast, Fail, Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out, ShapeOf } from '../typed.ts';

/** The shape of an elementwise op on a tensor of shape A and a tensor or number T. */
export type Bin<A extends Shape, T> = T extends Scalar ? A : Broadcast<A, ShapeOf<T>>;

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
    /** True division, with broadcasting; integers give float32. @see https://pytorch.org/docs/stable/generated/torch.div.html */
    div<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.div}. */
    div_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Negation. @see https://pytorch.org/docs/stable/generated/torch.neg.html */
    neg<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.neg}. */
    neg_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    add(other: ExprLike): Expr;
    sub(other: ExprLike): Expr;
    mul(other: ExprLike): Expr;
    div(other: ExprLike): Expr;
    neg(): Expr;
  }
}

const one = constant(1);

/** Elementwise sum. */
export const add: ElementwiseOp = defineElementwise({
  name: 'add',
  arity: 2,
  dtype: 'promote',
  js: (a, b) => `${a}+${b}`,
  grad: [() => one, () => one],
  doc: 'a + b',
});

/** Elementwise difference. Not defined for bool. */
export const sub: ElementwiseOp = defineElementwise({
  name: 'sub',
  arity: 2,
  dtype: 'promote',
  reject: ['bool'],
  js: (a, b) => `${a}-${b}`,
  grad: [() => one, () => constant(-1)],
  doc: 'a - b',
});

/** Elementwise product. */
export const mul: ElementwiseOp = defineElementwise({
  name: 'mul',
  arity: 2,
  dtype: 'promote',
  js: (a, b) => `${a}*${b}`,
  grad: [(_a, b) => b, (a) => a],
  doc: 'a * b',
});

/** Elementwise quotient; integers are divided as float32. */
export const div: ElementwiseOp = defineElementwise({
  name: 'div',
  arity: 2,
  js: (a, b) => `${a}/${b}`,
  grad: [(_a, b) => one.div(b), (_a, b, y) => y.neg().div(b)],
  doc: 'a / b',
});

/** Elementwise negation. Not defined for bool. */
export const neg: ElementwiseOp = defineElementwise({
  name: 'neg',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (a) => `-${a}`,
  int: (a) => `0-${a}`,
  grad: [() => constant(-1)],
  doc: '-a',
});

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
