import { ShapeError, type Tensor } from '@nabla/core';
import * as F from './functional.ts';
import { uniform_ } from './init.ts';
import { bool, checkSize, type LayerOptions, parameter, showShape } from './layer.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/** Options of the {@link PairwiseDistance} layer. */
export interface PairwiseDistanceLayerOptions {
  /** Order of the norm. Default 2. */
  p?: number;
  /** Added to each difference. Default 1e-6. */
  eps?: number;
  /** Keep the last dimension, with size 1. Default false. */
  keepdim?: boolean;
}

/**
 * The p-norm of x1 - x2 + eps over the last dimension: [N, D] and [N, D] to [N].
 *
 * @throws ShapeError at the call when the shapes do not broadcast
 * @example
 * ```ts
 * new PairwiseDistance({ p: 1 }).call(zeros([8, 64]), ones([8, 64])); // [8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
 */
export class PairwiseDistance extends Module {
  readonly p: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(options: PairwiseDistanceLayerOptions = {}) {
    super();
    this.p = options.p ?? 2;
    this.eps = options.eps ?? 1e-6;
    this.keepdim = options.keepdim ?? false;
  }

  /** [N, D] and [N, D] (or without N) to [N] */
  forward(x1: Tensor, x2: Tensor): Tensor {
    const { p, eps, keepdim } = this;
    return F.pairwiseDistance(x1, x2, { p, eps, keepdim });
  }
}

/** Options of the {@link CosineSimilarity} layer. */
export interface CosineSimilarityLayerOptions {
  /** Along which the vectors lie. Default 1. */
  dim?: number;
  /** Least length. Default 1e-8. */
  eps?: number;
}

/**
 * The cosine of the angle between vectors along a dimension.
 *
 * @throws ShapeError at the call when the shapes do not broadcast
 * @example
 * ```ts
 * new CosineSimilarity({ dim: -1 }).call(ones([8, 64]), ones([8, 64])); // [8]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
 */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(options: CosineSimilarityLayerOptions = {}) {
    super();
    this.dim = options.dim ?? 1;
    this.eps = options.eps ?? 1e-8;
  }

  /** [..., D, ...] twice to [...] without D */
  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.cosineSimilarity(x1, x2, { dim: this.dim, eps: this.eps });
  }
}

/** Options of {@link Bilinear}. */
export interface BilinearOptions extends LayerOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
}

/**
 * yₖ = x1ᵀ Wₖ x2 + bₖ over the last dimensions: [..., in1Features] and [..., in2Features] to [..., outFeatures].
 *
 * Weight [outFeatures, in1Features, in2Features] and bias start as U(-1/√in1Features, 1/√in1Features).
 *
 * @throws ValueError for a size that makes no sense; ShapeError at the call when the last dimensions or the others do not fit
 * @example
 * ```ts
 * new Bilinear(20, 30, 40).call(zeros([8, 20]), zeros([8, 30])); // [8, 40]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: BilinearOptions = {}) {
    super();
    checkSize('Bilinear', 'in1Features', in1Features, 1);
    checkSize('Bilinear', 'in2Features', in2Features);
    checkSize('Bilinear', 'outFeatures', outFeatures);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = parameter('Bilinear', [outFeatures, in1Features, in2Features], options);
    this.bias = (options.bias ?? true) ? parameter('Bilinear', [outFeatures], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  /** [..., in1Features] and [..., in2Features] to [..., outFeatures] */
  forward(x1: Tensor, x2: Tensor): Tensor {
    const { in1Features: a, in2Features: b } = this;
    if (x1.shape[x1.ndim - 1] !== a || x2.shape[x2.ndim - 1] !== b) {
      const given = `${showShape(x1.shape)} and ${showShape(x2.shape)}`;
      throw new ShapeError(`Bilinear(${a}, ${b}, ${this.outFeatures}) expects [..., ${a}] and [..., ${b}] but the inputs are ${given}`);
    }
    return F.bilinear(x1, x2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${bool(this.bias !== null)}`;
  }
}
