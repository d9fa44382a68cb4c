import { ShapeError, ValueError } from '../errors.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

// Arguments of ops on images of any number of dimensions.

/** How many dimensions an image has: a sequence, a picture, a volume. */
export type Spatial = 1 | 2 | 3;

/** One number for every dimension, or one for each. */
export type PerDim = number | readonly number[];

const places = { 1: 'L', 2: 'H, W', 3: 'D, H, W' } as const;

/** `value` as one integer of at least `least` per dimension. */
export function perDim(op: string, name: string, value: PerDim, spatial: Spatial, least: number): readonly number[] {
  const list = typeof value === 'number' ? [value] : value;
  const all = list.length === 1 ? Array.from({ length: spatial }, () => list[0]!) : list;
  if (all.length !== spatial || !all.every((n) => Number.isInteger(n) && n >= least)) {
    const many = spatial === 1 ? '' : `, or ${spatial} of them`;
    throw new ValueError(`${op}: ${name} must be an integer of at least ${least}${many}, got ${JSON.stringify(value)}`);
  }
  return all;
}

/** Runs `f` on a batch [N, C, ...]: an image alone becomes a batch of one. */
export function onBatch(op: string, spatial: Spatial, x: Tensor, f: (x: Tensor) => readonly Tensor[]): readonly Tensor[] {
  if (x.ndim === spatial + 2) return f(x);
  if (x.ndim !== spatial + 1) {
    const expected = `[N, C, ${places[spatial]}] or [C, ${places[spatial]}]`;
    throw new ShapeError(`${op}: input ${show(x.shape)} has ${x.ndim} dimensions, expected ${expected}`);
  }
  return f(x.unsqueeze(0) as unknown as Tensor).map((t) => t.squeeze(0) as unknown as Tensor);
}

/** Refuses an image without elements; a batch may be empty. */
export function checkImage(op: string, x: Tensor): void {
  const empty = x.shape.findIndex((n, d) => d > 0 && n === 0);
  if (empty > 0) throw new ShapeError(`${op}: input ${show(x.shape)} has size 0 (dimension ${empty}); only the batch may be empty`);
}
