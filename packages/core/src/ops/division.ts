import { isFloating, type Scalar, scalarValue } from '../dtype.ts';
import {
  applyRowInPlace,
  defineElementwise,
  type ElementwiseOp,
  type ElementwiseOptions,
  elementwiseTypes,
  type Operand,
} from '../elementwise.ts';
import type { Bin, BinaryOp } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import { call, constant, Expr, type ExprLike } from '../expr/node.ts';
import { floorDiv, floorMod } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import { floorDivInt, floorModInt, truncDivInt, truncModInt } from '../scalar/integer.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

/** Options of {@link div}. */
export interface DivOptions {
  /** null: true division. 'floor': rounded down, as Python's //. 'trunc': rounded towards zero. Default null. */
  readonly roundingMode?: 'floor' | 'trunc' | null;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Quotient, with broadcasting. True division of integers gives float32; rounded quotients keep the dtype.
     *
     * @throws ValueError for integers divided by the number 0 with a rounding mode
     * @see https://pytorch.org/docs/stable/generated/torch.div.html
     */
    div<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: DivOptions): Out<Bin<A, T>>;
    /** In-place {@link Tensor.div}. */
    div_<A extends Shape>(this: Tensor<A>, other: Operand, options?: DivOptions): Tensor<A>;
    /** Quotient rounded down, as Python's //. @see https://pytorch.org/docs/stable/generated/torch.floor_divide.html */
    floorDivide<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.floorDivide}. */
    floorDivide_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Remainder with the sign of the divisor, as Python's %. @see https://pytorch.org/docs/stable/generated/torch.remainder.html */
    remainder<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.remainder}. */
    remainder_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** Remainder with the sign of the dividend, as C's fmod. @see https://pytorch.org/docs/stable/generated/torch.fmod.html */
    fmod<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.fmod}. */
    fmod_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    div(other: ExprLike): Expr;
    floorDivide(other: ExprLike): Expr;
    truncDivide(other: ExprLike): Expr;
    remainder(other: ExprLike): Expr;
    fmod(other: ExprLike): Expr;
  }
}

const one = constant(1);
const zero = constant(0);

const trueDivide = defineElementwise({
  name: 'div',
  arity: 2,
  js: (a, b) => `${a}/${b}`,
  wasm: (v, a, b) => v.div(a, b),
  // Without the result, which may be written in place.
  grad: [(_a, b) => one.div(b), (a, b) => a.neg().div(b).div(b)],
});

/** Quotient rounded down, as Python's //. Not defined for bool. */
export const floorDivide: BinaryOp = rounded({
  name: 'floorDivide',
  js: (a, b) => `floorDiv(${a},${b})`,
  int: (a, b) => `floorDivInt(${a},${b})`,
  helpers: { floorDiv, floorDivInt },
  gpu: gpuCall('floorQuotient'),
  grad: [() => zero, () => zero],
});

const truncDivide: BinaryOp = rounded({
  name: 'truncDivide',
  js: (a, b) => `Math.trunc(${a}/${b})`,
  int: (a, b) => `truncDivInt(${a},${b})`,
  helpers: { truncDivInt },
  gpu: gpuBody((a, b) => `truncated(${a} / ${b})`, 'truncated'),
  grad: [() => zero, () => zero],
});

/** Remainder with the sign of the divisor, as Python's %. Not defined for bool. */
export const remainder: BinaryOp = rounded({
  name: 'remainder',
  js: (a, b) => `floorMod(${a},${b})`,
  int: (a, b) => `floorModInt(${a},${b})`,
  helpers: { floorMod, floorModInt },
  gpu: gpuCall('floorRemainder'),
  grad: [() => one, (a, b) => a.floorDivide(b).neg()],
});

/** Remainder with the sign of the dividend, as C's fmod. Not defined for bool. */
export const fmod: BinaryOp = rounded({
  name: 'fmod',
  tensors: 'first',
  js: (a, b) => `${a}%${b}`,
  int: (a, b) => `truncModInt(${a},${b})`,
  helpers: { truncModInt },
  gpu: gpuCall('truncRemainder'),
  grad: [() => one, (a, b) => a.truncDivide(b).neg()],
});

/** Defines a division whose integers stay integers and refuse a zero divisor. */
function rounded(options: Omit<ElementwiseOptions, 'arity' | 'dtype' | 'reject'>): BinaryOp {
  const { name } = options;
  const typing = { ...options, arity: 2, dtype: 'promote', reject: ['bool'] } as const;
  const raw = defineElementwise(typing);
  const check = (operands: readonly Operand[]): void => {
    const integral = !isFloating(elementwiseTypes(name, typing, operands).output);
    const [, b] = operands;
    if (integral && !isTensor(b) && scalarValue(b!) === 0) throw new ValueError(`${name}: integer division by zero`);
  };
  const op = ((a: Operand | Expr, b: Operand | Expr): Tensor | Expr => {
    if (a instanceof Expr || b instanceof Expr) return call(raw.row, [a, b] as ExprLike[]);
    check([a, b]);
    return raw(a, b);
  }) as unknown as BinaryOp;
  Object.defineProperties(op, { row: { value: raw.row }, opName: { value: name }, name: { value: name } });
  addMethod(name, function (this: Tensor, other: Operand) {
    return op(this, other);
  });
  addMethod(`${name}_`, function (this: Tensor, other: Operand) {
    check([this, other]);
    return applyRowInPlace(raw.row, typing, this, [other]);
  });
  return op;
}

/** Divides. */
export interface DivOp extends ElementwiseOp {
  <A extends Shape, const T extends Operand>(a: Tensor<A>, b: Ok<Bin<A, T>, T>, options?: DivOptions): Out<Bin<A, T>>;
  <B extends Shape>(a: Scalar, b: Tensor<B>, options?: DivOptions): Tensor<B>;
  (a: Expr, b: ExprLike): Expr;
}

/** The op of a rounding mode. */
function dividing(options: DivOptions | undefined): ElementwiseOp {
  const mode = options?.roundingMode ?? null;
  if (mode === null) return trueDivide;
  if (mode === 'floor') return floorDivide;
  if (mode === 'trunc') return truncDivide;
  throw new ValueError(`div: roundingMode must be 'floor', 'trunc' or null, got '${String(mode)}'`);
}

/**
 * Elementwise quotient. True division of integers gives float32; with a rounding mode they stay integers.
 *
 * @throws ValueError for integers divided by the number 0 with a rounding mode
 * @example
 * ```ts
 * div(a, b);
 * div(a, 2, { roundingMode: 'floor' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.div.html
 */
export const div: DivOp = ((a: Operand | Expr, b: Operand | Expr, options?: DivOptions): Tensor | Expr => {
  if (a instanceof Expr || b instanceof Expr) return call(dividing(options).row, [a, b] as ExprLike[]);
  return dividing(options)(a, b);
}) as unknown as DivOp;
Object.defineProperties(div, { row: { value: trueDivide.row }, opName: { value: 'div' }, name: { value: 'div' } });

addMethod('div', function (this: Tensor, other: Operand, options?: DivOptions) {
  return dividing(options)(this, other);
});
addMethod('div_', function (this: Tensor, other: Operand, options?: DivOptions) {
  const op = dividing(options);
  if (op === trueDivide) return applyRowInPlace(trueDivide.row, { dtype: 'float' }, this, [other]);
  const method = `${op.opName}_` as 'floorDivide_';
  return this[method](other);
});
