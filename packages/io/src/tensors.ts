import { type Backend, fromBuffer, type Tensor, type TypedArray, ValueError } from '@nabla/core';
import { isFloating } from '@nabla/core/internals';
import { dtypeOf, encodeElements, type FileDType } from './elements.ts';
import type { HalfDType } from './half.ts';

/** Options of everything that reads tensors. */
export interface ReadOptions {
  /** Where the tensors live; the default backend if omitted. */
  device?: Backend;
}

/** Tensors by name: a state dict, or a plain object. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** Names and tensors, in order. */
export function entriesOf(tensors: NamedTensors): [string, Tensor][] {
  return tensors instanceof Map ? [...tensors] : Object.entries(tensors);
}

/** A tensor of what was read from a file. */
export function tensorOf(values: TypedArray, type: FileDType, shape: readonly number[], options: ReadOptions): Tensor {
  return fromBuffer(values, dtypeOf(type), [...shape], options.device === undefined ? {} : { device: options.device });
}

/** How a tensor is to be written: half precision for floating ones only. */
export function writtenType(op: string, t: Tensor, half: HalfDType | undefined): Tensor['dtype'] | HalfDType {
  if (half === undefined || !isFloating(t.dtype)) return t.dtype;
  if (half !== 'float16' && half !== 'bfloat16') {
    throw new ValueError(`${op}: floating tensors are written as they are, as 'float16' or as 'bfloat16', not as '${half as string}'`);
  }
  return half;
}

/** The elements of a tensor in row-major order, as they stood when this was called, encoded for a file. */
export async function tensorBytes(t: Tensor, type: Tensor['dtype'] | HalfDType): Promise<Uint8Array> {
  return encodeElements(await t.data(), t.dtype, type);
}
