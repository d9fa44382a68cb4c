import { ValueError } from '../errors.ts';
import { input, param } from '../expr/node.ts';
import { fuseMap } from '../fuse.ts';
import { checkFloating } from '../parts/losses.ts';
import { drawGumbel } from '../random/draw.ts';
import { type RandomOptions, source, upload } from '../random/fill.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { zerosLike } from './create.ts';
import { div } from './division.ts';
import { softmax } from './softmax.ts';

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions extends RandomOptions {
  /** Temperature: the smaller, the closer to a choice of one. Default 1. */
  tau?: number;
  /** Give the choice itself, ones and zeros, with the gradient of the soft one. Default false. */
  hard?: boolean;
  /** Along which to choose. Default -1. */
  dim?: number;
}

const tempered = div(add(input(0), input(1)), param(0));

/**
 * A differentiable choice of one entry along a dimension, with probabilities softmax(logits): softmax((logits + g) / tau)
 * with noise g of the Gumbel distribution (Jang et al. 2016, Maddison et al. 2016). With `hard` the result is one-hot and
 * the gradient that of the soft result (straight-through).
 *
 * @param logits floating, [...]: logarithms of probabilities up to a constant
 * @param options `tau`, `hard`, `dim`, `generator`
 * @returns the same shape; sums to 1 along `dim`
 * @throws ValueError when `tau` is not positive
 * @throws IndexError when there is no such dimension
 * @throws DTypeError when the logits are not floating
 * @example
 * ```ts
 * gumbelSoftmax(randn([20, 32]), { tau: 0.5, hard: true }); // a one in each row
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
 * @see https://arxiv.org/abs/1611.01144
 */
export function gumbelSoftmax<A extends Shape>(logits: Tensor<A>, options?: GumbelSoftmaxOptions): Tensor<A>;
export function gumbelSoftmax(logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
  const { tau = 1, hard = false, dim = -1 } = options;
  checkFloating('gumbelSoftmax', 'input', logits);
  if (!(tau > 0)) throw new ValueError(`gumbelSoftmax: tau must be positive, got ${tau}`);
  const noise = upload(logits.device, drawGumbel(source(options), logits.size, logits.dtype), logits.dtype, logits.shape);
  const soft = softmax(fuseMap('gumbelSoftmax', tempered, [logits, noise], [tau]), dim);
  if (!hard) return soft;
  const constant = soft.detach();
  const choice = zerosLike(constant).scatter(dim, constant.argmax(dim, { keepdim: true }) as Tensor, 1) as Tensor;
  // The difference is exactly 0, so that the result is exactly ones and zeros.
  return choice.add(soft.sub(constant)) as Tensor;
}
