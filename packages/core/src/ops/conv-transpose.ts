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
import { correlateInputGrad } from '../parts/correlation.ts';
import { padConstant, padDim } from '../parts/padding.ts';
import { overlapAdd } from '../parts/sliding.ts';
import type { Pair, Single, Triple } from '../parts/windows.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Options of a transposed convolution whose sizes are given as `Size`. */
export interface ConvTransposeOptions<Size> {
  /** How far apart the windows that input elements are spread over lie. Default 1. */
  stride?: Size;
  /** What is cut off on every side: the padding of the convolution that this transposes. Default 0. */
  padding?: Size;
  /** Elements added at the end of each dimension; less than the stride or the dilation. Default 0. */
  outputPadding?: Size;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Size;
}

/** Options of {@link convTranspose1d}. */
export type ConvTranspose1dOptions = ConvTransposeOptions<Single>;

/** Options of {@link convTranspose2d}. */
export type ConvTranspose2dOptions = ConvTransposeOptions<Pair>;

/** Options of {@link convTranspose3d}. */
export type ConvTranspose3dOptions = ConvTransposeOptions<Triple>;

/** Options with a number for each spatial dimension, and the sizes of the result. */
interface Geometry {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly sizes: readonly number[];
}

function geometryOf(
  { op, spatial }: ConvKind,
  input: Tensor,
  weight: Tensor,
  options: ConvTransposeOptions<number | readonly number[]>,
): Geometry {
  const stride = perDimension(op, 'stride', options.stride ?? 1, 1, spatial);
  const padding = perDimension(op, 'padding', options.padding ?? 0, 0, spatial);
  const outputPadding = perDimension(op, 'outputPadding', options.outputPadding ?? 0, 0, spatial);
  const dilation = perDimension(op, 'dilation', options.dilation ?? 1, 1, spatial);
  const lead = input.ndim - spatial;
  const none = lead === 2 && input.shape[0] === 0;
  const sizes = stride.map((s, d) => {
    const extra = outputPadding[d]!;
    if (extra >= s && extra >= dilation[d]!) {
      const limits = `stride ${s} and dilation ${dilation[d]}`;
      throw new ValueError(`${op}: outputPadding ${extra} must be smaller than one of ${limits} (dimension ${lead + d})`);
    }
    const n = input.shape[lead + d]!;
    const size = (n - 1) * s - 2 * padding[d]! + dilation[d]! * (weight.shape[2 + d]! - 1) + extra + 1;
    if (size < (none ? 0 : 1) && n > 0) {
      const operands = `input ${show(input.shape)} and weight ${show(weight.shape)}`;
      throw new ShapeError(`${op}: ${operands}: padding ${padding[d]} leaves a size of ${size} (dimension ${lead + d})`);
    }
    return Math.max(size, 0);
  });
  return { stride, padding, outputPadding, dilation, groups: options.groups ?? 1, sizes };
}

function checkChannels({ op, spatial }: ConvKind, input: Tensor, weight: Tensor): void {
  const at = input.ndim - spatial - 1;
  if (input.shape[at] !== weight.shape[0]) {
    throw new ShapeError(
      `${op}: input ${show(input.shape)} has ${input.shape[at]} channels but weight ${show(weight.shape)} expects ${weight.shape[0]} (dimension ${at})`,
    );
  }
  if (weight.shape[1] === 0) throw new ShapeError(`${op}: weight ${show(weight.shape)} has no output channels (dimension 1)`);
}

/** x [N, C, (H,) W] and weight [C, O / groups, (KH,) KW] to [N, O, OH, OW]. */
function spreadPlanes(x: Tensor, weight: Tensor, g: Geometry): Tensor {
  const [stride, padding, dilation] = [lastTwo(g.stride, 1), lastTwo(g.padding, 0), lastTwo(g.dilation, 1)];
  const extra = lastTwo(g.outputPadding, 0);
  // The convolution of the result has more windows than x has elements when a whole stride is added: they see nothing.
  const more = [0, 1].map((d) => Math.floor(extra[d]! / stride[d]!));
  const extended = padConstant(asPlanes(x), [0, 0, 0, 0], [0, 0, ...more]);
  const shape = [x.shape[0]!, weight.shape[1]! * g.groups, ...lastTwo(g.sizes, 1)];
  return correlateInputGrad([extended, asPlanes(weight)], { stride, padding, dilation, groups: g.groups, shape })[0]!;
}

/** Each element of the depth makes the planes of one window, which are added up where windows overlap. */
function spreadVolumes(x: Tensor, weight: Tensor, g: Geometry): Tensor {
  const [n, c, depth, h, w] = x.shape as readonly [number, number, number, number, number];
  const [, perGroup, kd, kh, kw] = weight.shape as readonly [number, number, number, number, number];
  const images = x.transpose(1, 2).reshape([n * depth, c, h, w]) as Tensor;
  const y = spreadPlanes(images, weight.reshape([c, perGroup * kd, kh, kw]) as Tensor, g);
  const planes = y.reshape([n, depth, perGroup * g.groups, kd, y.shape[2]!, y.shape[3]!]) as Tensor;
  const whole = overlapAdd('convTranspose3d', planes.transpose(1, 2) as Tensor, 2, {
    size: kd,
    stride: g.stride[0]!,
    dilation: g.dilation[0]!,
  });
  return padDim(whole, 2, -g.padding[0]!, g.sizes[0]! + g.padding[0]! - whole.shape[2]!);
}

function transposed(
  kind: ConvKind,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null | undefined,
  options: ConvTransposeOptions<number | readonly number[]>,
): Tensor {
  const { x, single } = batchOf(kind, input, weight, bias, 'C, O / groups');
  const g = geometryOf(kind, input, weight, options);
  checkWeight(kind, input, weight, g.groups);
  checkChannels(kind, input, weight);
  checkImages(kind, input);
  checkBias(kind, bias, weight.shape[1]! * g.groups, 'dimension 1 of the weight, in each group');
  if (kind.spatial === 3) return finished(kind, spreadVolumes(x, weight, g), bias, single);
  const y = spreadPlanes(x, weight, g);
  return finished(kind, kind.spatial === 1 ? (y.squeeze(2) as Tensor) : y, bias, single);
}

/**
 * The transpose of {@link conv1d}, which takes its outputs' shape to its inputs': every element of a sequence spreads a kernel.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param weight [C, O / groups, K]
 * @param bias [O], added to each output channel
 * @returns [N, O, OL] (or [O, OL]) with OL = (L - 1) stride - 2 padding + dilation (K - 1) + outputPadding + 1
 * @throws ShapeError when channels, groups or bias do not fit, or nothing is left
 * @throws DTypeError when the dtypes differ, or are bool
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * convTranspose1d(zeros([8, 4, 10]), zeros([4, 6, 3]), null, { stride: 2 }).shape; // [8, 6, 21]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 */
export function convTranspose1d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvTranspose1dOptions = {}): Tensor {
  return transposed({ op: 'convTranspose1d', spatial: 1 }, x, weight, bias, options);
}

/**
 * The transpose of {@link conv2d}, which takes its outputs' shape to its inputs': every pixel spreads a kernel.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param weight [C, O / groups, KH, KW]
 * @param bias [O], added to each output channel
 * @returns [N, O, OH, OW] (or [O, OH, OW]) with OH = (H - 1) stride - 2 padding + dilation (KH - 1) + outputPadding + 1
 * @throws ShapeError when channels, groups or bias do not fit, or nothing is left
 * @throws DTypeError when the dtypes differ, or are bool
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * convTranspose2d(zeros([8, 16, 7, 7]), zeros([16, 3, 2, 2]), null, { stride: 2 }).shape; // [8, 3, 14, 14]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
export function convTranspose2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvTranspose2dOptions = {}): Tensor {
  return transposed({ op: 'convTranspose2d', spatial: 2 }, x, weight, bias, options);
}

/**
 * The transpose of {@link conv3d}, which takes its outputs' shape to its inputs': every voxel spreads a kernel.
 *
 * @param x [N, C, D, H, W], or one volume [C, D, H, W]
 * @param weight [C, O / groups, KD, KH, KW]
 * @param bias [O], added to each output channel
 * @returns [N, O, OD, OH, OW] (or [O, OD, OH, OW]) with OD = (D - 1) stride - 2 padding + dilation (KD - 1) + outputPadding + 1
 * @throws ShapeError when channels, groups or bias do not fit, or nothing is left
 * @throws DTypeError when the dtypes differ, or are bool
 * @throws ValueError when an option makes no sense
 * @example
 * ```ts
 * convTranspose3d(zeros([2, 16, 4, 7, 7]), zeros([16, 3, 2, 2, 2]), null, { stride: 2 }).shape; // [2, 3, 8, 14, 14]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
 */
export function convTranspose3d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvTranspose3dOptions = {}): Tensor {
  return transposed({ op: 'convTranspose3d', spatial: 3 }, x, weight, bias, options);
}
