import type { Bin } from '../elementwise-types.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { sameShape } from '../layout.ts';
import { takeEntries } from '../parts/gathering.ts';
import { checkSameDType } from '../parts/scatter-arguments.ts';
import { broadcastShapes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { cumsum } from './cumulative.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link maskedScatter} into a copy of this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter.html */
    maskedScatter<A extends Shape, const M extends Tensor>(this: Tensor<A>, mask: Ok<Bin<A, M>, M>, source: Tensor): Out<Bin<A, M>>;
    /** In-place {@link Tensor.maskedScatter}; the mask broadcasts to this tensor. @see https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html */
    maskedScatter_<A extends Shape>(this: Tensor<A>, mask: Tensor, source: Tensor): Tensor<A>;
  }
}

/**
 * `t` whose elements where `mask` holds are replaced, in row-major order, by the first elements of `source`. Tensor and
 * mask are broadcast.
 *
 * @param source of the same dtype, with at least as many elements as the mask holds
 * @throws DTypeError when the mask is not bool, or the source of another dtype; ShapeError when there are too few elements
 * (which a device that cannot be read at once does not notice)
 * @example
 * ```ts
 * maskedScatter(zeros([3]), tensor([true, false, true]), tensor([5, 6])); // [5, 0, 6]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
 */
export function maskedScatter<A extends Shape, const M extends Tensor>(
  t: Tensor<A>,
  mask: Ok<Bin<A, M>, M>,
  source: Tensor,
): Out<Bin<A, M>>;
export function maskedScatter(t: Tensor, mask: Tensor, source: Tensor): Tensor {
  if (mask.dtype !== 'bool') throw new DTypeError(`maskedScatter: the mask must be bool, got ${mask.dtype}; compare it, as in mask.ne(0)`);
  checkSameDType('maskedScatter', t, source);
  const shape = broadcastShapes('maskedScatter', [t.shape, mask.shape]);
  const flags = mask.expand(shape).flatten() as Tensor;
  const counts = cumsum(flags, 0) as Tensor;
  if (counts.size > 0 && counts.device.caps.syncRead) {
    const held = counts.select(0, -1).item();
    if (held > source.size) {
      throw new ShapeError(`maskedScatter: the mask holds ${held} times, but the source ${show(source.shape)} has ${source.size} elements`);
    }
  }
  if (source.size === 0 || counts.size === 0) return t.expand(shape).clone();
  const places = where(flags, counts.sub(1), 0) as Tensor;
  const values = takeEntries(source.flatten(), 0, places, 'maskedScatter').reshape(shape) as Tensor;
  return where(mask, values, t) as Tensor;
}

addMethod('maskedScatter', function (this: Tensor, mask: Tensor, source: Tensor) {
  return maskedScatter(this, mask, source);
});
addMethod('maskedScatter_', function (this: Tensor, mask: Tensor, source: Tensor) {
  if (!sameShape(broadcastShapes('maskedScatter_', [this.shape, mask.shape]), this.shape)) {
    throw new ShapeError(`maskedScatter_: a mask of shape ${show(mask.shape)} does not broadcast to ${show(this.shape)}`);
  }
  return inPlace('maskedScatter_', this, () => maskedScatter(this, mask, source) as Tensor);
});
