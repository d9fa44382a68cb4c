import type { TypedArray } from '../dtype.ts';
import { IndexError, ShapeError } from '../errors.ts';
import { readNow } from '../parts/positions.ts';
import { checkTensor } from '../parts/reduction.ts';
import { distinctElements, distinctSlices, slicesAt } from '../parts/sorting/distinct.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';

/** Options of {@link uniqueConsecutive}. */
export interface UniqueConsecutiveOptions<I extends boolean = boolean, C extends boolean = boolean> {
  /** For each element (or slice) the index of what it became. Default false. */
  returnInverse?: I;
  /** How often each occurs. Default false. */
  returnCounts?: C;
  /** Compare slices along this dimension instead of elements. */
  dim?: number | null;
}

/** Options of {@link unique}. */
export interface UniqueOptions<I extends boolean = boolean, C extends boolean = boolean> extends UniqueConsecutiveOptions<I, C> {
  /** In ascending order. They are, whether it is asked for or not. */
  sorted?: boolean;
}

/** The parts that were asked for; the distinct values alone when no other was. */
export type UniqueResult<I extends boolean, C extends boolean> = I extends true
  ? C extends true
    ? { readonly output: Tensor; readonly inverseIndices: Tensor; readonly counts: Tensor }
    : { readonly output: Tensor; readonly inverseIndices: Tensor }
  : C extends true
    ? { readonly output: Tensor; readonly counts: Tensor }
    : Tensor;

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link unique} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.unique.html */
    unique<const I extends boolean = false, const C extends boolean = false>(options?: UniqueOptions<I, C>): UniqueResult<I, C>;
    /** {@link uniqueAsync} of this tensor. */
    uniqueAsync<const I extends boolean = false, const C extends boolean = false>(
      options?: UniqueOptions<I, C>,
    ): Promise<UniqueResult<I, C>>;
    /** {@link uniqueConsecutive} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.unique_consecutive.html */
    uniqueConsecutive<const I extends boolean = false, const C extends boolean = false>(
      options?: UniqueConsecutiveOptions<I, C>,
    ): UniqueResult<I, C>;
    /** {@link uniqueConsecutiveAsync} of this tensor. */
    uniqueConsecutiveAsync<const I extends boolean = false, const C extends boolean = false>(
      options?: UniqueConsecutiveOptions<I, C>,
    ): Promise<UniqueResult<I, C>>;
  }
}

type Name = 'unique' | 'uniqueConsecutive';

/** The dimension from the front, or null for elements; refuses slices of nothing. */
function dimOf(op: Name, x: Tensor, dim: number | null | undefined): number | null {
  checkTensor(op, x);
  if (dim === undefined || dim === null) return null;
  if (x.ndim === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension ${dim}`);
  const d = normalizeDim(op, dim, x.shape);
  const empty = x.shape.findIndex((n, k) => n === 0 && k !== d);
  if (empty >= 0) throw new ShapeError(`${op}: dimension ${empty} of ${show(x.shape)} has size 0: slices along dim ${d} have no elements`);
  return d;
}

function parts(op: Name, x: Tensor, values: TypedArray, dim: number | null, options: UniqueOptions): object {
  const consecutive = op === 'uniqueConsecutive';
  const { device, dtype, shape } = x;
  const found = dim === null ? distinctElements(values, consecutive) : distinctSlices(values, shape, dim, consecutive);
  const k = found.first.length;
  const kept = dim === null ? [k] : shape.map((n, d) => (d === dim ? k : n));
  const chosen = dim === null ? slicesAt(values, [values.length], 0, found.first) : slicesAt(values, shape, dim, found.first);
  const output = fromBuffer(chosen, dtype, kept, { device });
  if (options.returnInverse !== true && options.returnCounts !== true) return output;
  return {
    output,
    ...(options.returnInverse === true
      ? { inverseIndices: fromBuffer(found.inverse, 'int64', dim === null ? shape : [shape[dim]!], { device }) }
      : {}),
    ...(options.returnCounts === true ? { counts: fromBuffer(found.counts, 'int64', [k], { device }) } : {}),
  };
}

function now(op: Name, x: Tensor, options: UniqueOptions = {}): unknown {
  const dim = dimOf(op, x, options.dim);
  return parts(op, x, readNow(op, x.detach(), `use await ${op}Async(t)`), dim, options);
}

async function later(op: Name, x: Tensor, options: UniqueOptions = {}): Promise<unknown> {
  const dim = dimOf(op, x, options.dim);
  return parts(op, x, await x.detach().data(), dim, options);
}

/**
 * The distinct elements, ascending, or the distinct slices along `dim` in lexicographic order (where the first dimension
 * counts in the place of `dim`). With `returnInverse` or
 * `returnCounts` the parts as an object. A NaN is equal to nothing, itself included.
 *
 * @throws DeviceError on a device that cannot be read at once; use {@link uniqueAsync}. ShapeError, IndexError for `dim`
 * @example
 * ```ts
 * unique(tensor([3, 1, 3])); // [1, 3]
 * const { output, inverseIndices, counts } = unique(tensor([3, 1, 3]), { returnInverse: true, returnCounts: true });
 * // [1, 3], [1, 0, 1], [1, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.unique.html
 */
export function unique<const I extends boolean = false, const C extends boolean = false>(
  x: Tensor,
  options?: UniqueOptions<I, C>,
): UniqueResult<I, C> {
  return now('unique', x, options) as UniqueResult<I, C>;
}

/** {@link unique} on any device: waits for the values. */
export function uniqueAsync<const I extends boolean = false, const C extends boolean = false>(
  x: Tensor,
  options?: UniqueOptions<I, C>,
): Promise<UniqueResult<I, C>> {
  return later('unique', x, options) as Promise<UniqueResult<I, C>>;
}

/**
 * The elements, in row-major order, or slices along `dim`, without those equal to the one before. Parts as of {@link unique}.
 *
 * @throws DeviceError on a device that cannot be read at once; use {@link uniqueConsecutiveAsync}. ShapeError, IndexError
 * @example
 * ```ts
 * uniqueConsecutive(tensor([1, 1, 2, 1])); // [1, 2, 1]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.unique_consecutive.html
 */
export function uniqueConsecutive<const I extends boolean = false, const C extends boolean = false>(
  x: Tensor,
  options?: UniqueConsecutiveOptions<I, C>,
): UniqueResult<I, C> {
  return now('uniqueConsecutive', x, options) as UniqueResult<I, C>;
}

/** {@link uniqueConsecutive} on any device: waits for the values. */
export function uniqueConsecutiveAsync<const I extends boolean = false, const C extends boolean = false>(
  x: Tensor,
  options?: UniqueConsecutiveOptions<I, C>,
): Promise<UniqueResult<I, C>> {
  return later('uniqueConsecutive', x, options) as Promise<UniqueResult<I, C>>;
}

addMethod('unique', function (this: Tensor, options?: UniqueOptions) {
  return unique(this, options);
});
addMethod('uniqueAsync', function (this: Tensor, options?: UniqueOptions) {
  return uniqueAsync(this, options);
});
addMethod('uniqueConsecutive', function (this: Tensor, options?: UniqueConsecutiveOptions) {
  return uniqueConsecutive(this, options);
});
addMethod('uniqueConsecutiveAsync', function (this: Tensor, options?: UniqueConsecutiveOptions) {
  return uniqueConsecutiveAsync(this, options);
});
