import { allocate, type DType, type TypedArray } from '../dtype.ts';

// The forward and backward recursions of connectionist temporal classification (Graves et al. 2006, section 4) in
// logarithms, on typed arrays. States are the labels of a target with blanks before, between and after them.

/** Sizes of a batch, and where its samples end. */
export interface CtcSizes {
  readonly time: number;
  readonly batch: number;
  readonly classes: number;
  /** Columns of the targets. */
  readonly labels: number;
  readonly inputLengths: readonly number[];
  readonly targetLengths: readonly number[];
  readonly blank: number;
}

function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** The class of each state of sample `n`. */
function statesOf(targets: TypedArray, n: number, s: CtcSizes): Int32Array {
  const states = new Int32Array(2 * s.targetLengths[n]! + 1).fill(s.blank);
  for (let k = 0; k < s.targetLengths[n]!; k++) states[2 * k + 1] = targets[n * s.labels + k]!;
  return states;
}

/** Whether state `k` may follow state `k - 2`: a blank cannot be left out between equal labels. */
const skips = (states: Int32Array, k: number): boolean => k % 2 === 1 && k >= 2 && states[k] !== states[k - 2];

/**
 * The negative log-likelihood of each sample, and the logarithms of the forward variables [batch, time, states].
 */
export function ctcForward(logProbs: TypedArray, targets: TypedArray, s: CtcSizes, dtype: DType): readonly [TypedArray, TypedArray] {
  const width = 2 * s.labels + 1;
  const losses = allocate(dtype, s.batch);
  const alphas = allocate(dtype, s.batch * s.time * width).fill(-Infinity);
  for (let n = 0; n < s.batch; n++) {
    const states = statesOf(targets, n, s);
    const length = s.inputLengths[n]!;
    let before = new Float64Array(states.length).fill(-Infinity);
    let now = new Float64Array(states.length);
    // Before the first step, only what lets a path begin at the first blank or the first label.
    for (let t = 0; t < length; t++) {
      const row = (t * s.batch + n) * s.classes;
      for (let k = 0; k < states.length; k++) {
        let sum: number;
        if (t === 0) sum = k <= 1 ? 0 : -Infinity;
        else {
          sum = before[k]!;
          if (k >= 1) sum = logAdd(sum, before[k - 1]!);
          if (skips(states, k)) sum = logAdd(sum, before[k - 2]!);
        }
        now[k] = sum + logProbs[row + states[k]!]!;
      }
      alphas.set(now, (n * s.time + t) * width);
      [before, now] = [now, before];
    }
    const last = states.length - 1;
    if (length === 0) losses[n] = last === 0 ? 0 : Infinity;
    else losses[n] = -(last === 0 ? before[0]! : logAdd(before[last]!, before[last - 1]!));
  }
  return [losses, alphas];
}

/**
 * The gradient in the log-probabilities, [time, batch, classes]: exp(log-probability) minus the posterior probability of
 * each class, so that it is the one in the logits once it has passed through logSoftmax.
 */
export function ctcBackward(
  values: {
    readonly grad: TypedArray;
    readonly logProbs: TypedArray;
    readonly targets: TypedArray;
    readonly losses: TypedArray;
    readonly alphas: TypedArray;
  },
  s: CtcSizes,
  zeroInfinity: boolean,
  dtype: DType,
): TypedArray {
  const { grad, logProbs, targets, losses, alphas } = values;
  const width = 2 * s.labels + 1;
  const out = allocate(dtype, s.time * s.batch * s.classes);
  const posterior = new Float64Array(s.classes);
  for (let n = 0; n < s.batch; n++) {
    if (zeroInfinity && losses[n] === Infinity) continue;
    const states = statesOf(targets, n, s);
    const last = states.length - 1;
    let after = new Float64Array(states.length);
    let now = new Float64Array(states.length);
    for (let t = s.inputLengths[n]! - 1; t >= 0; t--) {
      const row = (t * s.batch + n) * s.classes;
      const ending = t === s.inputLengths[n]! - 1;
      posterior.fill(-Infinity);
      for (let k = last; k >= 0; k--) {
        let sum: number;
        if (ending) sum = k >= last - 1 ? 0 : -Infinity;
        else {
          sum = after[k]!;
          if (k < last) sum = logAdd(sum, after[k + 1]!);
          if (k + 2 <= last && skips(states, k + 2)) sum = logAdd(sum, after[k + 2]!);
        }
        const c = states[k]!;
        // `sum` leaves this step's own probability out, which the forward variable has.
        posterior[c] = logAdd(posterior[c]!, alphas[(n * s.time + t) * width + k]! + sum);
        now[k] = sum + logProbs[row + c]!;
      }
      for (let c = 0; c < s.classes; c++) {
        out[row + c] = (Math.exp(logProbs[row + c]!) - Math.exp(posterior[c]! + losses[n]!)) * grad[n]!;
      }
      [after, now] = [now, after];
    }
  }
  return out;
}
