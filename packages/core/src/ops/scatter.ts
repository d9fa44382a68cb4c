import type { Bin } from '../elementwise-types.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { fullData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { checkIndexDType, gatherAlong, scatterAddAlong, spreadIndex } from '../parts/gathering.ts';
import { padConstant } from '../parts/padding.ts';
import { asVector, checkSameDType, entriesAlong, fittedSource, likeOriginal, operandFor } from '../parts/scatter-arguments.ts';
import { scatterReduceAlong } from '../parts/scatter-reduction.ts';
import { winners } from '../parts/scattering.ts';
import { broadcastShapes, normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { where } from './where.ts';

/** Options of {@link scatter}. */
export interface ScatterOptions {
  /** How to combine what is there with what comes. Default: what is there is replaced. */
  reduce?: 'add' | 'multiply' | null;
}

/** Options of {@link indexAdd}. */
export interface IndexAddOptions {
  /** Factor on what is added. Default 1. */
  alpha?: number | boolean;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link scatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.scatter.html */
    scatter<A extends Shape>(
      this: Tensor<A>,
      dim: number,
      index: Tensor,
      src: Tensor | number | boolean,
      options?: ScatterOptions,
    ): Tensor<A>;
    /** In-place {@link Tensor.scatter}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html */
    scatter_<A extends Shape>(
      this: Tensor<A>,
      dim: number,
      index: Tensor,
      src: Tensor | number | boolean,
      options?: ScatterOptions,
    ): Tensor<A>;
    /** {@link scatterAdd} to a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.scatter_add.html */
    scatterAdd<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, src: Tensor): Tensor<A>;
    /** In-place {@link Tensor.scatterAdd}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html */
    scatterAdd_<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, src: Tensor): Tensor<A>;
    /** {@link indexAdd} to a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.index_add.html */
    indexAdd<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions): Tensor<A>;
    /** In-place {@link Tensor.indexAdd}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html */
    indexAdd_<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions): Tensor<A>;
    /** {@link maskedFill} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html */
    maskedFill<A extends Shape, const M extends Tensor>(
      this: Tensor<A>,
      mask: Ok<Bin<A, M>, M>,
      value: Tensor | number | boolean,
    ): Out<Bin<A, M>>;
    /** In-place {@link Tensor.maskedFill}; the mask broadcasts to this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill_.html */
    maskedFill_<A extends Shape>(this: Tensor<A>, mask: Tensor, value: Tensor | number | boolean): Tensor<A>;
  }
}

/** What scatter does at a place that has something already. */
function checkReduce(reduce: ScatterOptions['reduce']): 'sum' | 'prod' | null {
  if (reduce === undefined || reduce === null) return null;
  if (reduce === 'add') return 'sum';
  if (reduce === 'multiply') return 'prod';
  throw new ValueError(`scatter: reduce must be 'add' or 'multiply', got '${String(reduce)}'`);
}

/**
 * A copy of `t` with entries replaced where `index` points: out[.., index[.., i, ..], ..] = src[.., i, ..] along `dim`.
 * Entries of `src` beyond the index's shape are not used. Where indices repeat the last one in row-major order counts;
 * gradients flow to the entries that counted. An empty index may have any shape.
 *
 * @param src a tensor of the same dtype, or one number for every place
 * @param options reduce: 'add' or 'multiply' instead of replacing, with everything where indices repeat
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError; ValueError for another `reduce`
 * @example
 * ```ts
 * scatter(zeros([2, 3]), 1, tensor([[2n], [0n]]), 1); // [[0, 0, 1], [1, 0, 0]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
 */
export function scatter<A extends Shape>(
  t: Tensor<A>,
  dim: number,
  index: Tensor,
  src: Tensor | number | boolean,
  options?: ScatterOptions,
): Tensor<A>;
export function scatter(t: Tensor, dim: number, index: Tensor, src: Tensor | number | boolean, options: ScatterOptions = {}): Tensor {
  const d = normalizeDim('scatter', dim, t.shape);
  const reduce = checkReduce(options.reduce);
  if (isTensor(src)) checkSameDType('scatter', t, src);
  if (index.size === 0) return t.clone();
  const [base, places] = [asVector(t), asVector(index)];
  checkIndexDType('scatter', places);
  const values = isTensor(src) ? fittedSource('scatter', asVector(src), places) : operandFor('scatter', src, t);
  if (reduce !== null) {
    const source = isTensor(values) ? values : fullData(t.device, Number(values), t.dtype, places.shape);
    return likeOriginal(scatterReduceAlong('scatter', base, d, places, source, reduce, true), t);
  }
  return likeOriginal(isTensor(values) ? replaced(base, d, places, values) : filled(base, d, places, values), t);
}

/** One value where the index points. */
function filled(t: Tensor, dim: number, index: Tensor, value: number | boolean): Tensor {
  const none = fullData(t.device, 0, 'int64', t.shape);
  const hits = scatterAddAlong(none, dim, index, fullData(t.device, 1, 'int64', index.shape), 'scatter');
  return where(hits.ne(0), value, t) as Tensor;
}

/** The last entry of the source that points to each place. */
function replaced(t: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const { hit, place } = winners('scatter', index, dim, t.shape);
  const chosen = gatherAlong(src, dim, place, 'scatter');
  const none = t.shape.map(() => 0);
  const rest = t.shape.map((n, k) => n - chosen.shape[k]!);
  return where(hit, padConstant(chosen, none, rest), t) as Tensor;
}

/**
 * A copy of `t` with `src` added where `index` points: out[.., index[.., i, ..], ..] += src[.., i, ..] along `dim`.
 * Entries of `src` beyond the index's shape are not used. An empty index may have any shape.
 *
 * @throws IndexError for an index outside of the dimension, before anything is added; ShapeError; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 */
export function scatterAdd<A extends Shape>(t: Tensor<A>, dim: number, index: Tensor, src: Tensor): Tensor<A>;
export function scatterAdd(t: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const d = normalizeDim('scatterAdd', dim, t.shape);
  checkSameDType('scatterAdd', t, src);
  if (index.size === 0) return t.clone();
  const places = asVector(index);
  return likeOriginal(scatterAddAlong(asVector(t), d, places, fittedSource('scatterAdd', asVector(src), places)), t);
}

/**
 * A copy of `t` with entry i of `source` along `dim`, times `alpha`, added to entry `index[i]`.
 *
 * @param index 1-d or 0-d
 * @param source as `t`, but for its size along `dim`, which is that of `index`
 * @throws IndexError for an index outside of the dimension, before anything is added; ShapeError; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
 */
export function indexAdd<A extends Shape>(t: Tensor<A>, dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions): Tensor<A>;
export function indexAdd(t: Tensor, dim: number, index: Tensor, source: Tensor, options: IndexAddOptions = {}): Tensor {
  const { base, dim: d, index: places, entries } = entriesAlong('indexAdd', t, dim, index, source);
  const { alpha = 1 } = options;
  const scaled = alpha === 1 || alpha === true ? entries : (entries.mul(operandFor('indexAdd', alpha, t) as number) as Tensor);
  return likeOriginal(scatterAddAlong(base, d, spreadIndex(places, d, entries.shape), scaled, 'indexAdd'), t);
}

/**
 * `t` with `value` where `mask` holds, with broadcasting. The dtype stays that of `t`.
 *
 * @param value a number, or a 0-d tensor (through which gradients flow)
 * @throws DTypeError when the mask is not bool; ShapeError for a value with dimensions
 * @example
 * ```ts
 * maskedFill(scores, mask, -Infinity);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
 */
export function maskedFill<A extends Shape, const M extends Tensor>(
  t: Tensor<A>,
  mask: Ok<Bin<A, M>, M>,
  value: Tensor | number | boolean,
): Out<Bin<A, M>>;
export function maskedFill(t: Tensor, mask: Tensor, value: Tensor | number | boolean): Tensor {
  if (mask.dtype !== 'bool') throw new DTypeError(`maskedFill: the mask must be bool, got ${mask.dtype}; compare it, as in mask.ne(0)`);
  if (isTensor(value) && value.ndim > 0) {
    throw new ShapeError(`maskedFill: the value must be a number or a 0-d tensor, got shape ${show(value.shape)}`);
  }
  broadcastShapes('maskedFill', [t.shape, mask.shape]);
  return where(mask, isTensor(value) ? value.to(t.dtype) : operandFor('maskedFill', value, t), t) as Tensor;
}

addMethod('scatter', function (this: Tensor, dim: number, index: Tensor, src: Tensor | number, options?: ScatterOptions) {
  return scatter(this, dim, index, src, options);
});
addMethod('scatter_', function (this: Tensor, dim: number, index: Tensor, src: Tensor | number, options?: ScatterOptions) {
  return inPlace('scatter_', this, () => scatter(this, dim, index, src, options));
});
addMethod('scatterAdd', function (this: Tensor, dim: number, index: Tensor, src: Tensor) {
  return scatterAdd(this, dim, index, src);
});
addMethod('scatterAdd_', function (this: Tensor, dim: number, index: Tensor, src: Tensor) {
  return inPlace('scatterAdd_', this, () => scatterAdd(this, dim, index, src));
});
addMethod('indexAdd', function (this: Tensor, dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions) {
  return indexAdd(this, dim, index, source, options);
});
addMethod('indexAdd_', function (this: Tensor, dim: number, index: Tensor, source: Tensor, options?: IndexAddOptions) {
  return inPlace('indexAdd_', this, () => indexAdd(this, dim, index, source, options));
});
addMethod('maskedFill', function (this: Tensor, mask: Tensor, value: Tensor | number | boolean) {
  return maskedFill(this, mask, value);
});
addMethod('maskedFill_', function (this: Tensor, mask: Tensor, value: Tensor | number | boolean) {
  if (!sameShape(broadcastShapes('maskedFill_', [this.shape, mask.shape]), this.shape)) {
    throw new ShapeError(`maskedFill_: a mask of shape ${show(mask.shape)} does not broadcast to ${show(this.shape)}`);
  }
  return inPlace('maskedFill_', this, () => maskedFill(this, mask, value));
});
