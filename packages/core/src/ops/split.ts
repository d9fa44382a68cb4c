import { severalViews, viewData } from '../autograd/views.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { defineOp } from '../op.ts';
import { readNow } from '../parts/positions.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import { full } from './full.ts';
import { stack } from './join.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link split} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.split.html */
    split(sizes: number | readonly number[], dim?: number): Tensor[];
    /** {@link splitWithSizes} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.split.html */
    splitWithSizes(sizes: readonly number[], dim?: number): Tensor[];
    /** {@link chunk} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.chunk.html */
    chunk(chunks: number, dim?: number): Tensor[];
    /** {@link tensorSplit} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.tensor_split.html */
    tensorSplit(sectionsOrIndices: number | readonly number[] | Tensor, dim?: number): Tensor[];
    /** {@link hsplit} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.hsplit.html */
    hsplit(sectionsOrIndices: number | readonly number[]): Tensor[];
    /** {@link vsplit} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.vsplit.html */
    vsplit(sectionsOrIndices: number | readonly number[]): Tensor[];
    /** {@link dsplit} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.dsplit.html */
    dsplit(sectionsOrIndices: number | readonly number[]): Tensor[];
    /** {@link unbind} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.unbind.html */
    unbind(dim?: number): Tensor[];
  }
}

/**
 * Parts of a tensor along `dim`, as views.
 *
 * @param sizes length of every part (the last may be shorter), or the length of each
 * @param dim default 0
 * @throws ShapeError when the lengths do not add up to the dimension; ValueError for a negative length
 * @example
 * ```ts
 * split(arange(5), 2);      // [0, 1], [2, 3], [4]
 * split(arange(5), [1, 4]); // [0], [1, 2, 3, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.split.html
 */
export function split(t: Tensor, sizes: number | readonly number[], dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('split: a 0-d tensor cannot be split');
  const d = normalizeDim('split', dim, t.shape);
  const n = t.shape[d]!;
  let list: readonly number[];
  if (typeof sizes === 'number') {
    if (!Number.isInteger(sizes) || sizes < 0 || (sizes === 0 && n > 0)) {
      throw new ValueError(`split: size must be a positive integer, got ${sizes} for dim ${d} of ${show(t.shape)}`);
    }
    // An empty dimension is one empty part.
    list = Array.from({ length: Math.max(Math.ceil(n / Math.max(sizes, 1)), 1) }, (_, i) => Math.min(sizes, n - i * sizes));
  } else {
    const wrong = sizes.find((k) => !Number.isInteger(k) || k < 0);
    if (wrong !== undefined) throw new ValueError(`split: sizes must be non-negative integers, got ${wrong} in ${show(sizes)}`);
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== n)
      throw new ShapeError(`split: sizes ${show(sizes)} add up to ${sum}, expected ${n}, the size of dim ${d} of ${show(t.shape)}`);
    list = sizes;
  }
  let from = 0;
  const parts = list.map((length) => {
    const part = t.narrow(d, from, length);
    from += length;
    return part;
  });
  return severalViews(parts);
}

/** {@link split} into parts of given lengths. @see https://pytorch.org/docs/stable/generated/torch.split.html */
export function splitWithSizes(t: Tensor, sizes: readonly number[], dim: number = 0): Tensor[] {
  if (!Array.isArray(sizes)) throw new ValueError(`splitWithSizes: expected a list of sizes, got ${String(sizes)}`);
  return split(t, sizes, dim);
}

/**
 * At most `chunks` parts of equal length (the last may be shorter) along `dim`, as views.
 *
 * @param dim default 0
 * @see https://pytorch.org/docs/stable/generated/torch.chunk.html
 */
export function chunk(t: Tensor, chunks: number, dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('chunk: a 0-d tensor cannot be split');
  if (!Number.isInteger(chunks) || chunks <= 0) throw new ValueError(`chunk: chunks must be a positive integer, got ${chunks}`);
  const n = t.shape[normalizeDim('chunk', dim, t.shape)]!;
  // As PyTorch: an empty dimension gives that many empty parts.
  return n === 0 ? split(t, new Array<number>(chunks).fill(0), dim) : split(t, Math.ceil(n / chunks), dim);
}

/** A number of sections, or a list of places, of what a user gives. */
function sectionsOf(op: string, given: number | readonly number[] | Tensor): number | readonly number[] {
  if (!isTensor(given)) {
    const wrong = (typeof given === 'number' ? [given] : Array.isArray(given) ? given : [Number.NaN]).find((n) => !Number.isInteger(n));
    if (wrong !== undefined) throw new ValueError(`${op}: expected an integer or a list of integers, got ${String(given)}`);
    return given;
  }
  if (given.dtype !== 'int64') throw new DTypeError(`${op}: sections or indices must be int64, got ${given.dtype}`);
  if (given.ndim > 1) throw new ShapeError(`${op}: sections or indices must be 0-d or 1-d, got ${show(given.shape)}`);
  const values = Array.from(readNow(op, given, 'pass an integer or a list'));
  return given.ndim === 0 ? values[0]! : values;
}

function splitAt(op: string, t: Tensor, given: number | readonly number[], dim: number): Tensor[] {
  const d = normalizeDim(op, dim, t.shape);
  const n = t.shape[d]!;
  if (typeof given === 'number') {
    if (given <= 0) throw new ValueError(`${op}: the number of sections must be positive, got ${given}`);
    const [least, longer] = [Math.floor(n / given), n % given];
    return Array.from({ length: given }, (_, i) => t.narrow(d, i * least + Math.min(i, longer), least + (i < longer ? 1 : 0)));
  }
  // Each part is a slice, so that places may lie outside of the dimension, repeat, or go backwards.
  return [...given, null].map((end, i) => t.slice(d, i === 0 ? 0 : given[i - 1]!, end));
}

/**
 * Parts of a tensor along `dim`, as views: as many as a number says, the first ones longer by one entry where the dimension
 * does not divide, or those between the places in a list.
 *
 * @param sectionsOrIndices a number of parts, the places where parts begin, or an int64 tensor with either
 * @param dim default 0
 * @throws ShapeError for a 0-d tensor; ValueError for a number of parts that is not positive; DeviceError for a tensor on a
 * device that cannot be read at once
 * @example
 * ```ts
 * tensorSplit(arange(5), 2);      // [0, 1, 2], [3, 4]
 * tensorSplit(arange(5), [1, 3]); // [0], [1, 2], [3, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.tensor_split.html
 */
export function tensorSplit(t: Tensor, sectionsOrIndices: number | readonly number[] | Tensor, dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('tensorSplit: a 0-d tensor cannot be split');
  return splitAt('tensorSplit', t, sectionsOf('tensorSplit', sectionsOrIndices), dim);
}

/** {@link tensorSplit} that takes a number of parts only when it divides the dimension. */
function evenly(op: string, t: Tensor, given: number | readonly number[], rank: number, dim: number): Tensor[] {
  if (t.ndim < rank) throw new ShapeError(`${op}: needs at least ${rank} dimensions, got ${show(t.shape)}`);
  const sections = sectionsOf(op, given);
  const n = t.shape[dim]!;
  if (typeof sections === 'number' && (sections === 0 || n % sections !== 0)) {
    throw new ValueError(`${op}: dim ${dim} of size ${n} in ${show(t.shape)} does not divide into ${sections} parts`);
  }
  return splitAt(op, t, sections, dim);
}

/**
 * Parts side by side: along dimension 1, or 0 of a vector. A number of parts must divide the dimension; else as
 * {@link tensorSplit}.
 *
 * @throws ShapeError for a 0-d tensor; ValueError when the dimension does not divide
 * @see https://pytorch.org/docs/stable/generated/torch.hsplit.html
 */
export function hsplit(t: Tensor, sectionsOrIndices: number | readonly number[]): Tensor[] {
  return evenly('hsplit', t, sectionsOrIndices, 1, t.ndim === 1 ? 0 : 1);
}

/** Parts one above the other, along dimension 0 of at least 2; as {@link hsplit}. @see https://pytorch.org/docs/stable/generated/torch.vsplit.html */
export function vsplit(t: Tensor, sectionsOrIndices: number | readonly number[]): Tensor[] {
  return evenly('vsplit', t, sectionsOrIndices, 2, 0);
}

/** Parts one behind the other, along dimension 2 of at least 3; as {@link hsplit}. @see https://pytorch.org/docs/stable/generated/torch.dsplit.html */
export function dsplit(t: Tensor, sectionsOrIndices: number | readonly number[]): Tensor[] {
  return evenly('dsplit', t, sectionsOrIndices, 3, 2);
}

/** All entries at once, so that their gradients are joined once instead of being added up under the whole shape. */
const unbindOp = defineOp<number>({
  name: 'unbind',
  infer: ([t], dim) => {
    const shape = t!.shape.filter((_, d) => d !== dim);
    return Array.from({ length: t!.shape[dim]! }, () => ({ shape, dtype: t!.dtype }));
  },
  forward: ([t], dim, out) => {
    const strides = t!.strides.filter((_, d) => d !== dim);
    return out.map(({ shape }, i) => viewData(t!, shape, strides, t!.offset + i * t!.strides[dim]!));
  },
  backward({ attrs: dim, inputs: [t] }, grads) {
    const shape = t!.shape.filter((_, d) => d !== dim);
    const zero = grads.includes(null) ? full(shape, 0, { dtype: t!.dtype, device: t!.device }) : null;
    return [stack(grads.map((g) => g ?? zero!) as Tensor[], dim)];
  },
});

/** Every entry along `dim` (default 0), as views without that dimension. @see https://pytorch.org/docs/stable/generated/torch.unbind.html */
export function unbind(t: Tensor, dim: number = 0): Tensor[] {
  if (t.ndim === 0) throw new ShapeError('unbind: a 0-d tensor has no dimension to take apart');
  return severalViews(unbindOp([t], normalizeDim('unbind', dim, t.shape)));
}

addMethod('split', function (this: Tensor, sizes: number | readonly number[], dim?: number) {
  return split(this, sizes, dim);
});
addMethod('splitWithSizes', function (this: Tensor, sizes: readonly number[], dim?: number) {
  return splitWithSizes(this, sizes, dim);
});
addMethod('chunk', function (this: Tensor, chunks: number, dim?: number) {
  return chunk(this, chunks, dim);
});
addMethod('tensorSplit', function (this: Tensor, given: number | readonly number[] | Tensor, dim?: number) {
  return tensorSplit(this, given, dim);
});
addMethod('hsplit', function (this: Tensor, given: number | readonly number[]) {
  return hsplit(this, given);
});
addMethod('vsplit', function (this: Tensor, given: number | readonly number[]) {
  return vsplit(this, given);
});
addMethod('dsplit', function (this: Tensor, given: number | readonly number[]) {
  return dsplit(this, given);
});
addMethod('unbind', function (this: Tensor, dim?: number) {
  return unbind(this, dim);
});
