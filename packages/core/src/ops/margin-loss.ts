import { isFloating } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { type Expr, input, param } from '../expr/node.ts';
import { fuseSum } from '../fuse.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { checkFactor, checkFloating, type LossOptions, reduceEach, reduceLoss, reductionOf } from '../parts/losses.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { logsigmoid } from './activation.ts';
import { add, mul, neg, square, sub } from './arithmetic.ts';
import { eq, gt, lt } from './compare.ts';
import { arange, zeros } from './create.ts';
import { where } from './where.ts';

// Margins between the scores of classes.

const soft = neg(logsigmoid(mul(input(0), input(1))));

/**
 * ln(1 + exp(-target · input)), averaged: the logistic loss of targets 1 and -1.
 *
 * @param input scores, of any shape
 * @param target 1 or -1, broadcast with the input
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
 */
export function softMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const op = 'softMarginLoss';
  const reduction = reductionOf(op, options);
  checkFloating(op, 'input', input);
  return reduceLoss(op, soft, [input, target], [], reduction);
}

/** Options of {@link multilabelSoftMarginLoss}. */
export interface MultilabelSoftMarginOptions extends LossOptions {
  /** A weight for each class; broadcasts to the input. */
  weight?: Tensor | null;
}

const [x, t] = [input(0), input(1)];
const perLabel = neg(add(mul(t, logsigmoid(x)), mul(sub(1, t), logsigmoid(neg(x)))));
const perLabelWeighted = mul(perLabel, input(2));

/**
 * The binary cross entropy of sigmoid(input) with each of C labels, averaged over the labels, then over the batch.
 *
 * @param input logits [..., C]
 * @param target 0 or 1 for each, of the same shape or one that broadcasts to it
 * @returns a 0-d tensor; for `'none'` one number per sample, [...]
 * @throws ShapeError for a scalar input, or when the shapes do not broadcast
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
 */
export function multilabelSoftMarginLoss(input: Tensor, target: Tensor, options: MultilabelSoftMarginOptions = {}): Tensor {
  const op = 'multilabelSoftMarginLoss';
  const reduction = reductionOf(op, options);
  checkFloating(op, 'input', input);
  if (input.ndim === 0) throw new ShapeError(`${op}: the input is a scalar, expected [..., C]`);
  checkFactor(op, 'target', target, input.shape);
  if (options.weight != null) checkFactor(op, 'weight', options.weight, input.shape);
  const [expr, inputs] = options.weight == null ? [perLabel, [input, target]] : [perLabelWeighted, [input, target, options.weight]];
  const last = input.ndim - 1;
  return reduceEach(op, fuseSum(op, expr, inputs, [], { dims: [last], divisor: input.shape[last]! }), reduction);
}

/** Scores as [N, C] with targets to match, or an error that says what was expected. */
function batched(
  op: string,
  x: Tensor,
  t: Tensor,
  perClass: boolean,
): { readonly x: Tensor; readonly t: Tensor; readonly single: boolean } {
  checkFloating(op, 'input', x);
  if (isFloating(t.dtype) || t.dtype === 'bool') throw new DTypeError(`${op}: class numbers must be integers, got ${t.dtype}`);
  const c = x.shape[x.ndim - 1];
  if (x.ndim > 2 || c === 0) {
    throw new ShapeError(`${op}: the input has shape ${show(x.shape)}, expected [N, C] or [C] with at least one class`);
  }
  const single = x.ndim < 2;
  const expected = perClass ? x.shape : single ? [] : [x.shape[0]!];
  const fits = t.ndim === expected.length && expected.every((n, d) => t.shape[d] === n);
  // A single sample may come with a target of one element.
  if (!fits && !(single && t.size === (perClass ? (c ?? 1) : 1) && t.ndim <= 1)) {
    throw new ShapeError(`${op}: input ${show(x.shape)} takes a target of shape ${show(expected)}, got ${show(t.shape)}`);
  }
  const n = single ? 1 : x.shape[0]!;
  return { x: x.reshape([n, c ?? 1]) as Tensor, t: t.reshape(perClass ? [n, c ?? 1] : [n, 1]) as Tensor, single };
}

/** Options of {@link multiMarginLoss}. */
export interface MultiMarginOptions extends LossOptions {
  /** Power of each violation: 1 or 2. Default 1. */
  p?: number;
  /** Default 1. */
  margin?: number;
  /** A weight for each class [C], by which the loss of its samples is multiplied. No gradient flows into it. */
  weight?: Tensor | null;
}

const beyond = (z: Expr): Expr => where(gt(z, 0), z, 0);
// Inputs: all scores [N, C], that of the target [N, 1], the target [N, 1], the numbers of the classes [1, C], a weight [N, 1].
const violation = beyond(add(sub(param(0), input(1)), input(0)));
const others = (loss: Expr): Expr => where(eq(input(2), input(3)), 0, loss);
const multi = {
  1: others(violation),
  2: others(square(violation)),
  weighted1: others(mul(violation, input(4))),
  weighted2: others(mul(square(violation), input(4))),
} as const;

/**
 * For each sample the sum over the wrong classes of max(0, margin - input[target] + input[class])^p, divided by the number
 * of classes; averaged over the batch.
 *
 * @param input scores [N, C] or [C]
 * @param target class numbers [N] or []
 * @throws ShapeError when target or weight do not fit the input
 * @throws ValueError unless `p` is 1 or 2
 * @throws IndexError for a class that does not exist, where values can be read at once
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options: MultiMarginOptions = {}): Tensor {
  const op = 'multiMarginLoss';
  const reduction = reductionOf(op, options);
  const { p = 1, margin = 1, weight } = options;
  if (p !== 1 && p !== 2) throw new ValueError(`${op}: p must be 1 or 2, got ${p}`);
  const { x, t, single } = batched(op, input, target, false);
  const c = x.shape[1]!;
  if (weight != null && (weight.ndim !== 1 || weight.shape[0] !== c)) {
    throw new ShapeError(
      `${op}: the weight has shape ${show(weight.shape)}, expected [${c}], one for each class of the input ${show(input.shape)}`,
    );
  }
  const numbers = arange(c, { dtype: 'int64', device: x.device }).reshape([1, c]) as Tensor;
  const inputs = [x, gatherAlong(x, 1, t, op), t, numbers];
  if (weight != null) inputs.push(weight.detach().indexSelect(0, t.flatten()).reshape([x.shape[0]!, 1]) as Tensor);
  const expr = weight == null ? multi[p] : multi[`weighted${p}`];
  if (reduction !== 'none') {
    return fuseSum(op, expr, inputs, [margin], { divisor: reduction === 'mean' ? x.shape[0]! * c : c });
  }
  const each = fuseSum(op, expr, inputs, [margin], { dims: [1], divisor: c });
  return single ? (each.reshape([]) as Tensor) : each;
}

// Inputs: scores [N, 1, C], scores of the listed classes [N, C, 1], which of them are listed [N, C, 1], which classes are [N, 1, C].
const pair = where(input(2), where(input(3), 0, beyond(add(sub(1, input(1)), input(0)))), 0);

/**
 * For each sample the sum of max(0, 1 - input[y] + input[i]) over its classes y and all classes i that are not its own,
 * divided by the number of classes; averaged over the batch.
 *
 * @param input scores [N, C] or [C]
 * @param target the same shape: the numbers of a sample's classes, then -1; what follows the first -1 is ignored
 * @throws ShapeError when the shapes differ
 * @throws IndexError for a class that does not exist, where values can be read at once
 * @example
 * ```ts
 * multilabelMarginLoss(tensor([[0.1, 0.2, 0.4, 0.8]]), tensor([[3, 0, -1, 1]], { dtype: 'int64' })).item(); // 0.85
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const op = 'multilabelMarginLoss';
  const reduction = reductionOf(op, options);
  const { x, t, single } = batched(op, input, target, true);
  const [n, c] = x.shape as readonly [number, number];
  // A class is listed when no -1 stands before it.
  const listed = (lt(t, 0) as Tensor).to('int64').cumsum(1).eq(0) as Tensor;
  const classes = where(listed, t, 0) as unknown as Tensor;
  const own = (zeros([n, c], { device: x.device }).scatterAdd(1, classes, listed.to('float32')) as Tensor).ne(0) as Tensor;
  const inputs = [x.unsqueeze(1), gatherAlong(x, 1, classes, op).unsqueeze(2), listed.unsqueeze(2), own.unsqueeze(1)] as Tensor[];
  if (reduction !== 'none') return fuseSum(op, pair, inputs, [], { divisor: reduction === 'mean' ? n * c : c });
  const each = fuseSum(op, pair, inputs, [], { dims: [1, 2], divisor: c });
  return single ? (each.reshape([]) as Tensor) : each;
}
