import { type DType, noGrad, type Tensor, ValueError } from '@nabla/core';
import { type Bytes, bytesOf, join, toUtf8, viewOf } from './bytes.ts';
import { decodeElements } from './elements.ts';
import type { FileFormat } from './errors.ts';
import { descrOf, npyHeader } from './npy-header.ts';
import { type ReadOptions, tensorBytes, tensorOf, writtenType } from './tensors.ts';

/** Options of {@link writeNpy}. */
export interface NpyOptions {
  /** Writes a floating tensor in 16 bits, rounded to nearest, ties to even. numpy has no bfloat16. */
  half?: 'float16';
}

/**
 * The array in an npy file: versions 1 to 3, either byte order, C or Fortran order. Always contiguous.
 *
 * float16 becomes float32; int8, int16 and uint16 int32; uint32 and uint64 int64.
 *
 * @throws FileFormatError when the file is not what the format allows, or has elements without a counterpart (objects,
 * texts, complex numbers, fields); DTypeError for an integer beyond ±(2^53 - 1)
 * @example
 * ```ts
 * const x = readNpy(await (await fetch('x.npy')).arrayBuffer());
 * ```
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(bytes: Bytes, options: ReadOptions = {}): Tensor {
  return decodeNpy(bytesOf(bytes), 'npy', '', options);
}

/** {@link readNpy} of a file by name inside of another one. */
export function decodeNpy(file: Uint8Array, format: FileFormat, what: string, options: ReadOptions): Tensor {
  const { type, little, fortran, shape, start } = npyHeader(file, format, what);
  const values = decodeElements(file.subarray(start), type, little, what === '' ? 'the array' : what);
  if (!fortran || shape.length < 2) return tensorOf(values, type, shape, options);
  const reversed = tensorOf(values, type, [...shape].reverse(), options);
  return noGrad(() => {
    const order = shape.map((_, d) => shape.length - 1 - d);
    const t = reversed.permute(...order).clone() as Tensor;
    reversed.dispose();
    return t;
  });
}

/**
 * A tensor as an npy file (version 1.0, little-endian, C order), as it stands when this is called (on a device, as it
 * runs).
 *
 * @example
 * ```ts
 * const bytes = await writeNpy(tensor([[1, 2], [3, 4]]));
 * ```
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export async function writeNpy(t: Tensor, options: NpyOptions = {}): Promise<Uint8Array> {
  return join(await npyPieces('writeNpy', t, options));
}

/** Header and elements of an npy file. */
export async function npyPieces(op: string, t: Tensor, { half }: NpyOptions): Promise<[Uint8Array, Uint8Array]> {
  if (half !== undefined && half !== 'float16') throw new ValueError(`${op}: numpy has no ${half as string}; half can be 'float16'`);
  const type = writtenType(op, t, half);
  return [header(type, t.shape), await tensorBytes(t, type)];
}

function header(type: DType | 'float16' | 'bfloat16', shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descrOf(type)!}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Elements begin at a multiple of 64.
  const size = Math.ceil((10 + text.length + 1) / 64) * 64;
  const out = new Uint8Array(size).fill(0x20);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  viewOf(out).setUint16(8, size - 10, true);
  out.set(toUtf8(text), 10);
  out[size - 1] = 0x0a;
  return out;
}
