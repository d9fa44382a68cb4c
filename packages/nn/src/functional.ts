import type { Tensor } from '@nabla/core';

/**
 * y = x Wᵀ + b.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const y = x.matmul(weight.mT as never) as Tensor;
  return bias === null ? y : (y.add(bias as never) as Tensor);
}
