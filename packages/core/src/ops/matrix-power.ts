import { ShapeError, ValueError } from '../errors.ts';
import { checkAlike } from '../parts/products.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { eye } from './create.ts';
import { matmul } from './matmul.ts';
import { inv } from './solve.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link matrixPower} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html */
    matrixPower<A extends Shape>(this: Tensor<A>, n: number): Tensor<A>;
  }
}

/**
 * The n-th power of a square matrix, or of each in a batch, by repeated squaring. n = 0 gives the identity, a negative n
 * the power of the inverse.
 *
 * @param input [..., m, m]
 * @param n a whole number
 * @throws ShapeError when the matrices are not square
 * @throws DTypeError for bool, and for integers when `n` is negative
 * @throws ValueError when `n` is no whole number
 * @throws LinAlgError when `n` is negative and a matrix has no inverse
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html
 */
export function matrixPower<A extends Shape>(input: Tensor<A>, n: number): Tensor<A>;
export function matrixPower(input: Tensor, n: number): Tensor {
  const rows = input.shape[input.ndim - 2];
  if (rows === undefined || rows !== input.shape[input.ndim - 1]) {
    throw new ShapeError(`matrixPower: needs square matrices, got ${show(input.shape)}`);
  }
  if (!Number.isInteger(n)) throw new ValueError(`matrixPower: n must be a whole number, got ${n}`);
  const { dtype, device, shape } = input;
  if (n === 0)
    return eye(shape[input.ndim - 1]!, { dtype, device })
      .expand(shape)
      .clone();
  if (n === 1) return input.clone();
  checkAlike('matrixPower', [input]);
  let square = n < 0 ? inv(input) : input;
  let out: Tensor | null = null;
  for (let rest = Math.abs(n); ; square = matmul(square, square)) {
    if (rest % 2 === 1) out = out === null ? square : matmul(out, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return out!;
  }
}

addMethod('matrixPower', function (this: Tensor, n: number) {
  return matrixPower(this, n);
});
