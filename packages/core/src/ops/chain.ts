import { ShapeError, ValueError } from '../errors.ts';
import { multiDot } from '../linalg/products.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The product of matrices, multiplied in the order that takes the fewest scalar multiplications. Prefer
 * {@link linalg.multiDot}, which takes a list.
 *
 * @throws ValueError without matrices
 * @throws ShapeError when one is no matrix or inner dimensions differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.chain_matmul.html
 */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  if (matrices.length === 0) throw new ValueError('chainMatmul: at least one matrix is needed');
  matrices.forEach((t, i) => {
    if (t.ndim !== 2) throw new ShapeError(`chainMatmul: operand ${i} must be a matrix, got ${show(t.shape)}`);
  });
  return matrices.length === 1 ? matrices[0]! : multiDot(matrices);
}
