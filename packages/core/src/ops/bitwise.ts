import { defineElementwise, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import { and53, or53, shiftLeft32, shiftLeft53, shiftRight32, shiftRight53, xor53 } from '../scalar/integer.ts';
import type { Shape } from '../shape-types.ts';
import type { Ok, Out } from '../typed.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Bitwise and of integers, logical and of bools. @see https://pytorch.org/docs/stable/generated/torch.bitwise_and.html */
    bitwiseAnd<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.bitwiseAnd}. */
    bitwiseAnd_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Bitwise or of integers, logical or of bools. @see https://pytorch.org/docs/stable/generated/torch.bitwise_or.html */
    bitwiseOr<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.bitwiseOr}. */
    bitwiseOr_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Bitwise exclusive or of integers, of bools where they differ. @see https://pytorch.org/docs/stable/generated/torch.bitwise_xor.html */
    bitwiseXor<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.bitwiseXor}. */
    bitwiseXor_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Every bit inverted; of bools, not. @see https://pytorch.org/docs/stable/generated/torch.bitwise_not.html */
    bitwiseNot<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.bitwiseNot}. */
    bitwiseNot_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** this · 2^other. @see https://pytorch.org/docs/stable/generated/torch.bitwise_left_shift.html */
    bitwiseLeftShift<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.bitwiseLeftShift}. */
    bitwiseLeftShift_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** this / 2^other, rounded down. @see https://pytorch.org/docs/stable/generated/torch.bitwise_right_shift.html */
    bitwiseRightShift<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.bitwiseRightShift}. */
    bitwiseRightShift_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    bitwiseAnd(other: ExprLike): Expr;
    bitwiseOr(other: ExprLike): Expr;
    bitwiseXor(other: ExprLike): Expr;
    bitwiseNot(): Expr;
    bitwiseLeftShift(other: ExprLike): Expr;
    bitwiseRightShift(other: ExprLike): Expr;
  }
}

/** Bitwise and of integers, logical and of bools. */
export const bitwiseAnd: BinaryOp = defineElementwise({
  name: 'bitwiseAnd',
  arity: 2,
  dtype: 'integral',
  js: (a, b) => `${a}&${b}`,
  only: { int64: (a, b) => `and53(${a},${b})` },
  helpers: { and53 },
  gpu: gpuCall('bitAnd'),
}) as BinaryOp;

/** Bitwise or of integers, logical or of bools. */
export const bitwiseOr: BinaryOp = defineElementwise({
  name: 'bitwiseOr',
  arity: 2,
  dtype: 'integral',
  js: (a, b) => `${a}|${b}`,
  only: { int64: (a, b) => `or53(${a},${b})` },
  helpers: { or53 },
  gpu: gpuBody((a, b) => `${a} + ${b} - bitAnd(${a}, ${b})`, 'bitAnd'),
}) as BinaryOp;

/** Bitwise exclusive or of integers; of bools, where they differ. */
export const bitwiseXor: BinaryOp = defineElementwise({
  name: 'bitwiseXor',
  arity: 2,
  dtype: 'integral',
  js: (a, b) => `${a}^${b}`,
  only: { int64: (a, b) => `xor53(${a},${b})` },
  helpers: { xor53 },
  gpu: gpuBody((a, b) => `${a} + ${b} - 2 * bitAnd(${a}, ${b})`, 'bitAnd'),
}) as BinaryOp;

/** Every bit inverted; of bools, not. */
export const bitwiseNot: UnaryOp = defineElementwise({
  name: 'bitwiseNot',
  dtype: 'integral',
  js: (x) => `-1-${x}`,
  only: { bool: (x) => `1-${x}` },
}) as UnaryOp;

/** a·2^b; int32 and uint8 drop bits that leave them. Not defined for bool. */
export const bitwiseLeftShift: BinaryOp = defineElementwise({
  name: 'bitwiseLeftShift',
  arity: 2,
  dtype: 'integral',
  reject: ['bool'],
  js: (a, b) => `shiftLeft32(${a},${b})`,
  only: { int64: (a, b) => `shiftLeft53(${a},${b})` },
  helpers: { shiftLeft32, shiftLeft53 },
  gpu: gpuBody((a, b) => `${a} * powerOfTwo(${b})`, 'powerOfTwo'),
}) as BinaryOp;

/** a / 2^b, rounded down. Not defined for bool. */
export const bitwiseRightShift: BinaryOp = defineElementwise({
  name: 'bitwiseRightShift',
  arity: 2,
  dtype: 'integral',
  reject: ['bool'],
  js: (a, b) => `shiftRight32(${a},${b})`,
  only: { int64: (a, b) => `shiftRight53(${a},${b})` },
  helpers: { shiftRight32, shiftRight53 },
  gpu: gpuBody((a, b) => `Math.floor(${a} / powerOfTwo(${b}))`, 'powerOfTwo'),
}) as BinaryOp;
