import { defineElementwise, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import { signBit } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { full } from './full.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Where equal: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.eq.html */
    eq<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where unequal (NaN is unequal to everything): a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.ne.html */
    ne<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where less than `other`: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.lt.html */
    lt<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where less than or equal to `other`: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.le.html */
    le<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where greater than `other`: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.gt.html */
    gt<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where greater than or equal to `other`: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.ge.html */
    ge<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where both are non-zero (NaN is non-zero): a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.logical_and.html */
    logicalAnd<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where either is non-zero: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.logical_or.html */
    logicalOr<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where exactly one is non-zero: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.logical_xor.html */
    logicalXor<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** Where zero: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.logical_not.html */
    logicalNot<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Where NaN: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.isnan.html */
    isnan<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Where infinite, of either sign: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.isinf.html */
    isinf<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Where neither infinite nor NaN: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.isfinite.html */
    isfinite<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Where positive infinity: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.isposinf.html */
    isposinf<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Where negative infinity: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.isneginf.html */
    isneginf<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Everywhere, since no dtype is complex: a bool tensor. @see https://pytorch.org/docs/stable/generated/torch.isreal.html */
    isreal<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Where the sign is negative, of -0 too: a bool tensor. NaN counts as positive. @see https://pytorch.org/docs/stable/generated/torch.signbit.html */
    signbit<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    eq(other: ExprLike): Expr;
    ne(other: ExprLike): Expr;
    lt(other: ExprLike): Expr;
    le(other: ExprLike): Expr;
    gt(other: ExprLike): Expr;
    ge(other: ExprLike): Expr;
    logicalAnd(other: ExprLike): Expr;
    logicalOr(other: ExprLike): Expr;
    logicalXor(other: ExprLike): Expr;
    logicalNot(): Expr;
    isnan(): Expr;
    isinf(): Expr;
    isfinite(): Expr;
    isposinf(): Expr;
    isneginf(): Expr;
    signbit(): Expr;
  }
}

/** Where equal. */
export const eq: BinaryOp = defineElementwise({
  name: 'eq',
  arity: 2,
  tensors: 'first',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}===${b}?1:0`,
  wasm: (v, a, b) => v.flag(v.eq(a, b)),
  gpu: gpuCall('isEqual'),
}) as BinaryOp;

/** Where unequal; NaN is unequal to everything. */
export const ne: BinaryOp = defineElementwise({
  name: 'ne',
  arity: 2,
  tensors: 'first',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}!==${b}?1:0`,
  wasm: (v, a, b) => v.flag(v.ne(a, b)),
  gpu: gpuCall('isUnequal'),
}) as BinaryOp;

/** Where a < b. */
export const lt: BinaryOp = defineElementwise({
  name: 'lt',
  arity: 2,
  tensors: 'first',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}<${b}?1:0`,
  wasm: (v, a, b) => v.flag(v.lt(a, b)),
  gpu: gpuCall('isLess'),
}) as BinaryOp;

/** Where a <= b. */
export const le: BinaryOp = defineElementwise({
  name: 'le',
  arity: 2,
  tensors: 'first',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}<=${b}?1:0`,
  wasm: (v, a, b) => v.flag(v.le(a, b)),
  gpu: gpuCall('isLessOrEqual'),
}) as BinaryOp;

/** Where a > b. */
export const gt: BinaryOp = defineElementwise({
  name: 'gt',
  arity: 2,
  tensors: 'first',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}>${b}?1:0`,
  wasm: (v, a, b) => v.flag(v.gt(a, b)),
  gpu: gpuBody((a, b) => `isLess(${b}, ${a})`, 'isLess'),
}) as BinaryOp;

/** Where a >= b. */
export const ge: BinaryOp = defineElementwise({
  name: 'ge',
  arity: 2,
  tensors: 'first',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}>=${b}?1:0`,
  wasm: (v, a, b) => v.flag(v.ge(a, b)),
  gpu: gpuBody((a, b) => `isLessOrEqual(${b}, ${a})`, 'isLessOrEqual'),
}) as BinaryOp;

/** Where both are non-zero. */
export const logicalAnd: BinaryOp = defineElementwise({
  name: 'logicalAnd',
  arity: 2,
  tensors: 'all',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}!==0&&${b}!==0?1:0`,
  wasm: (v, a, b) => v.flag(v.and(v.truth(a), v.truth(b))),
  gpu: gpuBody((a, b) => `isTrue(${a}) * isTrue(${b})`, 'isTrue'),
}) as BinaryOp;

/** Where either is non-zero. */
export const logicalOr: BinaryOp = defineElementwise({
  name: 'logicalOr',
  arity: 2,
  tensors: 'all',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `${a}!==0||${b}!==0?1:0`,
  wasm: (v, a, b) => v.flag(v.or(v.truth(a), v.truth(b))),
  gpu: gpuBody((a, b) => `isTrue(isTrue(${a}) + isTrue(${b}))`, 'isTrue'),
}) as BinaryOp;

/** Where exactly one is non-zero. */
export const logicalXor: BinaryOp = defineElementwise({
  name: 'logicalXor',
  arity: 2,
  tensors: 'all',
  dtype: 'compare',
  exact: true,
  js: (a, b) => `(${a}!==0)!==(${b}!==0)?1:0`,
  wasm: (v, a, b) => v.flag(v.xor(v.truth(a), v.truth(b))),
  gpu: gpuBody((a, b) => `isUnequal(isTrue(${a}), isTrue(${b}))`, 'isTrue', 'isUnequal'),
}) as BinaryOp;

/** Where zero. */
export const logicalNot: UnaryOp = defineElementwise({
  name: 'logicalNot',
  dtype: 'compare',
  exact: true,
  js: (x) => `${x}===0?1:0`,
  wasm: (v, x) => v.flag(v.eq(x, v.number(0))),
  gpu: gpuBody((x) => `1 - isTrue(${x})`, 'isTrue'),
}) as UnaryOp;

/** Where NaN. */
export const isnan: UnaryOp = defineElementwise({
  name: 'isnan',
  dtype: 'compare',
  exact: true,
  js: (x) => `${x}!==${x}?1:0`,
  wasm: (v, x) => v.flag(v.ne(x, x)),
  gpu: gpuCall('isNan'),
}) as UnaryOp;

/** Where infinite. */
export const isinf: UnaryOp = defineElementwise({
  name: 'isinf',
  dtype: 'compare',
  exact: true,
  js: (x) => `${x}===Infinity||${x}===-Infinity?1:0`,
  wasm: (v, x) => v.flag(v.eq(v.abs(x), v.number(Infinity))),
  gpu: gpuCall('isInf'),
}) as UnaryOp;

/** Where neither infinite nor NaN. */
export const isfinite: UnaryOp = defineElementwise({
  name: 'isfinite',
  dtype: 'compare',
  exact: true,
  js: (x) => `${x}-${x}===0?1:0`,
  wasm: (v, x) => v.flag(v.lt(v.abs(x), v.number(Infinity))),
  gpu: gpuBody((x) => `1 - isNan(${x}) - isInf(${x})`, 'isNan', 'isInf'),
}) as UnaryOp;

/** Where positive infinity. */
export const isposinf: UnaryOp = defineElementwise({
  name: 'isposinf',
  dtype: 'compare',
  exact: true,
  js: (x) => `${x}===Infinity?1:0`,
  wasm: (v, x) => v.flag(v.eq(x, v.number(Infinity))),
  gpu: gpuBody((x) => `isInf(${x}) * isLess(0, ${x})`, 'isInf', 'isLess'),
}) as UnaryOp;

/** Where negative infinity. */
export const isneginf: UnaryOp = defineElementwise({
  name: 'isneginf',
  dtype: 'compare',
  exact: true,
  js: (x) => `${x}===-Infinity?1:0`,
  wasm: (v, x) => v.flag(v.eq(x, v.number(-Infinity))),
  gpu: gpuBody((x) => `isInf(${x}) * isLess(${x}, 0)`, 'isInf', 'isLess'),
}) as UnaryOp;

/**
 * Everywhere: no dtype is complex.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.isreal.html
 */
export function isreal<S extends Shape>(x: Tensor<S>): Tensor<S> {
  return full(x.shape, true, { dtype: 'bool', device: x.device }) as unknown as Tensor<S>;
}

addMethod('isreal', function (this: Tensor) {
  return isreal(this);
});

/** Where the sign is negative, of -0 too. JavaScript cannot see the sign of NaN, which counts as positive. */
export const signbit: UnaryOp = defineElementwise({
  name: 'signbit',
  dtype: 'compare',
  exact: true,
  js: (x) => `signBit(${x})`,
  int: (x) => `${x}<0?1:0`,
  helpers: { signBit },
  gpu: gpuBody((x) => `isLess(withSignOf(1, ${x}), 0)`, 'withSignOf', 'isLess'),
}) as UnaryOp;
