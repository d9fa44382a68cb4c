import { float, isFloating, resultType } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { constant, type Expr, input, param } from '../expr/node.ts';
import { sameShape } from '../layout.ts';
import { checkFloating, type LossOptions, promotedLoss, type Reduction, reduceLoss, reductionOf } from '../parts/losses.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, square, sub } from './arithmetic.ts';
import { le, lt } from './compare.ts';
import { div } from './division.ts';
import { exp, log, xlogy } from './exponential.ts';
import { where } from './where.ts';

// Negative log-likelihoods and divergences of distributions.

/** Options of {@link klDiv}. */
export interface KlDivOptions {
  /** `'batchmean'` divides the sum by the size of dimension 0. Default `'mean'`, which divides by the number of elements. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target holds logarithms of probabilities. Default false. */
  logTarget?: boolean;
}

const divergence = sub(xlogy(input(1), input(1)), mul(input(1), input(0)));
const logDivergence = mul(exp(input(1)), sub(input(1), input(0)));

/**
 * The Kullback-Leibler divergence, element by element: target (ln(target) - input), averaged over all elements.
 * `'batchmean'` is the divergence of the distributions.
 *
 * @param input logarithms of probabilities, of any shape
 * @param target probabilities (logarithms of them with `logTarget`), of the same shape or one that broadcasts with it
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * klDiv(logits.logSoftmax(1), probabilities, { reduction: 'batchmean' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 */
export function klDiv(input: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  const op = 'klDiv';
  const batchMean = options.reduction === 'batchmean';
  const reduction = batchMean ? 'sum' : reductionOf(op, options as LossOptions);
  checkFloating(op, 'input', input);
  const total = reduceLoss(op, options.logTarget === true ? logDivergence : divergence, [input, target], [], reduction);
  return batchMean && input.ndim > 0 ? (total.div(input.shape[0]!) as Tensor) : total;
}

/** Options of {@link poissonNllLoss}. */
export interface PoissonNllOptions extends LossOptions {
  /** Whether the input is the logarithm of the expected count. Default true. */
  logInput?: boolean;
  /** Add Stirling's approximation of ln(target!) where the target is above 1. Default false. */
  full?: boolean;
  /** Keeps ln(input) finite when `logInput` is false. Default 1e-8. */
  eps?: number;
}

const [rate, count] = [input(0), input(1)];
const stirling = add(sub(mul(count, log(count)), count), mul(0.5, log(mul(2 * Math.PI, count))));
const fromLog = sub(exp(rate), mul(count, rate));
const fromRate = sub(rate, mul(count, log(add(rate, param(0)))));
const whole = (loss: Expr): Expr => add(loss, where(le(count, 1), 0, stirling));
const poisson = { log: fromLog, rate: fromRate, logFull: whole(fromLog), rateFull: whole(fromRate) } as const;

/**
 * The negative log-likelihood of counts under Poisson distributions, exp(input) - target · input, averaged; the constant
 * ln(target!) is left out unless `full`.
 *
 * @param input logarithms of expected counts (expected counts with `logInput: false`), of any shape
 * @param target counts, broadcast with the input
 * @throws ShapeError when the shapes do not broadcast
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options: PoissonNllOptions = {}): Tensor {
  const reduction = reductionOf('poissonNllLoss', options);
  const { logInput = true, full = false, eps = 1e-8 } = options;
  const form = poisson[`${logInput ? 'log' : 'rate'}${full ? 'Full' : ''}`];
  return promotedLoss('poissonNllLoss', form, [input, target], [float(eps)], reduction);
}

/** Options of {@link gaussianNllLoss}. */
export interface GaussianNllOptions extends LossOptions {
  /** Add the constant ln(2π) / 2. Default false. */
  full?: boolean;
  /** Variances below this count as this; the derivative passes all the same. Default 1e-6. */
  eps?: number;
}

/** A variance kept above a bound, through which the gradient passes unchanged. */
const kept = elementwise('gaussianNllLoss', (v, eps) => where(lt(v, eps), eps, v), { grad: [() => constant(1), null] });
const variance = kept(input(2), param(0));
const gaussian = mul(0.5, add(log(variance), div(square(sub(input(0), input(1))), variance)));
const gaussianFull = add(gaussian, 0.5 * Math.log(2 * Math.PI));

/**
 * The negative log-likelihood of targets under normal distributions, (ln(var) + (input - target)² / var) / 2, averaged.
 *
 * @param input means, of any shape
 * @param target the same shape, or one that broadcasts with it
 * @param variance of the input's shape, or without its last dimension, or with 1 there
 * @throws ShapeError when the variance does not fit the input
 * @throws DTypeError when the input is not floating
 * @throws ValueError for a negative variance, where values can be read at once
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 */
export function gaussianNllLoss(input: Tensor, target: Tensor, variance: Tensor, options: GaussianNllOptions = {}): Tensor {
  const op = 'gaussianNllLoss';
  const reduction = reductionOf(op, options);
  const v = spreadVariance(op, input, variance);
  if (!isFloating(resultType([input, target, v]))) checkFloating(op, 'input', input);
  if (v.device.caps.collected && v.device.caps.syncRead) {
    const bad = v
      .detach()
      .dataSync()
      .find((x) => x < 0);
    if (bad !== undefined) throw new ValueError(`${op}: a variance must not be negative, found ${bad}`);
  }
  return promotedLoss(op, options.full === true ? gaussianFull : gaussian, [input, target, v], [float(options.eps ?? 1e-6)], reduction);
}

function spreadVariance(op: string, x: Tensor, variance: Tensor): Tensor {
  if (sameShape(variance.shape, x.shape)) return variance;
  const lead = x.shape.slice(0, -1);
  if (x.ndim > 0 && sameShape(variance.shape, lead)) return variance.unsqueeze(-1) as Tensor;
  if (x.ndim > 0 && sameShape(variance.shape, [...lead, 1])) return variance;
  throw new ShapeError(
    `${op}: the variance has shape ${show(variance.shape)}, expected that of the input ${show(x.shape)}, or it without its last dimension`,
  );
}
