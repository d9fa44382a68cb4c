import type { Scalar } from '../dtype.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { full, type TensorData, tensor } from './create.ts';
import type { CreationOptions } from './full.ts';

// Tensors of any shape with the dtype and the device of another one.

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** A tensor filled with `value`, of this tensor's dtype and device unless the options say otherwise. @see https://pytorch.org/docs/stable/generated/torch.Tensor.new_full.html */
    newFull<const T extends Shape>(shape: T, value: Scalar | bigint, options?: CreationOptions): Tensor<T>;
    /** Zeros, as {@link Tensor.newFull}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html */
    newZeros<const T extends Shape>(shape: T, options?: CreationOptions): Tensor<T>;
    /** Ones, as {@link Tensor.newFull}. @see https://pytorch.org/docs/stable/generated/torch.Tensor.new_ones.html */
    newOnes<const T extends Shape>(shape: T, options?: CreationOptions): Tensor<T>;
    /** Elements that are yet to be written, as {@link Tensor.newFull}: zeros. @see https://pytorch.org/docs/stable/generated/torch.Tensor.new_empty.html */
    newEmpty<const T extends Shape>(shape: T, options?: CreationOptions): Tensor<T>;
    /** A tensor with these values, of this tensor's dtype and device unless the options say otherwise. @see https://pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html */
    newTensor(data: TensorData, options?: CreationOptions & { shape?: Shape }): Tensor;
  }
}

function filled(t: Tensor, shape: Shape, value: Scalar | bigint, options?: CreationOptions): Tensor {
  return full(shape, value, { dtype: t.dtype, device: t.device, ...options });
}

addMethod('newFull', function (this: Tensor, shape: Shape, value: Scalar | bigint, options?: CreationOptions) {
  return filled(this, shape, value, options);
});
addMethod('newZeros', function (this: Tensor, shape: Shape, options?: CreationOptions) {
  return filled(this, shape, 0, options);
});
addMethod('newOnes', function (this: Tensor, shape: Shape, options?: CreationOptions) {
  return filled(this, shape, 1, options);
});
addMethod('newEmpty', function (this: Tensor, shape: Shape, options?: CreationOptions) {
  return filled(this, shape, 0, options);
});
addMethod('newTensor', function (this: Tensor, data: TensorData, options?: CreationOptions & { shape?: Shape }) {
  return tensor(data, { dtype: this.dtype, device: this.device, ...options });
});
