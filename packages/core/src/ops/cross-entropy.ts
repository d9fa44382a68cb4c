import { isFloating } from '../dtype.ts';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.ts';
import { type Expr, input, param } from '../expr/node.ts';
import { fuseSum } from '../fuse.ts';
import { sameShape, sizeOf } from '../layout.ts';
import { checkFloating, type LossOptions, type Reduction, reductionOf } from '../parts/losses.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, neg } from './arithmetic.ts';
import { eq, logicalAnd, ne } from './compare.ts';
import { arange } from './create.ts';
import { logSoftmax } from './softmax.ts';
import { where } from './where.ts';

/** Options of {@link nllLoss}. */
export interface NllLossOptions extends LossOptions {
  /** A weight for each class, [C]; the mean divides by the sum of the targets' weights. No gradient flows into it. */
  weight?: Tensor | null;
  /** Targets of this value count nothing. Default -100. */
  ignoreIndex?: number;
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** How much of each target is spread evenly over all classes, from 0 to 1. Default 0. */
  labelSmoothing?: number;
}

// The kernels below run over [N, C, ...] with the target as [N, 1, ...] and the numbers of the classes as [1, C, ...]:
// comparing them picks the target's class without gathering, so a loss is one map-reduce on every backend.
const [logp, target, classes, weight] = [input(0), input(1), input(2), input(3)];
const ignored = param(0);
const chosen = logicalAnd(eq(target, classes), ne(target, ignored));
const pick = (loss: Expr): Expr => where(chosen, loss, 0);
const share = add(where(eq(target, classes), param(1), 0), param(2));
const spread = (loss: Expr): Expr => where(ne(target, ignored), mul(share, loss), 0);
const loss = neg(logp);
const weighted = neg(mul(logp, weight));

const forms = {
  plain: pick(loss),
  weighted: pick(weighted),
  smooth: spread(loss),
  smoothWeighted: spread(weighted),
} as const;

// What a mean divides by: how many targets count, or the sum of their weights.
const counted = where(ne(input(0), ignored), 1, 0);
const heaviness = where(logicalAnd(eq(input(0), input(1)), ne(input(0), ignored)), input(2), 0);

/** Where the classes lie in the input, and the shapes that the kernels see. */
interface Classes {
  /** The input as [N, C, ...]. */
  readonly logits: Tensor;
  readonly count: number;
  /** Shape of the loss of each target. */
  readonly each: readonly number[];
}

function checkInput(op: string, x: Tensor, weights: Tensor | null | undefined): void {
  checkFloating(op, 'input', x);
  if (x.ndim === 0) throw new ShapeError(`${op}: the input is a scalar, expected [C], [N, C] or [N, C, d1, ...]`);
  const c = x.shape[x.ndim === 1 ? 0 : 1]!;
  if (weights != null && (weights.ndim !== 1 || weights.shape[0] !== c)) {
    throw new ShapeError(
      `${op}: the weight has shape ${show(weights.shape)}, expected [${c}], one for each class (dimension ${x.ndim === 1 ? 0 : 1} of the input ${show(x.shape)})`,
    );
  }
}

/** Checks that there is one target per position of the input. */
function positions(op: string, x: Tensor, t: Tensor): Classes {
  const each = x.ndim === 1 ? [] : [x.shape[0]!, ...x.shape.slice(2)];
  if (t.ndim !== each.length) {
    throw new ShapeError(`${op}: input ${show(x.shape)} takes a target of shape ${show(each)}, got ${show(t.shape)}`);
  }
  each.forEach((n, d) => {
    if (t.shape[d] !== n) {
      throw new ShapeError(
        `${op}: input ${show(x.shape)} takes a target of shape ${show(each)}, got ${show(t.shape)}: ${n} and ${t.shape[d]} differ (dimension ${d})`,
      );
    }
  });
  if (isFloating(t.dtype) || t.dtype === 'bool') {
    throw new DTypeError(`${op}: class numbers must be integers, got ${t.dtype}; convert the target with to('int64')`);
  }
  return { logits: x.ndim === 1 ? (x.reshape([1, x.shape[0]!]) as Tensor) : x, count: x.shape[x.ndim === 1 ? 0 : 1]!, each };
}

/**
 * Where the target can be read at once: checks every class number and counts those that are not ignored. Elsewhere null;
 * a class that does not exist then has no loss.
 */
function countTargets(op: string, t: Tensor, classCount: number, ignoreIndex: number): number | null {
  if (!t.device.caps.collected || !t.device.caps.syncRead) return null;
  const values = t.dataSync();
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const k = values[i]!;
    if (k === ignoreIndex) continue;
    if (k < 0 || k >= classCount) throw new IndexError(`${op}: target ${k} (element ${i}) is out of range for ${classCount} classes`);
    n++;
  }
  return n;
}

/** The loss of log-probabilities [N, C, ...] under class numbers. */
function classLoss(op: string, c: Classes, t: Tensor, options: NllLossOptions, reduction: Reduction, smoothing: number): Tensor {
  const { logits, count, each } = c;
  const ignoreIndex = options.ignoreIndex ?? -100;
  const known = countTargets(op, t, count, ignoreIndex);
  const rest = logits.shape.slice(2);
  const ones = rest.map(() => 1);
  const places = t.reshape([logits.shape[0]!, 1, ...rest]) as Tensor;
  const numbers = arange(count, { dtype: 'int64', device: t.device }).reshape([1, count, ...ones]) as Tensor;
  const weights = options.weight == null ? null : (options.weight.detach().reshape([1, count, ...ones]) as Tensor);
  const inputs = weights === null ? [logits, places, numbers] : [logits, places, numbers, weights];
  const expr = smoothing === 0 ? (weights === null ? forms.plain : forms.weighted) : weights === null ? forms.smooth : forms.smoothWeighted;
  const params = smoothing === 0 ? [ignoreIndex] : [ignoreIndex, 1 - smoothing, smoothing / count];
  if (reduction === 'none') return fuseSum(op, expr, inputs, params, { dims: [1] }).reshape(each) as Tensor;
  if (reduction === 'sum') return fuseSum(op, expr, inputs, params, {});
  if (weights === null && known !== null) return fuseSum(op, expr, inputs, params, { divisor: known });
  const { dtype } = logits;
  const total =
    weights === null
      ? fuseSum(op, counted, [places], [ignoreIndex], { dtype })
      : fuseSum(op, heaviness, [places, numbers, weights], [ignoreIndex], { dtype });
  return fuseSum(op, expr, inputs, params, {}).div(total) as Tensor;
}

/**
 * The negative log-likelihood: minus the log-probability of each target's class, averaged (with the classes' weights).
 *
 * @param input log-probabilities [N, C], [C] or [N, C, d1, ...]
 * @param target class numbers [N], [] or [N, d1, ...], integers in [0, C)
 * @returns a 0-d tensor, or the shape of the target for `'none'`
 * @throws ShapeError when target or weight do not fit the input
 * @throws DTypeError when the input is not floating or the target not integral
 * @throws IndexError for a class that does not exist, where values can be read at once; elsewhere its loss is 0
 * @example
 * ```ts
 * nllLoss(logSoftmax(logits, 1), labels);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 */
export function nllLoss(input: Tensor, target: Tensor, options: NllLossOptions = {}): Tensor {
  const reduction = reductionOf('nllLoss', options);
  checkInput('nllLoss', input, options.weight);
  return classLoss('nllLoss', positions('nllLoss', input, target), target, options, reduction, 0);
}

const expected = neg(mul(logp, input(1)));
const expectedWeighted = mul(expected, input(2));
const smoothTarget = add(mul(input(1), param(0)), param(1));
const smoothExpected = neg(mul(logp, smoothTarget));
const smoothExpectedWeighted = mul(smoothExpected, input(2));

/** Cross entropy under probabilities of the same shape as the logits. */
function probabilityLoss(op: string, x: Tensor, t: Tensor, options: CrossEntropyOptions, reduction: Reduction, smoothing: number): Tensor {
  checkFloating(op, 'target, which has the shape of the input and so holds probabilities,', t);
  if (options.ignoreIndex !== undefined && options.ignoreIndex >= 0) {
    throw new ValueError(`${op}: ignoreIndex ${options.ignoreIndex} has no meaning for a target of probabilities`);
  }
  const dim = x.ndim === 1 ? 0 : 1;
  const count = x.shape[dim]!;
  const each = x.shape.filter((_, d) => d !== dim);
  const inputs = [logSoftmax(x, dim), t];
  if (options.weight != null) inputs.push(options.weight.detach().reshape([count, ...each.slice(1).map(() => 1)]) as Tensor);
  const weights = options.weight != null;
  const expr = smoothing === 0 ? (weights ? expectedWeighted : expected) : weights ? smoothExpectedWeighted : smoothExpected;
  const params = smoothing === 0 ? [] : [1 - smoothing, smoothing / count];
  if (reduction === 'none') return fuseSum(op, expr, inputs, params, { dims: [dim] });
  return fuseSum(op, expr, inputs, params, { divisor: reduction === 'mean' ? sizeOf(each) : 1 });
}

/**
 * The cross entropy of logits: {@link nllLoss} of {@link logSoftmax}.
 *
 * @param input logits [N, C], [C] or [N, C, d1, ...]
 * @param target class numbers [N], [] or [N, d1, ...]; or probabilities of the shape of the input, into which gradients flow
 * @param options `weight` [C], `ignoreIndex` (default -100), `labelSmoothing` (default 0), `reduction` (default `'mean'`)
 * @returns a 0-d tensor, or one loss per target for `'none'`
 * @throws ShapeError when target or weight do not fit the input
 * @throws DTypeError when the input is not floating, or the target neither integral nor of the input's shape
 * @throws IndexError for a class that does not exist, where values can be read at once; elsewhere its loss is 0
 * @throws ValueError for a `labelSmoothing` outside of [0, 1]
 * @example
 * ```ts
 * const loss = crossEntropy(model.call(images), labels, { labelSmoothing: 0.1 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const op = 'crossEntropy';
  const reduction = reductionOf(op, options);
  const smoothing = options.labelSmoothing ?? 0;
  if (!(smoothing >= 0 && smoothing <= 1)) throw new ValueError(`${op}: labelSmoothing must lie in [0, 1], got ${smoothing}`);
  checkInput(op, input, options.weight);
  if (sameShape(input.shape, target.shape)) return probabilityLoss(op, input, target, options, reduction, smoothing);
  const c = positions(op, input, target);
  return classLoss(op, { ...c, logits: logSoftmax(c.logits, 1) }, target, options, reduction, smoothing);
}
