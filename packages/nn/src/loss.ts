import type {
  BinaryCrossEntropyOptions,
  BinaryCrossEntropyWithLogitsOptions,
  CrossEntropyOptions,
  HuberOptions,
  LossOptions,
  NllLossOptions,
  SmoothL1Options,
  Tensor,
} from '@nabla/core';
import * as F from './functional.ts';
import { weightBuffer } from './loss-base.ts';
import { Module } from './module.ts';
import type { Buffer } from './parameter.ts';

/**
 * Cross-entropy between logits and class numbers, or class probabilities.
 *
 * @example
 * ```ts
 * const loss = new CrossEntropyLoss().call(model.call(x), labels);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 */
export class CrossEntropyLoss extends Module {
  readonly weight: Buffer | null;
  readonly #options: CrossEntropyOptions;

  constructor(options: CrossEntropyOptions = {}) {
    super();
    const { weight, ...rest } = options;
    this.weight = weightBuffer(weight);
    this.#options = rest;
  }

  /** @see functional.crossEntropy */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.crossEntropy(input, target, { ...this.#options, weight: this.weight });
  }
}

/** The negative log-likelihood of class numbers under log-probabilities. @see https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html */
export class NLLLoss extends Module {
  readonly weight: Buffer | null;
  readonly #options: NllLossOptions;

  constructor(options: NllLossOptions = {}) {
    super();
    const { weight, ...rest } = options;
    this.weight = weightBuffer(weight);
    this.#options = rest;
  }

  /** @see functional.nllLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.nllLoss(input, target, { ...this.#options, weight: this.weight });
  }
}

/** Mean squared error. @see https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html */
export class MSELoss extends Module {
  readonly #options: LossOptions;

  constructor(options: LossOptions = {}) {
    super();
    this.#options = options;
  }

  /** @see functional.mseLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.mseLoss(input, target, this.#options);
  }
}

/** Mean absolute error. @see https://pytorch.org/docs/stable/generated/torch.nn.L1Loss.html */
export class L1Loss extends Module {
  readonly #options: LossOptions;

  constructor(options: LossOptions = {}) {
    super();
    this.#options = options;
  }

  /** @see functional.l1Loss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.l1Loss(input, target, this.#options);
  }
}

/** Squared error near 0, absolute error beyond `beta`. @see https://pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html */
export class SmoothL1Loss extends Module {
  readonly #options: SmoothL1Options;

  constructor(options: SmoothL1Options = {}) {
    super();
    this.#options = options;
  }

  /** @see functional.smoothL1Loss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.smoothL1Loss(input, target, this.#options);
  }
}

/** Huber's loss. @see https://pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html */
export class HuberLoss extends Module {
  readonly #options: HuberOptions;

  constructor(options: HuberOptions = {}) {
    super();
    this.#options = options;
  }

  /** @see functional.huberLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.huberLoss(input, target, this.#options);
  }
}

/** Cross-entropy of probabilities with targets in [0, 1]. @see https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html */
export class BCELoss extends Module {
  readonly weight: Buffer | null;
  readonly #options: BinaryCrossEntropyOptions;

  constructor(options: BinaryCrossEntropyOptions = {}) {
    super();
    const { weight, ...rest } = options;
    this.weight = weightBuffer(weight);
    this.#options = rest;
  }

  /** @see functional.binaryCrossEntropy */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropy(input, target, { ...this.#options, weight: this.weight });
  }
}

/** {@link BCELoss} of logits, computed stably. @see https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html */
export class BCEWithLogitsLoss extends Module {
  readonly weight: Buffer | null;
  readonly posWeight: Buffer | null;
  readonly #options: BinaryCrossEntropyWithLogitsOptions;

  constructor(options: BinaryCrossEntropyWithLogitsOptions = {}) {
    super();
    const { weight, posWeight, ...rest } = options;
    this.weight = weightBuffer(weight);
    this.posWeight = weightBuffer(posWeight);
    this.#options = rest;
  }

  /** @see functional.binaryCrossEntropyWithLogits */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropyWithLogits(input, target, { ...this.#options, weight: this.weight, posWeight: this.posWeight });
  }
}
