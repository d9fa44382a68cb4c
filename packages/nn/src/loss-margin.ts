import type {
  HingeEmbeddingOptions,
  LossOptions,
  MarginOptions,
  MultilabelSoftMarginOptions,
  MultiMarginOptions,
  Tensor,
  TripletMarginOptions,
  TripletWithDistanceOptions,
} from '@nabla/core';
import { ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { Loss, weightBuffer } from './loss-base.ts';
import type { Buffer } from './parameter.ts';

/**
 * ln(1 + e^(-y·x)) with targets y of 1 and -1.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new SoftMarginLoss().call(scores, signs);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
 */
export class SoftMarginLoss extends Loss<LossOptions> {
  /** @param options those of `functional.softMarginLoss` */
  constructor(options: LossOptions = {}) {
    super(options);
  }

  /** @see functional.softMarginLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.softMarginLoss(input, target, this.options);
  }
}

/**
 * Binary cross-entropy of logits [..., C], averaged over the classes.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new MultiLabelSoftMarginLoss().call(scores, labels);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
 */
export class MultiLabelSoftMarginLoss extends Loss<Omit<MultilabelSoftMarginOptions, 'weight'>> {
  readonly weight: Buffer | null;

  /** @param options those of `functional.multilabelSoftMarginLoss`; the weight is part of the state, as in PyTorch */
  constructor(options: MultilabelSoftMarginOptions = {}) {
    const { weight, ...rest } = options;
    super(rest);
    this.weight = weightBuffer(weight);
  }

  /** @see functional.multilabelSoftMarginLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelSoftMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * By how much (to the power p) scores [N, C] of wrong classes come closer than a margin to that of the right one,
 * averaged over the classes.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new MultiMarginLoss({ margin: 0.5 }).call(scores, classes);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
 */
export class MultiMarginLoss extends Loss<Omit<MultiMarginOptions, 'weight'>> {
  readonly weight: Buffer | null;

  /** @param options those of `functional.multiMarginLoss`; the weight is part of the state, as in PyTorch */
  constructor(options: MultiMarginOptions = {}) {
    const { weight, ...rest } = options;
    super(rest);
    const { p = 1 } = rest;
    if (p !== 1 && p !== 2) throw new ValueError(`MultiMarginLoss: p must be 1 or 2, got ${String(p)}`);
    if (weight != null && weight.ndim !== 1)
      throw new ValueError(`MultiMarginLoss: the weight must be [C], got [${weight.shape.join(', ')}]`);
    this.weight = weightBuffer(weight);
  }

  /** @see functional.multiMarginLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multiMarginLoss(input, target, { ...this.options, weight: this.weight });
  }
}

/**
 * By how much scores [N, C] of wrong classes come closer than 1 to those of the right ones, which a row of the target
 * lists up to the first -1.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new MultiLabelMarginLoss().call(scores, lists);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
 */
export class MultiLabelMarginLoss extends Loss<LossOptions> {
  /** @param options those of `functional.multilabelMarginLoss` */
  constructor(options: LossOptions = {}) {
    super(options);
  }

  /** @see functional.multilabelMarginLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelMarginLoss(input, target, this.options);
  }
}

/**
 * x where the target is 1, and max(0, margin - x) where it is -1, for distances x.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new HingeEmbeddingLoss().call(distances, signs);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 */
export class HingeEmbeddingLoss extends Loss<HingeEmbeddingOptions> {
  /** @param options those of `functional.hingeEmbeddingLoss` */
  constructor(options: HingeEmbeddingOptions = {}) {
    super(options);
  }

  /** @see functional.hingeEmbeddingLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.hingeEmbeddingLoss(input, target, this.options);
  }
}

/**
 * max(0, -y·(x1 - x2) + margin): the first is to rank higher where the target y is 1, lower where it is -1.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new MarginRankingLoss({ margin: 0.1 }).call(first, second, signs);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
 */
export class MarginRankingLoss extends Loss<MarginOptions> {
  /** @param options those of `functional.marginRankingLoss` */
  constructor(options: MarginOptions = {}) {
    super(options);
  }

  /** @see functional.marginRankingLoss */
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.marginRankingLoss(input1, input2, target, this.options);
  }
}

/**
 * 1 - cos where the target is 1, max(0, cos - margin) where it is -1.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new CosineEmbeddingLoss().call(first, second, signs);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 */
export class CosineEmbeddingLoss extends Loss<MarginOptions> {
  /** @param options those of `functional.cosineEmbeddingLoss` */
  constructor(options: MarginOptions = {}) {
    super(options);
  }

  /** @see functional.cosineEmbeddingLoss */
  forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.cosineEmbeddingLoss(input1, input2, target, this.options);
  }
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin) with p-norms as distances (Balntas et al. 2016).
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new TripletMarginLoss({ swap: true }).call(anchors, same, others);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
 */
export class TripletMarginLoss extends Loss<TripletMarginOptions> {
  /** @param options those of `functional.tripletMarginLoss` */
  constructor(options: TripletMarginOptions = {}) {
    super(options);
  }

  /** @see functional.tripletMarginLoss */
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return F.tripletMarginLoss(anchor, positive, negative, this.options);
  }
}

/**
 * {@link TripletMarginLoss} with a distance of one's own.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new TripletMarginWithDistanceLoss({ distanceFunction: (a, b) => a.sub(b).abs().sum(-1) }).call(anchors, same, others);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
 */
export class TripletMarginWithDistanceLoss extends Loss<TripletWithDistanceOptions> {
  /** @param options those of `functional.tripletMarginWithDistanceLoss` */
  constructor(options: TripletWithDistanceOptions = {}) {
    super(options);
  }

  /** @see functional.tripletMarginWithDistanceLoss */
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return F.tripletMarginWithDistanceLoss(anchor, positive, negative, this.options);
  }
}
