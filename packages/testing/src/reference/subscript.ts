import { isTensor, slice } from '@nabla/core';
import type { PythonIndex, PythonTuple } from '../golden.ts';

/** Whether `value` is a plain object with this one field: arrays and tensors have a `slice` too. */
const isRecord = (value: unknown, field: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, field);
const isTuple = (value: unknown): value is PythonTuple => isRecord(value, 'tuple');
const isSlice = (value: unknown): value is Exclude<PythonIndex, string> => isRecord(value, 'slice');

/** One part of a Python index in the words of `Tensor.index`. */
function part(value: unknown): unknown {
  if (isSlice(value)) {
    const [start, stop, step] = value.slice;
    return slice(start, stop, step ?? 1);
  }
  if (isTuple(value)) return value.tuple;
  return value;
}

/** Python takes a list that holds anything but numbers for a tuple. */
function countsAsTuple(list: readonly unknown[]): boolean {
  return list.length < 32 && list.some((i) => i === null || i === '...' || isTensor(i) || Array.isArray(i) || isSlice(i) || isTuple(i));
}

/** What stands between the brackets of `t[...]`, as the arguments of `Tensor.index`. */
export function indicesOf(value: unknown): unknown[] {
  if (isTuple(value)) return value.tuple.map(part);
  return Array.isArray(value) && countsAsTuple(value) ? value.map(part) : [part(value)];
}
