import { IndexError, ValueError } from '../errors.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

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
 * @throws ValueError when `step` is not a positive integer
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

/**
 * One index: an entry, a range, `'...'` for all dimensions not mentioned, null for a new dimension, an integer tensor (or
 * array) of entries, a bool tensor as mask.
 */
export type Index = number | Slice | '...' | null;

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Python's `t[...]`: a view for entries, ranges, `'...'` and null.
     *
     * @throws IndexError when an entry is out of range or there are more indices than dimensions
     * @example
     * ```ts
     * t.index(0, slice(1, -1, 2), '...', null); // t[0, 1:-1:2, ..., None]
     * ```
     * @see https://pytorch.org/docs/stable/tensor_view.html
     */
    index(...indices: Index[]): Tensor;
  }
}

/** How many dimensions of the tensor an index takes. */
function takes(i: Index): number {
  return i === null || i === '...' ? 0 : 1;
}

/** The view that basic indices give. */
function basic(op: string, t: Tensor, indices: readonly Index[]): Tensor {
  const taken = indices.reduce<number>((sum, i) => sum + takes(i), 0);
  if (taken > t.ndim) throw new IndexError(`${op}: ${taken} indices for ${show(t.shape)} of rank ${t.ndim}`);
  let view = t;
  let dim = 0;
  for (const i of indices) {
    if (typeof i === 'number') view = view.select(dim, i);
    else if (i === null) view = view.unsqueeze(dim++);
    else if (i === '...') dim += t.ndim - taken;
    else view = view.slice(dim++, i.start, i.end, i.step);
  }
  return view;
}

addMethod('index', function (this: Tensor, ...indices: Index[]) {
  return basic('index', this, indices);
});
