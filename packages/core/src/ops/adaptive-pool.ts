import { ValueError } from '../errors.ts';
import { gatherAlong, takeEntries } from '../parts/gathering.ts';
import { checkFloating } from '../parts/losses.ts';
import { checkImage, onBatch, type Spatial } from '../parts/spatial.ts';
import type { Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';
import { matmul } from './matmul.ts';
import type { MaxPoolResult } from './pool.ts';

/** How large the result is along each dimension: one number for all, or one for each, where null keeps the input's. */
export type AdaptiveSize = number | readonly (number | null)[];

/** Options of the adaptive maxima. */
export interface AdaptiveMaxOptions {
  /** Also give where each maximum lies. Default false. */
  returnIndices?: boolean;
}

function outputSize(op: string, given: AdaptiveSize, x: Tensor, spatial: Spatial): number[] {
  const list = typeof given === 'number' || given === null ? [given] : given;
  const all = list.length === 1 ? Array.from({ length: spatial }, () => list[0]!) : list;
  if (all.length !== spatial || !all.every((n) => n === null || (Number.isInteger(n) && n >= 0))) {
    const many = spatial === 1 ? '' : `, or ${spatial} of them`;
    throw new ValueError(`${op}: outputSize must be a non-negative integer${many}, got ${JSON.stringify(given)}`);
  }
  return all.map((n, d) => n ?? x.shape[2 + d]!);
}

/** Window i of `to` windows that divide `from` elements into parts as equal as they can be; neighbours may share one. */
const starts = (i: number, from: number, to: number): number => Math.floor((i * from) / to);
const ends = (i: number, from: number, to: number): number => Math.ceil(((i + 1) * from) / to);

/** The matrix [to, from] that averages each window. */
function averaging(x: Tensor, from: number, to: number): Tensor {
  const values = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const [start, end] = [starts(i, from, to), ends(i, from, to)];
    values.fill(1 / (end - start), i * from + start, i * from + end);
  }
  const rounded = x.dtype === 'float32' ? Float32Array.from(values) : values;
  return fromBuffer(rounded, x.dtype, [to, from], { device: x.device });
}

/** Means over the windows along one dimension. */
function averageAlong(x: Tensor, dim: number, to: number): Tensor {
  const from = x.shape[dim]!;
  if (from === to) return x;
  const [lead, tail] = [x.shape.slice(0, dim), x.shape.slice(dim + 1)];
  if (to > 0 && from % to === 0) return x.reshape([...lead, to, from / to, ...tail]).mean(dim + 1) as unknown as Tensor;
  const inner = tail.reduce((p, n) => p * n, 1);
  const product = matmul(averaging(x, from, to), x.reshape([...lead, from, inner]));
  return product.reshape([...lead, to, ...tail]) as Tensor;
}

function adaptiveAvg(op: string, spatial: Spatial, x: Tensor, size: AdaptiveSize): Tensor {
  checkFloating(op, 'input', x);
  return onBatch(op, spatial, x, (t) => {
    checkImage(op, t);
    // The mean of a box is the mean along each of its sides in turn.
    return [outputSize(op, size, t, spatial).reduce((y, to, d) => averageAlong(y, 2 + d, to), t)];
  })[0]!;
}

/** Maxima over the windows along one dimension, and the position of each along it. */
function maximumAlong(x: Tensor, dim: number, to: number): { values: Tensor; indices: Tensor } {
  const from = x.shape[dim]!;
  const widest = Math.max(0, ...Array.from({ length: to }, (_, i) => ends(i, from, to) - starts(i, from, to)));
  // Shorter windows repeat their last element, which changes neither the maximum nor which element is the first to be it.
  const at = Float64Array.from({ length: to * widest }, (_, k) => {
    const i = Math.floor(k / widest);
    return Math.min(starts(i, from, to) + (k % widest), ends(i, from, to) - 1);
  });
  const positions = fromBuffer(at, 'int64', [to * widest], { device: x.device }) as unknown as Tensor;
  const [lead, tail] = [x.shape.slice(0, dim), x.shape.slice(dim + 1)];
  const windows = takeEntries(x, dim, positions, 'adaptiveMaxPool').reshape([...lead, to, widest, ...tail]) as Tensor;
  const { values, indices } = windows.max(dim + 1) as unknown as { values: Tensor; indices: Tensor };
  const shape = [...lead.map(() => 1), to, widest, ...tail.map(() => 1)];
  const table = positions.reshape(shape).expand([...lead, to, widest, ...tail]) as Tensor;
  return {
    values,
    indices: gatherAlong(table, dim + 1, indices.unsqueeze(dim + 1) as unknown as Tensor).squeeze(dim + 1) as unknown as Tensor,
  };
}

function adaptiveMax(op: string, spatial: Spatial, x: Tensor, size: AdaptiveSize, o: AdaptiveMaxOptions): Tensor | MaxPoolResult {
  checkFloating(op, 'input', x);
  const [values, indices] = onBatch(op, spatial, x, (t) => {
    checkImage(op, t);
    const sizes = outputSize(op, size, t, spatial);
    let best = t;
    let flat: Tensor | null = null;
    let stride = 1;
    // The innermost dimension first: of equal elements the first in the order of memory stays.
    for (let d = spatial - 1; d >= 0; d--) {
      const found = maximumAlong(best, 2 + d, sizes[d]!);
      const along = found.indices.mul(stride) as Tensor;
      flat = flat === null ? along : (gatherAlong(flat, 2 + d, found.indices).add(along) as Tensor);
      best = found.values;
      stride *= t.shape[2 + d]!;
    }
    return [best, flat!];
  });
  return o.returnIndices === true ? { values: values!, indices: indices! } : values!;
}

/**
 * The mean of windows that divide the sequence into `outputSize` parts, as equal as they can be.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param size length of the result
 * @throws ShapeError when the input has another number of dimensions, or is empty in another than the batch
 * @throws ValueError when the size is not a non-negative integer
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
 */
export function adaptiveAvgPool1d(x: Tensor, size: AdaptiveSize): Tensor {
  return adaptiveAvg('adaptiveAvgPool1d', 1, x, size);
}

/**
 * The mean of windows that divide the image into parts as equal as they can be.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param size height and width of the result; null keeps the image's
 * @returns [N, C, OH, OW]
 * @throws ShapeError when the input has another number of dimensions, or is empty in another than the batch
 * @throws ValueError when a size is not a non-negative integer
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * adaptiveAvgPool2d(x, 1); // the mean of each plane
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 */
export function adaptiveAvgPool2d(x: Tensor, size: AdaptiveSize): Tensor {
  return adaptiveAvg('adaptiveAvgPool2d', 2, x, size);
}

/**
 * {@link adaptiveAvgPool2d} of volumes [N, C, D, H, W] or [C, D, H, W].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
 */
export function adaptiveAvgPool3d(x: Tensor, size: AdaptiveSize): Tensor {
  return adaptiveAvg('adaptiveAvgPool3d', 3, x, size);
}

/**
 * The maximum of windows that divide the sequence into `outputSize` parts, as equal as they can be. Of equal elements the
 * first wins, and takes the gradient.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param size length of the result
 * @returns the maxima; with `returnIndices` also where they lie
 * @throws ShapeError when the input has another number of dimensions, or is empty in another than the batch
 * @throws ValueError when the size is not a non-negative integer
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
 */
export function adaptiveMaxPool1d(x: Tensor, size: AdaptiveSize, options: AdaptiveMaxOptions & { returnIndices: true }): MaxPoolResult;
export function adaptiveMaxPool1d(x: Tensor, size: AdaptiveSize, options?: AdaptiveMaxOptions & { returnIndices?: false }): Tensor;
export function adaptiveMaxPool1d(x: Tensor, size: AdaptiveSize, options: AdaptiveMaxOptions = {}): Tensor | MaxPoolResult {
  return adaptiveMax('adaptiveMaxPool1d', 1, x, size, options);
}

/**
 * {@link adaptiveMaxPool1d} of images [N, C, H, W] or [C, H, W]; indices are h * W + w.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
 */
export function adaptiveMaxPool2d(x: Tensor, size: AdaptiveSize, options: AdaptiveMaxOptions & { returnIndices: true }): MaxPoolResult;
export function adaptiveMaxPool2d(x: Tensor, size: AdaptiveSize, options?: AdaptiveMaxOptions & { returnIndices?: false }): Tensor;
export function adaptiveMaxPool2d(x: Tensor, size: AdaptiveSize, options: AdaptiveMaxOptions = {}): Tensor | MaxPoolResult {
  return adaptiveMax('adaptiveMaxPool2d', 2, x, size, options);
}

/**
 * {@link adaptiveMaxPool1d} of volumes [N, C, D, H, W] or [C, D, H, W]; indices are (d * H + h) * W + w.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
 */
export function adaptiveMaxPool3d(x: Tensor, size: AdaptiveSize, options: AdaptiveMaxOptions & { returnIndices: true }): MaxPoolResult;
export function adaptiveMaxPool3d(x: Tensor, size: AdaptiveSize, options?: AdaptiveMaxOptions & { returnIndices?: false }): Tensor;
export function adaptiveMaxPool3d(x: Tensor, size: AdaptiveSize, options: AdaptiveMaxOptions = {}): Tensor | MaxPoolResult {
  return adaptiveMax('adaptiveMaxPool3d', 3, x, size, options);
}
