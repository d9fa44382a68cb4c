import { ShapeError, ValueError } from '../errors.ts';
import { checkIndexDType, spreadIndex, takeEntries } from '../gathering.ts';
import { computeKernel, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { indexTensor, readNow } from '../positions.ts';
import { checkSizes, normalizeDim, normalizeDims, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The tensor `sizes[d]` times along dimension d, one copy after the other; more sizes than dimensions add leading ones.
     *
     * @throws ShapeError for fewer sizes than dimensions
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
     */
    repeat(sizes: Shape): Tensor;
    /** {@link tile} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.tile.html */
    tile(sizes: Shape): Tensor;
    /** {@link repeatInterleave} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html */
    repeatInterleave(repeats: number | readonly number[] | Tensor, dim?: number): Tensor;
    /** {@link roll} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.roll.html */
    roll<A extends Shape>(this: Tensor<A>, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor<A>;
    /** {@link flip} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.flip.html */
    flip<A extends Shape>(this: Tensor<A>, dims: number | readonly number[]): Tensor<A>;
  }
}

function repeat(op: string, t: Tensor, sizes: readonly number[]): Tensor {
  checkSizes(op, sizes);
  if (sizes.length < t.ndim) throw new ShapeError(`${op}: ${sizes.length} sizes ${show(sizes)} for ${show(t.shape)} of rank ${t.ndim}`);
  const shape = [...new Array<number>(sizes.length - t.ndim).fill(1), ...t.shape];
  // [a, b] as [1, a, 1, b], expanded to [r, a, s, b]: a copy, made once, whose gradient is a sum.
  const spaced = t.reshape(shape.flatMap((n) => [1, n])) as Tensor;
  const repeated = spaced.expand(shape.flatMap((n, d) => [sizes[d]!, n]));
  return repeated.clone().view(shape.map((n, d) => n * sizes[d]!)) as Tensor;
}

/** As {@link Tensor.repeat}, where missing sizes are leading ones. @see https://pytorch.org/docs/stable/generated/torch.tile.html */
export function tile(t: Tensor, sizes: Shape): Tensor {
  return repeat('tile', t, [...new Array<number>(Math.max(t.ndim - sizes.length, 0)).fill(1), ...sizes]);
}

/**
 * Every entry along `dim` repeated on the spot; without `dim` every element of the flattened tensor.
 *
 * @param repeats how often: one number, or one per entry (a list, or a 1-d integer tensor)
 * @throws ShapeError when the repeats do not match the dimension; ValueError for a negative one; DeviceError for a tensor of
 * repeats on a device that cannot be read at once
 * @example
 * ```ts
 * repeatInterleave(arange(3), 2);         // [0, 0, 1, 1, 2, 2]
 * repeatInterleave(arange(3), [0, 1, 2]); // [1, 2, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html
 */
export function repeatInterleave(t: Tensor, repeats: number | readonly number[] | Tensor, dim?: number): Tensor {
  if (dim === undefined) return repeatInterleave(t.flatten(), repeats, 0);
  const x = t.ndim === 0 ? t.unsqueeze(0) : t;
  const d = normalizeDim('repeatInterleave', dim, t.shape);
  const counts = countsOf(repeats);
  const n = x.shape[d]!;
  const wrong = counts.find((k) => !Number.isInteger(k) || k < 0);
  if (wrong !== undefined) throw new ValueError(`repeatInterleave: repeats must be non-negative integers, got ${wrong}`);
  if (counts.length === 1) {
    const spread = x.unsqueeze(d + 1).expand([...x.shape.slice(0, d + 1), counts[0]!, ...x.shape.slice(d + 1)]);
    return spread.clone().view([...x.shape.slice(0, d), n * counts[0]!, ...x.shape.slice(d + 1)]) as Tensor;
  }
  if (counts.length !== n) throw new ShapeError(`repeatInterleave: ${counts.length} repeats for dim ${d} of size ${n} in ${show(t.shape)}`);
  const index = counts.flatMap((k, i) => new Array<number>(k).fill(i));
  return takeEntries(x, d, indexTensor(Float64Array.from(index), x), 'repeatInterleave');
}

function countsOf(repeats: number | readonly number[] | Tensor): readonly number[] {
  if (!isTensor(repeats)) return typeof repeats === 'number' ? [repeats] : repeats;
  checkIndexDType('repeatInterleave', repeats);
  if (repeats.ndim > 1) throw new ShapeError(`repeatInterleave: repeats must be 0-d or 1-d, got ${show(repeats.shape)}`);
  return Array.from(readNow('repeatInterleave', repeats, 'pass the repeats as an array'));
}

/**
 * Entries moved by `shifts` along `dims`; what leaves at one end enters at the other. Without `dims` the flattened tensor
 * is moved.
 *
 * @throws ValueError when there is not one shift per dim
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
  const normal = along.map((d) => normalizeDim('roll', d, t.shape));
  if (t.ndim === 0) return t.clone();
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

/** Where each entry comes from, and where each goes. */
interface Order {
  readonly dim: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

const reorderOp: OpFunction<Order> = defineOp<Order>({
  name: 'reorder',
  doc: 'entries along one dimension in another order',
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

addMethod('repeat', function (this: Tensor, sizes: readonly number[]) {
  return repeat('repeat', this, sizes);
});
addMethod('tile', function (this: Tensor, sizes: readonly number[]) {
  return tile(this, sizes);
});
addMethod('repeatInterleave', function (this: Tensor, repeats: number | readonly number[] | Tensor, dim?: number) {
  return repeatInterleave(this, repeats, dim);
});
addMethod('roll', function (this: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]) {
  return roll(this, shifts, dims);
});
addMethod('flip', function (this: Tensor, dims: number | readonly number[]) {
  return flip(this, dims);
});
