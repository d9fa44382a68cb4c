import { type InterpolateMode, type Pair, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { checkSize, float, type PairLike, type SizeLike, showSizes, showTuple, sizes } from './layer.ts';
import { Module } from './module.ts';

/**
 * One dimension as several: the reverse of {@link Flatten}.
 *
 * @throws ValueError for a shape that makes no sense; ShapeError at the call when the sizes do not multiply to the dimension's
 * @example
 * ```ts
 * new Unflatten(1, [2, 5, 5]).call(zeros([8, 50])); // [8, 2, 5, 5]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
 */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  /**
   * @param dim which dimension
   * @param unflattenedSize what it becomes; one size may be -1
   */
  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    if (!Number.isInteger(dim)) throw new ValueError(`Unflatten: dim must be an integer, got ${String(dim)}`);
    if (!Array.isArray(unflattenedSize) || !unflattenedSize.every(Number.isInteger))
      throw new ValueError(`Unflatten: unflattenedSize must be a list of integers, got ${JSON.stringify(unflattenedSize)}`);
    this.dim = dim;
    this.unflattenedSize = [...unflattenedSize];
  }

  /** The input with the dimension split. */
  forward(x: Tensor): Tensor {
    return x.unflatten(this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${showTuple(this.unflattenedSize)}`;
  }
}

/**
 * Channels as blocks of pixels: [..., C·r², H, W] to [..., C, H·r, W·r] (Shi et al. 2016).
 *
 * @throws ValueError for a factor that is not positive; ShapeError at the call when r² does not divide the channels
 * @example
 * ```ts
 * new PixelShuffle(3).call(zeros([1, 9, 4, 4])); // [1, 1, 12, 12]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super();
    checkSize('PixelShuffle', 'upscaleFactor', upscaleFactor, 1);
    this.upscaleFactor = upscaleFactor;
  }

  /** [..., C·r², H, W] to [..., C, H·r, W·r] */
  forward(x: Tensor): Tensor {
    return F.pixelShuffle(x, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/**
 * Blocks of pixels as channels: the reverse of {@link PixelShuffle}.
 *
 * @throws ValueError for a factor that is not positive; ShapeError at the call when r does not divide the sides
 * @example
 * ```ts
 * new PixelUnshuffle(3).call(zeros([1, 1, 12, 12])); // [1, 9, 4, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super();
    checkSize('PixelUnshuffle', 'downscaleFactor', downscaleFactor, 1);
    this.downscaleFactor = downscaleFactor;
  }

  /** [..., C, H·r, W·r] to [..., C·r², H, W] */
  forward(x: Tensor): Tensor {
    return F.pixelUnshuffle(x, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/**
 * Channels of [N, C, ...] taken from `groups` groups in turn (Zhang et al. 2018).
 *
 * @throws ValueError for groups that are not positive; ShapeError at the call when they do not divide the channels
 * @example
 * ```ts
 * new ChannelShuffle(2).call(zeros([1, 4, 2, 2]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export class ChannelShuffle extends Module {
  readonly groups: number;

  constructor(groups: number) {
    super();
    checkSize('ChannelShuffle', 'groups', groups, 1);
    this.groups = groups;
  }

  /** The channels in another order. */
  forward(x: Tensor): Tensor {
    return F.channelShuffle(x, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

/** Options of {@link Unfold} and {@link Fold}. */
export interface UnfoldLayerOptions {
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: PairLike;
  /** Zeros around the image. Default 0. */
  padding?: PairLike;
  /** How far apart windows lie. Default 1. */
  stride?: PairLike;
}

abstract class Windows extends Module {
  readonly kernelSize: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];

  constructor(name: string, kernelSize: SizeLike, options: UnfoldLayerOptions) {
    super();
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, 2, 1);
    this.dilation = sizes(name, 'dilation', options.dilation ?? 1, 2, 1);
    this.padding = sizes(name, 'padding', options.padding ?? 0, 2, 0);
    this.stride = sizes(name, 'stride', options.stride ?? 1, 2, 1);
  }

  protected geometry(): { dilation: Pair; padding: Pair; stride: Pair } {
    const { dilation, padding, stride } = this as unknown as { dilation: Pair; padding: Pair; stride: Pair };
    return { dilation, padding, stride };
  }

  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return `kernel_size=${showSizes(kernelSize)}, dilation=${showSizes(dilation)}, padding=${showSizes(padding)}, stride=${showSizes(stride)}`;
  }
}

/**
 * Windows of images as columns: [N, C, H, W] to [N, C·KH·KW, windows].
 *
 * @throws ValueError for sizes that make no sense; ShapeError at the call when a window does not fit
 * @example
 * ```ts
 * new Unfold(2).call(zeros([2, 3, 4, 4])); // [2, 12, 9]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 */
export class Unfold extends Windows {
  constructor(kernelSize: PairLike, options: UnfoldLayerOptions = {}) {
    super('Unfold', kernelSize, options);
  }

  /** [N, C, H, W] (or [C, H, W]) to [N, C·KH·KW, windows] */
  forward(x: Tensor): Tensor {
    return F.unfold(x, this.kernelSize as unknown as Pair, this.geometry());
  }
}

/**
 * Columns of windows summed into images, where they overlap too: [N, C·KH·KW, windows] to [N, C, *outputSize].
 *
 * @throws ValueError for sizes that make no sense; ShapeError at the call when the columns do not fit
 * @example
 * ```ts
 * new Fold([4, 4], 2).call(zeros([2, 12, 9])); // [2, 3, 4, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
 */
export class Fold extends Windows {
  readonly outputSize: readonly number[];

  constructor(outputSize: PairLike, kernelSize: PairLike, options: UnfoldLayerOptions = {}) {
    super('Fold', kernelSize, options);
    this.outputSize = sizes('Fold', 'outputSize', outputSize, 2, 1);
  }

  /** [N, C·KH·KW, windows] (or without N) to [N, C, *outputSize] */
  forward(x: Tensor): Tensor {
    return F.fold(x, this.outputSize as unknown as Pair, this.kernelSize as unknown as Pair, this.geometry());
  }

  override extraRepr(): string {
    return `output_size=${showSizes(this.outputSize)}, ${super.extraRepr()}`;
  }
}

/** Options of {@link Upsample}. */
export interface UpsampleLayerOptions {
  /** Size of each spatial dimension of the result; one number for all. */
  size?: number | readonly number[] | null;
  /** What to multiply sizes by; one number for all dimensions, or one for each. */
  scaleFactor?: number | readonly number[] | null;
  /** Default `'nearest'`. */
  mode?: InterpolateMode;
  /** For the linear and cubic modes: whether the corner entries of input and result coincide. Default false. */
  alignCorners?: boolean | null;
  /** Whether positions follow from the rounded output size instead of `scaleFactor` as given. Default false. */
  recomputeScaleFactor?: boolean | null;
}

/**
 * Sequences, images or volumes resized, to a size or by a factor.
 *
 * @throws ValueError at the call when not exactly one of `size` and `scaleFactor` is given, or for a mode that does not fit the
 * rank; ShapeError for an input of another rank
 * @example
 * ```ts
 * new Upsample({ scaleFactor: 2, mode: 'bilinear' }).call(zeros([1, 3, 8, 8])); // [1, 3, 16, 16]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 */
export class Upsample extends Module {
  readonly size: number | readonly number[] | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(options: UpsampleLayerOptions = {}) {
    super();
    this.size = options.size ?? null;
    this.scaleFactor = options.scaleFactor ?? null;
    this.mode = options.mode ?? 'nearest';
    this.alignCorners = options.alignCorners ?? null;
    this.recomputeScaleFactor = options.recomputeScaleFactor ?? null;
  }

  /** [N, C, ...] to the same with other sizes. */
  forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return F.interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const shown = (v: number | readonly number[], one: (n: number) => string): string => (typeof v === 'number' ? one(v) : showTuple(v));
    const what =
      this.scaleFactor !== null ? `scale_factor=${shown(this.scaleFactor, float)}` : `size=${shown(this.size ?? [], (n) => String(n))}`;
    return `${what}, mode=${this.mode}`;
  }
}

/** Options of {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d}: one of the two. */
export interface Upsampling2dOptions {
  /** Height and width of the result; one number for both. */
  size?: PairLike | null;
  /** What to multiply them by. */
  scaleFactor?: number | readonly [number, number] | null;
}

/** {@link Upsample} of images by the nearest pixel. @see https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html */
export class UpsamplingNearest2d extends Upsample {
  constructor(options: Upsampling2dOptions = {}) {
    super({ ...options, mode: 'nearest' });
  }
}

/**
 * {@link Upsample} of images, bilinear with aligned corners.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
 */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options: Upsampling2dOptions = {}) {
    super({ ...options, mode: 'bilinear', alignCorners: true });
  }
}
