import { isFloating, resultType } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { constant, type Expr, input, param } from '../expr/node.ts';
import { backendOf, mapKernel, wrap } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { defineOp } from '../op.ts';
import { checkFactor, checkFloating, type LossOptions, reduceEach, reduceLoss, reductionOf } from '../parts/losses.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { logsigmoid } from './activation.ts';
import { abs, add, mul, neg, square, sub } from './arithmetic.ts';
import { gt, le, lt } from './compare.ts';
import { div } from './division.ts';
import { log } from './exponential.ts';
import { where } from './where.ts';

export type { LossOptions, Reduction } from '../parts/losses.ts';

/** A loss of two floating tensors that broadcast, one expression per element. */
function pointwise(op: string, expr: Expr, x: Tensor, target: Tensor, params: readonly number[], options: LossOptions): Tensor {
  const reduction = reductionOf(op, options);
  if (!isFloating(x.dtype) && !isFloating(target.dtype)) {
    throw new DTypeError(`${op}: not defined for ${x.dtype} and ${target.dtype}; convert with to('float32')`);
  }
  return reduceLoss(op, expr, [x, target], params, reduction);
}

const difference = sub(input(0), input(1));
const distance = abs(difference);
const squared = square(difference);

/**
 * (input - target)², averaged.
 *
 * @param input any shape
 * @param target the same shape, or one that broadcasts with it
 * @param options `reduction`: `'mean'` (default), `'sum'` or `'none'`
 * @returns a 0-d tensor, or the shape of the inputs for `'none'`
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when neither is floating
 * @example
 * ```ts
 * mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 */
export function mseLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return pointwise('mseLoss', squared, input, target, [], options);
}

/**
 * |input - target|, averaged. The derivative where they are equal is 0.
 *
 * @param input any shape
 * @param target the same shape, or one that broadcasts with it
 * @param options `reduction`: `'mean'` (default), `'sum'` or `'none'`
 * @returns a 0-d tensor, or the shape of the inputs for `'none'`
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when neither is floating
 * @example
 * ```ts
 * l1Loss(tensor([1, 2]), tensor([1, 4])).item(); // 1
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
 */
export function l1Loss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  return pointwise('l1Loss', distance, input, target, [], options);
}

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1Options extends LossOptions {
  /** Where the parabola becomes a line; 0 gives {@link l1Loss}. Default 1. */
  beta?: number;
}

const half = constant(0.5);
const smoothL1 = where(lt(distance, param(0)), div(mul(half, squared), param(0)), sub(distance, mul(half, param(0))));

/**
 * d² / (2 beta) for a distance d below `beta`, d - beta / 2 beyond, averaged.
 *
 * @param input any shape
 * @param target the same shape, or one that broadcasts with it
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when neither is floating
 * @throws ValueError for a negative `beta`
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  const beta = options.beta ?? 1;
  if (!(beta >= 0)) throw new ValueError(`smoothL1Loss: beta must not be negative, got ${beta}`);
  return beta === 0
    ? pointwise('smoothL1Loss', distance, input, target, [], options)
    : pointwise('smoothL1Loss', smoothL1, input, target, [beta], options);
}

/** Options of {@link huberLoss}. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line. Default 1. */
  delta?: number;
}

const huber = where(le(distance, param(0)), mul(half, squared), mul(param(0), sub(distance, mul(half, param(0)))));

/**
 * d² / 2 for a distance d up to `delta`, delta (d - delta / 2) beyond, averaged.
 *
 * @param input any shape
 * @param target the same shape, or one that broadcasts with it
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when neither is floating
 * @throws ValueError unless `delta` is positive
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 */
export function huberLoss(input: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  const delta = options.delta ?? 1;
  if (!(delta > 0)) throw new ValueError(`huberLoss: delta must be positive, got ${delta}`);
  return pointwise('huberLoss', huber, input, target, [delta], options);
}

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Multiplies the loss of each element; broadcasts to the input. No gradient flows into it. */
  weight?: Tensor | null;
}

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** Weight of positive targets; broadcasts to the input. No gradient flows into it. */
  posWeight?: Tensor | null;
}

const least = (x: Expr, bound: number): Expr => where(gt(x, bound), x, bound);

// The logarithms are cut off at -100 and the gradient in x by a denominator of at least 1e-12. Both derivatives of that
// gradient have 1e-12 added to x and 1 - x instead. All of it as in PyTorch.
const off = (x: Expr): Expr => add(x, 1e-12);
const bceGrad = elementwise('binaryCrossEntropyBackward', (g, x, t) => mul(g, div(sub(x, t), least(mul(sub(1, x), x), 1e-12))), {
  grad: [
    (_g, x, t) => div(sub(x!, t!), mul(off(x!), off(sub(1, x!)))),
    (g, x, t) => mul(g!, div(add(sub(square(x!), mul(2, mul(x!, t!))), t!), square(mul(off(x!), off(sub(1, x!)))))),
    (g, x) => div(neg(g!), least(mul(sub(1, x!), x!), 1e-12)),
  ],
});
const bceTargetGrad = elementwise('binaryCrossEntropyBackward', (g, x) => mul(g, sub(log(sub(1, x)), log(x))));
const bceExpr = neg(add(mul(input(1), least(log(input(0)), -100)), mul(sub(1, input(1)), least(log(sub(1, input(0))), -100))));

const bce = defineOp<void>({
  name: 'binaryCrossEntropy',
  infer: ([x, t]) => [{ shape: x!.shape, dtype: resultType([x!, t!]) }],
  forward: (inputs, _attrs, [out]) => {
    const { shape, dtype } = out!;
    const backend = backendOf('binaryCrossEntropy', inputs);
    const request = { exprs: [bceExpr], inputs, params: [], shape, compute: dtype, outputs: [dtype] };
    return [wrap(backend, mapKernel(backend, 'binaryCrossEntropy', request)[0]!, dtype, shape)];
  },
  save: ([x, t]) => [x!, t!],
  backward: ({ saved: [x, t], needs }, [g]) => [needs[0] ? bceGrad(g!, x!, t!) : null, needs[1] ? bceTargetGrad(g!, x!) : null],
});

function checkBinary(op: string, x: Tensor, target: Tensor): void {
  checkFloating(op, 'input', x);
  checkFloating(op, 'target', target);
  if (!sameShape(x.shape, target.shape)) {
    const d = x.ndim === target.ndim ? ` (dimension ${x.shape.findIndex((n, i) => n !== target.shape[i])})` : '';
    throw new ShapeError(`${op}: the target has shape ${show(target.shape)} but the input ${show(x.shape)}; they must be the same${d}`);
  }
}

/**
 * -(target ln(input) + (1 - target) ln(1 - input)), averaged: the cross entropy of probabilities. Logarithms are cut off
 * at -100. Prefer {@link binaryCrossEntropyWithLogits}, which does not round.
 *
 * @param input probabilities, of any shape
 * @param target of the same shape, usually 0 or 1
 * @throws ShapeError when the shapes differ or the weight does not broadcast
 * @throws DTypeError when input or target is not floating
 * @throws ValueError for a probability outside of [0, 1], where values can be read at once
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  const op = 'binaryCrossEntropy';
  const reduction = reductionOf(op, options);
  checkBinary(op, input, target);
  if (options.weight != null) checkFactor(op, 'weight', options.weight, input.shape);
  if (input.device.caps.collected && input.device.caps.syncRead) {
    const bad = input.dataSync().find((p) => !(p >= 0 && p <= 1));
    if (bad !== undefined) throw new ValueError(`${op}: every input must be a probability between 0 and 1, found ${bad}`);
  }
  const each = bce([input, target], undefined)[0]!;
  if (options.weight == null) return reduceEach(op, each, reduction);
  return reduceLoss(op, product, [each, options.weight.detach()], [], reduction);
}

const product = mul(input(0), input(1));

// (1 - t) x - (1 + (p - 1) t) ln(sigmoid(x)), with a weight of p for positive targets.
const [x, t, first, second] = [input(0), input(1), input(2), input(3)];
const logits = sub(mul(sub(1, t), x), logsigmoid(x));
const positive = (p: Expr): Expr => sub(mul(sub(1, t), x), mul(add(1, mul(sub(p, 1), t)), logsigmoid(x)));
const logitsForms = {
  plain: logits,
  weight: mul(logits, first),
  posWeight: positive(first),
  both: mul(positive(second), first),
} as const;

/**
 * {@link binaryCrossEntropy} of sigmoid(input), computed without rounding to 0 or 1 on the way.
 *
 * @param input logits, of any shape
 * @param target of the same shape, usually 0 or 1
 * @param options `weight` multiplies each element's loss, `posWeight` the part of positive targets
 * @throws ShapeError when the shapes differ or a weight does not broadcast
 * @throws DTypeError when input or target is not floating
 * @example
 * ```ts
 * binaryCrossEntropyWithLogits(tensor([1000, -1000]), tensor([1, 0])).item(); // 0
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options: BinaryCrossEntropyWithLogitsOptions = {}): Tensor {
  const op = 'binaryCrossEntropyWithLogits';
  const reduction = reductionOf(op, options);
  checkBinary(op, input, target);
  const { weight, posWeight } = options;
  if (weight != null) checkFactor(op, 'weight', weight, input.shape);
  if (posWeight != null) checkFactor(op, 'posWeight', posWeight, input.shape);
  const form = weight == null ? (posWeight == null ? 'plain' : 'posWeight') : posWeight == null ? 'weight' : 'both';
  const factors = [weight, posWeight].filter((w) => w != null).map((w) => w.detach());
  return reduceLoss(op, logitsForms[form], [input, target, ...factors], [], reduction);
}
