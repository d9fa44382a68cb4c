import { defineElementwise, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import { constant } from '../expr/node.ts';
import { logAddExp, logAddExp2, xLog1pY, xLogY } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import type { Ok, Out } from '../typed.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** e^x. @see https://pytorch.org/docs/stable/generated/torch.exp.html */
    exp<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.exp}. */
    exp_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** 2^x. @see https://pytorch.org/docs/stable/special.html#torch.special.exp2 */
    exp2<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.exp2}. */
    exp2_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** e^x - 1, accurate near 0. @see https://pytorch.org/docs/stable/special.html#torch.special.expm1 */
    expm1<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.expm1}. */
    expm1_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Natural logarithm. @see https://pytorch.org/docs/stable/generated/torch.log.html */
    log<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.log}. */
    log_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Logarithm to base 2. @see https://pytorch.org/docs/stable/generated/torch.log2.html */
    log2<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.log2}. */
    log2_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Logarithm to base 10. @see https://pytorch.org/docs/stable/generated/torch.log10.html */
    log10<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.log10}. */
    log10_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** ln(1 + x), accurate near 0. @see https://pytorch.org/docs/stable/generated/torch.log1p.html */
    log1p<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.log1p}. */
    log1p_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** ln(e^this + e^other) without overflow. @see https://pytorch.org/docs/stable/generated/torch.logaddexp.html */
    logaddexp<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.logaddexp}. */
    logaddexp_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** log2(2^this + 2^other) without overflow. @see https://pytorch.org/docs/stable/generated/torch.logaddexp2.html */
    logaddexp2<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.logaddexp2}. */
    logaddexp2_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** this·ln(other), 0 where this tensor is 0. @see https://pytorch.org/docs/stable/special.html#torch.special.xlogy */
    xlogy<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.xlogy}. */
    xlogy_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** this·ln(1 + other), 0 where this tensor is 0. @see https://pytorch.org/docs/stable/special.html#torch.special.xlog1py */
    xlog1py<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.xlog1py}. */
    xlog1py_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    exp(): Expr;
    exp2(): Expr;
    expm1(): Expr;
    log(): Expr;
    log2(): Expr;
    log10(): Expr;
    log1p(): Expr;
    logaddexp(other: ExprLike): Expr;
    logaddexp2(other: ExprLike): Expr;
    xlogy(other: ExprLike): Expr;
    xlog1py(other: ExprLike): Expr;
  }
}

const one = constant(1);

/** e^x. */
export const exp: UnaryOp = defineElementwise({
  name: 'exp',
  js: (x) => `Math.exp(${x})`,
  wasm: (v, x) => v.exp(x),
  gpu: gpuCall('exponential'),
  grad: [(_x, y) => y],
}) as UnaryOp;

/** 2^x. */
export const exp2: UnaryOp = defineElementwise({
  name: 'exp2',
  js: (x) => `2**${x}`,
  gpu: gpuCall('exponential2'),
  grad: [(_x, y) => y.mul(Math.LN2)],
}) as UnaryOp;

/** e^x - 1, accurate near 0. */
export const expm1: UnaryOp = defineElementwise({
  name: 'expm1',
  js: (x) => `Math.expm1(${x})`,
  wasm: (v, x) => v.expm1(x),
  gpu: gpuCall('exponentialMinus1'),
  grad: [(_x, y) => y.add(1)],
}) as UnaryOp;

/** Natural logarithm. */
export const log: UnaryOp = defineElementwise({
  name: 'log',
  js: (x) => `Math.log(${x})`,
  wasm: (v, x) => v.log(x),
  gpu: gpuCall('logarithm'),
  grad: [(x) => one.div(x)],
}) as UnaryOp;

/** Logarithm to base 2. */
export const log2: UnaryOp = defineElementwise({
  name: 'log2',
  js: (x) => `Math.log2(${x})`,
  gpu: gpuBody((x) => `1.4426950408889634 * logarithm(${x})`, 'logarithm'),
  grad: [(x) => one.div(x.mul(Math.LN2))],
}) as UnaryOp;

/** Logarithm to base 10. */
export const log10: UnaryOp = defineElementwise({
  name: 'log10',
  js: (x) => `Math.log10(${x})`,
  gpu: gpuBody((x) => `0.4342944819032518 * logarithm(${x})`, 'logarithm'),
  grad: [(x) => one.div(x.mul(Math.LN10))],
}) as UnaryOp;

/** ln(1 + x), accurate near 0. */
export const log1p: UnaryOp = defineElementwise({
  name: 'log1p',
  js: (x) => `Math.log1p(${x})`,
  wasm: (v, x) => v.log1p(x),
  gpu: gpuCall('logarithm1p'),
  grad: [(x) => one.div(x.add(1))],
}) as UnaryOp;

/** ln(e^a + e^b) without overflow. */
export const logaddexp: BinaryOp = defineElementwise({
  name: 'logaddexp',
  arity: 2,
  dtype: 'floating',
  tensors: 'all',
  js: (a, b) => `logAddExp(${a},${b})`,
  helpers: { logAddExp },
  gpu: gpuCall('logSumOfTwo'),
  grad: [(a, b) => a.sub(b).sigmoid(), (a, b) => b.sub(a).sigmoid()],
}) as BinaryOp;

/** log2(2^a + 2^b) without overflow. */
export const logaddexp2: BinaryOp = defineElementwise({
  name: 'logaddexp2',
  arity: 2,
  dtype: 'floating',
  tensors: 'all',
  js: (a, b) => `logAddExp2(${a},${b})`,
  helpers: { logAddExp2 },
  gpu: gpuBody((a, b) => `1.4426950408889634 * logSumOfTwo(0.6931471805599453 * ${a}, 0.6931471805599453 * ${b})`, 'logSumOfTwo'),
  grad: [(a, b) => a.sub(b).mul(Math.LN2).sigmoid(), (a, b) => b.sub(a).mul(Math.LN2).sigmoid()],
}) as BinaryOp;

/** a·ln(b), 0 where a is 0. */
export const xlogy: BinaryOp = defineElementwise({
  name: 'xlogy',
  arity: 2,
  js: (a, b) => `xLogY(${a},${b})`,
  helpers: { xLogY },
  gpu: gpuCall('timesLogarithm'),
  grad: [(a, b) => where(a.eq(0).logicalAnd(b.le(0)), 0, 1).xlogy(b), (a, b) => a.div(b)],
}) as BinaryOp;

/** a·ln(1 + b), 0 where a is 0. */
export const xlog1py: BinaryOp = defineElementwise({
  name: 'xlog1py',
  arity: 2,
  js: (a, b) => `xLog1pY(${a},${b})`,
  helpers: { xLog1pY },
  gpu: gpuCall('timesLogarithm1p'),
  grad: [(a, b) => where(a.eq(0).logicalAnd(b.le(-1)), 0, 1).xlog1py(b), (a, b) => a.div(b.add(1))],
}) as BinaryOp;
