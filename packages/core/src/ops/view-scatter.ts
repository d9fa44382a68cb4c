import { ShapeError, ValueError } from '../errors.ts';
import { overlaps, sameShape } from '../layout.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { asStrided } from './as-strided.ts';

// Copies of a tensor in which what a view shows is replaced: the view ops turned into functions without side effects.

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link selectScatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.select_scatter.html */
    selectScatter<A extends Shape>(this: Tensor<A>, src: Tensor, dim: number, index: number): Tensor<A>;
    /** {@link sliceScatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.slice_scatter.html */
    sliceScatter<A extends Shape>(
      this: Tensor<A>,
      src: Tensor,
      dim?: number,
      start?: number | null,
      end?: number | null,
      step?: number,
    ): Tensor<A>;
    /** {@link diagonalScatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.diagonal_scatter.html */
    diagonalScatter<A extends Shape>(this: Tensor<A>, src: Tensor, offset?: number, dim1?: number, dim2?: number): Tensor<A>;
    /** {@link asStridedScatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.as_strided_scatter.html */
    asStridedScatter<A extends Shape>(this: Tensor<A>, src: Tensor, size: Shape, stride: Shape, storageOffset?: number | null): Tensor<A>;
  }
}

/** A copy of `t` in which what `view` shows of it is replaced by `src`. */
function replaced<A extends Shape>(op: string, t: Tensor<A>, src: Tensor, view: (copy: Tensor) => Tensor): Tensor<A> {
  const copy = t.clone();
  const target = view(copy as unknown as Tensor);
  if (!sameShape(target.shape, src.shape)) {
    throw new ShapeError(`${op}: expected values of shape ${show(target.shape)} for ${show(t.shape)}, got ${show(src.shape)}`);
  }
  if (overlaps(target.shape, target.strides)) {
    throw new ValueError(
      `${op}: the window of shape ${show(target.shape)} and strides ${show(target.strides)} reaches an element more than once`,
    );
  }
  target.copy_(src);
  return copy;
}

/**
 * A copy of `t` with entry `index` along `dim` replaced by `src`.
 *
 * @throws IndexError when the index is out of range; ShapeError when `src` does not have the entry's shape
 * @see https://pytorch.org/docs/stable/generated/torch.select_scatter.html
 */
export function selectScatter<A extends Shape>(t: Tensor<A>, src: Tensor, dim: number, index: number): Tensor<A> {
  return replaced('selectScatter', t, src, (copy) => copy.select(dim, index) as Tensor);
}

/**
 * A copy of `t` with the entries `start`, `start + step`, ... before `end` along `dim` (default 0) replaced by `src`.
 *
 * @throws ValueError for a step that is not positive; ShapeError when `src` does not have the slice's shape
 * @see https://pytorch.org/docs/stable/generated/torch.slice_scatter.html
 */
export function sliceScatter<A extends Shape>(
  t: Tensor<A>,
  src: Tensor,
  dim: number = 0,
  start?: number | null,
  end?: number | null,
  step?: number,
): Tensor<A> {
  return replaced('sliceScatter', t, src, (copy) => copy.slice(dim, start, end, step));
}

/**
 * A copy of `t` with a diagonal replaced by `src`; see {@link Tensor.diagonal} for the arguments.
 *
 * @throws ShapeError when `src` does not have the diagonal's shape
 * @see https://pytorch.org/docs/stable/generated/torch.diagonal_scatter.html
 */
export function diagonalScatter<A extends Shape>(t: Tensor<A>, src: Tensor, offset?: number, dim1?: number, dim2?: number): Tensor<A> {
  return replaced('diagonalScatter', t, src, (copy) => copy.diagonal(offset, dim1, dim2));
}

/**
 * A contiguous copy of `t` with the elements of a window replaced by `src`; see {@link asStrided} for the arguments.
 *
 * @throws ShapeError when the window reaches beyond the tensor, or `src` does not have its shape; ValueError when the window
 * reaches an element more than once
 * @see https://pytorch.org/docs/stable/generated/torch.as_strided_scatter.html
 */
export function asStridedScatter<A extends Shape>(
  t: Tensor<A>,
  src: Tensor,
  size: Shape,
  stride: Shape,
  storageOffset?: number | null,
): Tensor<A> {
  return replaced('asStridedScatter', t, src, (copy) => asStrided(copy, size, stride, storageOffset));
}

addMethod('selectScatter', function (this: Tensor, src: Tensor, dim: number, index: number) {
  return selectScatter(this, src, dim, index);
});
addMethod('sliceScatter', function (this: Tensor, src: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number) {
  return sliceScatter(this, src, dim, start, end, step);
});
addMethod('diagonalScatter', function (this: Tensor, src: Tensor, offset?: number, dim1?: number, dim2?: number) {
  return diagonalScatter(this, src, offset, dim1, dim2);
});
addMethod('asStridedScatter', function (this: Tensor, src: Tensor, size: Shape, stride: Shape, storageOffset?: number | null) {
  return asStridedScatter(this, src, size, stride, storageOffset);
});
