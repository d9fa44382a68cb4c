import { isFloating } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import {
  type Axis,
  antialiasTaps,
  areaTaps,
  cubicTaps,
  linearTaps,
  nearestTaps,
  resample,
  roundingOf,
  type Taps,
} from '../parts/resample.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** How values between the entries of the input are made. */
export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area';

/** Options of {@link upsampleNearest} and {@link upsampleBilinear}: one of the two is given. */
export interface ResizeOptions {
  /** Size of each spatial dimension of the result; one number for all. */
  size?: number | readonly number[] | null;
  /** What to multiply sizes by; one number for all dimensions, or one for each. */
  scaleFactor?: number | readonly number[] | null;
}

/** Options of {@link upsample}. */
export interface UpsampleOptions extends ResizeOptions {
  /** Default `'nearest'`. */
  mode?: InterpolateMode;
  /**
   * For the linear and cubic modes: whether the corner entries of input and result coincide, instead of the outer corners of
   * entries that are unit squares. Default false.
   */
  alignCorners?: boolean | null;
}

/** Options of {@link interpolate}. */
export interface InterpolateOptions extends UpsampleOptions {
  /** Whether positions follow from the rounded output size instead of `scaleFactor` as given. Default false. */
  recomputeScaleFactor?: boolean | null;
  /** For `'bilinear'` and `'bicubic'`: whether shrinking averages over all that lies between output entries. Default false. */
  antialias?: boolean;
}

/** How many spatial dimensions each mode takes. */
const ranks: Readonly<Record<InterpolateMode, readonly number[]>> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  bicubic: [2],
  trilinear: [3],
};

/** One number for each of `count` spatial dimensions. */
function forEach(op: string, name: string, value: number | readonly number[], x: Tensor): readonly number[] {
  const count = x.ndim - 2;
  if (typeof value === 'number') return new Array<number>(count).fill(value);
  if (value.length !== count) {
    throw new ValueError(`${op}: ${name} ${show(value)} has ${value.length} numbers, but ${show(x.shape)} has ${count} spatial dimensions`);
  }
  return value;
}

/** The size of the result and the scales that positions follow, null where sizes say them. */
interface Target {
  readonly sizes: readonly number[];
  readonly scales: readonly (number | null)[];
}

function targetOf(op: string, x: Tensor, options: InterpolateOptions, mode: InterpolateMode): Target {
  const { size = null, scaleFactor = null } = options;
  if (size !== null && scaleFactor !== null) throw new ValueError(`${op}: only one of size and scaleFactor can be given`);
  const recompute = options.recomputeScaleFactor === true || mode === 'area';
  if (size !== null) {
    if (options.recomputeScaleFactor === true) throw new ValueError(`${op}: recomputeScaleFactor means nothing with a size`);
    const sizes = forEach(op, 'size', size, x);
    if (!sizes.every(Number.isInteger)) throw new ValueError(`${op}: sizes must be integers, got ${JSON.stringify(size)}`);
    return { sizes, scales: sizes.map(() => null) };
  }
  if (scaleFactor === null) throw new ValueError(`${op}: size or scaleFactor must be given`);
  const scales = forEach(op, 'scaleFactor', scaleFactor, x);
  const sizes = scales.map((s, d) => Math.floor(x.shape[2 + d]! * s));
  return { sizes, scales: recompute ? sizes.map(() => null) : scales };
}

function tapsOf(mode: InterpolateMode, axis: Axis, x: Tensor, antialias: boolean): Taps {
  const round = roundingOf(x.dtype);
  switch (mode) {
    case 'nearest':
      return nearestTaps(axis, false, round);
    case 'nearest-exact':
      return nearestTaps(axis, true, round);
    case 'area':
      return areaTaps(axis);
    case 'bicubic':
      return antialias ? antialiasTaps(axis, mode, round) : cubicTaps(axis, round);
    default:
      return antialias ? antialiasTaps(axis, 'bilinear', round) : linearTaps(axis, round);
  }
}

function resized(op: string, x: Tensor, options: InterpolateOptions): Tensor {
  const mode = options.mode ?? 'nearest';
  const pointwise = mode === 'nearest' || mode === 'nearest-exact';
  if (!Object.hasOwn(ranks, mode)) {
    throw new ValueError(`${op}: unknown mode '${mode as string}'; it is ${Object.keys(ranks).join(', ')}`);
  }
  if (options.alignCorners != null && (pointwise || mode === 'area')) {
    throw new ValueError(`${op}: alignCorners means nothing for mode '${mode}'`);
  }
  const spatial = x.ndim - 2;
  if (!ranks[mode].includes(spatial)) {
    const expected = ranks[mode].map((n) => ['[N, C, W]', '[N, C, H, W]', '[N, C, D, H, W]'][n - 1]).join(', ');
    throw new ShapeError(`${op}: input ${show(x.shape)} does not fit mode '${mode}', expected ${expected}`);
  }
  const { sizes, scales } = targetOf(op, x, options, mode);
  const antialias = options.antialias ?? false;
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic') {
    throw new ValueError(`${op}: antialias is for modes 'bilinear' and 'bicubic', got '${mode}'`);
  }
  if (!isFloating(x.dtype) && !(pointwise && x.dtype === 'uint8')) {
    throw new DTypeError(`${op}: mode '${mode}' is not defined for ${x.dtype}; convert with to('float32')`);
  }
  const least = mode === 'area' ? 0 : 1;
  sizes.forEach((n, d) => {
    if (x.shape[2 + d] === 0 || n < least) {
      throw new ShapeError(`${op}: cannot make size ${n} of input ${show(x.shape)} (dimension ${2 + d})`);
    }
  });
  if (mode !== 'area' && x.shape[1] === 0) throw new ShapeError(`${op}: input ${show(x.shape)} has no channels (dimension 1)`);
  const axes = sizes.map((to, d): Axis => ({ from: x.shape[2 + d]!, to, scale: scales[d]!, alignCorners: options.alignCorners ?? false }));
  // Dimensions that shrink go first: less is left for the others.
  const order = axes.map((_, d) => d).sort((a, b) => axes[a]!.to / axes[a]!.from - axes[b]!.to / axes[b]!.from);
  return order.reduce((y, d) => resample(op, y, 2 + d, tapsOf(mode, axes[d]!, x, antialias)), x);
}

/**
 * Images, sequences or volumes of another size, given as `size` or as `scaleFactor`.
 *
 * Modes: `'nearest'` (the entry at the rounded-down position), `'nearest-exact'` (the entry in whose middle it lies nearest),
 * `'linear'`, `'bilinear'` and `'trilinear'` for one, two and three dimensions, `'bicubic'` for two, and `'area'`, which averages.
 * A `scaleFactor` is used as it is given: where it makes no whole size, `recomputeScaleFactor` takes positions from the size.
 *
 * @param x [N, C, W], [N, C, H, W] or [N, C, D, H, W]
 * @returns the same with other spatial sizes, floor(size · scaleFactor) for a scale
 * @throws ValueError when neither or both of `size` and `scaleFactor` are given, or options do not go together
 * @throws ShapeError when the input does not fit the mode, or is or becomes empty
 * @throws DTypeError unless the input is floating, or uint8 for the nearest modes
 * @example
 * ```ts
 * interpolate(images, { scaleFactor: 2, mode: 'bilinear' });
 * interpolate(images, { size: [224, 224], mode: 'bicubic', antialias: true });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
export function interpolate(x: Tensor, options: InterpolateOptions = {}): Tensor {
  return resized('interpolate', x, options);
}

/**
 * {@link interpolate} under its older name.
 *
 * @throws as {@link interpolate}
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
 */
export function upsample(x: Tensor, options: UpsampleOptions = {}): Tensor {
  return resized('upsample', x, options);
}

/**
 * {@link interpolate} with the nearest entry.
 *
 * @throws as {@link interpolate}
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
 */
export function upsampleNearest(x: Tensor, options: ResizeOptions = {}): Tensor {
  return resized('upsampleNearest', x, { ...options, mode: 'nearest' });
}

/**
 * {@link interpolate} of images, bilinear with aligned corners.
 *
 * @throws as {@link interpolate}
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
 */
export function upsampleBilinear(x: Tensor, options: ResizeOptions = {}): Tensor {
  return resized('upsampleBilinear', x, { ...options, mode: 'bilinear', alignCorners: true });
}
