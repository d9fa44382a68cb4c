import { type DType, DTypeError, type TypedArray } from '@nabla/core';
import { fromHalf, type HalfDType, toHalf } from './half.ts';

/** How one element lies in a file: a dtype of tensors, or a type that exists in files only. */
export type FileDType = DType | HalfDType | 'int8' | 'int16' | 'uint16' | 'uint32' | 'uint64';

/** Bytes of an element in a file, and the dtype of the tensor that it is read into: the smallest that holds every value. */
const types: Readonly<Record<FileDType, { readonly bytes: number; readonly dtype: DType }>> = {
  bool: { bytes: 1, dtype: 'bool' },
  uint8: { bytes: 1, dtype: 'uint8' },
  int8: { bytes: 1, dtype: 'int32' },
  int16: { bytes: 2, dtype: 'int32' },
  uint16: { bytes: 2, dtype: 'int32' },
  int32: { bytes: 4, dtype: 'int32' },
  uint32: { bytes: 4, dtype: 'int64' },
  int64: { bytes: 8, dtype: 'int64' },
  uint64: { bytes: 8, dtype: 'int64' },
  float16: { bytes: 2, dtype: 'float32' },
  bfloat16: { bytes: 2, dtype: 'float32' },
  float32: { bytes: 4, dtype: 'float32' },
  float64: { bytes: 8, dtype: 'float64' },
};

/** Bytes that an element takes in a file. */
export function fileBytes(type: FileDType): number {
  return types[type].bytes;
}

/** The dtype of tensors that elements of a file are read into. */
export function dtypeOf(type: FileDType): DType {
  return types[type].dtype;
}

/** Most dimensions of a tensor in a file, as in PyTorch. */
const maxDimensions = 64;

/**
 * Elements of a shape that a file gives, or null where it is no shape: sizes that are not whole, too many dimensions, or
 * more elements than can be counted exactly, even when another size is 0 (strides are products of the others).
 */
export function elementsOf(shape: readonly number[]): number | null {
  if (shape.length > maxDimensions) return null;
  let product = 1;
  let empty = false;
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0) return null;
    if (n === 0) empty = true;
    else product *= n;
    if (!Number.isSafeInteger(product)) return null;
  }
  return empty ? 0 : product;
}

const hostIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reverses the bytes of each element, in place. */
function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** The bytes as they are where the host can look at them so, otherwise a copy that it can look at. */
function inHostOrder(bytes: Uint8Array, size: number, little: boolean): Uint8Array {
  const swapped = size > 1 && little !== hostIsLittle;
  if (!swapped && bytes.byteOffset % size === 0) return bytes;
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  if (swapped) swap(copy, size);
  return copy;
}

/** Integers of 64 bits as doubles. */
function wideIntegers(bytes: Uint8Array, n: number, signed: boolean, what: string): Float64Array {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * n);
  const [low, high] = hostIsLittle ? [0, 1] : [1, 0];
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const top = words[2 * i + high]!;
    const value = (signed ? top | 0 : top) * 0x100000000 + words[2 * i + low]!;
    if (!Number.isSafeInteger(value)) {
      throw new DTypeError(`${what}: element ${i} is about ${value}, beyond the exact range of int64 here, ±(2^53 - 1)`);
    }
    out[i] = value;
  }
  return out;
}

/**
 * The elements in `bytes`, in a typed array of {@link dtypeOf}. It may share memory with `bytes`.
 *
 * @param what name of the tensor, for messages
 * @throws DTypeError for an integer beyond ±(2^53 - 1)
 */
export function decodeElements(bytes: Uint8Array, type: FileDType, little: boolean, what: string): TypedArray {
  const size = fileBytes(type);
  const n = bytes.length / size;
  const own = inHostOrder(bytes, size, little);
  const { buffer, byteOffset } = own;
  switch (type) {
    case 'bool':
      return own.every((x) => x <= 1) ? own : own.map((x) => (x === 0 ? 0 : 1));
    case 'uint8':
      return own;
    case 'int8':
      return Int32Array.from(new Int8Array(buffer, byteOffset, n));
    case 'int16':
      return Int32Array.from(new Int16Array(buffer, byteOffset, n));
    case 'uint16':
      return Int32Array.from(new Uint16Array(buffer, byteOffset, n));
    case 'int32':
      return new Int32Array(buffer, byteOffset, n);
    case 'uint32':
      return Float64Array.from(new Uint32Array(buffer, byteOffset, n));
    case 'int64':
    case 'uint64':
      return wideIntegers(own, n, type === 'int64', what);
    case 'float16':
    case 'bfloat16':
      return fromHalf(new Uint16Array(buffer, byteOffset, n), type);
    case 'float32':
      return new Float32Array(buffer, byteOffset, n);
    case 'float64':
      return new Float64Array(buffer, byteOffset, n);
  }
}

/**
 * Elements of a tensor as a file has them, in little-endian order. The bytes may share memory with `values`.
 *
 * @param dtype what `values` are
 * @param type the same dtype, or a half-precision type for floating elements
 */
export function encodeElements(values: TypedArray, dtype: DType, type: DType | HalfDType): Uint8Array {
  const n = values.length;
  let out: TypedArray | Uint16Array | Uint32Array = values;
  if (type === 'float16' || type === 'bfloat16') {
    out = new Uint16Array(n);
    for (let i = 0; i < n; i++) out[i] = toHalf(values[i]!, type);
  } else if (dtype === 'int64') {
    out = new Uint32Array(2 * n);
    const [low, high] = hostIsLittle ? [0, 1] : [1, 0];
    for (let i = 0; i < n; i++) {
      const value = values[i]!;
      const top = Math.floor(value / 0x100000000);
      out[2 * i + low] = value - top * 0x100000000;
      out[2 * i + high] = top;
    }
  }
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  if (!hostIsLittle) swap(bytes, fileBytes(type));
  return bytes;
}
