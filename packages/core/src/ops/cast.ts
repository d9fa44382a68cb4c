import type { DType } from '../dtype.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The tensor as float64. @see https://pytorch.org/docs/stable/generated/torch.Tensor.double.html */
    double<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor as float32. @see https://pytorch.org/docs/stable/generated/torch.Tensor.float.html */
    float<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor as int32. @see https://pytorch.org/docs/stable/generated/torch.Tensor.int.html */
    int<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor as int64. @see https://pytorch.org/docs/stable/generated/torch.Tensor.long.html */
    long<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor as uint8. @see https://pytorch.org/docs/stable/generated/torch.Tensor.byte.html */
    byte<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor as bool: whether elements are not 0. @see https://pytorch.org/docs/stable/generated/torch.Tensor.bool.html */
    bool<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The tensor with the dtype of `other`. @see https://pytorch.org/docs/stable/generated/torch.Tensor.type_as.html */
    typeAs<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
  }
}

const named: Readonly<Record<string, DType>> = {
  double: 'float64',
  float: 'float32',
  int: 'int32',
  long: 'int64',
  byte: 'uint8',
  bool: 'bool',
};

for (const [name, dtype] of Object.entries(named)) {
  addMethod(name, function (this: Tensor) {
    return this.to(dtype);
  });
}
addMethod('typeAs', function (this: Tensor, other: Tensor) {
  return this.to(other.dtype);
});
