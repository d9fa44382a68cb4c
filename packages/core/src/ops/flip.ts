import { IndexError, ShapeError, ValueError } from '../errors.ts';
import { computeKernel, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { spreadIndex } from '../parts/gathering.ts';
import { indexTensor } from '../parts/positions.ts';
import { normalizeDim, normalizeDims, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link roll} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.roll.html */
    roll<A extends Shape>(this: Tensor<A>, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor<A>;
    /** {@link flip} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.flip.html */
    flip<A extends Shape>(this: Tensor<A>, dims: number | readonly number[]): Tensor<A>;
    /** {@link fliplr} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.fliplr.html */
    fliplr<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link flipud} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.flipud.html */
    flipud<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link rot90} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.rot90.html */
    rot90(k?: number, dims?: readonly number[]): Tensor;
  }
}

/**
 * Entries moved by `shifts` along `dims`; what leaves at one end enters at the other. Without `dims` the flattened tensor
 * is moved.
 *
 * @throws ValueError when there is not one shift per dim; IndexError when a dim is out of range
 * @example
 * ```ts
 * roll(arange(4), 1); // [3, 0, 1, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.roll.html
 */
export function roll<A extends Shape>(t: Tensor<A>, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor<A>;
export function roll(t: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  const by = typeof shifts === 'number' ? [shifts] : shifts;
  const along = dims === undefined ? [] : typeof dims === 'number' ? [dims] : dims;
  const wrong = by.find((s) => !Number.isInteger(s));
  if (wrong !== undefined) throw new ValueError(`roll: shifts must be integers, got ${wrong}`);
  if (along.length === 0) {
    if (by.length !== 1) throw new ValueError(`roll: ${by.length} shifts without dims; name a dim for each`);
    return rollDim(t.flatten(), 0, by[0]!).reshape(t.shape) as Tensor;
  }
  if (by.length !== along.length) throw new ValueError(`roll: ${by.length} shifts for ${along.length} dims`);
  if (t.ndim === 0) throw new IndexError(`roll: a 0-d tensor has no dim ${along[0]}`);
  const normal = along.map((d) => normalizeDim('roll', d, t.shape));
  return by.reduce<Tensor>((x, shift, i) => rollDim(x, normal[i]!, shift), t);
}

function rollDim(t: Tensor, dim: number, shift: number): Tensor {
  const n = t.shape[dim]!;
  return reorder(t, dim, (i) => (((i - shift) % n) + n) % n);
}

/**
 * Entries in reverse order along `dims` (one or several). A copy, as in PyTorch: no stride is ever negative.
 *
 * @example
 * ```ts
 * flip(arange(3), 0); // [2, 1, 0]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.flip.html
 */
export function flip<A extends Shape>(t: Tensor<A>, dims: number | readonly number[]): Tensor<A>;
export function flip(t: Tensor, dims: number | readonly number[]): Tensor {
  const which = typeof dims === 'object' && dims.length === 0 ? [] : normalizeDims('flip', dims, t.shape);
  if (which.length === 0) return t.clone();
  return which.reduce<Tensor>((x, d) => reorder(x, d, (i) => x.shape[d]! - 1 - i), t);
}

/** Columns in reverse order: {@link flip} of dimension 1. @throws ShapeError for fewer than 2 dimensions @see https://pytorch.org/docs/stable/generated/torch.fliplr.html */
export function fliplr<A extends Shape>(t: Tensor<A>): Tensor<A> {
  if (t.ndim < 2) throw new ShapeError(`fliplr: needs at least 2 dimensions, got ${show(t.shape)}`);
  return flip(t, 1);
}

/** Rows in reverse order: {@link flip} of dimension 0. @throws ShapeError for a 0-d tensor @see https://pytorch.org/docs/stable/generated/torch.flipud.html */
export function flipud<A extends Shape>(t: Tensor<A>): Tensor<A> {
  if (t.ndim < 1) throw new ShapeError('flipud: needs at least 1 dimension, got a 0-d tensor');
  return flip(t, 0);
}

/**
 * A turn by `k` quarters in the plane of two dimensions, from the first towards the second. A copy.
 *
 * @param k default 1; negative turns the other way
 * @param dims default [0, 1]
 * @throws ShapeError for fewer than 2 dimensions; ValueError unless there are two different dims
 * @example
 * ```ts
 * rot90(tensor([[0, 1], [2, 3]])); // [[1, 3], [0, 2]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.rot90.html
 */
export function rot90(t: Tensor, k: number = 1, dims: readonly number[] = [0, 1]): Tensor {
  if (!Number.isInteger(k)) throw new ValueError(`rot90: k must be an integer, got ${k}`);
  if (dims.length !== 2) throw new ValueError(`rot90: expected two dims, got ${show(dims)}`);
  if (t.ndim < 2) throw new ShapeError(`rot90: needs at least 2 dimensions, got ${show(t.shape)}`);
  const [a, b] = dims.map((d) => normalizeDim('rot90', d, t.shape)) as [number, number];
  if (a === b) throw new ValueError(`rot90: the dims ${show(dims)} are the same dimension`);
  switch (((k % 4) + 4) % 4) {
    case 1:
      return flip(t, b).transpose(a, b) as Tensor;
    case 2:
      return flip(t, [a, b]);
    case 3:
      return flip(t, a).transpose(a, b) as Tensor;
    default:
      return t.clone();
  }
}

/** Where each entry comes from, and where each goes. */
interface Order {
  readonly dim: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

const reorderOp: OpFunction<Order> = defineOp<Order>({
  name: 'reorder',
  infer: ([t]) => [{ shape: t!.shape, dtype: t!.dtype }],
  forward: ([t], { dim, from }) => {
    const { device, dtype, shape } = t!;
    const index = spreadIndex(indexTensor(from, t!), dim, shape);
    const handle = computeKernel(device, 'reorder', [t!, index], dtype, t!.size, (b, [src, i]) =>
      b.gather({ op: 'reorder', src: src!, dim, index: i! }),
    );
    return [wrap(device, handle, dtype, shape)];
  },
  // Unlike that of a gather, the gradient needs no sums: each entry went to one place.
  backward: ({ attrs: { dim, from, to } }, [g]) => reorderOp([g!], { dim, from: to, to: from }),
});

/** Entry i of the result is entry `source(i)`, a permutation, of `t`. */
function reorder(t: Tensor, dim: number, source: (i: number) => number): Tensor {
  const n = t.shape[dim]!;
  const from = Float64Array.from({ length: n }, (_, i) => source(i));
  const to = new Float64Array(n);
  from.forEach((k, i) => {
    to[k] = i;
  });
  return reorderOp([t], { dim, from, to })[0]!;
}

addMethod('roll', function (this: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]) {
  return roll(this, shifts, dims);
});
addMethod('flip', function (this: Tensor, dims: number | readonly number[]) {
  return flip(this, dims);
});
addMethod('fliplr', function (this: Tensor) {
  return fliplr(this);
});
addMethod('flipud', function (this: Tensor) {
  return flipud(this);
});
addMethod('rot90', function (this: Tensor, k?: number, dims?: readonly number[]) {
  return rot90(this, k, dims);
});
