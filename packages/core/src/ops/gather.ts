import { IndexError, ShapeError } from '../errors.ts';
import { checkIndexDType, checkUnused, gatherAlong, takeEntries, wrapIndex } from '../parts/gathering.ts';
import { broadcastShapes, normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link gather} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.gather.html */
    gather<B extends Shape>(dim: number, index: Tensor<B>): Tensor<B>;
    /** {@link takeAlongDim} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.take_along_dim.html */
    takeAlongDim(index: Tensor, dim?: number | null): Tensor;
    /** {@link indexSelect} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.index_select.html */
    indexSelect(dim: number, index: Tensor): Tensor;
    /** {@link take} from this tensor. @see https://pytorch.org/docs/stable/generated/torch.take.html */
    take<B extends Shape>(index: Tensor<B>): Tensor<B>;
  }
}

/**
 * out[.., i, ..] = t[.., index[.., i, ..], ..] along `dim`, in the shape of `index`.
 *
 * @param index int64 or int32, of the same rank, no larger than `t` in the other dimensions; an empty one may have any
 * shape and dtype
 * @throws IndexError for an index outside of the dimension; ShapeError; DTypeError
 * @example
 * ```ts
 * gather(logits, 1, labels.unsqueeze(1)); // each row's entry at its label
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.gather.html
 */
export function gather<B extends Shape>(t: Tensor, dim: number, index: Tensor<B>): Tensor<B>;
export function gather(t: Tensor, dim: number, index: Tensor): Tensor {
  const d = normalizeDim('gather', dim, t.shape);
  if (index.size === 0) return t.unsqueeze(0).narrow(0, 0, 0).reshape(index.shape) as Tensor;
  if (t.ndim > 0 && index.ndim > 0) return gatherAlong(t, d, index);
  // 0-d tensors count as 1-d; the result has the shape of the index.
  const out = gatherAlong(t.ndim === 0 ? t.unsqueeze(0) : t, d, index.ndim === 0 ? index.unsqueeze(0) : index);
  return index.ndim === 0 ? (out.reshape([]) as Tensor) : out;
}

/**
 * {@link gather} whose operands broadcast in the other dimensions; without `dim` both are flattened.
 *
 * @example
 * ```ts
 * takeAlongDim(x, x.argsort(1), 1); // x, each row sorted
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.take_along_dim.html
 */
export function takeAlongDim(t: Tensor, index: Tensor, dim?: number | null): Tensor {
  checkIndexDType('takeAlongDim', index);
  if (dim === undefined || dim === null) return gatherAlong(t.flatten(), 0, index.flatten(), 'takeAlongDim');
  if (t.ndim !== index.ndim) {
    throw new ShapeError(`takeAlongDim: the index ${show(index.shape)} must have as many dimensions as the tensor ${show(t.shape)}`);
  }
  const d = normalizeDim('takeAlongDim', dim, t.shape);
  if (t.ndim === 0) return gather(t, 0, index);
  const others = (shape: readonly number[]): number[] => shape.map((n, k) => (k === d ? 1 : n));
  const common = broadcastShapes('takeAlongDim', [others(t.shape), others(index.shape)]);
  const fit = (x: Tensor): Tensor => x.expand(common.map((n, k) => (k === d ? x.shape[d]! : n)));
  return gatherAlong(fit(t), d, fit(index), 'takeAlongDim');
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
  if (t.ndim > 0) {
    checkUnused('indexSelect', index, t.shape, d);
    return takeEntries(t, d, index, 'indexSelect');
  }
  if (index.size === 0) throw new IndexError('indexSelect: a 0-d tensor has an element, for which there is no index');
  return takeEntries(t.unsqueeze(0), 0, index, 'indexSelect').select(0, 0) as Tensor;
}

/**
 * Elements of `t`, seen as 1-d, at the places in `index`, in the shape of `index`. Negative indices count from the end.
 *
 * @throws IndexError for an index outside of the tensor; DTypeError for other dtypes than int64 and int32
 * @see https://pytorch.org/docs/stable/generated/torch.take.html
 */
export function take<B extends Shape>(t: Tensor, index: Tensor<B>): Tensor<B>;
export function take(t: Tensor, index: Tensor): Tensor {
  checkIndexDType('take', index);
  const places = wrapIndex('take', index, t.size, 0).flatten();
  return takeEntries(t.flatten(), 0, places, 'take').reshape(index.shape) as Tensor;
}

addMethod('gather', function (this: Tensor, dim: number, index: Tensor) {
  return gather(this, dim, index);
});
addMethod('takeAlongDim', function (this: Tensor, index: Tensor, dim?: number | null) {
  return takeAlongDim(this, index, dim);
});
addMethod('indexSelect', function (this: Tensor, dim: number, index: Tensor) {
  return indexSelect(this, dim, index);
});
addMethod('take', function (this: Tensor, index: Tensor) {
  return take(this, index);
});
