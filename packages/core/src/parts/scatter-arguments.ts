import { elementValue, isFloating } from '../dtype.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { checkIndexDType, checkUnused } from './gathering.ts';

/** A 0-d tensor counts as 1-d. */
export function asVector(t: Tensor): Tensor {
  return t.ndim === 0 ? t.unsqueeze(0) : t;
}

/** What was computed of {@link asVector}, in the shape of the tensor itself. */
export function likeOriginal(out: Tensor, t: Tensor): Tensor {
  return t.ndim === 0 ? (out.reshape([]) as Tensor) : out;
}

/** The part of `src` that an index of this shape uses. */
export function fittedSource(op: string, src: Tensor, index: Tensor): Tensor {
  if (src.ndim !== index.ndim || index.shape.some((n, d) => n > src.shape[d]!)) {
    throw new ShapeError(`${op}: the index ${show(index.shape)} is larger than the source ${show(src.shape)}`);
  }
  return index.shape.reduce<Tensor>((s, n, d) => (s.shape[d] === n ? s : s.narrow(d, 0, n)), src);
}

/** Refuses a source of another dtype than the tensor that it goes into. */
export function checkSameDType(op: string, t: Tensor, src: Tensor): void {
  if (t.dtype !== src.dtype) throw new DTypeError(`${op}: the source is ${src.dtype} but the tensor is ${t.dtype}`);
}

/** A number as an operand that leaves the dtype of `t` as it is. */
export function operandFor(op: string, value: number | boolean, t: Tensor): number | boolean {
  const cast = elementValue(op, Number(value), t.dtype);
  return t.dtype === 'bool' ? cast !== 0 : isFloating(t.dtype) ? Number(value) : cast;
}

/** A tensor, and entries for it along a dimension. */
export interface Entries {
  /** The tensor with at least one dimension. */
  readonly base: Tensor;
  readonly dim: number;
  /** 1-d. */
  readonly index: Tensor;
  /** As `base`, but as long as `index` along `dim`. */
  readonly entries: Tensor;
}

/** Checks what indexAdd and its kind are given. @throws IndexError, ShapeError, DTypeError */
export function entriesAlong(op: string, t: Tensor, dim: number, index: Tensor, source: Tensor): Entries {
  const d = normalizeDim(op, dim, t.shape);
  checkIndexDType(op, index);
  checkSameDType(op, t, source);
  if (index.ndim > 1) throw new ShapeError(`${op}: the index must be 1-d, got ${show(index.shape)}`);
  const base = asVector(t);
  const entries = asVector(source);
  const want = base.shape.map((n, k) => (k === d ? index.size : n));
  if (!sameShape(entries.shape, want)) {
    throw new ShapeError(
      `${op}: the source ${show(source.shape)} must be ${show(want)} for ${show(t.shape)} and ${index.size} indices along dim ${d}`,
    );
  }
  checkUnused(op, index, base.shape, d);
  return { base, dim: d, index: asVector(index), entries };
}
