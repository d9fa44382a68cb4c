import { ShapeError, ValueError } from '../errors.ts';
import {
  asPlanes,
  batchOf,
  type ConvKind,
  checkBias,
  checkImages,
  checkWeight,
  finished,
  lastTwo,
  perDimension,
} from '../parts/conv-arguments.ts';
import { correlate } from '../parts/correlation.ts';
import { padConstant } from '../parts/padding.ts';
import { slidingWindows } from '../parts/sliding.ts';
import type { Pair, Single, Triple } from '../parts/windows.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Options of a convolution whose sizes are given as `Size`. */
export interface ConvOptions<Size> {
  /** How far apart windows lie. Default 1. */
  stride?: Size;
  /** Zeros around the image; `'same'` keeps its size (stride 1 only), `'valid'` means none. Default 0. */
  padding?: Size | 'same' | 'valid';
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Size;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
}

/** Options of {@link conv1d}. */
export type Conv1dOptions = ConvOptions<Single>;

/** Options of {@link conv2d}. */
export type Conv2dOptions = ConvOptions<Pair>;

/** Options of {@link conv3d}. */
export type Conv3dOptions = ConvOptions<Triple>;

/** Options with a number for each spatial dimension. */
interface Geometry {
  readonly stride: readonly number[];
  /** Zeros before and after the image; `after` is one more where `'same'` pads unevenly. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

function geometryOf({ op, spatial }: ConvKind, weight: Tensor, options: ConvOptions<number | readonly number[]>): Geometry {
  const stride = perDimension(op, 'stride', options.stride ?? 1, 1, spatial);
  const dilation = perDimension(op, 'dilation', options.dilation ?? 1, 1, spatial);
  const groups = options.groups ?? 1;
  const { padding = 0 } = options;
  if (padding === 'same') {
    if (stride.some((n) => n !== 1)) throw new ValueError(`${op}: padding 'same' needs stride 1, got ${show(stride)}`);
    const total = dilation.map((n, d) => n * (weight.shape[2 + d]! - 1));
    const before = total.map((n) => Math.floor(n / 2));
    return { stride, before, after: total.map((n, d) => n - before[d]!), dilation, groups };
  }
  if (typeof padding === 'string' && padding !== 'valid') {
    throw new ValueError(`${op}: padding must be an integer for each dimension, 'same' or 'valid', got '${padding as string}'`);
  }
  const around = perDimension(op, 'padding', padding === 'valid' ? 0 : padding, 0, spatial);
  return { stride, before: around, after: around, dilation, groups };
}

/** Checks that channels and windows fit the input as the caller gave it. */
function checkFit({ op, spatial }: ConvKind, input: Tensor, weight: Tensor, g: Geometry): void {
  const lead = input.ndim - spatial;
  const [channels, expected] = [input.shape[lead - 1]!, weight.shape[1]! * g.groups];
  if (channels !== expected) {
    const groups = g.groups === 1 ? '' : ` (${weight.shape[1]} in each of ${g.groups} groups)`;
    throw new ShapeError(
      `${op}: input ${show(input.shape)} has ${channels} channels but weight ${show(weight.shape)} expects ${expected}${groups} (dimension ${lead - 1})`,
    );
  }
  for (let d = 0; d < spatial; d++) {
    const reach = (weight.shape[2 + d]! - 1) * g.dilation[d]! + 1;
    const room = input.shape[lead + d]! + g.before[d]! + g.after[d]!;
    if (room < reach) {
      throw new ShapeError(
        `${op}: input ${show(input.shape)} and weight ${show(weight.shape)}: a window of ${reach} does not fit in ${room}, padding included (dimension ${lead + d})`,
      );
    }
  }
}

/** The planar convolution of x [N, C, (H,) W] with weight [O, C / groups, (KH,) KW]: [N, O, OH, OW]. */
function correlatePlanes(x: Tensor, weight: Tensor, g: Geometry): Tensor {
  const [stride, padding, dilation] = [lastTwo(g.stride, 1), lastTwo(g.before, 0), lastTwo(g.dilation, 1)];
  const end = lastTwo(g.after, 0);
  const extended = padConstant(asPlanes(x), [0, 0, 0, 0], [0, 0, end[0] - padding[0], end[1] - padding[1]]);
  return correlate([extended, asPlanes(weight)], { stride, padding, dilation, groups: g.groups })[0]!;
}

/** The windows in depth become channels, and their positions images, of a planar convolution: [N, O, OD, OH, OW]. */
function correlateVolumes(x: Tensor, weight: Tensor, g: Geometry): Tensor {
  const [n, c, , h, w] = x.shape as readonly [number, number, number, number, number];
  const [o, perGroup, kd, kh, kw] = weight.shape as readonly [number, number, number, number, number];
  const padded = padConstant(x, [0, 0, g.before[0]!, 0, 0], [0, 0, g.after[0]!, 0, 0]);
  const windows = slidingWindows(padded, 2, { size: kd, stride: g.stride[0]!, dilation: g.dilation[0]! });
  const depth = windows.shape[2]!;
  const images = windows.permute(0, 2, 1, 5, 3, 4).reshape([n * depth, c * kd, h, w]) as Tensor;
  const y = correlatePlanes(images, weight.reshape([o, perGroup * kd, kh, kw]) as Tensor, g);
  const volumes = y.reshape([n, depth, o, y.shape[2]!, y.shape[3]!]) as Tensor;
  return volumes.transpose(1, 2).contiguous() as Tensor;
}

function convolve(
  kind: ConvKind,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvOptions<number | readonly number[]>,
): Tensor {
  const { x, single } = batchOf(kind, input, weight, bias, 'O, C / groups');
  const g = geometryOf(kind, weight, options);
  checkWeight(kind, input, weight, g.groups);
  checkFit(kind, input, weight, g);
  checkImages(kind, input);
  checkBias(kind, bias, weight.shape[0]!, 'dimension 0 of the weight');
  if (kind.spatial === 3) return finished(kind, correlateVolumes(x, weight, g), bias, single);
  const y = correlatePlanes(x, weight, g);
  return finished(kind, kind.spatial === 1 ? (y.squeeze(2) as Tensor) : y, bias, single);
}

/**
 * Cross-correlation of images with a bank of kernels.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param weight [O, C / groups, KH, KW]
 * @param bias [O], added to each output channel
 * @returns [N, O, OH, OW] (or [O, OH, OW]) with OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
 * @throws ShapeError when channels, groups, kernel or bias do not fit
 * @throws DTypeError when the dtypes differ, or are bool
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * conv2d(zeros([8, 3, 32, 32]), zeros([16, 3, 3, 3]), null, { padding: 1 }).shape; // [8, 16, 32, 32]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: Conv2dOptions = {}): Tensor {
  return convolve({ op: 'conv2d', spatial: 2 }, x, weight, bias, options);
}

/**
 * Cross-correlation of sequences with a bank of kernels.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param weight [O, C / groups, K]
 * @param bias [O], added to each output channel
 * @returns [N, O, OL] (or [O, OL]) with OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1
 * @throws ShapeError when channels, groups, kernel or bias do not fit
 * @throws DTypeError when the dtypes differ, or are bool
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * conv1d(zeros([8, 4, 100]), zeros([6, 4, 5]), null, { stride: 2 }).shape; // [8, 6, 48]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: Conv1dOptions = {}): Tensor {
  return convolve({ op: 'conv1d', spatial: 1 }, x, weight, bias, options);
}

/**
 * Cross-correlation of volumes with a bank of kernels.
 *
 * @param x [N, C, D, H, W], or one volume [C, D, H, W]
 * @param weight [O, C / groups, KD, KH, KW]
 * @param bias [O], added to each output channel
 * @returns [N, O, OD, OH, OW] (or [O, OD, OH, OW]) with OD = floor((D + 2 padding - dilation (KD - 1) - 1) / stride) + 1
 * @throws ShapeError when channels, groups, kernel or bias do not fit
 * @throws DTypeError when the dtypes differ, or are bool
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * conv3d(zeros([2, 3, 8, 32, 32]), zeros([16, 3, 3, 3, 3]), null, { padding: [0, 1, 1] }).shape; // [2, 16, 6, 32, 32]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
 */
export function conv3d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: Conv3dOptions = {}): Tensor {
  return convolve({ op: 'conv3d', spatial: 3 }, x, weight, bias, options);
}
