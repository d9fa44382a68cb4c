import { type Scalar, scalarValue } from '../dtype.ts';
import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOp, type Operand, type Typing } from '../elementwise.ts';
import type { Bin, BinaryOp, Tri } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import { call, Expr, type ExprLike } from '../expr/node.ts';
import { atLeast, atMost, fmaxOf, fminOf } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The larger operand; NaN if either is; equal ones share the gradient. @see https://pytorch.org/docs/stable/generated/torch.maximum.html */
    maximum<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** The smaller operand; NaN if either is; equal ones share the gradient. @see https://pytorch.org/docs/stable/generated/torch.minimum.html */
    minimum<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** The larger operand; a number beside a NaN wins; of equal ones the first takes the gradient. @see https://pytorch.org/docs/stable/generated/torch.fmax.html */
    fmax<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** The smaller operand; a number beside a NaN wins; of equal ones the first takes the gradient. @see https://pytorch.org/docs/stable/generated/torch.fmin.html */
    fmin<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /**
     * Values limited to [min, max]; `max` wins where it is below `min`. On the bounds the derivative is 1.
     *
     * @param min a number or a tensor (which broadcasts), null for no lower bound
     * @param max a number or a tensor, null for no upper bound
     * @throws ValueError when both are missing
     * @see https://pytorch.org/docs/stable/generated/torch.clamp.html
     */
    clamp<A extends Shape>(this: Tensor<A>, min?: Scalar | null, max?: Scalar | null): Tensor<A>;
    clamp<A extends Shape, const T extends Tensor>(this: Tensor<A>, min: null | undefined, max: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    clamp<A extends Shape, const T extends Operand, const U extends Operand = number>(
      this: Tensor<A>,
      min: Ok<Bin<A, T>, T>,
      max?: Ok<Tri<A, T, U>, U> | null,
    ): Out<Tri<A, T, U>>;
    /** In-place {@link Tensor.clamp}. */
    clamp_<A extends Shape>(this: Tensor<A>, min?: Bound, max?: Bound): Tensor<A>;
    /** Values below `min` replaced by it. @see https://pytorch.org/docs/stable/generated/torch.clamp.html */
    clampMin<A extends Shape, const T extends Operand>(this: Tensor<A>, min: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.clampMin}. */
    clampMin_<A extends Shape>(this: Tensor<A>, min: Operand): Tensor<A>;
    /** Values above `max` replaced by it. @see https://pytorch.org/docs/stable/generated/torch.clamp.html */
    clampMax<A extends Shape, const T extends Operand>(this: Tensor<A>, max: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.clampMax}. */
    clampMax_<A extends Shape>(this: Tensor<A>, max: Operand): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    maximum(other: ExprLike): Expr;
    minimum(other: ExprLike): Expr;
    fmax(other: ExprLike): Expr;
    fmin(other: ExprLike): Expr;
    clamp(min?: ExprLike | null, max?: ExprLike | null): Expr;
    clampMin(min: ExprLike): Expr;
    clampMax(max: ExprLike): Expr;
  }
}

/** A bound of {@link clamp}: null or undefined for none. */
export type Bound = Operand | null | undefined;

/** The larger operand, NaN if either is. */
export const maximum: BinaryOp = defineElementwise({
  name: 'maximum',
  arity: 2,
  tensors: 'all',
  dtype: 'promote',
  noInPlace: true,
  exact: true,
  js: (a, b) => `Math.max(${a},${b})`,
  wasm: (v, a, b) => v.max(a, b),
  gpu: gpuCall('larger'),
  grad: [(a, b) => where(a.eq(b), 0.5, where(a.lt(b), 0, 1)), (a, b) => where(a.eq(b), 0.5, where(b.lt(a), 0, 1))],
}) as BinaryOp;

/** The smaller operand, NaN if either is. */
export const minimum: BinaryOp = defineElementwise({
  name: 'minimum',
  arity: 2,
  tensors: 'all',
  dtype: 'promote',
  noInPlace: true,
  exact: true,
  js: (a, b) => `Math.min(${a},${b})`,
  wasm: (v, a, b) => v.min(a, b),
  gpu: gpuCall('smaller'),
  grad: [(a, b) => where(a.eq(b), 0.5, where(a.gt(b), 0, 1)), (a, b) => where(a.eq(b), 0.5, where(b.gt(a), 0, 1))],
}) as BinaryOp;

/** The larger operand; a number beside a NaN wins. */
export const fmax: BinaryOp = defineElementwise({
  name: 'fmax',
  arity: 2,
  tensors: 'all',
  dtype: 'promote',
  noInPlace: true,
  exact: true,
  js: (a, b) => `fmaxOf(${a},${b})`,
  helpers: { fmaxOf },
  gpu: gpuCall('largerNumber'),
  grad: [(a, b) => where(a.ge(b).logicalOr(b.isnan()), 1, 0), (a, b) => where(a.ge(b).logicalOr(b.isnan()), 0, 1)],
}) as BinaryOp;

/** The smaller operand; a number beside a NaN wins. */
export const fmin: BinaryOp = defineElementwise({
  name: 'fmin',
  arity: 2,
  tensors: 'all',
  dtype: 'promote',
  noInPlace: true,
  exact: true,
  js: (a, b) => `fminOf(${a},${b})`,
  helpers: { fminOf },
  gpu: gpuCall('smallerNumber'),
  grad: [(a, b) => where(a.le(b).logicalOr(b.isnan()), 1, 0), (a, b) => where(a.le(b).logicalOr(b.isnan()), 0, 1)],
}) as BinaryOp;

const lower: ElementwiseOp = defineElementwise({
  name: 'clampMin',
  arity: 2,
  dtype: 'promote',
  tensors: 'first',
  exact: true,
  js: (x, min) => `atLeast(${x},${min})`,
  wasm: (v, x, min) => v.max(x, min),
  helpers: { atLeast },
  gpu: gpuCall('larger'),
  grad: [(x, min) => where(x.ge(min), 1, 0), (x, min) => where(x.lt(min), 1, 0)],
});

const upper: ElementwiseOp = defineElementwise({
  name: 'clampMax',
  arity: 2,
  dtype: 'promote',
  tensors: 'first',
  exact: true,
  js: (x, max) => `atMost(${x},${max})`,
  wasm: (v, x, max) => v.min(x, max),
  helpers: { atMost },
  gpu: gpuCall('smaller'),
  grad: [(x, max) => where(x.le(max), 1, 0), (x, max) => where(x.gt(max), 1, 0)],
});

const clampBoth: ElementwiseOp = defineElementwise({
  name: 'clamp',
  arity: 3,
  tensors: 'first',
  dtype: 'promote',
  exact: true,
  js: (x, min, max) => `atMost(atLeast(${x},${min}),${max})`,
  wasm: (v, x, min, max) => v.min(v.max(x, min), max),
  helpers: { atLeast, atMost },
  gpu: gpuBody((x, min, max) => `smaller(larger(${x}, ${min}), ${max})`, 'larger', 'smaller'),
  grad: [
    (x, min, max) => where(x.ge(min).logicalAnd(x.le(max)), 1, 0),
    (x, min, max) => where(x.lt(min).logicalAnd(min.lt(max)), 1, 0),
    (x, min, max) => where(x.gt(max).logicalOr(max.lt(min)), 1, 0),
  ],
});

/** The row and operands for the bounds that are given. */
function bounded<T>(x: T, min: T | null | undefined, max: T | null | undefined): { op: ElementwiseOp; operands: [T, ...T[]] } {
  if (min == null && max == null) throw new ValueError('clamp: at least one of min and max must be given');
  if (max == null) return { op: lower, operands: [x, min!] };
  return min == null ? { op: upper, operands: [x, max] } : { op: clampBoth, operands: [x, min, max] };
}

/** {@link bounded} of tensors. As in PyTorch, a NaN alone is no bound when it is a number, while one in a tensor is handed on. */
function limits(x: Operand, min: Bound, max: Bound): { op: ElementwiseOp; operands: [Operand, ...Operand[]] } {
  if (max == null) return bounded<Operand>(x, isNanNumber(min) ? -Infinity : min, max);
  return bounded<Operand>(x, min, min == null && isNanNumber(max) ? Infinity : max);
}

function isNanNumber(bound: Bound): boolean {
  return bound != null && !isTensor(bound) && Number.isNaN(scalarValue(bound));
}

/** PyTorch limits bools by one tensor, but neither by numbers nor by two tensors. */
function clampTyping(operands: readonly Operand[]): Typing {
  const limited = operands.length === 2 && isTensor(operands[1]!);
  return { dtype: 'promote', tensors: 'first', ...(limited ? {} : { reject: ['bool'] }) };
}

/** Limits values to a range. */
export interface ClampOp {
  <A extends Shape>(x: Tensor<A>, min?: Scalar | null, max?: Scalar | null): Tensor<A>;
  <A extends Shape, const T extends Tensor>(x: Tensor<A>, min: null | undefined, max: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
  <A extends Shape, const T extends Operand, const U extends Operand = number>(
    x: Tensor<A>,
    min: Ok<Bin<A, T>, T>,
    max?: Ok<Tri<A, T, U>, U> | null,
  ): Out<Tri<A, T, U>>;
  (x: Expr, min?: ExprLike | null, max?: ExprLike | null): Expr;
}

/**
 * Values limited to [min, max]; `max` wins where it is below `min`. On the bounds the derivative is 1.
 *
 * @param min a number or a tensor, null for no lower bound
 * @param max a number or a tensor, null for no upper bound
 * @throws ValueError when both are missing
 * @example
 * ```ts
 * clamp(x, 0, 1);
 * clamp(x, null, 6);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.clamp.html
 */
export const clamp: ClampOp = ((x: Tensor | Expr, min?: Bound | Expr, max?: Bound | Expr): Tensor | Expr => {
  if (x instanceof Expr) {
    const { op, operands } = bounded<ExprLike>(x, min as ExprLike, max as ExprLike);
    return call(op.row, operands);
  }
  const { op, operands } = limits(x, min as Bound, max as Bound);
  return applyRow(op.row, clampTyping(operands), operands);
}) as ClampOp;

addMethod('clamp', function (this: Tensor, min?: Bound, max?: Bound) {
  return clamp(this, min as number, max as number);
});
addMethod('clamp_', function (this: Tensor, min?: Bound, max?: Bound) {
  const { op, operands } = limits(this, min, max);
  return applyRowInPlace(op.row, clampTyping(operands), this, operands.slice(1));
});
Object.defineProperty(Expr.prototype, 'clamp', {
  configurable: true,
  value(this: Expr, min?: ExprLike | null, max?: ExprLike | null): Expr {
    return clamp(this, min, max);
  },
});

/** {@link clamp} with one bound. */
function oneBound(row: ElementwiseOp, name: string): BinaryOp {
  const op = ((x: Tensor | Expr, bound: Operand | ExprLike): Tensor | Expr => {
    if (x instanceof Expr || bound instanceof Expr) return call(row.row, [x as ExprLike, bound as ExprLike]);
    return applyRow(row.row, clampTyping([x, bound]), [x, bound]);
  }) as unknown as BinaryOp;
  Object.defineProperties(op, { row: { value: row.row }, opName: { value: name }, name: { value: name } });
  addMethod(name, function (this: Tensor, bound: Operand) {
    return op(this, bound as number);
  });
  addMethod(`${name}_`, function (this: Tensor, bound: Operand) {
    return applyRowInPlace(row.row, clampTyping([this, bound]), this, [bound]);
  });
  return op;
}

/**
 * Values below `min` replaced by it.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.clamp.html
 */
export const clampMin: BinaryOp = oneBound(lower, 'clampMin');

/**
 * Values above `max` replaced by it.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.clamp.html
 */
export const clampMax: BinaryOp = oneBound(upper, 'clampMax');
