import { type Backend, type DType, DTypeError, type Shape, ValueError, zeros } from '@nabla/core';
import { isFloating } from '@nabla/core/internals';
import { calculateFan, kaimingUniform_, uniform_ } from './init.ts';
import { Parameter } from './parameter.ts';

/** Where and in which dtype a layer makes its parameters. */
export interface LayerOptions {
  /** Default float32. */
  dtype?: DType;
  /** The default backend if omitted. */
  device?: Backend;
}

/** A parameter of zeros, to be initialized. */
export function parameter<const S extends Shape>(layer: string, shape: S, options: LayerOptions): Parameter<S> {
  const { dtype = 'float32', device } = options;
  if (!isFloating(dtype)) throw new DTypeError(`${layer}: parameters must be float32 or float64, not ${dtype}`);
  return new Parameter(zeros(shape, device === undefined ? { dtype } : { dtype, device }));
}

/** PyTorch's default for linear and convolutional layers: U(-1/√fanIn, 1/√fanIn) for weight and bias. */
export function resetWeightAndBias(weight: Parameter, bias: Parameter | null): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) });
  if (bias === null) return;
  const { fanIn } = calculateFan(weight);
  if (fanIn > 0) uniform_(bias, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
}

/** Checks a size given to a constructor. */
export function checkSize(layer: string, what: string, value: number, least: number = 0): void {
  if (!Number.isInteger(value) || value < least)
    throw new ValueError(`${layer}: ${what} must be an integer of at least ${least}, got ${value}`);
}

/** A size per dimension, or one for both. */
export type PairLike = number | readonly [number, number];

/** Both sizes of a {@link PairLike}. */
export function pair(value: PairLike): [number, number] {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}

/** A boolean as PyTorch prints it. */
export function bool(value: boolean): string {
  return value ? 'True' : 'False';
}

/** A pair as PyTorch prints it. */
export function showPair(value: readonly [number, number]): string {
  return `(${value[0]}, ${value[1]})`;
}

/** A float as Python prints it: `1e-05`, `1.0`. */
export function float(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return value.toFixed(1);
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const size = Number(exponent);
  if (size >= -4 && size < 16) return String(value);
  return `${mantissa}e${size < 0 ? '-' : '+'}${String(Math.abs(size)).padStart(2, '0')}`;
}

/** A size per spatial dimension, or one for all. */
export type SizeLike = number | readonly number[];

/** Checks a size per spatial dimension, each at least `least`; one number (also in a list) stands for all. */
export function sizes(layer: string, what: string, value: SizeLike, spatial: number, least: number): readonly number[] {
  const list = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(list) || (list.length !== 1 && list.length !== spatial))
    throw new ValueError(`${layer}: ${what} must be one number or ${spatial}, got ${JSON.stringify(value)}`);
  for (const n of list) checkSize(layer, what, n as number, least);
  return list.length === spatial ? [...(list as number[])] : Array.from({ length: spatial }, () => list[0] as number);
}

/** Sizes as Python prints a tuple. */
export function showTuple(values: readonly (number | null)[]): string {
  const shown = values.map((n) => n ?? 'None');
  return shown.length === 1 ? `(${shown[0]},)` : `(${shown.join(', ')})`;
}

/** Sizes as PyTorch prints them where it keeps what it was given: one number for equal ones. */
export function showSizes(values: readonly number[]): string {
  return values.every((n) => n === values[0]) ? String(values[0]) : showTuple(values);
}

/** Checks a probability given to a constructor. */
export function checkProbability(layer: string, what: string, p: number): void {
  if (typeof p !== 'number' || !(p >= 0 && p <= 1)) throw new ValueError(`${layer}: ${what} must be a probability in [0, 1], got ${p}`);
}

/** A shape as messages show it. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** The spatial dimensions as messages name them. */
export const axes: Readonly<Record<number, string>> = { 1: 'L', 2: 'H, W', 3: 'D, H, W' };
