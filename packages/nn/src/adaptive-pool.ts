import type { MaxPoolResult, Tensor } from '@nabla/core';
import * as F from './functional.ts';
import { checkSize } from './layer.ts';
import { Module } from './module.ts';
import { checkSpatial } from './pool-nd.ts';

/** Sizes of the result, one number for all, or null for the input's. */
export type AdaptiveSizes = number | null | readonly (number | null)[];

abstract class AdaptiveNd extends Module {
  readonly outputSize: AdaptiveSizes;

  constructor(name: string, outputSize: AdaptiveSizes) {
    super();
    for (const n of Array.isArray(outputSize) ? outputSize : [outputSize]) if (n !== null) checkSize(name, 'outputSize', n as number);
    this.outputSize = outputSize;
  }

  override extraRepr(): string {
    const size = this.outputSize;
    return `output_size=${Array.isArray(size) ? `(${size.map((n) => n ?? 'None').join(', ')})` : (size ?? 'None')}`;
  }
}

/** Options of the adaptive maxima. */
export interface AdaptiveMaxPoolLayerOptions<R extends boolean = boolean> {
  /** Give `{ values, indices }` instead of the values alone. Default false. */
  returnIndices?: R;
}

/**
 * The mean of windows that divide sequences [N, C, L] or [C, L] so that the result has a given size.
 *
 * @throws ValueError for a size that makes no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new AdaptiveAvgPool1d(3).call(zeros([8, 16, 10])); // [8, 16, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 */
export class AdaptiveAvgPool1d extends AdaptiveNd {
  constructor(outputSize: AdaptiveSizes) {
    super('AdaptiveAvgPool1d', outputSize);
  }

  /** [N, C, L] to [N, C, OL] */
  forward(x: Tensor): Tensor {
    checkSpatial('AdaptiveAvgPool1d', x, 1);
    return F.adaptiveAvgPool1d(x, this.outputSize as number);
  }
}

/**
 * The maximum of windows that divide sequences [N, C, L] or [C, L] so that the result has a given size.
 *
 * @throws ValueError for a size that makes no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new AdaptiveMaxPool1d(3).call(zeros([8, 16, 10])); // [8, 16, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 */
export class AdaptiveMaxPool1d<const R extends boolean = false> extends AdaptiveNd {
  readonly returnIndices: boolean;

  constructor(outputSize: AdaptiveSizes, options: AdaptiveMaxPoolLayerOptions<R> = {}) {
    super('AdaptiveMaxPool1d', outputSize);
    this.returnIndices = options.returnIndices ?? false;
  }

  /** [N, C, L] to [N, C, OL] */
  forward(x: Tensor): R extends true ? MaxPoolResult : Tensor {
    checkSpatial('AdaptiveMaxPool1d', x, 1);
    const size = this.outputSize as number;
    const y = this.returnIndices ? F.adaptiveMaxPool1d(x, size, { returnIndices: true }) : F.adaptiveMaxPool1d(x, size);
    return y as R extends true ? MaxPoolResult : Tensor;
  }
}

/**
 * The maximum of windows that divide images [N, C, H, W] or [C, H, W] so that the result has a given size.
 *
 * @throws ValueError for a size that makes no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new AdaptiveMaxPool2d(3).call(zeros([8, 16, 10, 9])); // [8, 16, 3, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 */
export class AdaptiveMaxPool2d<const R extends boolean = false> extends AdaptiveNd {
  readonly returnIndices: boolean;

  constructor(outputSize: AdaptiveSizes, options: AdaptiveMaxPoolLayerOptions<R> = {}) {
    super('AdaptiveMaxPool2d', outputSize);
    this.returnIndices = options.returnIndices ?? false;
  }

  /** [N, C, H, W] to [N, C, OH, OW] */
  forward(x: Tensor): R extends true ? MaxPoolResult : Tensor {
    checkSpatial('AdaptiveMaxPool2d', x, 2);
    const size = this.outputSize as number;
    const y = this.returnIndices ? F.adaptiveMaxPool2d(x, size, { returnIndices: true }) : F.adaptiveMaxPool2d(x, size);
    return y as R extends true ? MaxPoolResult : Tensor;
  }
}

/**
 * The mean of windows that divide volumes [N, C, D, H, W] or [C, D, H, W] so that the result has a given size.
 *
 * @throws ValueError for a size that makes no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new AdaptiveAvgPool3d(3).call(zeros([8, 16, 10, 9, 8])); // [8, 16, 3, 3, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 */
export class AdaptiveAvgPool3d extends AdaptiveNd {
  constructor(outputSize: AdaptiveSizes) {
    super('AdaptiveAvgPool3d', outputSize);
  }

  /** [N, C, D, H, W] to [N, C, OD, OH, OW] */
  forward(x: Tensor): Tensor {
    checkSpatial('AdaptiveAvgPool3d', x, 3);
    return F.adaptiveAvgPool3d(x, this.outputSize as number);
  }
}

/**
 * The maximum of windows that divide volumes [N, C, D, H, W] or [C, D, H, W] so that the result has a given size.
 *
 * @throws ValueError for a size that makes no sense; ShapeError at the call for an input of another rank
 * @example
 * ```ts
 * new AdaptiveMaxPool3d(3).call(zeros([8, 16, 10, 9, 8])); // [8, 16, 3, 3, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 */
export class AdaptiveMaxPool3d<const R extends boolean = false> extends AdaptiveNd {
  readonly returnIndices: boolean;

  constructor(outputSize: AdaptiveSizes, options: AdaptiveMaxPoolLayerOptions<R> = {}) {
    super('AdaptiveMaxPool3d', outputSize);
    this.returnIndices = options.returnIndices ?? false;
  }

  /** [N, C, D, H, W] to [N, C, OD, OH, OW] */
  forward(x: Tensor): R extends true ? MaxPoolResult : Tensor {
    checkSpatial('AdaptiveMaxPool3d', x, 3);
    const size = this.outputSize as number;
    const y = this.returnIndices ? F.adaptiveMaxPool3d(x, size, { returnIndices: true }) : F.adaptiveMaxPool3d(x, size);
    return y as R extends true ? MaxPoolResult : Tensor;
  }
}
