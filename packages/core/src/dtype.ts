import { DTypeError } from './errors.ts';

/** The element types of tensors. `int64` is exact to 2^53 and a {@link DTypeError} beyond. */
export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';

/** What a CPU buffer is. `int64` lives in doubles (exact to 2^53), `bool` in bytes that are 0 or 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Ordered so that promotion of two dtypes is their maximum (PyTorch's lattice restricted to these six). */
const order: Readonly<Record<DType, number>> = { bool: 0, uint8: 1, int32: 2, int64: 3, float32: 4, float64: 5 };
const bytes: Readonly<Record<DType, number>> = { bool: 1, uint8: 1, int32: 4, int64: 8, float32: 4, float64: 8 };

/** Every dtype, in order of promotion. */
export const dtypes: readonly DType[] = ['bool', 'uint8', 'int32', 'int64', 'float32', 'float64'];

/** Bytes that one element takes in a CPU buffer. */
export function bytesPerElement(dtype: DType): number {
  // Asked for with every buffer: comparing is faster than looking up a property by its name.
  return dtype === 'float32' ? 4 : bytes[dtype];
}

/** Whether `value` names a dtype. */
export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(order, value);
}

/** float32 or float64. */
export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** int32, int64 or uint8. */
export function isIntegral(dtype: DType): boolean {
  return order[dtype] >= 1 && order[dtype] <= 3;
}

/** The smallest dtype that holds both, as `torch.promote_types`. */
export function promoteTypes(a: DType, b: DType): DType {
  return order[a] >= order[b] ? a : b;
}

/**
 * Whether a value of one dtype may be written into a tensor of another, as `torch.can_cast`: a dtype may widen, but not
 * change its kind downwards (floating to integer, anything to bool).
 *
 * @example
 * ```ts
 * canCast('float64', 'float32'); // true
 * canCast('float32', 'int64'); // false
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.can_cast.html
 */
export function canCast(from: DType, to: DType): boolean {
  return kind(from) <= kind(to);
}

/** 0 for bool, 1 for integers, 2 for floating dtypes. */
function kind(dtype: DType): number {
  return isFloating(dtype) ? 2 : dtype === 'bool' ? 0 : 1;
}

/** A zero-filled buffer for `n` elements. */
export function allocate(dtype: DType, n: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(n);
    case 'float64':
    case 'int64':
      return new Float64Array(n);
    case 'int32':
      return new Int32Array(n);
    default:
      return new Uint8Array(n);
  }
}

/** `value` as an element of `dtype`: truncated for integers, 0 or 1 for bool. */
export function castValue(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(value);
    case 'float64':
      return value;
    case 'int32':
      return value | 0;
    case 'int64':
      return exactInteger(Math.trunc(value));
    case 'uint8':
      return value & 255;
    case 'bool':
      return value !== 0 ? 1 : 0;
  }
}

/** Whether an element of `dtype` can have this value, but for the rounding of floating dtypes. */
export function holds(dtype: DType, value: number): boolean {
  switch (dtype) {
    case 'int32':
      return (value | 0) === value;
    case 'int64':
      return Number.isSafeInteger(value);
    case 'uint8':
      return (value & 255) === value;
    case 'bool':
      return value === 0 || value === 1;
    default:
      return true;
  }
}

/**
 * {@link castValue} of what a user gives as the value of an element: fractions are cut off, but what an integer dtype
 * would wrap around is an error. As in PyTorch, uint8 takes negative numbers for their complement.
 */
export function elementValue(op: string, value: number, dtype: DType): number {
  if (isIntegral(dtype)) {
    const whole = Math.trunc(value);
    if (!holds(dtype, dtype === 'uint8' ? Math.abs(whole) : whole)) throw new DTypeError(`${op}: ${value} does not fit ${dtype}`);
  }
  return castValue(value, dtype);
}

/** Passes integers that a double holds exactly; anything else cannot be an int64 here. */
export function exactInteger(value: number): number {
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER || value !== value) {
    throw new DTypeError(`int64: ${value} is beyond the exact range of ±(2^53 - 1)`);
  }
  return value + 0; // an integer zero has no sign
}

/** A number marked as floating, so that `float(2)` promotes an integer tensor where `2` does not. */
export class FloatScalar {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * Marks a JavaScript number as floating for type promotion: JavaScript cannot tell 2 from 2.0.
 *
 * @example
 * ```ts
 * tensor(Int32Array.of(1, 2)).mul(2).dtype;        // 'int32'
 * tensor(Int32Array.of(1, 2)).mul(float(2)).dtype; // 'float32'
 * ```
 */
export function float(value: number): FloatScalar {
  return new FloatScalar(value);
}

/** A number beside a tensor: integral when its value is an integer, unless marked by {@link float}. */
export type Scalar = number | boolean | FloatScalar;

/** The number in a {@link Scalar}. */
export function scalarValue(s: Scalar): number {
  return typeof s === 'number' ? s : typeof s === 'boolean' ? Number(s) : s.value;
}

/** The dtype with which a bare scalar enters promotion: bool, int64 or float32 (the default float). */
function scalarDType(s: Scalar): DType {
  if (typeof s === 'boolean') return 'bool';
  return typeof s === 'number' && Number.isInteger(s) ? 'int64' : 'float32';
}

/** What promotion needs to know of a tensor. */
export interface Promotable {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

function combine(higher: DType | undefined, lower: DType | undefined): DType | undefined {
  if (higher === undefined || lower === undefined) return higher ?? lower;
  if (isFloating(higher)) return higher;
  return higher === 'bool' || isFloating(lower) ? promoteTypes(higher, lower) : higher;
}

/**
 * The dtype of an operation on these operands: tensors with dimensions decide, 0-d tensors and then scalars count only
 * when their kind (bool, integer, floating) is higher. As `torch.result_type`.
 */
export function resultType(operands: readonly (Promotable | Scalar)[]): DType {
  let dim: DType | undefined;
  let zero: DType | undefined;
  let wrapped: DType | undefined;
  for (const o of operands) {
    if (typeof o === 'object' && !(o instanceof FloatScalar)) {
      if (o.shape.length > 0) dim = dim === undefined ? o.dtype : promoteTypes(dim, o.dtype);
      else zero = zero === undefined ? o.dtype : promoteTypes(zero, o.dtype);
    } else {
      const d = scalarDType(o);
      wrapped = wrapped === undefined ? d : promoteTypes(wrapped, d);
    }
  }
  return combine(dim, combine(zero, wrapped)) ?? 'float32';
}
