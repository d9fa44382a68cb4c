import type { DType } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { type MatrixNormOrder, matrixNormOf, vectorNormOf } from '../parts/norms.ts';
import { checkTensor, type Dims, isOptions, type KeepDim, type ReduceAll, type ReduceOver } from '../parts/reduction.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

export type { MatrixNormOrder } from '../parts/norms.ts';

/** Options of the norms of `linalg`. */
export interface NormOptions<K extends boolean = boolean> extends KeepDim<K> {
  /** The floating dtype in which the norm is computed; at least as wide as the tensor's. */
  dtype?: DType;
}

/** The type of {@link vectorNorm}. */
export interface VectorNormFunction {
  <A extends Shape>(x: Tensor<A>, ord?: number): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(
    x: Tensor<A>,
    ord: number | undefined,
    options: NormOptions<K>,
  ): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends Dims, const K extends boolean = false>(
    x: Tensor<A>,
    ord: number | undefined,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: NormOptions<K>,
  ): Out<ReduceOver<A, X, K>>;
}

/**
 * The vector norm of the elements over `dim` (one, several, or all): `(sum |x|^ord)^(1/ord)`, the largest magnitude for
 * Infinity, the smallest for -Infinity, the number of elements that are not 0 for 0.
 *
 * @param ord default 2
 * @throws DTypeError for integers and bools; IndexError when there are no elements and `ord` is negative or Infinity
 * @example
 * ```ts
 * linalg.vectorNorm(tensor([[3, 4], [6, 8]]), 2, 1); // [5, 10]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
 */
export const vectorNorm: VectorNormFunction = ((
  x: Tensor,
  ord: number = 2,
  third?: Dims | NormOptions,
  fourth: NormOptions = {},
): Tensor => {
  checkTensor('vectorNorm', x);
  const [dim, { keepdim = false, dtype }] = isOptions<NormOptions>(third) ? [undefined, third] : [third, fourth];
  return vectorNormOf('vectorNorm', x, ord, dim, keepdim, dtype);
}) as VectorNormFunction;

/**
 * The norm of matrices: `fro` (Frobenius), `nuc` (the sum of the singular values), 2 and -2 (the largest and the smallest
 * of them), 1 and -1 (of the sums of magnitudes of the columns), Infinity and -Infinity (of the rows).
 *
 * @param ord default `fro`
 * @param dim the dimensions of rows and columns; default [-2, -1]
 * @throws ShapeError for less than 2 dimensions; ValueError for another order or dimensions; DTypeError for integers and bools
 * @example
 * ```ts
 * linalg.matrixNorm(tensor([[1, -2], [3, 4]]), Infinity); // 7
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
 */
export function matrixNorm(x: Tensor, ord?: MatrixNormOrder, dim?: readonly number[], options?: NormOptions): Tensor;
export function matrixNorm(x: Tensor, ord: MatrixNormOrder | undefined, options: NormOptions): Tensor;
export function matrixNorm(
  x: Tensor,
  ord: MatrixNormOrder = 'fro',
  third?: readonly number[] | NormOptions,
  fourth: NormOptions = {},
): Tensor {
  checkTensor('matrixNorm', x);
  const [dim, { keepdim = false, dtype }] = isOptions<NormOptions>(third) ? [undefined, third] : [third, fourth];
  return matrixNormOf('matrixNorm', x, ord, dim ?? [-2, -1], keepdim, dtype);
}

/**
 * A vector norm or a matrix norm: without `ord` the 2-norm of all elements or over `dim`; with `ord` the norm of a vector
 * or of a matrix, which a tensor of 1 or 2 dimensions is by itself and others are over 1 or 2 dimensions.
 *
 * @throws ShapeError, ValueError when `ord` does not fit the dimensions; DTypeError for integers and bools
 * @example
 * ```ts
 * linalg.norm(tensor([3, 4]));                // 5
 * linalg.norm(tensor([[1, -2], [3, 4]]), 1);  // 6, the larger sum of a column
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.norm.html
 */
export function norm(x: Tensor, ord?: MatrixNormOrder | null, dim?: number | readonly number[] | null, options?: NormOptions): Tensor;
export function norm(x: Tensor, ord: MatrixNormOrder | null | undefined, options: NormOptions): Tensor;
export function norm(x: Tensor, ord?: MatrixNormOrder | null, third?: Dims | NormOptions, fourth: NormOptions = {}): Tensor {
  checkTensor('linalg.norm', x);
  const [dim, { keepdim = false, dtype }] = isOptions<NormOptions>(third) ? [undefined, third] : [third, fourth];
  const dims = dim === undefined || dim === null ? null : typeof dim === 'number' ? [dim] : dim;
  if (dims !== null && dims.length !== 1 && dims.length !== 2)
    throw new ValueError(`linalg.norm: dim must name 1 or 2 dimensions, got ${show(dims)}`);
  if (ord === undefined || ord === null) return vectorNormOf('linalg.norm', x, 2, dims, keepdim, dtype);
  const rank = dims?.length ?? x.ndim;
  if (rank !== 1 && rank !== 2) {
    throw new ShapeError(`linalg.norm: with an order and no dim the tensor must have 1 or 2 dimensions, got ${show(x.shape)}`);
  }
  if (rank === 2 || typeof ord === 'string') return matrixNormOf('linalg.norm', x, ord, dims ?? [0, 1], keepdim, dtype);
  return vectorNormOf('linalg.norm', x, ord, dims, keepdim, dtype);
}
