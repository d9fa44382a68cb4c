import { allocate } from '../dtype.ts';
import { hostCompute } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { checkSquare } from '../parts/linear-algebra/tensors.ts';
import { expOfMatrix } from '../parts/matrix-exp.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { zerosLike } from './create.ts';
import { cat } from './join.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link matrixExp} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html */
    matrixExp<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}

const matrixExpOp = defineOp<void>({
  name: 'matrixExp',
  infer: ([a]) => {
    checkSquare('matrixExp', a!);
    return [{ shape: a!.shape, dtype: a!.dtype }];
  },
  forward: ([a], _attrs, [out]) => {
    const n = a!.shape[a!.ndim - 1]!;
    const dtype = out!.dtype as 'float32' | 'float64';
    return hostCompute('matrixExp', [a!], [out!], ([values]) => {
      const result = allocate(dtype, values!.length);
      for (let at = 0; at < values!.length; at += n * n)
        result.set(expOfMatrix(Float64Array.from(values!.subarray(at, at + n * n)), n, dtype), at);
      return [result];
    });
  },
  save: ([a]) => [a!],
  // The derivative of an analytic function f at A in direction E is the upper right block of f([[A, E], [0, A]]); its
  // adjoint is that at the transpose of A.
  backward: ({ saved: [a] }, [g]) => {
    const t = a!.mT;
    const n = a!.shape[a!.ndim - 1]!;
    const block = cat([cat([t, g!], -1) as Tensor, cat([zerosLike(t), t], -1) as Tensor], -2) as Tensor;
    return [matrixExp(block).narrow(-2, 0, n).narrow(-1, n, n)];
  },
});

/**
 * The exponential of a square matrix, or of each in a batch: the sum of A^k / k!.
 *
 * Scaling and squaring with Taylor polynomials of degree 1 to 18, chosen by the norm. All NaN where a matrix has elements
 * that are not finite.
 *
 * @param input [..., n, n], floating
 * @throws ShapeError when the matrices are not square
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * matrixExp(tensor([[0, 1], [0, 0]])); // [[1, 1], [0, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html
 */
export function matrixExp<A extends Shape>(input: Tensor<A>): Tensor<A>;
export function matrixExp(input: Tensor): Tensor {
  return matrixExpOp([input], undefined)[0]!;
}

addMethod('matrixExp', function (this: Tensor) {
  return matrixExp(this);
});
