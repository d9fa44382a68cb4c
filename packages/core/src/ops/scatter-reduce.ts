import { ValueError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { spreadIndex } from '../parts/gathering.ts';
import { asVector, checkSameDType, entriesAlong, fittedSource, likeOriginal } from '../parts/scatter-arguments.ts';
import { checkReducible, type ScatterReduction, scatterReduceAlong } from '../parts/scatter-reduction.ts';
import { normalizeDim } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

export type { ScatterReduction } from '../parts/scatter-reduction.ts';

/** Options of {@link scatterReduce} and {@link indexReduce}. */
export interface ScatterReduceOptions {
  /** Whether what the tensor holds at a place counts too. Default true. */
  includeSelf?: boolean;
}

/** Reductions of {@link indexReduce}; sums are {@link Tensor.indexAdd}. */
export type IndexReduction = Exclude<ScatterReduction, 'sum'>;

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link scatterReduce} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.scatter_reduce.html */
    scatterReduce<A extends Shape>(
      this: Tensor<A>,
      dim: number,
      index: Tensor,
      src: Tensor,
      reduce: ScatterReduction,
      options?: ScatterReduceOptions,
    ): Tensor<A>;
    /** In-place {@link Tensor.scatterReduce}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html */
    scatterReduce_<A extends Shape>(
      this: Tensor<A>,
      dim: number,
      index: Tensor,
      src: Tensor,
      reduce: ScatterReduction,
      options?: ScatterReduceOptions,
    ): Tensor<A>;
    /** {@link indexReduce} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html */
    indexReduce<A extends Shape>(
      this: Tensor<A>,
      dim: number,
      index: Tensor,
      source: Tensor,
      reduce: IndexReduction,
      options?: ScatterReduceOptions,
    ): Tensor<A>;
    /** In-place {@link Tensor.indexReduce}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html */
    indexReduce_<A extends Shape>(
      this: Tensor<A>,
      dim: number,
      index: Tensor,
      source: Tensor,
      reduce: IndexReduction,
      options?: ScatterReduceOptions,
    ): Tensor<A>;
  }
}

const indexReductions = ['prod', 'mean', 'amax', 'amin'];

function checkReduce(op: string, reduce: string, known: readonly string[]): void {
  if (!known.includes(reduce)) throw new ValueError(`${op}: reduce must be ${known.join(', ')}, got '${reduce}'`);
}

/**
 * A copy of `t` whose entries where `index` points are combined with those of `src`: the sum, product, mean or extreme of
 * `t[.., k, ..]` and all `src[.., i, ..]` with `index[.., i, ..] = k` along `dim`. Entries of `src` beyond the index's shape
 * are not used; places where no index points stay as they are. A mean of integers is rounded down. The gradient of an
 * extreme is shared by the entries that reach it. An empty index may have any shape.
 *
 * @param reduce 'sum', 'prod', 'mean', 'amax' or 'amin'
 * @param options includeSelf: false to combine the entries of `src` alone
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError; ValueError for another `reduce`
 * @example
 * ```ts
 * scatterReduce(tensor([1, 2]), 0, tensor([0n, 0n]), tensor([5, 3]), 'amax'); // [5, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html
 */
export function scatterReduce<A extends Shape>(
  t: Tensor<A>,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  options?: ScatterReduceOptions,
): Tensor<A>;
export function scatterReduce(
  t: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  options: ScatterReduceOptions = {},
): Tensor {
  checkReduce('scatterReduce', reduce, ['sum', ...indexReductions]);
  const d = normalizeDim('scatterReduce', dim, t.shape);
  checkSameDType('scatterReduce', t, src);
  checkReducible('scatterReduce', reduce, t.dtype);
  if (index.size === 0) return t.clone();
  const places = asVector(index);
  const values = fittedSource('scatterReduce', asVector(src), places);
  return likeOriginal(scatterReduceAlong('scatterReduce', asVector(t), d, places, values, reduce, options.includeSelf ?? true), t);
}

/**
 * A copy of `t` in which entry `index[i]` along `dim` is combined with entry i of `source`, as {@link scatterReduce} does.
 *
 * @param index 1-d or 0-d
 * @param source as `t`, but for its size along `dim`, which is that of `index`
 * @param reduce 'prod', 'mean', 'amax' or 'amin'
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError; ValueError for another `reduce`
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html
 */
export function indexReduce<A extends Shape>(
  t: Tensor<A>,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: IndexReduction,
  options?: ScatterReduceOptions,
): Tensor<A>;
export function indexReduce(
  t: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: IndexReduction,
  options: ScatterReduceOptions = {},
): Tensor {
  checkReduce('indexReduce', reduce, indexReductions);
  const { base, dim: d, index: places, entries } = entriesAlong('indexReduce', t, dim, index, source);
  const spread = spreadIndex(places, d, entries.shape);
  return likeOriginal(scatterReduceAlong('indexReduce', base, d, spread, entries, reduce, options.includeSelf ?? true), t);
}

type ReduceArguments = [dim: number, index: Tensor, src: Tensor, reduce: IndexReduction, options?: ScatterReduceOptions];

addMethod('scatterReduce', function (this: Tensor, ...args: ReduceArguments) {
  return scatterReduce(this, ...args);
});
addMethod('scatterReduce_', function (this: Tensor, ...args: ReduceArguments) {
  return inPlace('scatterReduce_', this, () => scatterReduce(this, ...args));
});
addMethod('indexReduce', function (this: Tensor, ...args: ReduceArguments) {
  return indexReduce(this, ...args);
});
addMethod('indexReduce_', function (this: Tensor, ...args: ReduceArguments) {
  return inPlace('indexReduce_', this, () => indexReduce(this, ...args));
});
