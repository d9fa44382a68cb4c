import type { DType } from '../dtype.ts';
import { input } from '../expr/node.ts';
import { fuseSum } from '../fuse.ts';
import { mul } from '../ops/arithmetic.ts';
import { fromBuffer } from '../ops/create.ts';
import type { Tensor } from '../tensor.ts';
import { takeEntries } from './gathering.ts';

// Interpolation in one dimension is a sparse linear map: every output entry is a weighted sum of a few input entries. In
// several dimensions it is one such map after the other. The arithmetic of positions and weights is PyTorch's, rounded to
// the dtype as there, because an index may hang on the last bit.

/** For every output entry `count` input entries and their weights, output by output; without weights `count` is 1. */
export interface Taps {
  readonly count: number;
  readonly index: Float64Array;
  readonly weight: Float64Array | null;
}

/** One dimension of an interpolation. */
export interface Axis {
  /** Input and output size. */
  readonly from: number;
  readonly to: number;
  /** Output over input size as the caller gave it; null: what the sizes say. */
  readonly scale: number | null;
  readonly alignCorners: boolean;
}

type Round = (x: number) => number;

/** Rounds to the dtype in which positions are computed: that of the input, float32 for integers. */
export function roundingOf(dtype: DType): Round {
  return dtype === 'float64' ? (x) => x : Math.fround;
}

/** Input entries per output entry. */
function step(axis: Axis, round: Round): number {
  if (axis.alignCorners) return axis.to > 1 ? round((axis.from - 1) / (axis.to - 1)) : 0;
  return axis.scale !== null && axis.scale > 0 ? round(1 / axis.scale) : round(axis.from / axis.to);
}

/** The position in the input of output entry i; entries are points when corners align, unit intervals otherwise. */
function position(axis: Axis, ratio: number, i: number, round: Round): number {
  return axis.alignCorners ? round(ratio * i) : round(round(ratio * (i + 0.5)) - 0.5);
}

/** The entry at or before each position; `exact` looks from the middle of output entries. */
export function nearestTaps(axis: Axis, exact: boolean, round: Round): Taps {
  const ratio = step(axis, round);
  const at = (i: number): number => (exact ? round(position(axis, ratio, i, round) + 0.5) : round(ratio * i));
  const index = Float64Array.from({ length: axis.to }, (_, i) => Math.min(Math.floor(Math.fround(at(i))), axis.from - 1));
  return { count: 1, index, weight: null };
}

/** The two entries around each position. */
export function linearTaps(axis: Axis, round: Round): Taps {
  const ratio = step(axis, round);
  const index = new Float64Array(axis.to * 2);
  const weight = new Float64Array(axis.to * 2);
  for (let i = 0; i < axis.to; i++) {
    // Equal sizes copy, whatever the scale.
    const at = axis.from === axis.to ? i : Math.max(position(axis, ratio, i, round), 0);
    const low = Math.min(Math.floor(at), axis.from - 1);
    const part = Math.min(Math.max(round(at - low), 0), 1);
    index[2 * i] = low;
    index[2 * i + 1] = low < axis.from - 1 ? low + 1 : low;
    weight[2 * i] = round(1 - part);
    weight[2 * i + 1] = part;
  }
  return { count: 2, index, weight };
}

/** Keys' cubic convolution kernel (1981) at distance x, with the slope `a` at distance 1. */
function cubicKernel(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** The four entries around each position; those beyond an edge are the edge. */
export function cubicTaps(axis: Axis, round: Round): Taps {
  const ratio = step(axis, round);
  const index = new Float64Array(axis.to * 4);
  const weight = new Float64Array(axis.to * 4);
  for (let i = 0; i < axis.to; i++) {
    const at = position(axis, ratio, i, round);
    const low = Math.min(Math.floor(at), axis.from - 1);
    const part = Math.min(Math.max(round(at - low), 0), 1);
    for (let k = 0; k < 4; k++) {
      index[4 * i + k] = Math.min(Math.max(low - 1 + k, 0), axis.from - 1);
      weight[4 * i + k] = round(cubicKernel(part + 1 - k, -0.75));
    }
  }
  return { count: 4, index, weight };
}

/** Kernels of interpolation that widen with the step, so that every input entry counts; cubic ones have slope -0.5. */
const filters = {
  bilinear: { reach: 1, at: (x: number): number => Math.max(1 - Math.abs(x), 0) },
  bicubic: { reach: 2, at: (x: number): number => cubicKernel(x, -0.5) },
} as const;

/** Every entry under a kernel as wide as the step, with weights that add up to 1. */
export function antialiasTaps(axis: Axis, mode: 'bilinear' | 'bicubic', round: Round): Taps {
  const ratio = step(axis, round);
  const filter = filters[mode];
  const support = ratio >= 1 ? round(filter.reach * ratio) : filter.reach;
  const sharpness = ratio >= 1 ? round(1 / ratio) : 1;
  const count = Math.min(Math.ceil(support) * 2 + 1, axis.from);
  const index = new Float64Array(axis.to * count);
  const weight = new Float64Array(axis.to * count);
  for (let i = 0; i < axis.to; i++) {
    const center = round(ratio * (i + 0.5));
    const first = Math.max(Math.trunc(round(round(center - support) + 0.5)), 0);
    const end = Math.min(Math.trunc(round(round(center + support) + 0.5)), axis.from);
    let total = 0;
    for (let k = first; k < end; k++) {
      const w = round(filter.at(round(round(k - center + 0.5) * sharpness)));
      index[i * count + k - first] = k;
      weight[i * count + k - first] = w;
      total += w;
    }
    if (total !== 0) for (let k = 0; k < count; k++) weight[i * count + k]! /= total;
  }
  return { count, index, weight };
}

/** The entries of intervals that divide the input into `to` parts, as equal as they can be, averaged. */
export function areaTaps({ from, to }: Axis): Taps {
  const start = (i: number): number => Math.floor((i * from) / to);
  const end = (i: number): number => Math.ceil(((i + 1) * from) / to);
  let count = 1;
  for (let i = 0; i < to; i++) count = Math.max(count, end(i) - start(i));
  const index = new Float64Array(to * count);
  const weight = new Float64Array(to * count);
  for (let i = 0; i < to; i++) {
    const n = end(i) - start(i);
    for (let k = 0; k < count; k++) {
      index[i * count + k] = start(i) + Math.min(k, n - 1);
      weight[i * count + k] = k < n ? 1 / n : 0;
    }
  }
  return { count, index, weight };
}

const weighted = mul(input(0), input(1));

/** `t` with every entry along `dim` made of its taps. Differentiable. */
export function resample(op: string, t: Tensor, dim: number, taps: Taps): Tensor {
  const { device } = t;
  const picked = takeEntries(t, dim, fromBuffer(taps.index, 'int64', [taps.index.length], { device }), op);
  if (taps.weight === null) return picked;
  const outputs = taps.index.length / taps.count;
  const before = t.shape.slice(0, dim);
  const after = t.shape.slice(dim + 1);
  const values = t.dtype === 'float32' ? Float32Array.from(taps.weight) : taps.weight;
  const weights = fromBuffer(values, t.dtype, [outputs, taps.count, ...after.map(() => 1)], { device });
  const parts = picked.reshape([...before, outputs, taps.count, ...after]) as Tensor;
  return fuseSum(op, weighted, [parts, weights], [], { dims: [dim + 1] });
}
