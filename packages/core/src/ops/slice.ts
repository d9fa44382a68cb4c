import { isIntegral } from '../dtype.ts';
import { IndexError, ShapeError, ValueError } from '../errors.ts';
import { defineView } from '../op.ts';
import { padDim, spacedOut } from '../parts/padding.ts';
import { readNow } from '../parts/positions.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import type { Select } from '../view-types.ts';
import { zeros } from './create.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Entry `index` along `dim`, which disappears. A view. Negative indices count from the end.
     *
     * @throws IndexError when the index is out of range, or for a 0-d tensor
     * @see https://pytorch.org/docs/stable/generated/torch.select.html
     */
    select<A extends Shape, const X extends number>(this: Tensor<A>, dim: Ok<Select<A, X>, X>, index: number): Out<Select<A, X>>;
    /**
     * `length` entries along `dim` from `start` (negative: from the end), which may be a 0-d integer tensor. A view.
     *
     * @throws IndexError when the range does not lie inside the dimension; DeviceError for a tensor on a device that cannot be
     * read at once
     * @see https://pytorch.org/docs/stable/generated/torch.narrow.html
     */
    narrow(dim: number, start: number | Tensor, length: number): Tensor;
    /**
     * Entries `start`, `start + step`, ... before `end` along `dim`, as a view. Bounds beyond the dimension are clamped,
     * negative ones count from the end; null stands for the first and past the last entry.
     *
     * @throws ValueError when `step` is not a positive integer
     * @example
     * ```ts
     * arange(10).slice(0, 1, -1, 3); // [1, 4, 7]
     * ```
     */
    slice(dim: number, start?: number | null, end?: number | null, step?: number): Tensor;
    /**
     * All windows of `size` entries along `dim`, `step` apart, as a last dimension of that size. A view, in which windows
     * overlap when `step < size`.
     *
     * @example
     * ```ts
     * arange(5).unfold(0, 3, 1); // [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
     * ```
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
     */
    unfold(dim: number, size: number, step: number): Tensor;
  }
}

/** The window of a slice: `length` entries from `start`, `step` apart. */
interface SliceAttrs {
  readonly dim: number;
  readonly start: number;
  readonly length: number;
  readonly step: number;
}

const sliceOp = defineView<SliceAttrs>({
  name: 'slice',
  partial: true,
  window: (t, { dim, start, length, step }) => ({
    shape: t.shape.map((n, d) => (d === dim ? length : n)),
    strides: t.strides.map((s, d) => (d === dim ? s * step : s)),
    offset: t.offset + start * t.strides[dim]!,
  }),
  backward: ({ attrs: { dim, start, length, step }, input }, g) => {
    const n = input.shape[dim]!;
    // What step - 1 zeros after the last entry reach beyond the dimension is cropped.
    return padDim(spacedOut(g, dim, step - 1), dim, start, n - start - length * step);
  },
});

/** `value` where an integer must be given. */
function integer(op: string, what: string, value: number): number {
  if (!Number.isInteger(value)) throw new ValueError(`${op}: ${what} must be an integer, got ${value}`);
  return value;
}

function dimOf(op: string, t: Tensor, dim: number): number {
  if (t.ndim === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension to take entries from`);
  return normalizeDim(op, dim, t.shape);
}

const selectOp = defineView<{ readonly dim: number; readonly index: number }>({
  name: 'select',
  partial: true,
  window: (t, { dim, index }) => ({
    shape: t.shape.filter((_, d) => d !== dim),
    strides: t.strides.filter((_, d) => d !== dim),
    offset: t.offset + index * t.strides[dim]!,
  }),
  backward: ({ attrs: { dim, index }, input }, g) => padDim(g.unsqueeze(dim), dim, index, input.shape[dim]! - 1 - index),
});

addMethod('select', function (this: Tensor, dim: number, index: number) {
  const d = dimOf('select', this, dim);
  const n = this.shape[d]!;
  if (!Number.isInteger(index) || index < -n || index >= n) {
    throw new IndexError(`select: index ${index} is out of range for dim ${d} of size ${n} in ${show(this.shape)}`);
  }
  return selectOp(this, { dim: d, index: index < 0 ? index + n : index });
});

/** The value of a 0-d integer tensor. */
function startOf(start: Tensor): number {
  if (start.ndim !== 0 || !isIntegral(start.dtype)) {
    throw new ValueError(`narrow: start must be a number or a 0-d integer tensor, got ${start.dtype} ${show(start.shape)}`);
  }
  return readNow('narrow', start, 'pass a number')[0]!;
}

addMethod('narrow', function (this: Tensor, dim: number, at: number | Tensor, length: number) {
  const d = dimOf('narrow', this, dim);
  const n = this.shape[d]!;
  const start = isTensor(at) ? startOf(at) : at;
  const from = integer('narrow', 'start', start) < 0 ? start + n : start;
  if (integer('narrow', 'length', length) < 0) throw new ValueError(`narrow: length ${length} is negative`);
  if (from < 0 || from + length > n) {
    throw new IndexError(`narrow: start ${start} and length ${length} reach outside of dim ${d} of size ${n} in ${show(this.shape)}`);
  }
  return sliceOp(this, { dim: d, start: from, length, step: 1 });
});

addMethod('slice', function (this: Tensor, dim: number, start?: number | null, end?: number | null, step: number = 1) {
  const d = dimOf('slice', this, dim);
  const n = this.shape[d]!;
  if (integer('slice', 'step', step) <= 0) throw new ValueError(`slice: step must be positive, got ${step}; flip() reverses`);
  const bound = (value: number): number => Math.min(Math.max(integer('slice', 'a bound', value) < 0 ? value + n : value, 0), n);
  const from = bound(start ?? 0);
  const to = bound(end ?? n);
  return sliceOp(this, { dim: d, start: from, length: Math.max(Math.ceil((to - from) / step), 0), step });
});

const unfoldOp = defineView<{ readonly dim: number; readonly size: number; readonly step: number }>({
  name: 'unfold',
  window: (t, { dim, size, step }) => ({
    shape: [...t.shape.map((n, d) => (d === dim ? Math.floor((n - size) / step) + 1 : n)), size],
    strides: [...t.strides.map((s, d) => (d === dim ? s * step : s)), t.strides[dim]!],
    offset: t.offset,
  }),
  backward: ({ attrs: { dim, size, step }, input }, g) => {
    const n = input.shape[dim]!;
    let sum: Tensor | null = null;
    // Parts of the windows that are at most one step long do not overlap: each is a row of entries.
    for (let from = 0; from < size; from += step) {
      const length = Math.min(step, size - from);
      const part = padDim(g.narrow(-1, from, length), g.ndim - 1, 0, step - length).movedim(-1, dim + 1);
      const row = part.flatten(dim, dim + 1);
      const placed = padDim(row, dim, from, n - from - row.shape[dim]!);
      sum = sum === null ? placed : (sum.add(placed) as Tensor);
    }
    return sum ?? zeros(input.shape, { dtype: g.dtype, device: g.device });
  },
});

addMethod('unfold', function (this: Tensor, dim: number, size: number, step: number) {
  const t = this.ndim === 0 ? (this.reshape([1]) as Tensor) : this;
  const d = normalizeDim('unfold', dim, this.shape);
  const n = t.shape[d]!;
  if (integer('unfold', 'size', size) < 0 || size > n) {
    throw new ShapeError(`unfold: windows of size ${size} do not fit dim ${d} of size ${n} in ${show(this.shape)}`);
  }
  if (integer('unfold', 'step', step) <= 0) throw new ValueError(`unfold: step must be positive, got ${step}`);
  const windows = unfoldOp(t, { dim: d, size, step });
  // A 0-d tensor counts as one entry, of which there is one window.
  return this.ndim === 0 ? windows.select(0, 0) : windows;
});
