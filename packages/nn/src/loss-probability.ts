import type { CtcOptions, GaussianNllOptions, KlDivOptions, Lengths, PoissonNllOptions, Tensor } from '@nabla/core';
import * as F from './functional.ts';
import { Loss } from './loss-base.ts';

/**
 * The Kullback-Leibler divergence of the target from what the input, logarithms of probabilities, says.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new KLDivLoss({ reduction: 'batchmean' }).call(scores.logSoftmax(-1), probabilities);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 */
export class KLDivLoss extends Loss<KlDivOptions> {
  /** @param options those of `functional.klDiv` */
  constructor(options: KlDivOptions = {}) {
    super(options);
  }

  /** @see functional.klDiv */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.klDiv(input, target, this.options);
  }
}

/**
 * The negative log-likelihood of counts under Poisson distributions, whose rates (or, by default, their logarithms) are
 * the input.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new PoissonNLLLoss({ full: true }).call(logRates, counts);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
 */
export class PoissonNLLLoss extends Loss<PoissonNllOptions> {
  /** @param options those of `functional.poissonNllLoss` */
  constructor(options: PoissonNllOptions = {}) {
    super(options);
  }

  /** @see functional.poissonNllLoss */
  forward(input: Tensor, target: Tensor): Tensor {
    return F.poissonNllLoss(input, target, this.options);
  }
}

/**
 * The negative log-likelihood of targets under normal distributions with given means and variances.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new GaussianNLLLoss().call(means, targets, variances);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
 */
export class GaussianNLLLoss extends Loss<GaussianNllOptions> {
  /** @param options those of `functional.gaussianNllLoss` */
  constructor(options: GaussianNllOptions = {}) {
    super(options);
  }

  /** @see functional.gaussianNllLoss */
  forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return F.gaussianNllLoss(input, target, variance, this.options);
  }
}

/**
 * Connectionist temporal classification (Graves et al. 2006): the negative log-likelihood of label sequences, summed
 * over all their alignments with the input [T, N, C] of log-probabilities.
 *
 * @throws ShapeError, DTypeError at the call when the arguments do not fit together; ValueError for options that make no sense
 * @example
 * ```ts
 * new CTCLoss().call(scores.logSoftmax(-1), labels, inputLengths, labelLengths);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 */
export class CTCLoss extends Loss<CtcOptions> {
  /** @param options those of `functional.ctcLoss` */
  constructor(options: CtcOptions = {}) {
    super(options);
  }

  /** @see functional.ctcLoss */
  forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, this.options);
  }
}
