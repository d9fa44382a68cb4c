import { type Scalar, scalarValue } from '../dtype.ts';
import { ShapeError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { fillOp } from '../parts/overwrite.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Overwrites every element by a number, or by the element of a 0-d tensor, into which gradients flow. The value is
     * cast to the tensor's dtype.
     *
     * @throws ShapeError for a tensor with dimensions
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
     */
    fill_<A extends Shape>(this: Tensor<A>, value: Scalar | Tensor): Tensor<A>;
    /** Overwrites every element by 0. @see https://pytorch.org/docs/stable/generated/torch.Tensor.zero_.html */
    zero_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}

function fill(name: string, t: Tensor, value: number): Tensor {
  return inPlace(name, t, () => fillOp([t], value)[0]!);
}

addMethod('fill_', function (this: Tensor, value: Scalar | Tensor) {
  if (!isTensor(value)) return fill('fill_', this, scalarValue(value));
  if (value.ndim > 0) throw new ShapeError(`fill_: expects a number or a 0-d tensor, got one of shape ${show(value.shape)}`);
  return this.copy_(value);
});
addMethod('zero_', function (this: Tensor) {
  return fill('zero_', this, 0);
});
