import { isFloating, promoteTypes } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { ones } from './create.ts';
import { flip } from './flip.ts';
import { cat } from './join.ts';

/** Options of {@link vander}. */
export interface VanderOptions {
  /** Whether powers grow from left to right. Default false. */
  increasing?: boolean;
}

const catAny = cat as (tensors: readonly Tensor[], dim?: number) => Tensor;

/**
 * The Vandermonde matrix of a vector: its powers n - 1, ..., 1, 0 as columns. int64 for an integer vector.
 *
 * @param n number of columns; as many as the vector has elements when omitted
 * @throws ShapeError for what is no vector; ValueError for a negative `n`
 * @example
 * ```ts
 * vander(tensor([1, 2, 3])); // [[1, 1, 1], [4, 2, 1], [9, 3, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.vander.html
 */
export function vander(x: Tensor, n?: number | null, options: VanderOptions = {}): Tensor {
  if (x.ndim !== 1) throw new ShapeError(`vander: expected a vector, got ${show(x.shape)}`);
  const columns = n ?? x.size;
  if (!Number.isInteger(columns) || columns < 0)
    throw new ValueError(`vander: the number of columns must be a non-negative integer, got ${columns}`);
  const base = isFloating(x.dtype) ? x : (x.to(promoteTypes(x.dtype, 'int64')) as Tensor);
  const first = ones([x.size, Math.min(columns, 1)], { dtype: base.dtype, device: x.device });
  const powers = columns < 2 ? first : catAny([first, (base.unsqueeze(1) as Tensor).expand([x.size, columns - 1]).cumprod(1)], 1);
  return options.increasing === true ? powers : flip(powers, 1);
}
