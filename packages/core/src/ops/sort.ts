import { DTypeError, IndexError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import { checkTensor, isOptions } from '../parts/reduction.ts';
import { eachLine, linesAlong, readLine } from '../parts/sorting/lines.ts';
import { argsortLines } from '../parts/sorting/merge.ts';
import { takeAt } from '../parts/sorting/picked.ts';
import { nthElement, partialSort, sortRange } from '../parts/sorting/select.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

/** Options of {@link sort} and {@link argsort}. */
export interface SortOptions {
  /** Largest first. Default false. */
  descending?: boolean;
  /** Equal elements keep their order. They do so whether it is asked for or not. */
  stable?: boolean;
}

/** Options of {@link topk}. */
export interface TopkOptions {
  /** The largest elements; false for the smallest. Default true. */
  largest?: boolean;
  /** In order. Default true. */
  sorted?: boolean;
}

/** Sorted elements and, int64, where each came from. */
export interface Sorted<A extends Shape = Shape> {
  readonly values: Tensor<A>;
  readonly indices: Tensor<A>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link sort} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.sort.html */
    sort<A extends Shape>(this: Tensor<A>, dim?: number, options?: SortOptions): Sorted<A>;
    sort<A extends Shape>(this: Tensor<A>, options: SortOptions): Sorted<A>;
    /** {@link argsort} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.argsort.html */
    argsort<A extends Shape>(this: Tensor<A>, dim?: number, options?: SortOptions): Tensor<A>;
    argsort<A extends Shape>(this: Tensor<A>, options: SortOptions): Tensor<A>;
    /** {@link msort} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.msort.html */
    msort<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link topk} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.topk.html */
    topk(k: number, dim?: number, options?: TopkOptions): Sorted;
    topk(k: number, options: TopkOptions): Sorted;
  }
}

/** The dimension and the options of a call that may leave out the dimension. */
function understood<O extends object>(op: string, x: Tensor, second: number | O | undefined, third: O | undefined): [number, O] {
  checkTensor(op, x);
  const [dim, options] = isOptions<O>(second) ? [-1, second] : [second ?? -1, third ?? ({} as O)];
  return [normalizeDim(op, dim, x.shape), options];
}

/** Where what comes k-th along `dim` lies, int64. */
function order(op: string, x: Tensor, dim: number, descending: boolean): Tensor {
  return hostCompute(op, [x.detach()], [{ shape: x.shape, dtype: 'int64' }], ([values]) => [
    argsortLines(values!, linesAlong(x.shape, dim), descending),
  ])[0]!;
}

/**
 * The elements in order along `dim`, and (int64) where each came from. Equal elements keep their order; NaN counts as
 * largest. The gradient goes where the indices point.
 *
 * @param dim default -1
 * @throws IndexError when `dim` is out of range
 * @example
 * ```ts
 * const { values, indices } = sort(tensor([3, 1, 2])); // [1, 2, 3], [1, 2, 0]
 * sort(x, 0, { descending: true });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.sort.html
 */
export function sort<A extends Shape>(x: Tensor<A>, dim?: number, options?: SortOptions): Sorted<A>;
export function sort<A extends Shape>(x: Tensor<A>, options: SortOptions): Sorted<A>;
export function sort(x: Tensor, second?: number | SortOptions, third?: SortOptions): Sorted {
  const [dim, { descending = false }] = understood('sort', x, second, third);
  const indices = order('sort', x, dim, descending);
  return { values: takeAt(x, dim, indices, 'sort'), indices };
}

/**
 * Where the elements in order along `dim` lie (int64): the indices of {@link sort}.
 *
 * @param dim default -1
 * @throws IndexError when `dim` is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.argsort.html
 */
export function argsort<A extends Shape>(x: Tensor<A>, dim?: number, options?: SortOptions): Tensor<A>;
export function argsort<A extends Shape>(x: Tensor<A>, options: SortOptions): Tensor<A>;
export function argsort(x: Tensor, second?: number | SortOptions, third?: SortOptions): Tensor {
  const [dim, { descending = false }] = understood('argsort', x, second, third);
  return order('argsort', x, dim, descending);
}

/** The elements in order along the first dimension. @see https://pytorch.org/docs/stable/generated/torch.msort.html */
export function msort<A extends Shape>(x: Tensor<A>): Tensor<A> {
  return sort(x, 0).values;
}

/**
 * The k largest elements along `dim` in order, and (int64) where they lie. NaN counts as largest. Among equal elements
 * no order is promised. The gradient goes where the indices point.
 *
 * @param dim default -1
 * @throws IndexError when there are fewer than k elements, or `dim` is out of range; DTypeError for bools
 * @example
 * ```ts
 * const { values, indices } = topk(tensor([3, 1, 2]), 2); // [3, 2], [0, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.topk.html
 */
export function topk(x: Tensor, k: number, dim?: number, options?: TopkOptions): Sorted;
export function topk(x: Tensor, k: number, options: TopkOptions): Sorted;
export function topk(x: Tensor, k: number, second?: number | TopkOptions, third?: TopkOptions): Sorted {
  const [dim, { largest = true, sorted = true }] = understood('topk', x, second, third);
  if (x.dtype === 'bool') throw new DTypeError('topk: not defined for bool');
  const lines = linesAlong(x.shape, dim);
  const { n } = lines;
  if (!Number.isInteger(k) || k < 0 || k > n)
    throw new IndexError(`topk: k = ${k} of the ${n} elements along dim ${dim} of ${show(x.shape)}`);
  const shape = x.shape.map((size, d) => (d === dim ? k : size));
  const [indices] = hostCompute('topk', [x.detach()], [{ shape, dtype: 'int64' }], ([values]) => {
    const out = new Float64Array(lines.outer * k * lines.inner);
    const keys = new Float64Array(n);
    const places = new Int32Array(n);
    const ranking = { keys, descending: largest };
    const results = linesAlong(shape, dim);
    const starts: number[] = [];
    eachLine(results, (start) => starts.push(start));
    if (k === 0) return [out];
    eachLine(lines, (start, line) => {
      readLine(values!, start, lines, keys);
      for (let i = 0; i < n; i++) places[i] = i;
      // A heap of few elements, or everything around the k-th and then an order.
      if (k * 64 <= n) partialSort(ranking, places, 0, k, n);
      else {
        nthElement(ranking, places, 0, k - 1, n);
        if (sorted) sortRange(ranking, places, 0, k - 1);
      }
      for (let i = 0, at = starts[line]!; i < k; i++, at += lines.inner) out[at] = places[i]!;
    });
    return [out];
  }) as [Tensor];
  return { values: x.ndim === 0 && k === 0 ? x.clone() : takeAt(x, dim, indices, 'topk'), indices };
}

addMethod('sort', function (this: Tensor, dim?: number, options?: SortOptions) {
  return sort(this, dim, options);
});
addMethod('argsort', function (this: Tensor, dim?: number, options?: SortOptions) {
  return argsort(this, dim, options);
});
addMethod('msort', function (this: Tensor) {
  return msort(this);
});
addMethod('topk', function (this: Tensor, k: number, dim?: number, options?: TopkOptions) {
  return topk(this, k, dim, options);
});
