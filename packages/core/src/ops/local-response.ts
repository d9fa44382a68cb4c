import { elementwise } from '../elementwise.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { checkFloating } from '../parts/losses.ts';
import { padDim } from '../parts/padding.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul } from './arithmetic.ts';
import { div } from './division.ts';
import { avgPool2d } from './pool.ts';
import { pow } from './power.ts';

/** Options of {@link localResponseNorm}. */
export interface LocalResponseOptions {
  /** Factor of the mean of the squares. Default 1e-4. */
  alpha?: number;
  /** Exponent. Default 0.75. */
  beta?: number;
  /** Added to it. Default 1. */
  k?: number;
}

const quench = elementwise('localResponseNorm', (x, mean, alpha, beta, k) => div(x, pow(add(mul(mean, alpha), k), beta)));

/**
 * Each element divided by (k + alpha · m)^beta, where m is the mean of the squares of `size` neighbouring channels around
 * it, zeros beyond the first and the last.
 *
 * @param x [N, C, ...] with at least one more dimension
 * @param size how many channels
 * @throws ShapeError when the input has fewer than 3 dimensions
 * @throws ValueError unless `size` is a positive integer
 * @throws DTypeError when the input is neither floating nor int64
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 * @see Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012, section 3.3
 */
export function localResponseNorm<A extends Shape>(x: Tensor<A>, size: number, options: LocalResponseOptions = {}): Tensor<A> {
  const op = 'localResponseNorm';
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  const t = x as unknown as Tensor;
  if (t.dtype !== 'int64') checkFloating(op, 'input', t);
  if (t.ndim < 3) throw new ShapeError(`${op}: input ${show(t.shape)} has ${t.ndim} dimensions, expected [N, C, ...] with at least 3`);
  if (!Number.isInteger(size) || size < 1) throw new ValueError(`${op}: size must be a positive integer, got ${size}`);
  if (t.size === 0) return x;
  const [n, c] = t.shape as readonly [number, number];
  const squares = t.square().reshape([n, 1, c, t.size / (n * c)]) as Tensor;
  const padded = padDim(squares, 2, Math.floor(size / 2), Math.floor((size - 1) / 2));
  const mean = avgPool2d(padded, [size, 1], { stride: 1 }).reshape(t.shape) as Tensor;
  return quench(t, mean, alpha, beta, k) as unknown as Tensor<A>;
}
