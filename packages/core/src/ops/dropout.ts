import { ShapeError, ValueError } from '../errors.ts';
import { constant, type Expr, input, param } from '../expr/node.ts';
import { fuseMap } from '../fuse.ts';
import { checkFloating } from '../parts/losses.ts';
import type { Generator } from '../random/generator.ts';
import { dropoutMask } from '../random/mask.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, sub } from './arithmetic.ts';

/** Options of {@link dropout} and its relatives. */
export interface DropoutOptions {
  /** Where the random numbers come from; the default generator if omitted. */
  generator?: Generator;
}

const [element, mask] = [input(0), input(1)];

/** What is kept, scaled. */
const kept = mul(mul(element, mask), param(0));
// An affine map of what is kept and of the saturation value: the offset of a kept element has no rounding of the other's.
const saturated = add(kept, add(mul(sub(mask, constant(1)), param(1)), param(2)));

/** Minus the value at which {@link selu} saturates: its scale times its alpha. */
const saturation = 1.0507009873554805 * 1.6732632423543772;

function checked(op: string, x: Tensor, p: number): void {
  checkFloating(op, 'input', x);
  if (!(p >= 0 && p <= 1)) throw new ValueError(`${op}: the probability must lie in [0, 1], got ${p}`);
}

function drop(
  op: string,
  expr: Expr,
  x: Tensor,
  shape: readonly number[],
  p: number,
  params: readonly number[],
  o: DropoutOptions,
): Tensor {
  return fuseMap(op, expr, [x, dropoutMask(shape, p, { ...o, dtype: 'bool', device: x.device })], params);
}

// Where everything is dropped there is no scale.
const scale = (p: number): readonly number[] => [p === 1 ? 1 : 1 / (1 - p)];

/** The scale of what is kept, and the two terms of the offset: mean 0 and variance 1 stay. */
function affine(p: number): readonly number[] {
  if (p === 1) return [0, 0, 0];
  const a = 1 / Math.sqrt((1 - p) * (1 + p * saturation * saturation));
  return [a, saturation * a, saturation * a * p];
}

/** One element of the mask for each channel of [N, C, ...]. */
const perChannel = (shape: readonly number[]): readonly number[] => shape.map((n, d) => (d < 2 ? n : 1));

/**
 * In training: each element is 0 with probability `p`, and the others are divided by `1 - p`, so that the expected value
 * stays. Otherwise the input itself. The same seed drops the same elements on every backend.
 *
 * @param x a floating tensor
 * @param p probability of an element to be dropped. Default 0.5
 * @param training whether to drop anything. Default true
 * @param options `generator`
 * @throws ValueError when `p` is not in [0, 1]
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * dropout(ones([4]), 0.5, true, { generator: new Generator(0) }); // zeros and twos
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 */
export function dropout<A extends Shape>(x: Tensor<A>, p: number = 0.5, training: boolean = true, options: DropoutOptions = {}): Tensor<A> {
  const t = x as unknown as Tensor;
  checked('dropout', t, p);
  if (!training || p === 0) return x;
  return drop('dropout', kept, t, t.shape, p, scale(p), options) as unknown as Tensor<A>;
}

function channels<A extends Shape>(op: string, x: Tensor<A>, p: number, training: boolean, alone: number, o: DropoutOptions): Tensor<A> {
  const t = x as unknown as Tensor;
  checked(op, t, p);
  if (!training || p === 0) return x;
  const single = t.ndim === alone;
  const shape = perChannel(single ? [1, ...t.shape] : t.shape);
  return drop(op, kept, t, single ? shape.slice(1) : shape, p, scale(p), o) as unknown as Tensor<A>;
}

function expectRank(op: string, x: Tensor, expected: string, fits: boolean): void {
  if (!fits) throw new ShapeError(`${op}: input ${show(x.shape)} has ${x.ndim} dimensions, expected ${expected}`);
}

/**
 * {@link dropout} of whole channels (Tompson et al. 2015).
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param p probability of a channel to be dropped. Default 0.5
 * @param training whether to drop anything. Default true
 * @param options `generator`
 * @throws ShapeError for an input of another rank
 * @throws ValueError when `p` is not in [0, 1]
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * dropout1d(ones([8, 16, 30]), 0.2);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
 */
export function dropout1d<A extends Shape>(
  x: Tensor<A>,
  p: number = 0.5,
  training: boolean = true,
  options: DropoutOptions = {},
): Tensor<A> {
  expectRank('dropout1d', x as unknown as Tensor, '[N, C, L] or [C, L]', x.ndim === 2 || x.ndim === 3);
  return channels('dropout1d', x, p, training, 2, options);
}

/**
 * {@link dropout} of whole channels of images. Of three dimensions the first counts as samples and the second as channels,
 * as in PyTorch: one image needs a batch dimension.
 *
 * @param x [N, C, H, W]; any input with samples and channels in front
 * @param p probability of a channel to be dropped. Default 0.5
 * @param training whether to drop anything. Default true
 * @param options `generator`
 * @throws ShapeError for fewer than 2 dimensions
 * @throws ValueError when `p` is not in [0, 1]
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * dropout2d(ones([8, 16, 30, 30]), 0.2);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
 */
export function dropout2d<A extends Shape>(
  x: Tensor<A>,
  p: number = 0.5,
  training: boolean = true,
  options: DropoutOptions = {},
): Tensor<A> {
  expectRank('dropout2d', x as unknown as Tensor, '[N, C, H, W]', x.ndim >= 2);
  return channels('dropout2d', x, p, training, -1, options);
}

/**
 * {@link dropout} of whole channels of volumes.
 *
 * @param x [N, C, D, H, W], or one volume [C, D, H, W]; any input with samples and channels in front
 * @param p probability of a channel to be dropped. Default 0.5
 * @param training whether to drop anything. Default true
 * @param options `generator`
 * @throws ShapeError for fewer than 2 dimensions
 * @throws ValueError when `p` is not in [0, 1]
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * dropout3d(ones([8, 16, 9, 9, 9]), 0.2);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html
 */
export function dropout3d<A extends Shape>(
  x: Tensor<A>,
  p: number = 0.5,
  training: boolean = true,
  options: DropoutOptions = {},
): Tensor<A> {
  expectRank('dropout3d', x as unknown as Tensor, '[N, C, D, H, W] or [C, D, H, W]', x.ndim >= 2);
  return channels('dropout3d', x, p, training, 4, options);
}

/**
 * {@link dropout} for self-normalizing networks (Klambauer et al. 2017): in training, elements become the value at which
 * {@link selu} saturates with probability `p`, and an affine map keeps mean 0 and variance 1. With `p` 1 all are 0.
 *
 * @param x a floating tensor
 * @param p probability of an element to be dropped. Default 0.5
 * @param training whether to drop anything. Default false, as in PyTorch
 * @param options `generator`
 * @throws ValueError when `p` is not in [0, 1]
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * alphaDropout(selu(x), 0.1, true);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
 * @see https://arxiv.org/abs/1706.02515
 */
export function alphaDropout<A extends Shape>(
  x: Tensor<A>,
  p: number = 0.5,
  training: boolean = false,
  options: DropoutOptions = {},
): Tensor<A> {
  const t = x as unknown as Tensor;
  checked('alphaDropout', t, p);
  if (!training || p === 0) return x;
  return drop('alphaDropout', saturated, t, t.shape, p, affine(p), options) as unknown as Tensor<A>;
}

/**
 * {@link alphaDropout} of whole channels.
 *
 * @param x [N, C, ...]
 * @param p probability of a channel to be dropped. Default 0.5
 * @param training whether to drop anything. Default false, as in PyTorch
 * @param options `generator`
 * @throws ShapeError for fewer than 2 dimensions
 * @throws ValueError when `p` is not in [0, 1]
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * featureAlphaDropout(selu(x), 0.1, true);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
 */
export function featureAlphaDropout<A extends Shape>(
  x: Tensor<A>,
  p: number = 0.5,
  training: boolean = false,
  options: DropoutOptions = {},
): Tensor<A> {
  const t = x as unknown as Tensor;
  expectRank('featureAlphaDropout', t, '[N, C, ...]', t.ndim >= 2);
  checked('featureAlphaDropout', t, p);
  if (!training || p === 0) return x;
  return drop('featureAlphaDropout', saturated, t, perChannel(t.shape), p, affine(p), options) as unknown as Tensor<A>;
}
