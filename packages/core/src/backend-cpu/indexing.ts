import type { GatherRequest, ScatterAddRequest } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { IndexError } from '../errors.ts';
import { sizeOf } from '../layout.ts';

/** Calls `visit` for every index of `shape` in row-major order with the offset of each operand. */
function walk(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  start: readonly number[],
  visit: (at: readonly number[], linear: number) => void,
): void {
  const n = sizeOf(shape);
  const at = [...start];
  const index = new Array<number>(shape.length).fill(0);
  for (let linear = 0; linear < n; linear++) {
    visit(at, linear);
    for (let d = shape.length - 1; d >= 0; d--) {
      for (let o = 0; o < at.length; o++) at[o]! += strides[o]![d]!;
      if (++index[d]! < shape[d]!) break;
      for (let o = 0; o < at.length; o++) at[o]! -= strides[o]![d]! * shape[d]!;
      index[d] = 0;
    }
  }
}

function checked(i: number, n: number, op: string, dim: number): number {
  const k = i < 0 ? i + n : i;
  if (!(k >= 0 && k < n)) throw new IndexError(`${op}: index ${i} is out of range for dimension ${dim} of size ${n}`);
  return k;
}

/** `strides` with dimension `dim` standing still: that coordinate comes from the index. */
const without = (strides: readonly number[], dim: number): number[] => strides.map((s, d) => (d === dim ? 0 : s));

/** Gathers into a fresh buffer of the index's shape. Negative indices count from the end. */
export function runGather(r: GatherRequest, make: typeof allocate = allocate): TypedArray {
  const { src, index, dim } = r;
  const out = make(src.dtype, sizeOf(index.shape));
  const data = src.handle as TypedArray;
  const where = index.handle as TypedArray;
  const n = src.shape[dim]!;
  const step = src.strides[dim]!;
  walk(index.shape, [without(src.strides, dim), index.strides], [src.offset, index.offset], (at, linear) => {
    out[linear] = data[at[0]! + checked(where[at[1]!]!, n, 'gather', dim) * step]!;
  });
  return out;
}

/** Adds into a copy of the base, which the caller provides contiguous. Nothing is returned when an index is bad. */
export function runScatterAdd(r: ScatterAddRequest, copyOfBase: TypedArray, strides: readonly number[]): TypedArray {
  const { index, src, dim } = r;
  const where = index.handle as TypedArray;
  const data = src.handle as TypedArray;
  const n = r.base.shape[dim]!;
  const step = strides[dim]!;
  walk(index.shape, [without(strides, dim), index.strides, src.strides], [0, index.offset, src.offset], (at) => {
    copyOfBase[at[0]! + checked(where[at[1]!]!, n, 'scatterAdd', dim) * step]! += data[at[2]!]!;
  });
  return copyOfBase;
}
