import { ShapeError, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { ones_, zeros_ } from './init.ts';
import { bool, checkSize, float, type LayerOptions, parameter, showShape, showTuple } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';
import type { IdentityFn } from './shape-fn.ts';

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Learn a weight and a bias for every channel. Default true. */
  affine?: boolean;
}

/**
 * Every sample of [N, C, ...] normalized over each of `numGroups` groups of channels (Wu and He 2018). Weight starts as
 * ones, bias as zeros.
 *
 * @throws ValueError when the groups do not divide the channels; ShapeError at the call for another number of channels
 * @example
 * ```ts
 * new GroupNorm(4, 16).call(zeros([2, 16, 8, 8]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 */
export class GroupNorm extends Module<IdentityFn> {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super();
    checkSize('GroupNorm', 'numGroups', numGroups, 1);
    checkSize('GroupNorm', 'numChannels', numChannels);
    if (numChannels % numGroups !== 0)
      throw new ValueError(`GroupNorm: numChannels must be divisible by numGroups, got ${numChannels} and ${numGroups}`);
    const { eps = 1e-5, affine = true } = options;
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? ones_(parameter('GroupNorm', [numChannels], options)) : null;
    this.bias = affine ? parameter('GroupNorm', [numChannels], options) : null;
  }

  /** Weight one, bias zero. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** [N, C, ...], normalized per group. */
  forward(x: Tensor): Tensor {
    const { numGroups, numChannels } = this;
    // Without weights PyTorch takes any number of channels that the groups divide.
    if (x.ndim < 2 || (this.weight !== null && x.shape[1] !== numChannels)) {
      throw new ShapeError(
        `GroupNorm(${numGroups}, ${numChannels}) expects [N, ${numChannels}, ...] but the input is ${showShape(x.shape)}`,
      );
    }
    return F.groupNorm(x, numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${float(this.eps)}, affine=${bool(this.weight !== null)}`;
  }
}

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions extends LayerOptions {
  /** Added to the mean of the squares; null for the smallest step of the input's dtype. Default null. */
  eps?: number | null;
  /** Learn a weight for every element of the normalized shape. Default true. */
  elementwiseAffine?: boolean;
}

/**
 * Every sample divided by the root of the mean of its squares over its last dimensions (Zhang and Sennrich 2019). Weight
 * starts as ones.
 *
 * @throws ValueError for a shape without dimensions; ShapeError at the call when the input does not end in the normalized shape
 * @example
 * ```ts
 * new RMSNorm(512).call(zeros([32, 10, 512]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 */
export class RMSNorm extends Module<IdentityFn> {
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly weight: Parameter | null;

  constructor(normalizedShape: number | readonly number[], options: RMSNormOptions = {}) {
    super();
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    if (shape.length === 0) throw new ValueError('RMSNorm: the normalized shape must have at least one dimension');
    for (const n of shape) checkSize('RMSNorm', 'normalizedShape', n);
    this.normalizedShape = shape;
    this.eps = options.eps ?? null;
    this.weight = (options.elementwiseAffine ?? true) ? ones_(parameter('RMSNorm', shape, options)) : null;
  }

  /** Weight one. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  /** The input normalized. */
  forward(x: Tensor): Tensor {
    const shape = this.normalizedShape;
    const lead = x.ndim - shape.length;
    if (shape.some((n, d) => x.shape[lead + d] !== n)) {
      throw new ShapeError(
        `RMSNorm(${showShape(shape)}) expects trailing dimensions ${showShape(shape)} but the input is ${showShape(x.shape)}`,
      );
    }
    return F.rmsNorm(x, shape, this.weight, this.eps);
  }

  override extraRepr(): string {
    const eps = this.eps === null ? 'None' : float(this.eps);
    return `${showTuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${bool(this.weight !== null)}`;
  }
}

/** Options of {@link LocalResponseNorm}. */
export interface LocalResponseNormOptions {
  /** Factor of the mean of the squares. Default 1e-4. */
  alpha?: number;
  /** Exponent. Default 0.75. */
  beta?: number;
  /** Added to it. Default 1. */
  k?: number;
}

/**
 * Every element of [N, C, ...] divided by (k + α · mean of squares)^β over `size` neighbouring channels (Krizhevsky et al.
 * 2012).
 *
 * @throws ValueError at the call for a size that is not positive; ShapeError for fewer than 3 dimensions
 * @example
 * ```ts
 * new LocalResponseNorm(5).call(zeros([2, 16, 8, 8]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 */
export class LocalResponseNorm extends Module<IdentityFn> {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    this.size = size;
    this.alpha = options.alpha ?? 1e-4;
    this.beta = options.beta ?? 0.75;
    this.k = options.k ?? 1;
  }

  /** [N, C, ...], normalized. */
  forward(x: Tensor): Tensor {
    const { alpha, beta, k } = this;
    return F.localResponseNorm(x, this.size, { alpha, beta, k });
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${this.alpha}, beta=${this.beta}, k=${float(this.k)}`;
  }
}
