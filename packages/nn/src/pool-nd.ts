import { type MaxPoolResult, ShapeError, type Tensor } from '@nabla/core';
import type { SingleLike, TripleLike } from './conv.ts';
import * as F from './functional.ts';
import { axes, bool, type SizeLike, showShape, showSizes, sizes } from './layer.ts';
import { Module } from './module.ts';

/** Throws unless `x` is a batch of inputs with so many spatial dimensions, or one of them. */
export function checkSpatial(name: string, x: Tensor, spatial: number): void {
  if (x.ndim !== spatial + 1 && x.ndim !== spatial + 2)
    throw new ShapeError(`${name} expects [N, C, ${axes[spatial]}] or [C, ${axes[spatial]}] but the input is ${showShape(x.shape)}`);
}

/** Options of {@link MaxPool1d} and {@link MaxPool3d}. */
export interface MaxPoolLayerOptions<Size, R extends boolean = boolean> {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: Size | null;
  /** Border that never wins; at most half of the kernel. Default 0. */
  padding?: Size;
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Size;
  /** Also take windows that start inside the input but reach beyond it. Default false. */
  ceilMode?: boolean;
  /** Give `{ values, indices }` instead of the values alone. Default false. */
  returnIndices?: R;
}

type MaxPoolFunction = (
  x: Tensor,
  kernel: readonly number[],
  options: {
    stride: readonly number[];
    padding: readonly number[];
    dilation: readonly number[];
    ceilMode: boolean;
    returnIndices: boolean;
  },
) => Tensor | MaxPoolResult;

abstract class MaxPoolNd<R extends boolean> extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
  readonly returnIndices: boolean;

  constructor(spatial: number, kernelSize: SizeLike, options: MaxPoolLayerOptions<SizeLike, R>) {
    super();
    const name = `MaxPool${spatial}d`;
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.stride = sizes(name, 'stride', options.stride ?? kernelSize, spatial, 1);
    this.padding = sizes(name, 'padding', options.padding ?? 0, spatial, 0);
    this.dilation = sizes(name, 'dilation', options.dilation ?? 1, spatial, 1);
    this.ceilMode = options.ceilMode ?? false;
    this.returnIndices = options.returnIndices ?? false;
  }

  /** [N, C, ...] (or [C, ...]) to the same with fewer entries. */
  forward(x: Tensor): R extends true ? MaxPoolResult : Tensor {
    const spatial = this.kernelSize.length;
    checkSpatial(`MaxPool${spatial}d`, x, spatial);
    const { stride, padding, dilation, ceilMode, returnIndices } = this;
    const pool = (spatial === 1 ? F.maxPool1d : F.maxPool3d) as unknown as MaxPoolFunction;
    return pool(x, this.kernelSize, { stride, padding, dilation, ceilMode, returnIndices }) as R extends true ? MaxPoolResult : Tensor;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation } = this;
    return `kernel_size=${showSizes(kernelSize)}, stride=${showSizes(stride)}, padding=${showSizes(padding)}, dilation=${showSizes(dilation)}, ceil_mode=${bool(this.ceilMode)}`;
  }
}

/** Options of {@link AvgPool1d} and {@link AvgPool3d}. */
export interface AvgPoolLayerOptions<Size> {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: Size | null;
  /** Zeros around the input; at most half of the kernel. Default 0. */
  padding?: Size;
  /** Also take windows that start inside the input but reach beyond it. Default false. */
  ceilMode?: boolean;
  /** Whether padding counts as elements. Default true. */
  countIncludePad?: boolean;
}

/** Options of {@link AvgPool3d}. */
export interface AvgPool3dLayerOptions extends AvgPoolLayerOptions<TripleLike> {
  /** Divide by this instead of the number of elements. */
  divisorOverride?: number | null;
}

/**
 * The maximum of every window of sequences [N, C, L] or [C, L].
 *
 * @throws ShapeError at the call when the input is no sequence or a window does not fit; ValueError for options that make no sense
 * @example
 * ```ts
 * new MaxPool1d(2).call(zeros([8, 16, 28])); // [8, 16, 14]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 */
export class MaxPool1d<const R extends boolean = false> extends MaxPoolNd<R> {
  constructor(kernelSize: SingleLike, options: MaxPoolLayerOptions<SingleLike, R> = {}) {
    super(1, kernelSize, options);
  }
}

/**
 * The maximum of every window of volumes [N, C, D, H, W] or [C, D, H, W].
 *
 * @throws ShapeError at the call when the input is no volume or a window does not fit; ValueError for options that make no sense
 * @example
 * ```ts
 * new MaxPool3d(2).call(zeros([2, 3, 8, 8, 8])); // [2, 3, 4, 4, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 */
export class MaxPool3d<const R extends boolean = false> extends MaxPoolNd<R> {
  constructor(kernelSize: TripleLike, options: MaxPoolLayerOptions<TripleLike, R> = {}) {
    super(3, kernelSize, options);
  }
}

abstract class AvgPoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(spatial: number, kernelSize: SizeLike, options: AvgPoolLayerOptions<SizeLike>) {
    super();
    const name = `AvgPool${spatial}d`;
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.stride = sizes(name, 'stride', options.stride ?? kernelSize, spatial, 1);
    this.padding = sizes(name, 'padding', options.padding ?? 0, spatial, 0);
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
  }
}

/**
 * The mean of every window of sequences [N, C, L] or [C, L].
 *
 * @throws ShapeError at the call when the input is no sequence or a window does not fit; ValueError for options that make no sense
 * @example
 * ```ts
 * new AvgPool1d(2).call(zeros([8, 16, 28])); // [8, 16, 14]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 */
export class AvgPool1d extends AvgPoolNd {
  constructor(kernelSize: SingleLike, options: AvgPoolLayerOptions<SingleLike> = {}) {
    super(1, kernelSize, options);
  }

  /** [N, C, L] (or [C, L]) to [N, C, OL] */
  forward(x: Tensor): Tensor {
    checkSpatial('AvgPool1d', x, 1);
    const { ceilMode, countIncludePad } = this;
    const [kernel, stride, padding] = [this.kernelSize[0]!, this.stride[0]!, this.padding[0]!];
    return F.avgPool1d(x, kernel, { stride, padding, ceilMode, countIncludePad });
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    const flags = `ceil_mode=${bool(this.ceilMode)}, count_include_pad=${bool(this.countIncludePad)}`;
    return `kernel_size=(${kernelSize[0]},), stride=(${stride[0]},), padding=(${padding[0]},), ${flags}`;
  }
}

/**
 * The mean of every window of volumes [N, C, D, H, W] or [C, D, H, W].
 *
 * @throws ShapeError at the call when the input is no volume or a window does not fit; ValueError for options that make no sense
 * @example
 * ```ts
 * new AvgPool3d(2).call(zeros([2, 3, 8, 8, 8])); // [2, 3, 4, 4, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 */
export class AvgPool3d extends AvgPoolNd {
  readonly divisorOverride: number | null;

  constructor(kernelSize: TripleLike, options: AvgPool3dLayerOptions = {}) {
    super(3, kernelSize, options);
    this.divisorOverride = options.divisorOverride ?? null;
  }

  /** [N, C, D, H, W] (or [C, D, H, W]) to [N, C, OD, OH, OW] */
  forward(x: Tensor): Tensor {
    checkSpatial('AvgPool3d', x, 3);
    const { ceilMode, countIncludePad, divisorOverride } = this;
    const [kernel, stride, padding] = [this.kernelSize, this.stride, this.padding] as unknown as [TripleLike, TripleLike, TripleLike];
    return F.avgPool3d(x, kernel, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }

  override extraRepr(): string {
    return `kernel_size=${showSizes(this.kernelSize)}, stride=${showSizes(this.stride)}, padding=${showSizes(this.padding)}`;
  }
}
