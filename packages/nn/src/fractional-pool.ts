import { type MaxPoolResult, type Tensor, ValueError } from '@nabla/core';
import type { TripleLike } from './conv.ts';
import * as F from './functional.ts';
import { type PairLike, type SizeLike, sizes } from './layer.ts';
import { Module } from './module.ts';
import { Buffer } from './parameter.ts';

/** Options of {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d}. */
export interface FractionalMaxPoolLayerOptions<Size = SizeLike, R extends boolean = boolean> {
  /** Size of the result, one number for all dimensions or one for each. Either this or `outputRatio`. */
  outputSize?: Size | null;
  /** Size of the result as a part of the input's, between 0 and 1. */
  outputRatio?: Size | null;
  /** Give `{ values, indices }` instead of the values alone. Default false. */
  returnIndices?: R;
  /** Numbers in [0, 1) that decide where windows lie at every call: [N, C, 2], [N, C, 3] for volumes. Drawn at each call by default. */
  randomSamples?: Tensor | null;
}

/** What both share: sizes, and the samples, which PyTorch keeps in the state. */
abstract class FractionalMaxPoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly outputSize: readonly number[] | null;
  readonly outputRatio: readonly number[] | null;
  readonly returnIndices: boolean;
  /** What `randomSamples` gave, under PyTorch's key: names that begin with an underscore stay as they are in the state. */
  readonly _random_samples: Buffer | null;

  constructor(spatial: 2 | 3, kernelSize: SizeLike, options: FractionalMaxPoolLayerOptions) {
    super();
    const name = `FractionalMaxPool${spatial}d`;
    const { outputSize = null, outputRatio = null, returnIndices = false, randomSamples = null } = options;
    if ((outputSize === null) === (outputRatio === null)) throw new ValueError(`${name}: give one of outputSize and outputRatio`);
    this.kernelSize = sizes(name, 'kernelSize', kernelSize, spatial, 1);
    this.outputSize = outputSize === null ? null : sizes(name, 'outputSize', outputSize, spatial, 0);
    this.outputRatio = outputRatio === null ? null : ratios(name, outputRatio, spatial);
    this.returnIndices = returnIndices;
    this._random_samples = randomSamples === null ? null : new Buffer(randomSamples.detach() as Tensor);
  }

  protected pool<Size>(f: (x: Tensor, kernel: Size, options: object) => unknown, x: Tensor): unknown {
    const { outputSize, outputRatio, returnIndices, _random_samples: randomSamples } = this;
    return f(x, this.kernelSize as Size, { outputSize, outputRatio, returnIndices, randomSamples });
  }
}

function ratios(name: string, value: SizeLike, spatial: number): readonly number[] {
  const all = typeof value === 'number' ? Array.from({ length: spatial }, () => value) : [...value];
  if (all.length !== spatial || !all.every((r) => r > 0 && r < 1))
    throw new ValueError(`${name}: outputRatio must be a number between 0 and 1, or ${spatial} of them, got ${JSON.stringify(value)}`);
  return all;
}

/**
 * The maximum of windows of images whose distances are random, so that a result of any size comes about (Graham 2014).
 *
 * @throws ValueError for both or neither of `outputSize` and `outputRatio`, and for sizes that make no sense;
 * ShapeError at the call when the input is no image, windows do not fit, or the samples have another shape
 * @example
 * ```ts
 * new FractionalMaxPool2d(3, { outputSize: [13, 12] }).call(randn([20, 16, 50, 32])); // [20, 16, 13, 12]
 * new FractionalMaxPool2d(3, { outputRatio: 0.5 }).call(randn([20, 16, 50, 32]));     // [20, 16, 25, 16]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
 * @see https://arxiv.org/abs/1412.6071
 */
export class FractionalMaxPool2d<const R extends boolean = false> extends FractionalMaxPoolNd {
  /**
   * @param kernelSize of the windows
   * @param options `outputSize` or `outputRatio`; `returnIndices` (default false), `randomSamples` (drawn at each call)
   */
  constructor(kernelSize: PairLike, options: FractionalMaxPoolLayerOptions<PairLike, R>) {
    super(2, kernelSize, options);
  }

  /** [N, C, H, W] (or [C, H, W]) to [N, C, OH, OW] */
  forward(x: Tensor): R extends true ? MaxPoolResult : Tensor {
    return this.pool(F.fractionalMaxPool2d, x) as R extends true ? MaxPoolResult : Tensor;
  }
}

/**
 * {@link FractionalMaxPool2d} of volumes.
 *
 * @throws ValueError for both or neither of `outputSize` and `outputRatio`, and for sizes that make no sense;
 * ShapeError at the call when the input is no volume, windows do not fit, or the samples have another shape
 * @example
 * ```ts
 * new FractionalMaxPool3d(2, { outputSize: 4 }).call(randn([2, 3, 10, 9, 8])); // [2, 3, 4, 4, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
 */
export class FractionalMaxPool3d<const R extends boolean = false> extends FractionalMaxPoolNd {
  /**
   * @param kernelSize of the windows
   * @param options `outputSize` or `outputRatio`; `returnIndices` (default false), `randomSamples` (drawn at each call)
   */
  constructor(kernelSize: TripleLike, options: FractionalMaxPoolLayerOptions<TripleLike, R>) {
    super(3, kernelSize, options);
  }

  /** [N, C, D, H, W] (or [C, D, H, W]) to [N, C, OD, OH, OW] */
  forward(x: Tensor): R extends true ? MaxPoolResult : Tensor {
    return this.pool(F.fractionalMaxPool3d, x) as R extends true ? MaxPoolResult : Tensor;
  }
}
