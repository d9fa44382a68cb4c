import { cpu } from '../backend-cpu/index.ts';
import { DeviceError, IndexError, ValueError } from '../errors.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { type TensorData, tensor } from '../ops/create.ts';
import { broadcastShapes, show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { checkIndexDType, takeEntries, wrapIndex } from './gathering.ts';
import { coordinatesOf, indexTensor, positionsOf, readNow } from './positions.ts';

/** A range of entries; made by {@link slice}. */
export class Slice {
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;

  /** @internal Use {@link slice}. */
  constructor(start: number | null, end: number | null, step: number) {
    this.start = start;
    this.end = end;
    this.step = step;
  }
}

/**
 * A range of entries for {@link Tensor.index}: Python's `start:end:step`. Negative bounds count from the end, null or
 * nothing stands for the first and past the last entry.
 *
 * @param step positive; default 1
 * @throws ValueError when `step` is not a positive integer, or a bound not an integer
 * @example
 * ```ts
 * t.index(slice(1, -1), slice(null, null, 2)); // t[1:-1, ::2]
 * ```
 */
export function slice(start: number | null = null, end: number | null = null, step: number = 1): Slice {
  if (!Number.isInteger(step) || step <= 0) throw new ValueError(`slice: step must be a positive integer, got ${step}; flip() reverses`);
  for (const bound of [start, end]) {
    if (bound !== null && !Number.isInteger(bound)) throw new ValueError(`slice: bounds must be integers or null, got ${bound}`);
  }
  return new Slice(start, end, step);
}

/** Nested arrays of entries, or of booleans for a mask. */
export type IndexArray = readonly (number | boolean | IndexArray)[];

/**
 * One index of {@link Tensor.index}: an entry, a range, `'...'` for all dimensions not mentioned, null for a new
 * dimension, an integer tensor (or an array) of entries, a bool tensor (or an array) as mask of as many dimensions as it
 * has.
 */
export type Index = number | boolean | Slice | '...' | null | Tensor | IndexArray;

/** An index whose arrays were made tensors. */
type Given = Exclude<Index, IndexArray>;

/** Indices taken apart: a view, and index tensors for some of its dimensions. */
export interface Subscript {
  readonly view: Tensor;
  /** For each dimension of the view its index tensor, or undefined. */
  readonly tensors: readonly (Tensor | undefined)[];
  /** For each dimension of the view that has an index tensor, which dimension of the tensor it was. */
  readonly origins: readonly number[];
}

/** How many dimensions of the tensor an index takes. */
function takes(i: Given): number {
  if (i === null || i === '...' || typeof i === 'boolean') return 0;
  return isTensor(i) && i.dtype === 'bool' ? i.ndim : 1;
}

/**
 * Applies basic indices one by one and collects index tensors; masks and booleans become index tensors. `write` says
 * that the view will be written to, so that it has to be one.
 */
export function resolve(op: string, t: Tensor, subscripts: readonly Index[], write: boolean): Subscript {
  const indices = subscripts.map((i) => (Array.isArray(i) ? arrayIndex(op, i, t) : (i as Given)));
  const taken = indices.reduce<number>((sum, i) => sum + takes(i), 0);
  if (taken > t.ndim) throw new IndexError(`${op}: too many indices: ${taken} for ${show(t.shape)} of rank ${t.ndim}`);
  if (indices.indexOf('...') !== indices.lastIndexOf('...')) throw new IndexError(`${op}: '...' can be given once`);
  const tensors: (Tensor | undefined)[] = [];
  const origins: number[] = [];
  let view = t;
  let dim = 0;
  /** The dimension of `t` at `dim`. */
  let from = 0;
  const add = (index: Tensor, taken: number): void => {
    tensors[dim] = index;
    origins[dim++] = from;
    from += taken;
  };
  for (const given of indices) {
    const i = plain(op, given);
    if (i === null) view = view.unsqueeze(dim++);
    else if (i === '...') {
      dim += t.ndim - taken;
      from += t.ndim - taken;
    } else if (typeof i === 'number') view = entry(op, t, view, dim, from++, i);
    else if (typeof i === 'boolean') {
      view = view.unsqueeze(dim);
      add(indexTensor(new Float64Array(i ? 1 : 0), t), 0);
    } else if (i instanceof Slice) {
      view = view.slice(dim++, i.start, i.end, i.step);
      from++;
    } else if (i.dtype === 'bool') {
      for (const list of maskIndices(op, i, t, from)) add(list, 1);
    } else if (i.ndim > 0) {
      checkIndexDType(op, i);
      add(i.to(t.device), 1);
    } else {
      // A device that is read later cannot turn the index into a view.
      if (write) throw new DeviceError(`${op}: a 0-d index tensor on '${i.device.name}' cannot be read at once; pass a number`);
      view = takeEntries(view, dim, wrapIndex(op, i.to(t.device), view.shape[dim]!, from++), op).select(dim, 0);
    }
  }
  return { view, tensors, origins };
}

/** 0-d tensors as the numbers or booleans that they hold, where they can be read. */
function plain(op: string, i: Given): Given {
  if (!isTensor(i) || i.ndim > 0) return i;
  if (i.dtype === 'bool') return readNow(op, i, 'pass a boolean')[0] !== 0;
  checkIndexDType(op, i);
  return i.device.caps.syncRead ? i.dataSync()[0]! : i;
}

function entry(op: string, t: Tensor, view: Tensor, dim: number, from: number, i: number): Tensor {
  const n = view.shape[dim]!;
  if (!Number.isInteger(i)) throw new ValueError(`${op}: an index must be an integer, got ${i}`);
  if (i < -n || i >= n) throw new IndexError(`${op}: index ${i} is out of range for dim ${from} of size ${n} in ${show(t.shape)}`);
  return view.select(dim, i);
}

/** A nested array as an index tensor or, of booleans, a mask; an empty one points nowhere. */
function arrayIndex(op: string, values: IndexArray, t: Tensor): Tensor {
  const leaves = (values as readonly unknown[]).flat(Number.POSITIVE_INFINITY);
  const mask = leaves.length > 0 && typeof leaves[0] === 'boolean';
  const wrong = leaves.find((k) => (mask ? typeof k !== 'boolean' : !Number.isInteger(k)));
  if (wrong !== undefined) throw new ValueError(`${op}: an index must be an integer, got ${wrong}`);
  // A mask is read at once, to find where it holds.
  return tensor(values as TensorData, { dtype: mask ? 'bool' : 'int64', device: mask ? cpu : t.device });
}

/** A mask as one index tensor per dimension. */
function maskIndices(op: string, mask: Tensor, t: Tensor, from: number): Tensor[] {
  mask.shape.forEach((n, d) => {
    if (n === t.shape[from + d]) return;
    throw new IndexError(
      `${op}: the mask ${show(mask.shape)} does not fit ${show(t.shape)} at dim ${from + d}: ${n} vs ${t.shape[from + d]}`,
    );
  });
  const values = readNow(op, mask, 'index with the result of await nonzeroAsync(mask, { asTuple: true })');
  return coordinatesOf(positionsOf(values), mask.shape).map((c) => indexTensor(c, t));
}

/** A view whose indexed dimensions were made one, and the one index for it. */
export interface FlatIndex {
  /** The view with its indexed dimensions as dimension `dim`. */
  readonly flat: Tensor;
  readonly dim: number;
  /** 1-d, from 0. */
  readonly index: Tensor;
  /** What the index tensors broadcast to, which takes the place of `dim` in the result. */
  readonly common: readonly number[];
  /** From a tensor like `flat` back to one like the view. */
  readonly restore: (t: Tensor) => Tensor;
}

/**
 * Several index tensors as one along one dimension. Where the indexed dimensions are adjacent the result's lie in
 * their place, else in front.
 *
 * @throws IndexError when the index tensors do not broadcast, or for an index out of range
 */
export function flatten(op: string, subscript: Subscript): FlatIndex {
  const { view, tensors } = subscript;
  const dims = view.shape.map((_, d) => d).filter((d) => tensors[d] !== undefined);
  const first = dims[0]!;
  const adjacent = dims.every((d, k) => d === first + k);
  const order = adjacent ? view.shape.map((_, d) => d) : [...dims, ...view.shape.map((_, d) => d).filter((d) => !dims.includes(d))];
  const dim = adjacent ? first : 0;
  const moved = adjacent ? view : view.permute(...order);
  const sizes = dims.map((d) => view.shape[d]!);
  const common = commonShape(
    op,
    dims.map((d) => tensors[d]!),
  );
  const index = linear(op, subscript, dims, sizes, common);
  const flat = moved.reshape([...moved.shape.slice(0, dim), sizeOf(sizes), ...moved.shape.slice(dim + dims.length)]) as Tensor;
  return {
    flat,
    dim,
    index,
    common,
    restore: (t) => {
      const apart = t.reshape(moved.shape) as Tensor;
      return adjacent ? apart : apart.permute(...order.map((_, d) => order.indexOf(d)));
    },
  };
}

function commonShape(op: string, tensors: readonly Tensor[]): readonly number[] {
  try {
    return broadcastShapes(
      op,
      tensors.map((t) => t.shape),
    );
  } catch {
    throw new IndexError(`${op}: the index tensors ${tensors.map((t) => show(t.shape)).join(', ')} do not broadcast`);
  }
}

/** Row-major places in dimensions of these sizes. */
function linear(
  op: string,
  { view, tensors, origins }: Subscript,
  dims: readonly number[],
  sizes: readonly number[],
  common: readonly number[],
): Tensor {
  const strides = contiguousStrides(sizes);
  if (dims.length > 1 && sizeOf(sizes) > view.device.caps.exactInteger) {
    throw new DeviceError(`${op}: ${sizeOf(sizes)} places are too many for the integers of '${view.device.name}'`);
  }
  const places = dims.map((d, k) => {
    const place = wrapIndex(op, tensors[d]!, sizes[k]!, origins[d]!);
    // Products of sizes may not fit an int32 index.
    return dims.length === 1 ? place : (place.to('int64').mul(strides[k]!) as Tensor);
  });
  return places
    .reduce((a, b) => a.add(b) as Tensor)
    .expand(common)
    .flatten();
}
