import { isFloating } from '../dtype.ts';
import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOp, type ElementwiseOptions, type Operand } from '../elementwise.ts';
import type { Bin, BinaryOp, Tri } from '../elementwise-types.ts';
import { DTypeError } from '../errors.ts';
import { call, constant, Expr, type ExprLike } from '../expr/node.ts';
import { copySign } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { where } from './where.ts';

/** Options of {@link addcmul} and {@link addcdiv}. */
export interface AddcOptions {
  /** Factor of the product or quotient. Default 1. */
  readonly value?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** sqrt(this² + other²) without overflow. @see https://pytorch.org/docs/stable/generated/torch.hypot.html */
    hypot<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.hypot}. */
    hypot_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** The magnitude of this with the sign of `other`, of -0 too. @see https://pytorch.org/docs/stable/generated/torch.copysign.html */
    copysign<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.copysign}. */
    copysign_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** 0 where negative, 1 where positive, `values` where 0. @see https://pytorch.org/docs/stable/generated/torch.heaviside.html */
    heaviside<A extends Shape, const T extends Tensor>(this: Tensor<A>, values: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.heaviside}. */
    heaviside_<A extends Shape>(this: Tensor<A>, values: Tensor): Tensor<A>;
    /** this + weight · (end - this). @see https://pytorch.org/docs/stable/generated/torch.lerp.html */
    lerp<A extends Shape, const T extends Tensor, const U extends Operand>(
      this: Tensor<A>,
      end: Ok<Bin<A, T>, T>,
      weight: Ok<Tri<A, T, U>, U>,
    ): Out<Tri<A, T, U>>;
    /** In-place {@link Tensor.lerp}. */
    lerp_<A extends Shape>(this: Tensor<A>, end: Tensor, weight: Operand): Tensor<A>;
    /** this + value · tensor1 · tensor2. @see https://pytorch.org/docs/stable/generated/torch.addcmul.html */
    addcmul<A extends Shape, const T extends Tensor, const U extends Tensor>(
      this: Tensor<A>,
      tensor1: Ok<Bin<A, T>, T>,
      tensor2: Ok<Tri<A, T, U>, U>,
      options?: AddcOptions,
    ): Out<Tri<A, T, U>>;
    /** In-place {@link Tensor.addcmul}. */
    addcmul_<A extends Shape>(this: Tensor<A>, tensor1: Tensor, tensor2: Tensor, options?: AddcOptions): Tensor<A>;
    /** this + value · tensor1 / tensor2. @see https://pytorch.org/docs/stable/generated/torch.addcdiv.html */
    addcdiv<A extends Shape, const T extends Tensor, const U extends Tensor>(
      this: Tensor<A>,
      tensor1: Ok<Bin<A, T>, T>,
      tensor2: Ok<Tri<A, T, U>, U>,
      options?: AddcOptions,
    ): Out<Tri<A, T, U>>;
    /** In-place {@link Tensor.addcdiv}. */
    addcdiv_<A extends Shape>(this: Tensor<A>, tensor1: Tensor, tensor2: Tensor, options?: AddcOptions): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    hypot(other: ExprLike): Expr;
    copysign(other: ExprLike): Expr;
    heaviside(values: ExprLike): Expr;
    lerp(end: ExprLike, weight: ExprLike): Expr;
    addcmul(a: ExprLike, b: ExprLike, options?: { readonly value?: ExprLike }): Expr;
    addcdiv(a: ExprLike, b: ExprLike, options?: { readonly value?: ExprLike }): Expr;
  }
}

const one = constant(1);

/** sqrt(a² + b²) without overflow. */
export const hypot: BinaryOp = defineElementwise({
  name: 'hypot',
  arity: 2,
  dtype: 'floating',
  tensors: 'all',
  js: (a, b) => `Math.hypot(${a},${b})`,
  gpu: gpuCall('hypotenuse'),
  grad: [(a, _b, y) => a.div(y), (_a, b, y) => b.div(y)],
}) as BinaryOp;

/** |a| with the sign of b. */
export const copysign: BinaryOp = defineElementwise({
  name: 'copysign',
  arity: 2,
  tensors: 'first',
  exact: true,
  js: (a, b) => `copySign(${a},${b})`,
  wasm: (v, a, b) => v.copysign(a, b),
  helpers: { copySign },
  gpu: gpuCall('withSignOf'),
  grad: [(a, _b, y) => where(a.eq(0), 0, y.div(a)), () => constant(0)],
}) as BinaryOp;

/** 0 where x is negative, 1 where it is positive, `values` where it is 0. */
export const heaviside: BinaryOp = defineElementwise({
  name: 'heaviside',
  arity: 2,
  dtype: 'promote',
  alike: true,
  tensors: 'all',
  exact: true,
  js: (x, values) => `${x}===0?${values}:${x}>0?1:0`,
  wasm: (v, x, at) => v.select(v.eq(x, v.number(0)), at, v.flag(v.gt(x, v.number(0)))),
  gpu: gpuBody((x, values) => `(isEqual(${x}, 0) > 0.5 ? ${values} : isLess(0, ${x}))`, 'isEqual', 'isLess'),
}) as BinaryOp;

const lerpOp: ElementwiseOp = defineElementwise({
  name: 'lerp',
  arity: 3,
  dtype: 'floating',
  alike: true,
  tensors: 'all',
  parameters: 2,
  js: (s, e, w) => `${w}<0.5?${s}+${w}*(${e}-${s}):${e}-(${e}-${s})*(1-${w})`,
  wasm: (v, a, b, w) =>
    v.select(v.lt(w, v.number(0.5)), v.add(a, v.mul(w, v.sub(b, a))), v.sub(b, v.mul(v.sub(b, a), v.sub(v.number(1), w)))),
  grad: [(_s, _e, w) => one.sub(w), (_s, _e, w) => w, (s, e) => e.sub(s)],
});

/** Interpolates linearly. */
export interface LerpOp extends ElementwiseOp {
  <A extends Shape, const T extends Operand, const U extends Operand>(
    start: Tensor<A>,
    end: Ok<Bin<A, T>, T>,
    weight: Ok<Tri<A, T, U>, U>,
  ): Out<Tri<A, T, U>>;
}

/**
 * start + weight · (end - start), exact at both ends.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.lerp.html
 */
export const lerp: LerpOp = lerpOp as LerpOp;

/** input + value · (a times or divided by b). */
export interface AddcOp {
  <A extends Shape, const T extends Operand, const U extends Operand>(
    input: Tensor<A>,
    tensor1: Ok<Bin<A, T>, T>,
    tensor2: Ok<Tri<A, T, U>, U>,
    options?: AddcOptions,
  ): Out<Tri<A, T, U>>;
  (input: Expr, a: ExprLike, b: ExprLike, options?: { readonly value?: ExprLike }): Expr;
}

/**
 * input + value · tensor1 · tensor2, in one kernel.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.addcmul.html
 */
export const addcmul: AddcOp = withValue({
  name: 'addcmul',
  arity: 4,
  dtype: 'promote',
  reject: ['bool'],
  tensors: 'all',
  js: (x, a, b, value) => `${x}+${value}*${a}*${b}`,
  wasm: (v, x, a, b, value) => v.add(x, v.mul(v.mul(value, a), b)),
  // A double loses the low bits of large products.
  int: (x, a, b, value) => `${x}+Math.imul(Math.imul(${value},${a}),${b})`,
  only: { int64: (x, a, b, value) => `${x}+I(I(${value}*${a})*${b})` },
  grad: [() => one, (_x, _a, b, value) => b.mul(value), (_x, a, _b, value) => a.mul(value), (_x, a, b) => a.mul(b)],
});

/**
 * input + value · tensor1 / tensor2, in one kernel.
 *
 * @throws DTypeError when tensor1 and tensor2 are both integers
 * @see https://pytorch.org/docs/stable/generated/torch.addcdiv.html
 */
export const addcdiv: AddcOp = withValue(
  {
    name: 'addcdiv',
    arity: 4,
    tensors: 'all',
    js: (x, a, b, value) => `${x}+${value}*${a}/${b}`,
    wasm: (v, x, a, b, value) => v.add(x, v.div(v.mul(value, a), b)),
    grad: [() => one, (_x, _a, b, value) => value.div(b), (_x, a, b, value) => value.neg().mul(a.div(b.mul(b))), (_x, a, b) => a.div(b)],
  },
  checkQuotient,
);

/** An op of three tensors and a factor, which takes no part in promotion. */
function withValue(options: ElementwiseOptions, check: (a: Operand, b: Operand) => void = () => {}): AddcOp {
  const typing = { ...options, parameters: 3 };
  const { row } = defineElementwise(typing);
  const { name } = options;
  type Factor = { readonly value?: ExprLike } | ExprLike | Tensor | undefined;
  const factor = (given: Factor): ExprLike | Tensor =>
    (typeof given === 'object' && !(given instanceof Expr) && !isTensor(given) ? given.value : given) ?? 1;
  const op = (x: Operand | Expr, a: Operand | Expr, b: Operand | Expr, given?: Factor): Tensor | Expr => {
    const operands = [x, a, b, factor(given)];
    if (operands.some((o) => o instanceof Expr)) return call(row, operands as ExprLike[]);
    check(a as Operand, b as Operand);
    return applyRow(row, typing, operands as Operand[]);
  };
  addMethod(name, function (this: Tensor, a: Operand, b: Operand, given?: Factor) {
    return op(this, a, b, given);
  });
  addMethod(`${name}_`, function (this: Tensor, a: Operand, b: Operand, given?: Factor) {
    check(a, b);
    return applyRowInPlace(row, typing, this, [a, b, factor(given) as Operand]);
  });
  Object.defineProperty(Expr.prototype, name, {
    configurable: true,
    value(this: Expr, a: ExprLike, b: ExprLike, given?: Factor) {
      return op(this, a, b, given);
    },
  });
  Object.defineProperty(op, 'name', { value: name });
  return op as unknown as AddcOp;
}

/** PyTorch refuses quotients of integers, because they once were rounded. */
function checkQuotient(a: Operand, b: Operand): void {
  if (isTensor(a) && isTensor(b) && !isFloating(a.dtype) && !isFloating(b.dtype)) {
    throw new DTypeError(
      `addcdiv: the quotient of two integer tensors (${a.dtype} and ${b.dtype}) is not defined; convert one to a floating dtype`,
    );
  }
}
