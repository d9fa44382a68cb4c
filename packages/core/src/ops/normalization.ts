import { noGrad } from '../autograd/modes.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { input, param } from '../expr/node.ts';
import { fuseMap, fuseSum } from '../fuse.ts';
import { writeElementwise } from '../inplace.ts';
import { sameShape, sizeOf } from '../layout.ts';
import { checkFloating } from '../parts/losses.ts';
import { type Affine, deviation, normalize, normalizeBy } from '../parts/normalization.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, rsqrt, square } from './arithmetic.ts';

/** Checks a parameter of a normalization: its shape and that its dtype is the input's. */
function checkParameter(op: string, what: string, t: Tensor | null | undefined, shape: readonly number[], x: Tensor): void {
  if (t == null) return;
  if (!sameShape(t.shape, shape)) {
    throw new ShapeError(`${op}: ${what} has shape ${show(t.shape)}, expected ${show(shape)} for the input ${show(x.shape)}`);
  }
  if (t.dtype !== x.dtype) throw new DTypeError(`${op}: the input is ${x.dtype} but ${what} is ${t.dtype}; convert one with to()`);
}

/** Weight and bias under a shape that broadcasts to the input. */
function affineOf(weight: Tensor | null | undefined, bias: Tensor | null | undefined, shape: readonly number[]): Affine {
  const as = (t: Tensor | null | undefined): Tensor | null => (t == null ? null : (t.reshape(shape) as Tensor));
  return { weight: as(weight), bias: as(bias) };
}

/** The last dimensions that are normalized together; throws when the input does not end in their shape. */
function lastDims(op: string, t: Tensor, normalizedShape: number | Shape): { shape: number[]; dims: number[] } {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
  checkFloating(op, 'input', t);
  if (shape.length === 0) throw new ValueError(`${op}: the normalized shape must have at least one dimension`);
  const lead = t.ndim - shape.length;
  const wrong = shape.findIndex((n, d) => t.shape[lead + d] !== n);
  if (wrong >= 0) {
    throw new ShapeError(
      `${op}: input ${show(t.shape)} does not end in the normalized shape ${show(shape)} (dimension ${wrong - shape.length})`,
    );
  }
  return { shape, dims: shape.map((_, d) => lead + d) };
}

/**
 * The elements over the last dimensions, minus their mean, divided by their standard deviation (biased, with `eps` under
 * the root), times `weight`, plus `bias`.
 *
 * @param x [..., *normalizedShape]
 * @param normalizedShape the shape of what is normalized, or the size of the last dimension
 * @param weight of shape `normalizedShape`; none is a weight of 1
 * @param bias of shape `normalizedShape`; none is a bias of 0
 * @param eps added to the variance. Default 1e-5
 * @throws ShapeError when the input does not end in `normalizedShape`, or weight or bias has another shape
 * @throws DTypeError when the dtypes differ or are not floating
 * @example
 * ```ts
 * layerNorm(tensor([[1, 3], [10, 30]]), 2); // about [[-1, 1], [-1, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 */
export function layerNorm<A extends Shape>(
  x: Tensor<A>,
  normalizedShape: number | Shape,
  weight?: Tensor | null,
  bias?: Tensor | null,
  eps: number = 1e-5,
): Tensor<A> {
  const op = 'layerNorm';
  const t = x as unknown as Tensor;
  const { shape, dims } = lastDims(op, t, normalizedShape);
  checkParameter(op, 'the weight', weight, shape, t);
  checkParameter(op, 'the bias', bias, shape, t);
  return normalize(op, t, affineOf(weight, bias, shape), { dims, eps, grouped: false }).y as unknown as Tensor<A>;
}

/**
 * Groups of channels, each normalized over its channels and positions; then an affine map per channel.
 *
 * @param x [N, C, ...]
 * @param numGroups how many groups the channels make
 * @param weight [C]; none is a weight of 1
 * @param bias [C]; none is a bias of 0
 * @param eps added to the variance. Default 1e-5
 * @throws ShapeError when the channels do not make `numGroups` groups, or weight or bias does not fit
 * @throws DTypeError when the dtypes differ or are not floating
 * @throws ValueError when a group has a single value, or `numGroups` is no positive integer
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 */
export function groupNorm<A extends Shape>(
  x: Tensor<A>,
  numGroups: number,
  weight?: Tensor | null,
  bias?: Tensor | null,
  eps: number = 1e-5,
): Tensor<A> {
  const op = 'groupNorm';
  const t = x as unknown as Tensor;
  checkFloating(op, 'input', t);
  if (t.ndim < 2) throw new ShapeError(`${op}: input ${show(t.shape)} has ${t.ndim} dimensions, expected [N, C, ...]`);
  if (!Number.isInteger(numGroups) || numGroups < 1) throw new ValueError(`${op}: numGroups must be a positive integer, got ${numGroups}`);
  const [n, c] = t.shape as readonly [number, number];
  if (c % numGroups !== 0)
    throw new ShapeError(`${op}: the ${c} channels of ${show(t.shape)} do not make ${numGroups} groups (dimension 1)`);
  checkParameter(op, 'the weight', weight, [c], t);
  checkParameter(op, 'the bias', bias, [c], t);
  const rest = t.shape.slice(2);
  const inside = [c / numGroups, ...rest];
  if (sizeOf(inside) * n === 1)
    throw new ValueError(`${op}: expected more than 1 value per group, got input ${show(t.shape)} with ${numGroups} groups`);
  const grouped = t.reshape([n, numGroups, ...inside]) as Tensor;
  const affine = affineOf(weight, bias, [1, numGroups, c / numGroups, ...rest.map(() => 1)]);
  const dims = inside.map((_, d) => d + 2);
  return normalize(op, grouped, affine, { dims, eps, grouped: false }).y.reshape(t.shape) as unknown as Tensor<A>;
}

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions {
  /** [C], moved towards the batch's means in place while statistics are those of the input. */
  runningMean?: Tensor | null;
  /** [C], moved towards the batch's unbiased variances in place while statistics are those of the input. */
  runningVar?: Tensor | null;
  /** [C]; none is a weight of 1. */
  weight?: Tensor | null;
  /** [C]; none is a bias of 0. */
  bias?: Tensor | null;
  /** Normalize by the input's own statistics; otherwise by the running ones. Default true. */
  useInputStats?: boolean;
  /** Weight of the new value in the running statistics. Default 0.1. */
  momentum?: number;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Each channel of each sample normalized over its positions; then an affine map per channel.
 *
 * @param x [N, C, ...]
 * @throws ShapeError when a parameter does not have one number per channel
 * @throws DTypeError when the dtypes differ or are not floating
 * @throws ValueError with one value per channel, or without running statistics where they are needed
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 */
export function instanceNorm<A extends Shape>(x: Tensor<A>, options: InstanceNormOptions = {}): Tensor<A> {
  const op = 'instanceNorm';
  const { runningMean = null, runningVar = null, weight, bias, useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  const t = x as unknown as Tensor;
  checkFloating(op, 'input', t);
  if (t.ndim < 2) throw new ShapeError(`${op}: input ${show(t.shape)} has ${t.ndim} dimensions, expected [N, C, ...]`);
  const [n, c, ...rest] = t.shape as readonly [number, number, ...number[]];
  checkParameter(op, 'runningMean', runningMean, [c], t);
  checkParameter(op, 'runningVar', runningVar, [c], t);
  checkParameter(op, 'the weight', weight, [c], t);
  checkParameter(op, 'the bias', bias, [c], t);
  const kept = t.shape.map((_, d) => (d === 1 ? c : 1));
  const affine = affineOf(weight, bias, kept);
  if (!useInputStats) {
    if (runningMean === null || runningVar === null)
      throw new ValueError(`${op}: runningMean and runningVar are needed where the input's statistics are not used`);
    const rstd = noGrad(() => deviation(op, runningVar.reshape(kept) as Tensor, eps));
    return normalizeBy(op, t, runningMean.detach().reshape(kept) as Tensor, rstd, affine) as unknown as Tensor<A>;
  }
  const count = sizeOf(rest);
  if (count === 1) throw new ValueError(`${op}: expected more than 1 value per channel, got input ${show(t.shape)}`);
  const dims = rest.map((_, d) => d + 2);
  const { y, mean, variance } = normalize(op, t, affine, { dims, eps, grouped: false });
  if (n > 0 && count > 0) {
    noGrad(() => {
      updateRunning(runningMean, mean.mean(0) as Tensor, momentum, 1);
      updateRunning(runningVar, variance.mean(0) as Tensor, momentum, count / (count - 1));
    });
  }
  return y as unknown as Tensor<A>;
}

const rootMeanSquare = mul(input(0), rsqrt(add(input(1), param(0))));
const rootMeanSquareWeighted = mul(rootMeanSquare, input(2));

/**
 * The elements over the last dimensions, divided by the root of the mean of their squares (with `eps` under the root),
 * times `weight`.
 *
 * @param x [..., *normalizedShape]
 * @param normalizedShape the shape of what is normalized, or the size of the last dimension
 * @param weight of shape `normalizedShape`; none is a weight of 1
 * @param eps added to the mean of the squares; null for the smallest number that 1 can be told from when it is added. Default null
 * @throws ShapeError when the input does not end in `normalizedShape`, or the weight has another shape
 * @throws DTypeError when the dtypes differ or are not floating
 * @example
 * ```ts
 * rmsNorm(tensor([3, 4]), 2); // [3, 4] / sqrt(12.5)
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 * @see Zhang and Sennrich, Root Mean Square Layer Normalization, 2019
 */
export function rmsNorm<A extends Shape>(
  x: Tensor<A>,
  normalizedShape: number | Shape,
  weight?: Tensor | null,
  eps: number | null = null,
): Tensor<A> {
  const op = 'rmsNorm';
  const t = x as unknown as Tensor;
  const { shape, dims } = lastDims(op, t, normalizedShape);
  checkParameter(op, 'the weight', weight, shape, t);
  const least = eps ?? (t.dtype === 'float32' ? 2 ** -23 : Number.EPSILON);
  const mean = fuseSum(op, square(input(0)), [t], [], { dims, keepdim: true, divisor: sizeOf(shape) });
  const [expr, inputs] = weight == null ? [rootMeanSquare, [t, mean]] : [rootMeanSquareWeighted, [t, mean, weight]];
  return fuseMap(op, expr, inputs, [least]) as unknown as Tensor<A>;
}

// momentum * statistic + (1 - momentum) * running statistic; the variance with Bessel's correction.
const average = add(mul(param(0), input(0)), mul(param(1), input(1)));

function updateRunning(running: Tensor | null | undefined, seen: Tensor, momentum: number, correction: number): void {
  if (running == null) return;
  const now = seen.reshape(running.shape) as Tensor;
  writeElementwise('batchNorm', running, average, [now, running], [momentum * correction, 1 - momentum], running.dtype);
}

/**
 * Each channel minus its mean, divided by its standard deviation (biased, with `eps` under the root), times `weight`,
 * plus `bias`. In training the statistics are those of the batch, and the running ones move towards them in place:
 * `running = (1 - momentum) * running + momentum * batch`, with the unbiased variance. Otherwise they are the running
 * ones.
 *
 * @param x [N, C] or [N, C, ...]
 * @param runningMean [C], overwritten in training; may be null in training
 * @param runningVar [C], overwritten in training; may be null in training
 * @param weight [C]; none is a weight of 1
 * @param bias [C]; none is a bias of 0
 * @param training whether to use the statistics of the batch. Default false
 * @param momentum weight of the new value in the running statistics. Default 0.1
 * @param eps added to the variance. Default 1e-5
 * @throws ShapeError when a parameter does not have one number per channel
 * @throws DTypeError when the dtypes differ or are not floating
 * @throws ValueError in training with one value per channel, or otherwise without running statistics
 * @example
 * ```ts
 * const y = batchNorm(x, mean, variance, gamma, beta, true);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
export function batchNorm<A extends Shape>(
  x: Tensor<A>,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight?: Tensor | null,
  bias?: Tensor | null,
  training: boolean = false,
  momentum: number = 0.1,
  eps: number = 1e-5,
): Tensor<A> {
  const op = 'batchNorm';
  const t = x as unknown as Tensor;
  checkFloating(op, 'input', t);
  if (t.ndim < 2) throw new ShapeError(`${op}: input ${show(t.shape)} has ${t.ndim} dimensions, expected [N, C] or [N, C, ...]`);
  const c = t.shape[1]!;
  checkParameter(op, 'runningMean', runningMean, [c], t);
  checkParameter(op, 'runningVar', runningVar, [c], t);
  checkParameter(op, 'the weight', weight, [c], t);
  checkParameter(op, 'the bias', bias, [c], t);
  const kept = t.shape.map((n, d) => (d === 1 ? n : 1));
  const affine = affineOf(weight, bias, kept);
  if (!training) {
    if (runningMean === null || runningVar === null)
      throw new ValueError(`${op}: runningMean and runningVar are needed outside of training`);
    const rstd = noGrad(() => deviation(op, runningVar.reshape(kept) as Tensor, eps));
    return normalizeBy(op, t, runningMean.detach().reshape(kept) as Tensor, rstd, affine) as unknown as Tensor<A>;
  }
  const count = t.shape.reduce((n, k, d) => (d === 1 ? n : n * k), 1);
  if (count === 1) throw new ValueError(`${op}: expected more than 1 value per channel when training, got input ${show(t.shape)}`);
  const dims = t.shape.map((_, d) => d).filter((d) => d !== 1);
  const { y, mean, variance } = normalize(op, t, affine, { dims, eps, grouped: true });
  // No values, no statistics.
  if (count > 0) {
    noGrad(() => {
      updateRunning(runningMean, mean, momentum, 1);
      updateRunning(runningVar, variance, momentum, count / (count - 1));
    });
  }
  return y as unknown as Tensor<A>;
}
