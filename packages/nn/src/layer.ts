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
