import { ShapeError, ValueError } from '../errors.ts';
import { sizeOf } from '../layout.ts';
import { normalizeDims, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { inv, solve } from './solve.ts';
import { permute } from './view-functions.ts';

/**
 * The inverse of a tensor as a linear map: with `ind` leading dimensions for the result and the rest for the argument,
 * which must have equally many elements. `tensordot(tensorinv(a, {ind}), b, {dims: ind})` solves `tensordot(a, x) = b`.
 *
 * @param options ind: how many dimensions lead; default 2
 * @throws ShapeError when the sides differ; ValueError for ind < 1; LinAlgError for a singular map
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.tensorinv.html
 */
export function tensorinv(a: Tensor, options: { ind?: number } = {}): Tensor {
  const { ind = 2 } = options;
  if (!Number.isInteger(ind) || ind < 1) throw new ValueError(`linalg.tensorinv: ind must be a positive integer, got ${ind}`);
  const [lead, rest] = [a.shape.slice(0, ind), a.shape.slice(ind)];
  const n = sizeOf(lead);
  if (n !== sizeOf(rest))
    throw new ShapeError(`linalg.tensorinv: ${show(a.shape)} is no square map with ind ${ind}: ${n} and ${sizeOf(rest)} elements`);
  return inv(a.reshape([n, n]) as Tensor).reshape([...rest, ...lead]) as Tensor;
}

/**
 * The solution X of `tensordot(a, X) = b`: a has b's dimensions first (after `dims` were moved to the end), then X's.
 *
 * @param options dims: dimensions of `a` that are moved to its end first
 * @throws ShapeError when the sides differ; LinAlgError for a singular map
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html
 */
export function tensorsolve(a: Tensor, b: Tensor, options: { dims?: readonly number[] } = {}): Tensor {
  const op = 'linalg.tensorsolve';
  let map = a;
  if (options.dims !== undefined && options.dims !== null && options.dims.length > 0) {
    const moved = options.dims.map((d) => (d < 0 ? d + a.ndim : d));
    normalizeDims(op, moved, a.shape);
    map = permute(a, [...a.shape.map((_, d) => d).filter((d) => !moved.includes(d)), ...moved]) as Tensor;
  }
  const rest = map.shape.slice(b.ndim);
  const n = sizeOf(rest);
  if (n !== b.size || map.size !== n * n)
    throw new ShapeError(`${op}: ${show(map.shape)} is no square map for ${show(b.shape)}: ${n} elements of the result for ${b.size}`);
  return solve(map.reshape([n, n]) as Tensor, b.reshape([n]) as Tensor).reshape(rest) as Tensor;
}
