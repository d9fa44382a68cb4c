import { ShapeError, type Tensor, zeros } from '@nabla/core';
import * as F from './functional.ts';
import { ones_, zeros_ } from './init.ts';
import { axes, bool, checkSize, float, type LayerOptions, parameter, showShape } from './layer.ts';
import { Module } from './module.ts';
import { Buffer, type Parameter } from './parameter.ts';
import type { IdentityFn } from './shape-fn.ts';

/** Options of the instance normalizations. */
export interface InstanceNormLayerOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Weight of the new statistics in the running ones. Default 0.1. */
  momentum?: number;
  /** Learn a weight and a bias for every channel. Default false. */
  affine?: boolean;
  /** Keep running statistics, for use in evaluation. Default false. */
  trackRunningStats?: boolean;
}

abstract class InstanceNormNd extends Module<IdentityFn> {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer | null;
  readonly runningVar: Buffer | null;
  readonly numBatchesTracked: Buffer | null;
  readonly #spatial: number;

  constructor(spatial: number, numFeatures: number, options: InstanceNormLayerOptions) {
    super();
    const name = `InstanceNorm${spatial}d`;
    checkSize(name, 'numFeatures', numFeatures);
    const { eps = 1e-5, momentum = 0.1, affine = false, trackRunningStats = false, dtype = 'float32', device } = options;
    this.#spatial = spatial;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? ones_(parameter(name, [numFeatures], options)) : null;
    this.bias = affine ? parameter(name, [numFeatures], options) : null;
    const where = device === undefined ? {} : { device };
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures], { dtype, ...where })) : null;
    this.runningVar = trackRunningStats ? ones_(new Buffer(zeros([numFeatures], { dtype, ...where }))) : null;
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([], { dtype: 'int64', ...where })) : null;
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    if (this.runningMean !== null) zeros_(this.runningMean);
    if (this.runningVar !== null) ones_(this.runningVar);
    if (this.numBatchesTracked !== null) zeros_(this.numBatchesTracked);
  }

  /** Weight one, bias zero, no running statistics. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** The input, every channel of every sample normalized. */
  forward(x: Tensor): Tensor {
    const spatial = this.#spatial;
    const { numFeatures: c, weight, bias, runningMean, runningVar, eps, momentum } = this;
    const single = x.ndim === spatial + 1;
    // Without weights PyTorch takes any number of channels here.
    const wrong = (weight !== null || runningMean !== null) && x.shape[single ? 0 : 1] !== c;
    if ((x.ndim !== spatial + 2 && !single) || wrong) {
      const shown = `[N, ${c}, ${axes[spatial]}] or [${c}, ${axes[spatial]}]`;
      throw new ShapeError(`InstanceNorm${spatial}d(${c}) expects ${shown} but the input is ${showShape(x.shape)}`);
    }
    const useInputStats = this.training || runningMean === null;
    const options = { runningMean, runningVar, weight, bias, useInputStats, momentum, eps };
    const y = F.instanceNorm(single ? (x.unsqueeze(0) as Tensor) : x, options);
    return single ? (y.squeeze(0) as Tensor) : y;
  }

  override extraRepr(): string {
    const tracks = bool(this.runningMean !== null);
    return `${this.numFeatures}, eps=${float(this.eps)}, momentum=${float(this.momentum)}, affine=${bool(this.weight !== null)}, track_running_stats=${tracks}`;
  }
}

/**
 * Every channel of every sample of sequences [N, C, L] (or [C, L]) normalized over its positions, by its mean and
 * biased variance (Ulyanov et al. 2016). With `trackRunningStats` evaluation uses the running ones, which start as 0 and 1.
 * With `affine` a weight (ones at first) and a bias (zeros) follow.
 *
 * @throws ShapeError at the call for another shape; ValueError for one value per channel in training
 * @example
 * ```ts
 * new InstanceNorm1d(3, { affine: true }).call(zeros([2, 3, 10]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 */
export class InstanceNorm1d extends InstanceNormNd {
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(1, numFeatures, options);
  }
}

/**
 * Every channel of every sample of images [N, C, H, W] (or [C, H, W]) normalized over its positions, by its mean and
 * biased variance (Ulyanov et al. 2016). With `trackRunningStats` evaluation uses the running ones, which start as 0 and 1.
 * With `affine` a weight (ones at first) and a bias (zeros) follow.
 *
 * @throws ShapeError at the call for another shape; ValueError for one value per channel in training
 * @example
 * ```ts
 * new InstanceNorm2d(3, { affine: true }).call(zeros([2, 3, 8, 8]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
 */
export class InstanceNorm2d extends InstanceNormNd {
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(2, numFeatures, options);
  }
}

/**
 * Every channel of every sample of volumes [N, C, D, H, W] (or [C, D, H, W]) normalized over its positions, by its mean and
 * biased variance (Ulyanov et al. 2016). With `trackRunningStats` evaluation uses the running ones, which start as 0 and 1.
 * With `affine` a weight (ones at first) and a bias (zeros) follow.
 *
 * @throws ShapeError at the call for another shape; ValueError for one value per channel in training
 * @example
 * ```ts
 * new InstanceNorm3d(3, { affine: true }).call(zeros([2, 3, 4, 4, 4]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
 */
export class InstanceNorm3d extends InstanceNormNd {
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(3, numFeatures, options);
  }
}
