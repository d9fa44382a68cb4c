import { IndexError, ShapeError, ValueError } from '../errors.ts';
import { defineView } from '../op.ts';
import { padDim } from '../padding.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import type { Select } from '../view-types.ts';

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
     * `length` entries along `dim` from `start` (negative: from the end). A view.
     *
     * @throws IndexError when the range does not lie inside the dimension
     * @see https://pytorch.org/docs/stable/generated/torch.narrow.html
     */
    narrow(dim: number, start: number, length: number): Tensor;
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
     * The diagonal of the matrices in dimensions `dim1` and `dim2`, as a last dimension. A view.
     *
     * @param offset above the main diagonal when positive; default 0
     * @see https://pytorch.org/docs/stable/generated/torch.diagonal.html
     */
    diagonal(offset?: number, dim1?: number, dim2?: number): Tensor;
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
  doc: 'a range along one dimension',
  window: (t, { dim, start, length, step }) => ({
    shape: t.shape.map((n, d) => (d === dim ? length : n)),
    strides: t.strides.map((s, d) => (d === dim ? s * step : s)),
    offset: t.offset + start * t.strides[dim]!,
  }),
  backward: ({ attrs: { dim, start, length, step }, input }, g) => {
    const n = input.shape[dim]!;
    const spaced = step === 1 ? g : mergeInto(padDim(g.unsqueeze(dim + 1), dim + 1, 0, step - 1), dim);
    // What step - 1 zeros after the last entry reach beyond the dimension is cropped.
    return padDim(spaced, dim, start, n - start - length * step);
  },
});

/** Dimensions `dim` and `dim + 1` as one. */
function mergeInto(t: Tensor, dim: number): Tensor {
  return t.reshape([...t.shape.slice(0, dim), t.shape[dim]! * t.shape[dim + 1]!, ...t.shape.slice(dim + 2)]) as Tensor;
}

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
  doc: 'one entry along one dimension',
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

addMethod('narrow', function (this: Tensor, dim: number, start: number, length: number) {
  const d = dimOf('narrow', this, dim);
  const n = this.shape[d]!;
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

const diagonalOp = defineView<{ readonly offset: number; readonly dim1: number; readonly dim2: number }>({
  name: 'diagonal',
  doc: 'the diagonal of matrices, as a last dimension',
  window(t, { offset, dim1, dim2 }) {
    const rest = t.shape.map((_, d) => d).filter((d) => d !== dim1 && d !== dim2);
    const length = Math.max(
      offset >= 0 ? Math.min(t.shape[dim1]!, t.shape[dim2]! - offset) : Math.min(t.shape[dim1]! + offset, t.shape[dim2]!),
      0,
    );
    const shift = offset >= 0 ? offset * t.strides[dim2]! : -offset * t.strides[dim1]!;
    return {
      shape: [...rest.map((d) => t.shape[d]!), length],
      strides: [...rest.map((d) => t.strides[d]!), t.strides[dim1]! + t.strides[dim2]!],
      offset: length === 0 ? t.offset : t.offset + shift,
    };
  },
  backward: ({ attrs: { offset, dim1, dim2 }, input }, g) => {
    const rows = input.shape[dim1]!;
    const columns = input.shape[dim2]!;
    const last = g.ndim - 1;
    const length = g.shape[last]!;
    // In a flat matrix a diagonal is one entry in every columns + 1.
    const spaced = mergeInto(padDim(g.unsqueeze(last + 1), last + 1, 0, columns), last);
    const before = length === 0 ? 0 : offset >= 0 ? offset : -offset * columns;
    const flat = padDim(spaced, last, before, rows * columns - before - length * (columns + 1));
    const matrix = flat.reshape([...g.shape.slice(0, -1), rows, columns]) as Tensor;
    return matrix.movedim([-2, -1], [dim1, dim2]);
  },
});

addMethod('diagonal', function (this: Tensor, offset: number = 0, dim1: number = 0, dim2: number = 1) {
  if (this.ndim < 2) throw new ShapeError(`diagonal: needs at least 2 dimensions, got ${show(this.shape)}`);
  const a = normalizeDim('diagonal', dim1, this.shape);
  const b = normalizeDim('diagonal', dim2, this.shape);
  if (a === b) throw new ValueError(`diagonal: dim1 and dim2 are the same dimension ${a}`);
  return diagonalOp(this, { offset: integer('diagonal', 'offset', offset), dim1: a, dim2: b });
});

const unfoldOp = defineView<{ readonly dim: number; readonly size: number; readonly step: number }>({
  name: 'unfold',
  doc: 'sliding windows along one dimension, as a last dimension',
  window: (t, { dim, size, step }) => ({
    shape: [...t.shape.map((n, d) => (d === dim ? Math.floor((n - size) / step) + 1 : n)), size],
    strides: [...t.strides.map((s, d) => (d === dim ? s * step : s)), t.strides[dim]!],
    offset: t.offset,
  }),
  backward: ({ attrs: { dim, size, step }, input }, g) => {
    const n = input.shape[dim]!;
    const windows = g.movedim(-1, dim + 1);
    let sum: Tensor | null = null;
    // Parts of the windows that are at most one step long do not overlap: each is a row of entries.
    for (let from = 0; from < size; from += step) {
      const length = Math.min(step, size - from);
      const row = mergeInto(padDim(windows.narrow(dim + 1, from, length), dim + 1, 0, step - length), dim);
      const placed = padDim(row, dim, from, n - from - row.shape[dim]!);
      sum = sum === null ? placed : (sum.add(placed) as Tensor);
    }
    return sum ?? padDim(mergeInto(windows, dim), dim, 0, n);
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
