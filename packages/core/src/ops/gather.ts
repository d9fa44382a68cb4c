import { IndexError, ShapeError } from '../errors.ts';
import { checkIndexDType, gatherAlong, scatterAddAlong, takeEntries } from '../gathering.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link gather} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.gather.html */
    gather(dim: number, index: Tensor): Tensor;
    /** {@link indexSelect} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.index_select.html */
    indexSelect(dim: number, index: Tensor): Tensor;
    /** {@link scatterAdd} to a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.scatter_add.html */
    scatterAdd(dim: number, index: Tensor, src: Tensor): Tensor;
  }
}

/** Runs `f` on tensors of rank at least 1; 0-d tensors count as 1-d and the result goes back. */
function ranked(tensors: readonly Tensor[], f: (tensors: readonly Tensor[]) => Tensor): Tensor {
  if (tensors.every((t) => t.ndim > 0)) return f(tensors);
  return f(tensors.map((t) => (t.ndim === 0 ? t.unsqueeze(0) : t))).reshape([]) as Tensor;
}

/** A 0-d tensor goes with 0-d or 1-d indices only; 1-d ones keep their shape. */
function along(t: Tensor, index: Tensor, f: (t: Tensor, index: Tensor) => Tensor): Tensor {
  if (t.ndim > 0 && index.ndim > 0) return f(t, index);
  const out = f(t.ndim === 0 ? t.unsqueeze(0) : t, index.ndim === 0 ? index.unsqueeze(0) : index);
  return index.ndim === 0 ? (out.reshape([]) as Tensor) : out;
}

/**
 * out[.., i, ..] = t[.., index[.., i, ..], ..] along `dim`, in the shape of `index`.
 *
 * @param index int64 or int32, of the same rank, no larger than `t` in the other dimensions
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError
 * @example
 * ```ts
 * gather(logits, 1, labels.unsqueeze(1)); // each row's entry at its label
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.gather.html
 */
export function gather(t: Tensor, dim: number, index: Tensor): Tensor {
  const d = normalizeDim('gather', dim, t.shape);
  return along(t, index, (x, i) => gatherAlong(x, d, i));
}

/**
 * Entries of `t` along `dim` in the order of the 1-d (or 0-d) `index`.
 *
 * @throws IndexError for an index outside of the dimension; DTypeError for other dtypes than int64 and int32
 * @see https://pytorch.org/docs/stable/generated/torch.index_select.html
 */
export function indexSelect(t: Tensor, dim: number, index: Tensor): Tensor {
  const d = normalizeDim('indexSelect', dim, t.shape);
  checkIndexDType('indexSelect', index);
  if (index.ndim > 1) throw new ShapeError(`indexSelect: the index must be 1-d, got ${show(index.shape)}`);
  if (t.ndim > 0) return takeEntries(t, d, index, 'indexSelect');
  if (index.size !== 1) throw new IndexError(`indexSelect: a 0-d tensor takes one index, got ${index.size}`);
  return takeEntries(t.unsqueeze(0), 0, index, 'indexSelect').reshape([]) as Tensor;
}

/**
 * A copy of `t` with `src` added where `index` points: out[.., index[.., i, ..], ..] += src[.., i, ..] along `dim`.
 * Entries of `src` beyond the index's shape are not used.
 *
 * @throws IndexError for an index outside of the dimension, before anything is added; ShapeError; DTypeError
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
 */
export function scatterAdd(t: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const d = normalizeDim('scatterAdd', dim, t.shape);
  return ranked([t, index, src], ([x, i, s]) => scatterAddAlong(x!, d, i!, fitted('scatterAdd', s!, i!)));
}

/** The part of `src` that an index of this shape uses. */
function fitted(op: string, src: Tensor, index: Tensor): Tensor {
  if (src.ndim !== index.ndim || index.shape.some((n, d) => n > src.shape[d]!)) {
    throw new ShapeError(`${op}: the index ${show(index.shape)} is larger than the source ${show(src.shape)}`);
  }
  return index.shape.reduce<Tensor>((s, n, d) => (s.shape[d] === n ? s : s.narrow(d, 0, n)), src);
}

addMethod('gather', function (this: Tensor, dim: number, index: Tensor) {
  return gather(this, dim, index);
});
addMethod('indexSelect', function (this: Tensor, dim: number, index: Tensor) {
  return indexSelect(this, dim, index);
});
addMethod('scatterAdd', function (this: Tensor, dim: number, index: Tensor, src: Tensor) {
  return scatterAdd(this, dim, index, src);
});
