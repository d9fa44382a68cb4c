import { ShapeError } from '../errors.ts';
import { cross as crossAlong } from '../linalg/products.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link cross} of this tensor and another. @see https://pytorch.org/docs/stable/generated/torch.cross.html */
    cross(other: Tensor, dim?: number | null): Tensor;
  }
}

/**
 * The cross products of the vectors of 3 elements along one dimension: {@link linalg.cross}, but for the dimension when
 * none is given, which is the first of size 3 here.
 *
 * @param dim default: the first dimension of `input` that has size 3
 * @throws ShapeError when no dimension has size 3, the sizes along `dim` are not 3, or the shapes do not broadcast
 * @throws DTypeError when the dtypes differ, or for bool
 * @throws IndexError when `dim` is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.cross.html
 */
export function cross(input: Tensor, other: Tensor, dim?: number | null): Tensor {
  if (dim != null) return crossAlong(input, other, { dim });
  const first = input.shape.indexOf(3);
  if (first < 0) throw new ShapeError(`cross: no dimension of ${show(input.shape)} has size 3`);
  return crossAlong(input, other, { dim: first });
}

addMethod('cross', function (this: Tensor, other: Tensor, dim?: number | null) {
  return cross(this, other, dim);
});
