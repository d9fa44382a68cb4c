import { FloatScalar, isFloating, type Scalar, scalarValue } from '../dtype.ts';
import {
  applyFormAs,
  applyFormInPlace,
  applyRowInPlace,
  defineElementwise,
  type ElementwiseOp,
  elementwise,
  elementwiseTypes,
  type Operand,
  type Typing,
} from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { call, constant, Expr, type ExprLike } from '../expr/node.ts';
import { gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

export type { Bin, BinaryOp, Tri, UnaryOp } from '../elementwise-types.ts';

/** Options of {@link add}, {@link sub} and {@link rsub}. */
export interface AlphaOptions {
  /** Factor of the second operand; it takes no part in promotion. Default 1. */
  readonly alpha?: Scalar;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Sum, with broadcasting: `this + alpha * other`. @see https://pytorch.org/docs/stable/generated/torch.add.html */
    add<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: AlphaOptions): Out<Bin<A, T>>;
    /** In-place {@link Tensor.add}. */
    add_<A extends Shape>(this: Tensor<A>, other: Operand, options?: AlphaOptions): Tensor<A>;
    /** Difference, with broadcasting: `this - alpha * other`. @see https://pytorch.org/docs/stable/generated/torch.sub.html */
    sub<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: AlphaOptions): Out<Bin<A, T>>;
    /** In-place {@link Tensor.sub}. */
    sub_<A extends Shape>(this: Tensor<A>, other: Operand, options?: AlphaOptions): Tensor<A>;
    /** The difference the other way round: `other - alpha * this`. @see https://pytorch.org/docs/stable/generated/torch.sub.html */
    rsub<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: AlphaOptions): Out<Bin<A, T>>;
    /** Product, with broadcasting. @see https://pytorch.org/docs/stable/generated/torch.mul.html */
    mul<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.mul}. */
    mul_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** This tensor itself. Not defined for bool. @see https://pytorch.org/docs/stable/generated/torch.positive.html */
    positive<A extends Shape>(this: Tensor<A>): Tensor<A>;
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

/** Adds or subtracts, with a factor for the second operand. */
export interface AlphaOp extends ElementwiseOp {
  <A extends Shape, const T extends Operand>(a: Tensor<A>, b: Ok<Bin<A, T>, T>, options?: AlphaOptions): Out<Bin<A, T>>;
  <B extends Shape>(a: Scalar, b: Tensor<B>, options?: AlphaOptions): Tensor<B>;
  (a: Expr, b: ExprLike): Expr;
  (a: ExprLike, b: Expr): Expr;
}

const plainAdd = defineElementwise({
  name: 'add',
  arity: 2,
  dtype: 'promote',
  js: (a, b) => `${a}+${b}`,
  wasm: (v, a, b) => v.add(a, b),
  grad: [() => one, () => one],
});

/** No operand of a difference may be bool, not even beside numbers. */
const difference = { dtype: 'promote', refuse: ['bool'] } as const satisfies Typing;

const plainSub = defineElementwise({
  name: 'sub',
  arity: 2,
  ...difference,
  js: (a, b) => `${a}-${b}`,
  wasm: (v, a, b) => v.sub(a, b),
  grad: [() => one, () => constant(-1)],
});

/** Elementwise product. */
export const mul: BinaryOp = defineElementwise({
  name: 'mul',
  arity: 2,
  dtype: 'promote',
  js: (a, b) => `${a}*${b}`,
  wasm: (v, a, b) => v.mul(a, b),
  only: { int32: (a, b) => `Math.imul(${a},${b})` },
  grad: [(_a, b) => b, (a) => a],
}) as BinaryOp;

/**
 * The tensor itself, as unary plus. Not defined for bool.
 *
 * @throws DTypeError for bool
 * @see https://pytorch.org/docs/stable/generated/torch.positive.html
 */
export function positive<S extends Shape>(x: Tensor<S>): Tensor<S> {
  if (x.dtype === 'bool') throw new DTypeError('positive: not defined for bool');
  return x;
}

addMethod('positive', function (this: Tensor) {
  return positive(this);
});

/** Elementwise negation. Not defined for bool. */
export const neg: UnaryOp = defineElementwise({
  name: 'neg',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (a) => `-${a}`,
  wasm: (v, x) => v.neg(x),
  int: (a) => `0-${a}`,
  grad: [() => constant(-1)],
}) as UnaryOp;

/** Absolute value. Not defined for bool. */
export const abs: UnaryOp = defineElementwise({
  name: 'abs',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (x) => `Math.abs(${x})`,
  wasm: (v, x) => v.abs(x),
  int: (x) => `Math.abs(${x})`,
  gpu: gpuCall('absolute'),
  grad: [(x) => x.sign()],
}) as UnaryOp;

/** -1, 0 or 1; 0 for NaN. */
export const sign: UnaryOp = defineElementwise({
  name: 'sign',
  dtype: 'promote',
  exact: true,
  js: (x) => `${x}>0?1:${x}<0?-1:0`,
  wasm: (v, x) => v.sub(v.flag(v.gt(x, v.number(0))), v.flag(v.lt(x, v.number(0)))),
  gpu: gpuCall('signOf'),
  grad: [() => zero],
}) as UnaryOp;

const squared: ElementwiseOp = defineElementwise({
  name: 'square',
  dtype: 'promote',
  reject: ['bool'],
  js: (x) => `${x}*${x}`,
  wasm: (v, x) => v.mul(x, x),
  only: { int32: (x) => `Math.imul(${x},${x})` },
  grad: [(x) => x.mul(2)],
});

/** Square. Of bools, int64. */
export const square: UnaryOp = ((x: Tensor | Expr): Tensor | Expr => {
  return squared((isTensor(x as Tensor) && (x as Tensor).dtype === 'bool' ? (x as Tensor).to('int64') : x) as Tensor);
}) as unknown as UnaryOp;
Object.defineProperties(square, { row: { value: squared.row }, opName: { value: 'square' }, name: { value: 'square' } });

addMethod('square', function (this: Tensor) {
  return square(this);
});

/** Square root. */
export const sqrt: UnaryOp = defineElementwise({
  name: 'sqrt',
  js: (x) => `Math.sqrt(${x})`,
  wasm: (v, x) => v.sqrt(x),
  grad: [(_x, y) => one.div(y.mul(2))],
}) as UnaryOp;

/** Reciprocal of the square root. */
export const rsqrt: UnaryOp = defineElementwise({
  name: 'rsqrt',
  js: (x) => `1/Math.sqrt(${x})`,
  wasm: (v, x) => v.div(v.number(1), v.sqrt(x)),
  grad: [(_x, y) => y.square().mul(y).mul(-0.5)],
}) as UnaryOp;

/** Reciprocal. */
export const reciprocal: UnaryOp = defineElementwise({
  name: 'reciprocal',
  js: (x) => `1/${x}`,
  wasm: (v, x) => v.div(v.number(1), x),
  grad: [(_x, y) => y.square().neg()],
}) as UnaryOp;

const addScaled = elementwise('add', (a, b, alpha) => a.add(b.mul(alpha)), { dtype: 'promote' });
const subScaled = elementwise('sub', (a, b, alpha) => a.sub(b.mul(alpha)), { dtype: 'promote' });

/** The factor as a number, after PyTorch's checks: no fraction among integers, a boolean only among booleans. */
function factorOf(name: string, typing: Typing, a: Operand, b: Operand, alpha: Scalar): number {
  const { compute } = elementwiseTypes(name, typing, [a, b]);
  if (typeof alpha !== 'number' && typeof alpha !== 'boolean' && !(alpha instanceof FloatScalar)) {
    throw new ValueError(`${name}: alpha must be a number or a boolean, got ${typeof alpha}`);
  }
  const value = scalarValue(alpha);
  if (typeof alpha === 'boolean' && compute !== 'bool')
    throw new DTypeError(`${name}: a boolean alpha is only for bool tensors, not ${compute}`);
  if (!isFloating(compute) && (alpha instanceof FloatScalar || !Number.isInteger(value))) {
    throw new DTypeError(`${name}: alpha must be an integer for ${compute} tensors, got ${value}`);
  }
  return value;
}

/** `a ± b`, or with a factor on b, which stays an argument of the kernel. */
function withAlpha(plain: ElementwiseOp, scaled: ElementwiseOp, rules: Typing): AlphaOp {
  const name = plain.opName;
  const typing: Typing = { ...rules, parameters: 2 };
  const op = ((a: Operand | ExprLike, b: Operand | ExprLike, options?: AlphaOptions): Tensor | Expr => {
    if (a instanceof Expr || b instanceof Expr) return call(plain.row, [a, b] as ExprLike[]);
    const alpha = options?.alpha;
    if (alpha === undefined || alpha === 1) return plain(a as Operand, b as Operand);
    return applyFormAs(scaled, typing, [a as Operand, b as Operand, factorOf(name, rules, a as Operand, b as Operand, alpha)]);
  }) as unknown as AlphaOp;
  Object.defineProperties(op, { row: { value: plain.row }, opName: { value: name }, name: { value: name } });
  addMethod(name, function (this: Tensor, other: Operand, options?: AlphaOptions) {
    return op(this, other as Tensor, options);
  });
  addMethod(`${name}_`, function (this: Tensor, other: Operand, options?: AlphaOptions) {
    const alpha = options?.alpha;
    if (alpha === undefined || alpha === 1) return applyRowInPlace(plain.row, rules, this, [other]);
    const value = factorOf(`${name}_`, rules, this, other, alpha);
    return isTensor(other)
      ? applyFormInPlace(`${name}_`, scaled, typing, this, [other, value])
      : applyRowInPlace(plain.row, rules, this, [scalarValue(other) * value]);
  });
  return op;
}

/**
 * Elementwise sum `a + alpha * b`, with broadcasting.
 *
 * @throws DTypeError for a fraction as alpha among integers
 * @example
 * ```ts
 * add(a, b);
 * add(a, b, { alpha: -0.5 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.add.html
 */
export const add: AlphaOp = withAlpha(plainAdd, addScaled, { dtype: 'promote' });

/**
 * Elementwise difference `a - alpha * b`, with broadcasting. Not defined for bool.
 *
 * @throws DTypeError when an operand is bool; for a fraction as alpha among integers
 * @see https://pytorch.org/docs/stable/generated/torch.sub.html
 */
export const sub: AlphaOp = withAlpha(plainSub, subScaled, difference);

/**
 * The difference the other way round, `b - alpha * a`; `a` is a tensor. Not defined for bool.
 *
 * @throws DTypeError when an operand is bool; ValueError when `a` is no tensor
 * @see https://pytorch.org/docs/stable/generated/torch.sub.html
 */
export function rsub<A extends Shape, const T extends Operand>(a: Tensor<A>, b: Ok<Bin<A, T>, T>, options?: AlphaOptions): Out<Bin<A, T>> {
  if (!isTensor(a)) throw new ValueError('rsub: the first operand must be a tensor');
  return sub(b as Tensor, a as Tensor, options) as unknown as Out<Bin<A, T>>;
}

addMethod('rsub', function (this: Tensor, other: Operand, options?: AlphaOptions) {
  return rsub(this, other as Tensor, options);
});
