import { grad } from '../autograd/engine.ts';
import { isGradEnabled } from '../autograd/modes.ts';
import { cpu } from '../backend-cpu/index.ts';
import { isIntegral } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { type CtcSizes, ctcBackward, ctcForward } from '../parts/connectionist.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { checkFloating, type LossOptions, reduceEach, reductionOf } from '../parts/losses.ts';
import { padConstant } from '../parts/padding.ts';
import { readNow } from '../parts/positions.ts';
import { show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import { tensor } from './create.ts';
import { cat, stack } from './join.ts';
import { logsumexp } from './logsumexp.ts';
import { where } from './where.ts';

/** Options of {@link ctcLoss}. */
export interface CtcOptions extends LossOptions {
  /** The class of the blank. Default 0. */
  blank?: number;
  /** Count samples whose target cannot be produced (an infinite loss) as 0, with gradients of 0. Default false. */
  zeroInfinity?: boolean;
}

/** Lengths of the samples of a batch. */
export type Lengths = number | readonly number[] | Tensor;

interface CtcAttrs extends CtcSizes {
  readonly zeroInfinity: boolean;
}

/** Stands for ln(0) in the composition: infinities would meet as NaN in the gradients of states that no path reaches. */
const never = -1e30;
const orInfinity = elementwise('ctcLoss', (loss) => where(loss.gt(-never / 10), loss.mul(Infinity), loss));
const orZero = elementwise('ctcLoss', (loss) => where(loss.gt(-never / 10), 0, loss));

/**
 * The same loss as a composition of tensor ops: the forward recursion over time. It is what devices run, and what is
 * differentiated where gradients of gradients are asked for.
 */
function composed(lp: Tensor, targets: Tensor, a: CtcAttrs): Tensor {
  const { batch, labels, blank } = a;
  const width = 2 * labels + 1;
  const device = lp.device;
  const ints = (values: readonly number[], shape: readonly number[]): Tensor =>
    tensor(Int32Array.from(values), { device }).reshape(shape) as Tensor;
  // Nothing is added to the values; the gradient is taken along normalized log-probabilities, as the closed formula has it.
  const total = (lp.exp() as Tensor).sum(2, { keepdim: true }) as unknown as Tensor;
  const normalized = lp.sub(total.sub(total.detach()) as Tensor) as Tensor;
  const blanks = ints(
    Array.from({ length: batch * (labels + 1) }, () => blank),
    [batch, labels + 1],
  ).to('int64') as Tensor;
  const pairs = stack([blanks.narrow(1, 0, labels), targets.to('int64')] as Tensor[], 2) as unknown as Tensor;
  const states = cat([pairs.reshape([batch, 2 * labels]), blanks.narrow(1, labels, 1)] as Tensor[], 1) as unknown as Tensor;
  const scores = gatherAlong(normalized, 2, states.unsqueeze(0).expand([a.time, batch, width]) as Tensor, 'ctcLoss');
  // A label may follow the one before it without a blank between them unless they are equal.
  const earlier = padConstant(states, [0, 2], [0, -2], blank);
  const odd = ints(
    Array.from({ length: width }, (_, k) => k % 2),
    [1, width],
  ).ne(0) as Tensor;
  const mayskip = states.ne(earlier).logicalAnd(odd) as Tensor;
  const shifted = (x: Tensor, by: number): Tensor => padConstant(x, [0, by], [0, -by], never);
  const ends = ints([...a.inputLengths], [batch, 1]);
  const start = Array.from({ length: width }, (_, k) => (k <= 1 ? 0 : never));
  let alpha = tensor(start, { dtype: lp.dtype, device }).expand([batch, width]) as Tensor;
  for (let t = 0; t < a.time; t++) {
    const reach = t === 0 ? alpha : fromBefore(alpha, mayskip, shifted);
    const next = reach.add(scores.select(0, t) as Tensor) as Tensor;
    alpha = where(ends.gt(t) as Tensor, next, alpha) as unknown as Tensor;
  }
  const final = Array.from({ length: batch * width }, (_, i) => {
    const end = 2 * a.targetLengths[Math.floor(i / width)]!;
    // Without a single step no label was produced.
    const least = a.inputLengths[Math.floor(i / width)] === 0 ? end : end - 1;
    return i % width >= least && i % width <= end ? 1 : 0;
  });
  const loss = logsumexp(
    where(ints(final, [batch, width]).ne(0) as Tensor, alpha, never) as unknown as Tensor,
    1,
  ).neg() as unknown as Tensor;
  return a.zeroInfinity ? orZero(loss) : orInfinity(loss);
}

function fromBefore(alpha: Tensor, mayskip: Tensor, shifted: (x: Tensor, by: number) => Tensor): Tensor {
  const skipped = where(mayskip, shifted(alpha, 2), never) as unknown as Tensor;
  return logsumexp(stack([alpha, shifted(alpha, 1), skipped], 0) as unknown as Tensor, 0) as unknown as Tensor;
}

const ctcOp = defineOp<CtcAttrs>({
  name: 'ctcLoss',
  infer: ([lp], a) => [
    { shape: [a.batch], dtype: lp!.dtype },
    { shape: [a.batch, a.time, 2 * a.labels + 1], dtype: lp!.dtype },
  ],
  forward: ([lp, targets], a, out) => hostCompute('ctcLoss', [lp!, targets!], out, ([p, t]) => ctcForward(p!, t!, a, lp!.dtype)),
  save: ([lp, targets], [losses, alphas]) => [lp!, targets!, losses!, alphas!],
  backward: ({ attrs: a, saved: [lp, targets, losses, alphas] }, [g]) => {
    if (isGradEnabled()) {
      // Recorded: differentiated again, which the closed formula is not made for.
      const leaf = lp!.requiresGrad ? lp! : lp!.detach().requiresGrad_(true);
      return [grad(composed(leaf, targets!, a), [leaf], { gradOutputs: g!, createGraph: true })[0]!, null];
    }
    const inputs = [g!, lp!, targets!, losses!, alphas!];
    const run = hostCompute('ctcLossBackward', inputs, [{ shape: lp!.shape, dtype: lp!.dtype }], ([dy, p, t, l, f]) => [
      ctcBackward({ grad: dy!, logProbs: p!, targets: t!, losses: l!, alphas: f! }, a, a.zeroInfinity, lp!.dtype),
    ]);
    return [run[0]!, null];
  },
});

function lengthsOf(what: string, lengths: Lengths, batch: number, most: number, whole: string): number[] {
  if (isTensor(lengths) && !isIntegral(lengths.dtype)) throw new DTypeError(`ctcLoss: ${what} must be integers, got ${lengths.dtype}`);
  const list =
    typeof lengths === 'number' ? [lengths] : [...(isTensor(lengths) ? readNow('ctcLoss', lengths, `pass ${what} as an array`) : lengths)];
  if (list.length !== batch) throw new ShapeError(`ctcLoss: ${list.length} ${what} for a batch of ${batch}`);
  for (const n of list) {
    if (!Number.isInteger(n) || n < 0) throw new ValueError(`ctcLoss: ${what} must be non-negative integers, found ${n}`);
    if (n > most) throw new ShapeError(`ctcLoss: ${what} must be at most ${whole}, found ${n}`);
  }
  return list;
}

/** Targets as [N, S]: rows of their own, or one row of all targets one after the other. */
function padded(targets: Tensor, lengths: readonly number[], batch: number): Tensor {
  if (targets.ndim === 2) return targets;
  const labels = Math.max(0, ...lengths);
  const at: number[] = [];
  let from = 0;
  for (const n of lengths) {
    // Places beyond a target are never read; any index will do.
    for (let k = 0; k < labels; k++) at.push(k < n ? from + k : 0);
    from += n;
  }
  if (at.length === 0 || targets.size === 0) return targets.reshape([-1]).narrow(0, 0, 0).reshape([batch, 0]) as Tensor;
  return targets
    .indexSelect(0, tensor(Int32Array.from(at), { device: targets.device }).to('int64') as Tensor)
    .reshape([batch, labels]) as Tensor;
}

/**
 * Connectionist temporal classification: the negative log-likelihood of a sequence of labels, summed over all alignments
 * with the time steps, where every step gives a label (again) or a blank.
 *
 * `'mean'` divides each sample's loss by the length of its target before it averages. The gradient in `logProbs` is, as
 * PyTorch's, that of normalized log-probabilities: let logSoftmax make them.
 *
 * @param logProbs [T, N, C], or [T, C] for a single sample: logarithms of probabilities
 * @param targets [N, S], or [sum of targetLengths], integers without the blank; [S] for a single sample
 * @param inputLengths how many of the T steps each sample has
 * @param targetLengths how many labels each sample has
 * @returns a 0-d tensor; for `'none'` one number per sample, [N] (or [])
 * @throws ShapeError when sizes or lengths do not fit together
 * @throws DTypeError when logProbs is not floating, or targets or lengths are not integers
 * @throws IndexError for a class that does not exist, where values can be read at once
 * @throws ValueError for a blank that is no class
 * @example
 * ```ts
 * const loss = ctcLoss(logits.logSoftmax(2), tensor([[1, 2, 2]], { dtype: 'int64' }), [50], [3]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 * @see Graves et al., Connectionist Temporal Classification, ICML 2006
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CtcOptions = {},
): Tensor {
  const op = 'ctcLoss';
  const reduction = reductionOf(op, options);
  const { blank = 0, zeroInfinity = false } = options;
  checkFloating(op, 'logProbs', logProbs);
  if (!isIntegral(targets.dtype)) throw new DTypeError(`${op}: targets must be integers, got ${targets.dtype}`);
  if (logProbs.ndim !== 2 && logProbs.ndim !== 3)
    throw new ShapeError(`${op}: logProbs has shape ${show(logProbs.shape)}, expected [T, N, C] or [T, C]`);
  const single = logProbs.ndim === 2;
  const lp = single ? (logProbs.unsqueeze(1) as Tensor) : logProbs;
  const [time, batch, classes] = lp.shape as readonly [number, number, number];
  if (targets.ndim !== 1 && targets.ndim !== 2)
    throw new ShapeError(`${op}: targets has shape ${show(targets.shape)}, expected [N, S] or one row of all targets`);
  if (targets.ndim === 2 && targets.shape[0] !== batch)
    throw new ShapeError(`${op}: targets ${show(targets.shape)} has ${targets.shape[0]} rows for a batch of ${batch} (dimension 0)`);
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    throw new ValueError(`${op}: the blank must be one of ${classes} classes, got ${blank}`);
  const inputs = lengthsOf('input lengths', inputLengths, batch, time, `the number of time steps, ${time}`);
  const columns = targets.ndim === 2 ? targets.shape[1]! : targets.size;
  const lengths = lengthsOf('target lengths', targetLengths, batch, columns, `the size of the targets ${show(targets.shape)}`);
  const sum = lengths.reduce((p, n) => p + n, 0);
  // A single sample may leave labels at the end of its row unused, as a row of a matrix may.
  if (targets.ndim === 1 && !single && sum !== columns)
    throw new ShapeError(`${op}: the target lengths sum to ${sum}, but targets has shape ${show(targets.shape)} (dimension 0)`);
  const rows = padded(targets, lengths, batch);
  const attrs = { time, batch, classes, labels: rows.shape[1]!, inputLengths: inputs, targetLengths: lengths, blank, zeroInfinity };
  checkLabels(rows, attrs);
  let each = lp.device === cpu ? ctcOp([lp, rows], attrs)[0]! : composed(lp, rows, attrs);
  if (zeroInfinity && lp.device === cpu) each = where(each.isinf() as Tensor, 0, each) as unknown as Tensor;
  if (single && reduction === 'none') return each.reshape([]) as Tensor;
  if (reduction !== 'mean') return reduceEach(op, each, reduction);
  const divisors = tensor(
    Float64Array.from(lengths, (n) => Math.max(n, 1)),
    { dtype: each.dtype, device: each.device },
  );
  return (each.div(divisors) as Tensor).mean() as Tensor;
}

function checkLabels(rows: Tensor, a: CtcAttrs): void {
  if (!rows.device.caps.collected || !rows.device.caps.syncRead) return;
  const values = rows.dataSync();
  for (let n = 0; n < a.batch; n++) {
    for (let k = 0; k < a.targetLengths[n]!; k++) {
      const c = values[n * a.labels + k]!;
      if (c < 0 || c >= a.classes)
        throw new IndexError(`ctcLoss: label ${c} (sample ${n}, place ${k}) is out of range for ${a.classes} classes`);
    }
  }
}
