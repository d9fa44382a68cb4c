import { defineElementwise } from '../elementwise.ts';
import type { Bin, BinaryOp } from '../elementwise-types.ts';
import { gpuCall } from '../scalar/gpu.ts';
import { gcdOf, lcmOf } from '../scalar/integer.ts';
import type { Shape } from '../shape-types.ts';
import type { Ok, Out } from '../typed.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The greatest common divisor of integers, never negative. @see https://pytorch.org/docs/stable/generated/torch.gcd.html */
    gcd<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.gcd}. */
    gcd_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** The least common multiple of integers, never negative. @see https://pytorch.org/docs/stable/generated/torch.lcm.html */
    lcm<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.lcm}. */
    lcm_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    gcd(other: ExprLike): Expr;
    lcm(other: ExprLike): Expr;
  }
}

/**
 * The greatest common divisor of integers, never negative; that of 0 and 0 is 0.
 *
 * @throws DTypeError for floating dtypes and bool
 * @see https://pytorch.org/docs/stable/generated/torch.gcd.html
 */
export const gcd: BinaryOp = defineElementwise({
  name: 'gcd',
  arity: 2,
  dtype: 'integral',
  reject: ['bool'],
  tensors: 'all',
  js: (a, b) => `gcdOf(${a},${b})`,
  helpers: { gcdOf },
  gpu: gpuCall('commonDivisor'),
}) as BinaryOp;

/**
 * The least common multiple of integers, never negative; 0 beside 0.
 *
 * @throws DTypeError for floating dtypes and bool
 * @see https://pytorch.org/docs/stable/generated/torch.lcm.html
 */
export const lcm: BinaryOp = defineElementwise({
  name: 'lcm',
  arity: 2,
  dtype: 'integral',
  reject: ['bool'],
  tensors: 'all',
  js: (a, b) => `lcmOf(${a},${b})`,
  helpers: { lcmOf },
  gpu: gpuCall('commonMultiple'),
}) as BinaryOp;
