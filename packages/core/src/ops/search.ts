import { resultType, type Scalar, scalarValue } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { checkTensor } from '../parts/reduction.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import { full } from './full.ts';

/** Options of {@link bucketize}. */
export interface BucketizeOptions {
  /** int32 places instead of int64. Default false. */
  outInt32?: boolean;
  /** Behind equal elements instead of before them. Default false. */
  right?: boolean;
}

/** Options of {@link searchsorted}. */
export interface SearchOptions extends BucketizeOptions {
  /** `right` in other words. Default `left`. */
  side?: 'left' | 'right';
  /** The places of the elements in order, as `argsort` gives them, where the sequence itself is not sorted. */
  sorter?: Tensor;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link bucketize} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.bucketize.html */
    bucketize<A extends Shape>(this: Tensor<A>, boundaries: Tensor, options?: BucketizeOptions): Tensor<A>;
  }
}

/** The first place in [lo, hi) whose element is not below `value` (or, `right`, is above it); NaN is above all. */
function place(
  sorted: ArrayLike<number>,
  order: ArrayLike<number> | undefined,
  lo: number,
  hi: number,
  value: number,
  right: boolean,
): number {
  const start = lo;
  while (lo < hi) {
    const mid = lo + ((hi - lo) >> 1);
    const v = sorted[order === undefined ? mid : start + order[mid]!]!;
    if (right ? !(v > value) : !(v >= value)) lo = mid + 1;
    else hi = mid;
  }
  return lo - start;
}

function search(op: string, sequence: Tensor, values: Tensor, right: boolean, int32: boolean, sorter?: Tensor): Tensor {
  if (sequence.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
  const dtype = int32 ? 'int32' : 'int64';
  const n = sequence.shape[sequence.ndim - 1]!;
  const each = sequence.ndim === 1 ? values.size : values.shape[values.ndim - 1]!;
  const inputs = [sequence.detach(), values.detach(), ...(sorter === undefined ? [] : [sorter])];
  return hostCompute(op, inputs, [{ shape: values.shape, dtype }], ([sorted, wanted, order]) => {
    const out = int32 ? new Int32Array(wanted!.length) : new Float64Array(wanted!.length);
    for (let i = 0, line = 0; i < out.length; line++) {
      for (let k = 0; k < each; k++, i++) out[i] = place(sorted!, order, line * n, line * n + n, wanted![i]!, right);
    }
    return [out];
  })[0]!;
}

/** The sequence and the values in their common dtype; a number becomes a 0-d tensor. */
function together(op: string, sequence: Tensor, values: Tensor | Scalar): [sequence: Tensor, values: Tensor] {
  const number = isTensor(values) ? 0 : scalarValue(values);
  if (typeof number !== 'number') throw new ValueError(`${op}: expected a tensor or a number`);
  const common = resultType([sequence, values]);
  const wanted = isTensor(values) ? (values.to(common) as Tensor) : full([], number, { dtype: common, device: sequence.device });
  return [sequence.to(common) as Tensor, wanted];
}

/**
 * Where each value would be inserted into sorted lines: the number of elements before it.
 *
 * @param sortedSequence [n], or [.., n] with a line for each line of `values`
 * @param values a tensor, or a number beside one line
 * @returns int64 (or int32) in the shape of `values`
 * @throws ShapeError when the lines do not fit; DTypeError for bools; ValueError when `right` and `side` contradict each other
 * @example
 * ```ts
 * searchsorted(tensor([1, 3, 5]), tensor([3, 6]));                  // [1, 3]
 * searchsorted(tensor([1, 3, 5]), tensor([3, 6]), { right: true }); // [2, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.searchsorted.html
 */
export function searchsorted<B extends Shape>(sortedSequence: Tensor, values: Tensor<B>, options?: SearchOptions): Tensor<B>;
export function searchsorted(sortedSequence: Tensor, values: Scalar, options?: SearchOptions): Tensor<readonly []>;
export function searchsorted(sortedSequence: Tensor, values: Tensor | Scalar, options: SearchOptions = {}): Tensor {
  const op = 'searchsorted';
  checkTensor(op, sortedSequence);
  const { side, right = side === 'right', outInt32 = false, sorter } = options;
  if (side !== undefined && side !== 'left' && side !== 'right')
    throw new ValueError(`${op}: side must be 'left' or 'right', got '${side}'`);
  if (side === 'left' && right) throw new ValueError(`${op}: side is 'left' but right is true`);
  const { shape } = sortedSequence;
  if (shape.length === 0) throw new ShapeError(`${op}: the sorted sequence is 0-d`);
  const [sequence, wanted] = together(op, sortedSequence, values);
  const fits = shape.length === 1 || (wanted.ndim === shape.length && sameShape(shape.slice(0, -1), wanted.shape.slice(0, -1)));
  if (!fits) {
    throw new ShapeError(`${op}: lines ${show(shape)} and values ${show(wanted.shape)} must agree in all dimensions but the last`);
  }
  if (sorter !== undefined) {
    if (!sameShape(sorter.shape, shape)) throw new ShapeError(`${op}: the sorter ${show(sorter.shape)} must have the shape ${show(shape)}`);
    if (sorter.dtype !== 'int64') throw new DTypeError(`${op}: the sorter must be int64, got ${sorter.dtype}`);
  }
  return search(op, sequence, wanted, right, outInt32, sorter);
}

/**
 * The bucket of each value between sorted boundaries: the number of boundaries below it, or with `right` not above it.
 *
 * @param boundaries ascending, 1-d
 * @throws ShapeError when the boundaries are not 1-d; DTypeError for bools
 * @example
 * ```ts
 * bucketize(tensor([3, 6, 9]), tensor([1, 3, 5])); // [1, 3, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.bucketize.html
 */
export function bucketize<A extends Shape>(x: Tensor<A>, boundaries: Tensor, options?: BucketizeOptions): Tensor<A>;
export function bucketize(x: Scalar, boundaries: Tensor, options?: BucketizeOptions): Tensor<readonly []>;
export function bucketize(x: Tensor | Scalar, boundaries: Tensor, { outInt32 = false, right = false }: BucketizeOptions = {}): Tensor {
  checkTensor('bucketize', boundaries);
  if (boundaries.ndim !== 1) throw new ShapeError(`bucketize: the boundaries must be 1-d, got ${show(boundaries.shape)}`);
  const [sequence, wanted] = together('bucketize', boundaries, x);
  return search('bucketize', sequence, wanted, right, outInt32);
}

addMethod('bucketize', function (this: Tensor, boundaries: Tensor, options?: BucketizeOptions) {
  return bucketize(this, boundaries, options);
});
