import { noGrad, type Shape, ShapeError, type Tensor, zeros } from '@nabla/core';
import { type Expr, input, updateInPlace } from '@nabla/core/internals';
import * as F from './functional.ts';
import { ones_, zeros_ } from './init.ts';
import { bool, checkSize, float, type LayerOptions, parameter } from './layer.ts';
import { Module } from './module.ts';
import { Buffer, type Parameter } from './parameter.ts';
import type { Fail, In, Same, ShapeFn, Show } from './shape-fn.ts';

/** Options of the batch normalizations. */
export interface BatchNormOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Weight of the new batch in the running statistics; null for the average of all batches. Default 0.1. */
  momentum?: number | null;
  /** Learn a weight and a bias for every channel. Default true. */
  affine?: boolean;
  /** Keep running statistics, for use in evaluation. Without them batches are always normalized by their own. Default true. */
  trackRunningStats?: boolean;
}

/** The n-th of several values, averaged: r + (x - r) / n. Inputs: the average before, the value, n. */
const nextAverage: Expr = input(0).add(input(1).sub(input(0)).div(input(2)));

/** What the batch normalizations share: everything but the rank of the input. */
abstract class BatchNorm<Fn extends ShapeFn> extends Module<Fn> {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer | null;
  readonly runningVar: Buffer | null;
  readonly numBatchesTracked: Buffer | null;

  constructor(name: string, numFeatures: number, options: BatchNormOptions) {
    super();
    checkSize(name, 'numFeatures', numFeatures);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? ones_(parameter(name, [numFeatures], options)) : null;
    this.bias = affine ? parameter(name, [numFeatures], options) : null;
    const { dtype = 'float32', device } = options;
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

  /** Normalizes a batch that has passed the check. */
  protected normalize(x: Tensor): Tensor {
    const { runningMean, runningVar, numBatchesTracked, weight, bias, momentum, eps } = this;
    if (runningMean === null || runningVar === null || numBatchesTracked === null)
      return F.batchNorm(x, null, null, weight, bias, true, 0, eps);
    if (!this.training) return F.batchNorm(x, runningMean, runningVar, weight, bias, false, 0, eps);
    if (momentum !== null) {
      const y = F.batchNorm(x, runningMean, runningVar, weight, bias, true, momentum, eps);
      noGrad(() => numBatchesTracked.add_(1));
      return y;
    }
    // The statistics of this batch alone, then the average: the count stays on the device.
    const own = { dtype: runningMean.dtype, device: runningMean.device };
    const [mean, variance] = [zeros([this.numFeatures], own), zeros([this.numFeatures], own)];
    const y = F.batchNorm(x, mean, variance, weight, bias, true, 1, eps);
    noGrad(() => {
      numBatchesTracked.add_(1);
      updateInPlace('batchNorm', [nextAverage], [runningMean], [runningMean, mean, numBatchesTracked], []);
      updateInPlace('batchNorm', [nextAverage], [runningVar], [runningVar, variance, numBatchesTracked], []);
    });
    return y;
  }

  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : float(this.momentum);
    const tracks = bool(this.runningMean !== null);
    return `${this.numFeatures}, eps=${float(this.eps)}, momentum=${momentum}, affine=${bool(this.weight !== null)}, track_running_stats=${tracks}`;
  }
}

interface BatchNorm1dFn<C extends number> extends ShapeFn {
  readonly out: BatchNorm1dOut<In<this['in']>, C>;
}

type BatchNorm1dOut<S extends Shape, C extends number> = number extends S['length']
  ? S
  : S extends readonly [number, infer K extends number] | readonly [number, infer K extends number, number]
    ? Same<K, C> extends true
      ? S
      : WrongInput1d<S, C>
    : WrongInput1d<S, C>;
type WrongInput1d<
  S extends Shape,
  C extends number,
> = Fail<`BatchNorm1d(${C}) expects [N, ${C}] or [N, ${C}, L] but the input is ${Show<S>}`>;

interface BatchNorm2dFn<C extends number> extends ShapeFn {
  readonly out: BatchNorm2dOut<In<this['in']>, C>;
}

type BatchNorm2dOut<S extends Shape, C extends number> = number extends S['length']
  ? S
  : S extends readonly [number, infer K extends number, number, number]
    ? Same<K, C> extends true
      ? S
      : WrongInput2d<S, C>
    : WrongInput2d<S, C>;
type WrongInput2d<S extends Shape, C extends number> = Fail<`BatchNorm2d(${C}) expects [N, ${C}, H, W] but the input is ${Show<S>}`>;

/**
 * Every channel of [N, C] or [N, C, L] normalized over batch and positions (Ioffe and Szegedy 2015).
 *
 * In training by the mean and biased variance of the batch, which move the running mean and (unbiased) variance:
 * running ← (1 - momentum) · running + momentum · batch. In evaluation by the running ones. Weight starts as ones, bias
 * and running mean as zeros, running variance as ones.
 *
 * @throws ShapeError at the call for another shape; ValueError in training for one value per channel
 * @example
 * ```ts
 * new BatchNorm1d(64).call(zeros([32, 64]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 */
export class BatchNorm1d<const C extends number> extends BatchNorm<BatchNorm1dFn<C>> {
  constructor(numFeatures: C, options: BatchNormOptions = {}) {
    super('BatchNorm1d', numFeatures, options);
  }

  /** [N, C] or [N, C, L], normalized per channel. */
  forward(x: Tensor): Tensor {
    const c = this.numFeatures;
    if ((x.ndim !== 2 && x.ndim !== 3) || x.shape[1] !== c) {
      throw new ShapeError(`BatchNorm1d(${c}) expects [N, ${c}] or [N, ${c}, L] but the input is [${x.shape.join(', ')}]`);
    }
    return this.normalize(x);
  }
}

/**
 * As {@link BatchNorm1d} for images [N, C, H, W].
 *
 * @throws ShapeError at the call for another shape; ValueError in training for one value per channel
 * @example
 * ```ts
 * new BatchNorm2d(16).call(zeros([8, 16, 32, 32]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export class BatchNorm2d<const C extends number> extends BatchNorm<BatchNorm2dFn<C>> {
  constructor(numFeatures: C, options: BatchNormOptions = {}) {
    super('BatchNorm2d', numFeatures, options);
  }

  /** [N, C, H, W], normalized per channel. */
  forward(x: Tensor): Tensor {
    const c = this.numFeatures;
    if (x.ndim !== 4 || x.shape[1] !== c) {
      throw new ShapeError(`BatchNorm2d(${c}) expects [N, ${c}, H, W] but the input is [${x.shape.join(', ')}]`);
    }
    return this.normalize(x);
  }
}

interface BatchNorm3dFn<C extends number> extends ShapeFn {
  readonly out: BatchNorm3dOut<In<this['in']>, C>;
}

type BatchNorm3dOut<S extends Shape, C extends number> = number extends S['length']
  ? S
  : S extends readonly [number, infer K extends number, number, number, number]
    ? Same<K, C> extends true
      ? S
      : WrongInput3d<S, C>
    : WrongInput3d<S, C>;
type WrongInput3d<S extends Shape, C extends number> = Fail<`BatchNorm3d(${C}) expects [N, ${C}, D, H, W] but the input is ${Show<S>}`>;

/**
 * As {@link BatchNorm1d} for volumes [N, C, D, H, W].
 *
 * @throws ShapeError at the call for another shape; ValueError in training for one value per channel
 * @example
 * ```ts
 * new BatchNorm3d(4).call(zeros([2, 4, 8, 8, 8]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
 */
export class BatchNorm3d<const C extends number> extends BatchNorm<BatchNorm3dFn<C>> {
  constructor(numFeatures: C, options: BatchNormOptions = {}) {
    super('BatchNorm3d', numFeatures, options);
  }

  /** [N, C, D, H, W], normalized per channel. */
  forward(x: Tensor): Tensor {
    const c = this.numFeatures;
    if (x.ndim !== 5 || x.shape[1] !== c) {
      throw new ShapeError(`BatchNorm3d(${c}) expects [N, ${c}, D, H, W] but the input is [${x.shape.join(', ')}]`);
    }
    return this.normalize(x);
  }
}
