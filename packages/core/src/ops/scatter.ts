import { elementValue, isFloating } from '../dtype.ts';
import type { Bin } from '../elementwise-types.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { checkIndexDType, gatherAlong, scatterAddAlong, spreadIndex } from '../gathering.ts';
import { inPlace } from '../inplace.ts';
import { fullData } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { padConstant } from '../padding.ts';
import { winners } from '../scattering.ts';
import { broadcastShapes, normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { where } from './where.ts';

/** Options of {@link indexAdd}. */
export interface IndexAddOptions {
  /** Factor on what is added. Default 1. */
  alpha?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link scatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.scatter.html */
    scatter<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, src: Tensor | number): Tensor<A>;
    /** In-place {@link Tensor.scatter}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html */
    scatter_<A extends Shape>(this: Tensor<A>, dim: number, index: Tensor, src: Tensor | number): Tensor<A>;
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

/** A 0-d tensor counts as 1-d. */
const vector = (t: Tensor): Tensor => (t.ndim === 0 ? t.unsqueeze(0) : t);

/** The part of `src` that an index of this shape uses. */
function fitted(op: string, src: Tensor, index: Tensor): Tensor {
  if (src.ndim !== index.ndim || index.shape.some((n, d) => n > src.shape[d]!)) {
    throw new ShapeError(`${op}: the index ${show(index.shape)} is larger than the source ${show(src.shape)}`);
  }
  return index.shape.reduce<Tensor>((s, n, d) => (s.shape[d] === n ? s : s.narrow(d, 0, n)), src);
}

function sameDType(op: string, t: Tensor, src: Tensor): void {
  if (t.dtype !== src.dtype) throw new DTypeError(`${op}: the source is ${src.dtype} but the tensor is ${t.dtype}`);
}

/** A number as an operand that leaves the dtype of `t` as it is. */
function operand(op: string, value: number | boolean, t: Tensor): number | boolean {
  const cast = elementValue(op, Number(value), t.dtype);
  return t.dtype === 'bool' ? cast !== 0 : isFloating(t.dtype) ? Number(value) : cast;
}

/**
 * A copy of `t` with entries replaced where `index` points: out[.., index[.., i, ..], ..] = src[.., i, ..] along `dim`.
 * Entries of `src` beyond the index's shape are not used. Where indices repeat the last one in row-major order counts;
 * gradients flow to the entries that counted.
 *
 * @param src a tensor of the same dtype, or one number for every place
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
 */
export function scatter<A extends Shape>(t: Tensor<A>, dim: number, index: Tensor, src: Tensor | number): Tensor<A>;
export function scatter(t: Tensor, dim: number, index: Tensor, src: Tensor | number): Tensor {
  const d = normalizeDim('scatter', dim, t.shape);
  if (t.ndim === 0) return scatter(vector(t), 0, vector(index), isTensor(src) ? vector(src) : src).reshape([]) as Tensor;
  const places = vector(index);
  if (!isTensor(src)) {
    const none = fullData(t.device, 0, 'int64', t.shape);
    const hits = scatterAddAlong(none, d, places, fullData(t.device, 1, 'int64', places.shape), 'scatter');
    return where(hits.ne(0), operand('scatter', src, t), t) as Tensor;
  }
  sameDType('scatter', t, src);
  checkIndexDType('scatter', places);
  const values = fitted('scatter', vector(src), places);
  if (places.size === 0) return t.clone();
  const { hit, place } = winners('scatter', places, d, t.shape);
  const chosen = gatherAlong(values, d, place, 'scatter');
  const none = t.shape.map(() => 0);
  const rest = t.shape.map((n, k) => n - chosen.shape[k]!);
  return where(hit, padConstant(chosen, none, rest), t) as Tensor;
}

/**
 * A copy of `t` with `src` added where `index` points: out[.., index[.., i, ..], ..] += src[.., i, ..] along `dim`.
 * Entries of `src` beyond the index's shape are not used.
 *
 * @throws IndexError for an index outside of the dimension, before anything is added; ShapeError; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 */
export function scatterAdd<A extends Shape>(t: Tensor<A>, dim: number, index: Tensor, src: Tensor): Tensor<A>;
export function scatterAdd(t: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const d = normalizeDim('scatterAdd', dim, t.shape);
  sameDType('scatterAdd', t, src);
  const places = vector(index);
  const out = scatterAddAlong(vector(t), d, places, fitted('scatterAdd', vector(src), places));
  return t.ndim === 0 ? (out.reshape([]) as Tensor) : out;
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
  const d = normalizeDim('indexAdd', dim, t.shape);
  checkIndexDType('indexAdd', index);
  sameDType('indexAdd', t, source);
  if (index.ndim > 1) throw new ShapeError(`indexAdd: the index must be 1-d, got ${show(index.shape)}`);
  const base = vector(t);
  const want = base.shape.map((n, k) => (k === d ? index.size : n));
  const added = vector(source);
  if (!sameShape(added.shape, want)) {
    throw new ShapeError(
      `indexAdd: the source ${show(source.shape)} must be ${show(want)} for ${show(t.shape)} and ${index.size} indices along dim ${d}`,
    );
  }
  const { alpha = 1 } = options;
  const scaled = alpha === 1 ? added : (added.mul(operand('indexAdd', alpha, t) as number) as Tensor);
  const out = scatterAddAlong(base, d, spreadIndex(index, d, want), scaled, 'indexAdd');
  return t.ndim === 0 ? (out.reshape([]) as Tensor) : out;
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
  return where(mask, isTensor(value) ? value.to(t.dtype) : operand('maskedFill', value, t), t) as Tensor;
}

addMethod('scatter', function (this: Tensor, dim: number, index: Tensor, src: Tensor | number) {
  return scatter(this, dim, index, src);
});
addMethod('scatter_', function (this: Tensor, dim: number, index: Tensor, src: Tensor | number) {
  return inPlace('scatter_', this, () => scatter(this, dim, index, src));
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
