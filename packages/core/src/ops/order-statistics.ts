import { isFloating } from '../dtype.ts';
import { DTypeError, IndexError } from '../errors.ts';
import { fullData, hostCompute } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { shareAmongEqual } from '../parts/extremes.ts';
import { checkNonEmpty, checkTensor, isOptions, type KeepDim } from '../parts/reduction.ts';
import type { Lines } from '../parts/sorting/lines.ts';
import { type Choose, pickOne } from '../parts/sorting/picked.ts';
import { nthElement, quickselect, sortRange } from '../parts/sorting/select.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Reduce, Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok } from '../typed.ts';
import type { ValuesAndIndices } from './reduce.ts';

/** `median` or `nanmedian` as a method. */
export interface MedianMethod {
  <A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const X extends number, const K extends boolean = false>(
    this: Tensor<A>,
    dim: Ok<Reduce<A, X, K>, X>,
    options?: KeepDim<K>,
  ): ValuesAndIndices<Reduce<A, X, K>>;
}

/** `median` or `nanmedian` as a function. */
export interface MedianFunction {
  <A extends Shape>(x: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const X extends number, const K extends boolean = false>(
    x: Tensor<A>,
    dim: Ok<Reduce<A, X, K>, X>,
    options?: KeepDim<K>,
  ): ValuesAndIndices<Reduce<A, X, K>>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The median of all elements; with a dimension the medians along it, as `{ values, indices }`. Of two middle elements it
     * is the lower one. NaN when an element is NaN. Elements equal to the median of the whole share the gradient; along a
     * dimension it goes where the index points.
     *
     * @throws DTypeError for bools; IndexError when there is nothing to choose from along the dimension
     * @see https://pytorch.org/docs/stable/generated/torch.median.html
     */
    readonly median: MedianMethod;
    /** {@link Tensor.median} of the elements that are not NaN. @see https://pytorch.org/docs/stable/generated/torch.nanmedian.html */
    readonly nanmedian: MedianMethod;
    /** {@link mode} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.mode.html */
    mode<A extends Shape, const X extends number = -1, const K extends boolean = false>(
      this: Tensor<A>,
      dim?: Ok<Reduce<A, X, K>, X>,
      options?: KeepDim<K>,
    ): ValuesAndIndices<Reduce<A, X, K>>;
    mode(options: KeepDim): ValuesAndIndices;
    /** {@link kthvalue} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.kthvalue.html */
    kthvalue<A extends Shape, const X extends number = -1, const K extends boolean = false>(
      this: Tensor<A>,
      k: number,
      dim?: Ok<Reduce<A, X, K>, X>,
      options?: KeepDim<K>,
    ): ValuesAndIndices<Reduce<A, X, K>>;
    kthvalue(k: number, options: KeepDim): ValuesAndIndices;
  }
}

/** The dimension and keepdim of a call that may leave out the dimension. */
function understood(
  op: string,
  x: Tensor,
  second: number | KeepDim | undefined,
  third: KeepDim | undefined,
): [dim: number, keepdim: boolean] {
  checkTensor(op, x);
  const [dim, options] = isOptions<KeepDim>(second) ? [-1, second] : [second ?? -1, third];
  const d = normalizeDim(op, dim, x.shape);
  if (x.ndim > 0) checkNonEmpty(op, x.shape, [d]);
  return [d, options?.keepdim ?? false];
}

/** Where the element that comes nth lies when equal ones keep their order; its value is known. */
function stablePlace(keys: Float64Array, n: number, value: number, nth: number): number {
  let left = nth;
  for (let i = 0; i < n; i++) if (keys[i]! < value) left--;
  let i = 0;
  for (; i < n; i++) if (keys[i] === value && left-- === 0) break;
  return i;
}

/** Chooses the lower middle element; the first NaN where there is one and it counts. */
const middle =
  (ignoreNaN: boolean) =>
  ({ n }: Lines): Choose => {
    const places = new Int32Array(n);
    return (keys) => {
      let nans = 0;
      for (let i = 0; i < n; i++) {
        if (keys[i] !== keys[i]) {
          if (!ignoreNaN) return i;
          nans++;
        }
        places[i] = i;
      }
      const nth = Math.max(n - 1 - nans, 0) >> 1;
      nthElement({ keys, descending: false }, places, 0, nth, n);
      return nans === n ? 0 : stablePlace(keys, n, keys[places[nth]!]!, nth);
    };
  };

function defineMedian(name: 'median' | 'nanmedian'): MedianFunction {
  const choose = middle(name === 'nanmedian');
  const whole: OpFunction<void> = defineOp<void>({
    name,
    infer: ([x]) => [{ shape: [], dtype: x!.dtype }],
    forward: ([x]) => {
      const { dtype, size, device } = x!;
      if (size === 0) return [fullData(device, Number.NaN, dtype, [])];
      return hostCompute(name, [x!], [{ shape: [], dtype }], ([values]) => {
        const keys = Float64Array.from(values!);
        const place = choose({ outer: 1, n: size, inner: 1 })(keys, size);
        return [values!.slice(place, place + 1)];
      });
    },
    save: ([x], [y]) => [x!, y!],
    backward: ({ saved: [x, y] }, [g]) => [shareAmongEqual(name, g!, x!, y!)],
  });
  const run = (x: Tensor, dim?: number, options?: KeepDim): Tensor | ValuesAndIndices => {
    checkTensor(name, x);
    if (x.dtype === 'bool') throw new DTypeError(`${name}: not defined for bool`);
    if (dim === undefined || dim === null) {
      if (x.size === 0 && !isFloating(x.dtype)) throw new IndexError(`${name}: of no elements there is none, got ${show(x.shape)}`);
      return whole([x], undefined)[0]!;
    }
    return pickOne(name, x, ...understood(name, x, dim, options), choose);
  };
  addMethod(name, function (this: Tensor, dim?: number, options?: KeepDim) {
    return run(this, dim, options);
  });
  return run as MedianFunction;
}

/** The median; see {@link Tensor.median}. */
export const median: MedianFunction = defineMedian('median');
/** The median of what is not NaN; see {@link Tensor.nanmedian}. */
export const nanmedian: MedianFunction = defineMedian('nanmedian');

/** Chooses the smallest of the most frequent elements. */
function mostFrequent({ n }: Lines): Choose {
  const places = new Int32Array(n);
  return (keys) => {
    for (let i = 0; i < n; i++) places[i] = i;
    sortRange({ keys, descending: false }, places, 0, n);
    let chosen = 0;
    let most = 0;
    for (let i = 0, count = 1; i < n; i++, count++) {
      if (i < n - 1 && keys[places[i]!] === keys[places[i + 1]!]) continue;
      if (count > most) {
        most = count;
        chosen = places[i]!;
      }
      count = 0;
    }
    return chosen;
  };
}

/**
 * The most frequent element along `dim`, the smallest of several, and (int64) a place where it lies. The gradient goes
 * there.
 *
 * @param dim default -1
 * @throws IndexError when there is nothing to choose from
 * @example
 * ```ts
 * mode(tensor([1, 2, 2, 3])); // { values: 2, indices: 2 }
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.mode.html
 */
export function mode<A extends Shape, const X extends number = -1, const K extends boolean = false>(
  x: Tensor<A>,
  dim?: Ok<Reduce<A, X, K>, X>,
  options?: KeepDim<K>,
): ValuesAndIndices<Reduce<A, X, K>>;
export function mode(x: Tensor, options: KeepDim): ValuesAndIndices;
export function mode(x: Tensor, second?: number | KeepDim, third?: KeepDim): ValuesAndIndices {
  return pickOne('mode', x, ...understood('mode', x, second, third), mostFrequent);
}

/**
 * The k-th smallest element along `dim`, counted from 1, and (int64) where it lies. NaN counts as largest. The gradient
 * goes where the index points.
 *
 * @param dim default -1
 * @throws IndexError when k is not between 1 and the number of elements; DTypeError for bools
 * @example
 * ```ts
 * kthvalue(tensor([30, 10, 20]), 2); // { values: 20, indices: 2 }
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.kthvalue.html
 */
export function kthvalue<A extends Shape, const X extends number = -1, const K extends boolean = false>(
  x: Tensor<A>,
  k: number,
  dim?: Ok<Reduce<A, X, K>, X>,
  options?: KeepDim<K>,
): ValuesAndIndices<Reduce<A, X, K>>;
export function kthvalue(x: Tensor, k: number, options: KeepDim): ValuesAndIndices;
export function kthvalue(x: Tensor, k: number, second?: number | KeepDim, third?: KeepDim): ValuesAndIndices {
  const [dim, keepdim] = understood('kthvalue', x, second, third);
  if (x.dtype === 'bool') throw new DTypeError('kthvalue: not defined for bool');
  const count = x.shape[dim] ?? 1;
  if (!Number.isInteger(k) || k < 1 || k > count) {
    throw new IndexError(`kthvalue: k = ${k} is not among the ${count} elements along dim ${dim} of ${show(x.shape)}, counted from 1`);
  }
  return pickOne('kthvalue', x, dim, keepdim, ({ n }) => {
    const places = new Int32Array(n);
    return (keys) => {
      for (let i = 0; i < n; i++) places[i] = i;
      quickselect(keys, places, n, k - 1);
      return places[k - 1]!;
    };
  });
}

addMethod('mode', function (this: Tensor, dim?: number, options?: KeepDim) {
  return mode(this, dim as -1, options);
});
addMethod('kthvalue', function (this: Tensor, k: number, dim?: number, options?: KeepDim) {
  return kthvalue(this, k, dim as -1, options);
});
