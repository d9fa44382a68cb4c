import { ShapeError, ValueError } from '../errors.ts';
import { batchOf, checkMatrix, checkSquare, times } from '../parts/linear-algebra/tensors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { ne } from './compare.ts';
import { zeros } from './create.ts';
import { invEx } from './solve.ts';
import { spectralNorm, svdvals } from './svd.ts';
import { where } from './where.ts';

/** The norms that a condition number is defined for. */
export type CondOrder = 2 | -2 | 1 | -1 | 'fro' | 'nuc' | number;

/** A matrix norm over the last two dimensions. */
function normOf(a: Tensor, order: CondOrder): Tensor {
  if (order === 'nuc') return spectralNorm(a, 'nuc');
  if (order === 'fro') return a.norm(2, [-2, -1]) as Tensor;
  const sums = a.abs().sum([Math.abs(order) === 1 ? -2 : -1]) as Tensor;
  return (order > 0 ? sums.amax([-1]) : sums.amin([-1])) as Tensor;
}

/**
 * The condition number of a matrix, or of each in a batch, in the norm of order `p`: 2 (the default) and -2 by singular
 * values, for any sides; 1, -1, Infinity, -Infinity, 'fro' and 'nuc' for square matrices as the norm times that of the
 * inverse, which is infinite for singular ones.
 *
 * @throws ShapeError for fewer than 2 dimensions, or when a norm other than 2 and -2 is asked for and the matrices are not square
 * @throws ValueError for another order
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.cond.html
 */
export function cond(a: Tensor, p: CondOrder | null = 2): Tensor {
  const op = 'linalg.cond';
  if (a.ndim < 2) throw new ShapeError(`${op}: needs a matrix or a batch of them, got ${show(a.shape)}`);
  const order = p ?? 2;
  const known = [2, -2, 1, -1, Infinity, -Infinity, 'fro', 'nuc'];
  if (!known.includes(order)) throw new ValueError(`${op}: p must be one of ${known.join(', ')}, got ${String(p)}`);
  const [m, n] = checkMatrix(op, a);
  if (order !== 2 && order !== -2) checkSquare(op, a);
  if (m === 0 || n === 0) return zeros(batchOf(a), { dtype: a.dtype, device: a.device });
  if (order === 2 || order === -2) {
    const s = svdvals(a);
    const [first, last] = [s.narrow(-1, 0, 1).squeeze(-1) as Tensor, s.narrow(-1, s.shape[s.ndim - 1]! - 1, 1).squeeze(-1) as Tensor];
    return (order === 2 ? first.div(last) : last.div(first)) as Tensor;
  }
  const { inverse, info } = invEx(a);
  const singular = (ne(info, 0) as Tensor).unsqueeze(-1).unsqueeze(-1) as Tensor;
  // An infinite inverse has an infinite norm; its own elements may be NaN.
  const finite = where(singular, 0, inverse) as Tensor;
  return where(ne(info, 0) as Tensor, Infinity, times(normOf(a, order), normOf(finite, order))) as Tensor;
}
