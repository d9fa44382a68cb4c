import { isFloating } from '../dtype.ts';
import { applyRowInPlace, defineElementwise, type ElementwiseOp, elementwise } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { constant, Expr } from '../expr/node.ts';
import { inPlace } from '../inplace.ts';
import { roundEven } from '../scalar/float.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

/** Options of {@link round}. */
export interface RoundOptions {
  /** Digits after the decimal point; negative for digits before it. Default 0. */
  readonly decimals?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The largest integer not above x; its derivative is 0. @see https://pytorch.org/docs/stable/generated/torch.floor.html */
    floor<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.floor}. */
    floor_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The smallest integer not below x; its derivative is 0. @see https://pytorch.org/docs/stable/generated/torch.ceil.html */
    ceil<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.ceil}. */
    ceil_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The nearest integer, halves to the even one; its derivative is 0. @see https://pytorch.org/docs/stable/generated/torch.round.html */
    round<A extends Shape>(this: Tensor<A>, options?: RoundOptions): Tensor<A>;
    /** In-place {@link Tensor.round}. */
    round_<A extends Shape>(this: Tensor<A>, options?: RoundOptions): Tensor<A>;
    /** x without its fraction; its derivative is 0. @see https://pytorch.org/docs/stable/generated/torch.trunc.html */
    trunc<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.trunc}. */
    trunc_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The fraction of x, with its sign. @see https://pytorch.org/docs/stable/generated/torch.frac.html */
    frac<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.frac}. */
    frac_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    floor(): Expr;
    ceil(): Expr;
    round(): Expr;
    trunc(): Expr;
    frac(): Expr;
  }
}

/** Rounding keeps integers as they are. */
const whole = { dtype: 'promote', reject: ['bool'], exact: true, int: (x: string): string => x, grad: [() => constant(0)] } as const;

/** The largest integer not above x. */
export const floor: UnaryOp = defineElementwise({
  name: 'floor',
  js: (x) => `Math.floor(${x})`,
  wasm: (v, x) => v.floor(x),
  ...whole,
}) as UnaryOp;

/** The smallest integer not below x. */
export const ceil: UnaryOp = defineElementwise({
  name: 'ceil',
  js: (x) => `Math.ceil(${x})`,
  wasm: (v, x) => v.ceil(x),
  ...whole,
}) as UnaryOp;

/** x without its fraction. */
export const trunc: UnaryOp = defineElementwise({
  name: 'trunc',
  js: (x) => `Math.trunc(${x})`,
  wasm: (v, x) => v.trunc(x),
  gpu: gpuCall('truncated'),
  ...whole,
}) as UnaryOp;

/** The fraction of x, with its sign. */
export const frac: UnaryOp = defineElementwise({
  name: 'frac',
  dtype: 'floating',
  js: (x) => `${x}-Math.trunc(${x})`,
  wasm: (v, x) => v.sub(x, v.trunc(x)),
  gpu: gpuBody((x) => `${x} - truncated(${x})`, 'truncated'),
  grad: [() => constant(1)],
}) as UnaryOp;

const nearest: ElementwiseOp = defineElementwise({
  name: 'round',
  js: (x) => `roundEven(${x})`,
  wasm: (v, x) => v.round(x),
  helpers: { roundEven },
  gpu: gpuCall('roundedEven'),
  ...whole,
});

const roundScaledUp = elementwise('round', (x, scale) => x.mul(scale).round().div(scale));
const roundScaledDown = elementwise('round', (x, scale) => x.div(scale).round().mul(scale));

/** Rounds to the nearest number of so many decimals. */
export interface RoundOp {
  <S extends Shape>(x: Tensor<S>, options?: RoundOptions): Tensor<S>;
  (x: Expr): Expr;
}

/**
 * The nearest integer, halves to the even one; with `decimals` the nearest multiple of 10^-decimals.
 *
 * @throws DTypeError for integers with `decimals`
 * @see https://pytorch.org/docs/stable/generated/torch.round.html
 */
export const round: RoundOp = ((x: Tensor | Expr, options: RoundOptions = {}): Tensor | Expr => {
  const { decimals = 0 } = options;
  if (x instanceof Expr || decimals === 0) return (nearest as UnaryOp)(x as Tensor);
  if (!Number.isInteger(decimals)) throw new ValueError(`round: decimals must be an integer, got ${decimals}`);
  if (!isFloating(x.dtype)) throw new DTypeError(`round: decimals are not defined for ${x.dtype}`);
  return decimals > 0 ? roundScaledUp(x, 10 ** decimals) : roundScaledDown(x, 10 ** -decimals);
}) as RoundOp;

addMethod('round', function (this: Tensor, options?: RoundOptions) {
  return round(this, options);
});
addMethod('round_', function (this: Tensor, options?: RoundOptions) {
  if ((options?.decimals ?? 0) === 0) return applyRowInPlace(nearest.row, whole, this, []);
  return inPlace('round_', this, () => round(this, options));
});
