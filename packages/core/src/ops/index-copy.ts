import { ShapeError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { fullData } from '../kernels.ts';
import { checkIndexDType, scatterAddAlong, wrapIndex } from '../parts/gathering.ts';
import { asVector, checkSameDType, entriesAlong, likeOriginal, operandFor } from '../parts/scatter-arguments.ts';
import { placeEntries } from '../parts/scattering.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import { where } from './where.ts';

/** Options of {@link put}. */
export interface PutOptions {
  /** Add to the elements instead of replacing them; where indices repeat everything is added. Default false. */
  accumulate?: boolean;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link indexCopy} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.index_copy.html */
    indexCopy<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, source: Tensor): Tensor<A>;
    /** In-place {@link Tensor.indexCopy}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html */
    indexCopy_<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, source: Tensor): Tensor<A>;
    /** {@link indexFill} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_fill.html */
    indexFill<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, value: Tensor | number | boolean): Tensor<A>;
    /** In-place {@link Tensor.indexFill}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html */
    indexFill_<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, value: Tensor | number | boolean): Tensor<A>;
    /** {@link put} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.put.html */
    put<A extends Shape>(this: Tensor<A>, index: Tensor, source: Tensor, options?: PutOptions): Tensor<A>;
    /** In-place {@link Tensor.put}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.put_.html */
    put_<A extends Shape>(this: Tensor<A>, index: Tensor, source: Tensor, options?: PutOptions): Tensor<A>;
  }
}

/**
 * A copy of `t` with entry `index[i]` along `dim` replaced by entry i of `source`. Where indices repeat the last one counts;
 * gradients flow to the entries that counted.
 *
 * @param index 1-d or 0-d
 * @param source as `t`, but for its size along `dim`, which is that of `index`
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError
 * @example
 * ```ts
 * indexCopy(zeros([3]), 0, tensor([2n, 0n]), tensor([5, 6])); // [6, 0, 5]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html
 */
export function indexCopy<A extends Shape>(t: Tensor<A>, dim: number, index: Tensor, source: Tensor): Tensor<A>;
export function indexCopy(t: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const { base, dim: d, index: places, entries } = entriesAlong('indexCopy', t, dim, index, source);
  return likeOriginal(placeEntries('indexCopy', base, d, places, entries), t);
}

/**
 * A copy of `t` with `value` in the entries at `index` along `dim`. Negative indices count from the end. The dtype stays
 * that of `t`.
 *
 * @param index 1-d or 0-d
 * @param value a number, or a 0-d tensor (through which gradients flow)
 * @throws IndexError for an index outside of the dimension; ShapeError for a value with dimensions; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html
 */
export function indexFill<A extends Shape>(t: Tensor<A>, dim: number, index: Tensor, value: Tensor | number | boolean): Tensor<A>;
export function indexFill(t: Tensor, dim: number, index: Tensor, value: Tensor | number | boolean): Tensor {
  const d = normalizeDim('indexFill', dim, t.shape);
  checkIndexDType('indexFill', index);
  if (index.ndim > 1) throw new ShapeError(`indexFill: the index must be 1-d, got ${show(index.shape)}`);
  if (isTensor(value) && value.ndim > 0) {
    throw new ShapeError(`indexFill: the value must be a number or a 0-d tensor, got shape ${show(value.shape)}`);
  }
  const operand = isTensor(value) ? value.to(t.dtype) : operandFor('indexFill', value, t);
  const base = asVector(t);
  const n = base.shape[d]!;
  const places = wrapIndex('indexFill', asVector(index), n, d);
  const count = scatterAddAlong(fullData(t.device, 0, 'int64', [n]), 0, places, fullData(t.device, 1, 'int64', places.shape), 'indexFill');
  const mask = count.ne(0).reshape(base.shape.map((size, k) => (k === d ? size : 1))) as Tensor;
  return likeOriginal(where(mask, operand, base) as Tensor, t);
}

/**
 * A copy of `t` with the elements at the places in `index`, of `t` seen as 1-d, replaced by those of `source`. Negative
 * indices count from the end. Where indices repeat the last one counts, unless `accumulate` adds everything.
 *
 * @param source with as many elements as `index`, in whatever shape
 * @throws IndexError for an index outside of the tensor; ShapeError; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.put_.html
 */
export function put<A extends Shape>(t: Tensor<A>, index: Tensor, source: Tensor, options?: PutOptions): Tensor<A>;
export function put(t: Tensor, index: Tensor, source: Tensor, options: PutOptions = {}): Tensor {
  checkIndexDType('put', index);
  checkSameDType('put', t, source);
  if (index.size !== source.size) {
    throw new ShapeError(
      `put: the index ${show(index.shape)} has ${index.size} elements and the source ${show(source.shape)} has ${source.size}`,
    );
  }
  const places = wrapIndex('put', index, t.size, 0).flatten();
  const [flat, values] = [t.flatten(), source.flatten()];
  const out = options.accumulate === true ? scatterAddAlong(flat, 0, places, values, 'put') : placeEntries('put', flat, 0, places, values);
  return out.reshape(t.shape) as Tensor;
}

addMethod('indexCopy', function (this: Tensor, dim: number, index: Tensor, source: Tensor) {
  return indexCopy(this, dim, index, source);
});
addMethod('indexCopy_', function (this: Tensor, dim: number, index: Tensor, source: Tensor) {
  return inPlace('indexCopy_', this, () => indexCopy(this, dim, index, source));
});
addMethod('indexFill', function (this: Tensor, dim: number, index: Tensor, value: Tensor | number | boolean) {
  return indexFill(this, dim, index, value);
});
addMethod('indexFill_', function (this: Tensor, dim: number, index: Tensor, value: Tensor | number | boolean) {
  return inPlace('indexFill_', this, () => indexFill(this, dim, index, value));
});
addMethod('put', function (this: Tensor, index: Tensor, source: Tensor, options?: PutOptions) {
  return put(this, index, source, options);
});
addMethod('put_', function (this: Tensor, index: Tensor, source: Tensor, options?: PutOptions) {
  return inPlace('put_', this, () => put(this, index, source, options));
});
