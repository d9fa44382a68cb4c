import type { Tensor } from '@nabla/core';
import type { SingleLike, TripleLike } from './conv.ts';
import * as F from './functional.ts';
import { bool, type PairLike, type SizeLike, showTuple, sizes } from './layer.ts';
import { Module } from './module.ts';

/** Options of {@link LPPool1d} and {@link LPPool2d}. */
export interface LPPoolLayerOptions<Size> {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: Size | null;
  /** Also take windows that start inside the input but reach beyond it. Default false. */
  ceilMode?: boolean;
}

abstract class LPPoolNd extends Module {
  readonly normType: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly ceilMode: boolean;

  constructor(spatial: number, normType: number, kernelSize: SizeLike, options: LPPoolLayerOptions<SizeLike>) {
    super();
    const name = `LPPool${spatial}d`;
    this.normType = normType;
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.stride = sizes(name, 'stride', options.stride ?? kernelSize, spatial, 1);
    this.ceilMode = options.ceilMode ?? false;
  }

  override extraRepr(): string {
    const shown = (values: readonly number[]): string => (values.length === 1 ? String(values[0]) : showTuple(values));
    return `norm_type=${this.normType}, kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, ceil_mode=${bool(this.ceilMode)}`;
  }
}

/**
 * The p-norm of every window of sequences: (Σ xᵖ)^(1/p).
 *
 * @throws ShapeError at the call when a window does not fit; ValueError for sizes that make no sense
 * @example
 * ```ts
 * new LPPool1d(2, 3).call(zeros([8, 16, 30])); // [8, 16, 10]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
 */
export class LPPool1d extends LPPoolNd {
  constructor(normType: number, kernelSize: SingleLike, options: LPPoolLayerOptions<SingleLike> = {}) {
    super(1, normType, kernelSize, options);
  }

  /** [N, C, L] (or [C, L]) to [N, C, OL] */
  forward(x: Tensor): Tensor {
    return F.lpPool1d(x, this.normType, this.kernelSize[0]!, { stride: this.stride[0]!, ceilMode: this.ceilMode });
  }
}

/**
 * The p-norm of every window of images: (Σ xᵖ)^(1/p).
 *
 * @throws ShapeError at the call when a window does not fit; ValueError for sizes that make no sense
 * @example
 * ```ts
 * new LPPool2d(2, 3).call(zeros([8, 16, 30, 30])); // [8, 16, 10, 10]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
 */
export class LPPool2d extends LPPoolNd {
  constructor(normType: number, kernelSize: PairLike, options: LPPoolLayerOptions<PairLike> = {}) {
    super(2, normType, kernelSize, options);
  }

  /** [N, C, H, W] (or [C, H, W]) to [N, C, OH, OW] */
  forward(x: Tensor): Tensor {
    const [kernel, stride] = [this.kernelSize, this.stride] as unknown as [[number, number], [number, number]];
    return F.lpPool2d(x, this.normType, kernel, { stride, ceilMode: this.ceilMode });
  }
}

/** Options of the unpooling layers: those of the pooling that is undone. */
export interface MaxUnpoolLayerOptions<Size> {
  /** Default: the kernel. */
  stride?: Size | null;
  /** Default 0. */
  padding?: Size;
}

abstract class MaxUnpoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];

  constructor(spatial: number, kernelSize: SizeLike, options: MaxUnpoolLayerOptions<SizeLike>) {
    super();
    const name = `MaxUnpool${spatial}d`;
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.stride = sizes(name, 'stride', options.stride ?? kernelSize, spatial, 1);
    this.padding = sizes(name, 'padding', options.padding ?? 0, spatial, 0);
  }

  override extraRepr(): string {
    return `kernel_size=${showTuple(this.kernelSize)}, stride=${showTuple(this.stride)}, padding=${showTuple(this.padding)}`;
  }
}

/**
 * Puts the maxima that `MaxPool1d` found with `returnIndices` back where they were, into zeros.
 *
 * @throws ShapeError at the call when the indices do not have the input's shape; ValueError for sizes that make no sense;
 * IndexError for an index outside of the result, where values can be read at once
 * @example
 * ```ts
 * const { values, indices } = new MaxPool1d(2, { returnIndices: true }).forward(rand([1, 1, 8]));
 * new MaxUnpool1d(2).call(values, indices);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 */
export class MaxUnpool1d extends MaxUnpoolNd {
  constructor(kernelSize: SingleLike, options: MaxUnpoolLayerOptions<SingleLike> = {}) {
    super(1, kernelSize, options);
  }

  /**
   * @param x the maxima
   * @param indices where they were
   * @param outputSize size of what was pooled, where several are possible
   */
  forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const [kernel, stride, padding] = [this.kernelSize[0]!, this.stride[0]!, this.padding[0]!];
    return F.maxUnpool1d(x, indices, kernel, { stride, padding, outputSize });
  }
}

/**
 * Puts the maxima that `MaxPool2d` found with `returnIndices` back where they were, into zeros.
 *
 * @throws ShapeError at the call when the indices do not have the input's shape; ValueError for sizes that make no sense;
 * IndexError for an index outside of the result, where values can be read at once
 * @example
 * ```ts
 * const { values, indices } = new MaxPool2d(2, { returnIndices: true }).forward(rand([1, 1, 8, 8]));
 * new MaxUnpool2d(2).call(values, indices);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 */
export class MaxUnpool2d extends MaxUnpoolNd {
  constructor(kernelSize: PairLike, options: MaxUnpoolLayerOptions<PairLike> = {}) {
    super(2, kernelSize, options);
  }

  /**
   * @param x the maxima
   * @param indices where they were
   * @param outputSize size of what was pooled, where several are possible
   */
  forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const [kernel, stride, padding] = [this.kernelSize, this.stride, this.padding] as unknown as [PairLike, PairLike, PairLike];
    return F.maxUnpool2d(x, indices, kernel, { stride, padding, outputSize });
  }
}

/**
 * Puts the maxima that `MaxPool3d` found with `returnIndices` back where they were, into zeros.
 *
 * @throws ShapeError at the call when the indices do not have the input's shape; ValueError for sizes that make no sense;
 * IndexError for an index outside of the result, where values can be read at once
 * @example
 * ```ts
 * const { values, indices } = new MaxPool3d(2, { returnIndices: true }).forward(rand([1, 1, 8, 8, 8]));
 * new MaxUnpool3d(2).call(values, indices);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 */
export class MaxUnpool3d extends MaxUnpoolNd {
  constructor(kernelSize: TripleLike, options: MaxUnpoolLayerOptions<TripleLike> = {}) {
    super(3, kernelSize, options);
  }

  /**
   * @param x the maxima
   * @param indices where they were
   * @param outputSize size of what was pooled, where several are possible
   */
  forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const [kernel, stride, padding] = [this.kernelSize, this.stride, this.padding] as unknown as [TripleLike, TripleLike, TripleLike];
    return F.maxUnpool3d(x, indices, kernel, { stride, padding, outputSize });
  }
}
