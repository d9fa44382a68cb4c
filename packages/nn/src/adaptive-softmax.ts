import { cat, DTypeError, IndexError, noGrad, ShapeError, type Tensor, tensor, ValueError, where } from '@nabla/core';
import { ModuleList, Sequential } from './container.ts';
import * as F from './functional.ts';
import { checkSize, type LayerOptions, showShape } from './layer.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends LayerOptions {
  /** By how much the features shrink from one cluster to the next. Default 4. */
  divValue?: number;
  /** Whether the head has a bias. Default false. */
  headBias?: boolean;
}

/** What {@link AdaptiveLogSoftmaxWithLoss} gives. */
export interface AdaptiveLogSoftmaxResult {
  /** Log-probability of each target, [N] or []. */
  readonly output: Tensor;
  /** Minus their mean. */
  readonly loss: Tensor;
}

type Projection = Sequential<readonly [Linear<number, number>, Linear<number, number>]>;

/** Element `at[i]` of each row i. */
function pick(rows: Tensor, at: Tensor): Tensor {
  return rows.gather(1, at.unsqueeze(1) as Tensor).squeeze(1) as Tensor;
}

/** Where values that can be read hold, as an index; null for nowhere. */
function rowsWhere(t: Tensor, holds: (value: number) => boolean): Tensor | null {
  const rows: number[] = [];
  t.dataSync().forEach((value, i) => {
    if (holds(value)) rows.push(i);
  });
  return rows.length === 0 ? null : (tensor(rows, { dtype: 'int64', device: t.device }) as unknown as Tensor);
}

/**
 * A softmax over many classes, of which few are frequent, and its negative log-likelihood (Grave et al. 2017). The head has
 * the scores of the frequent classes, those below the first cutoff, and of one cluster for each interval between
 * cutoffs; clusters of rare classes are small networks, and only those that hold a target are computed. Classes are
 * numbered by frequency: 0 is the most frequent one.
 *
 * Where a device is not read at once, all clusters are computed, since it is not known which ones hold targets; the output
 * of a target that is no class is 0 there.
 *
 * @throws ValueError for cutoffs that are not increasing integers from 1 to `nClasses` - 1; ShapeError at the call when shapes
 * do not fit; IndexError for a target that is no class, where targets can be read at once
 * @example
 * ```ts
 * const criterion = new AdaptiveLogSoftmaxWithLoss(64, 10000, [100, 1000]);
 * const { loss } = criterion.call(randn([8, 64]), randint(10000, [8]));
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
 * @see https://arxiv.org/abs/1609.04309
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters end, `nClasses` at last. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  /** Scores of the frequent classes, then of the clusters. */
  readonly head: Linear<number, number>;
  /** For each cluster a projection to fewer features, and the scores of its classes. */
  readonly tail: ModuleList<Projection>;

  /**
   * @param inFeatures size of the inputs
   * @param nClasses number of classes
   * @param cutoffs where clusters begin, ascending
   * @param options `divValue` (default 4), `headBias` (default false), `dtype`, `device`
   */
  constructor(inFeatures: number, nClasses: number, cutoffs: readonly number[], options: AdaptiveLogSoftmaxOptions = {}) {
    super();
    const { divValue = 4, headBias = false, ...made } = options;
    const name = 'AdaptiveLogSoftmaxWithLoss';
    checkSize(name, 'inFeatures', inFeatures);
    checkSize(name, 'nClasses', nClasses, 1);
    const increasing = cutoffs.every((c, i) => Number.isInteger(c) && c > (i === 0 ? 0 : cutoffs[i - 1]!) && c < nClasses);
    if (cutoffs.length === 0 || !increasing)
      throw new ValueError(`${name}: cutoffs must be increasing integers from 1 to ${nClasses - 1}, got [${cutoffs.join(', ')}]`);
    if (!(divValue > 0)) throw new ValueError(`${name}: divValue must be positive, got ${divValue}`);
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.divValue = divValue;
    this.headBias = headBias;
    this.head = new Linear(inFeatures, cutoffs[0]! + cutoffs.length, { bias: headBias, ...made });
    this.tail = new ModuleList(
      cutoffs.map((first, i): Projection => {
        const hidden = Math.floor(inFeatures / divValue ** (i + 1));
        const plain = { bias: false, ...made };
        return new Sequential(new Linear(inFeatures, hidden, plain), new Linear(hidden, this.cutoffs[i + 1]! - first, plain));
      }),
    );
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    for (const m of this.modules()) if (m instanceof Linear) m.resetParameters();
  }

  /**
   * @param x [N, inFeatures], or [inFeatures]
   * @param target classes, [N] or [], int64
   */
  forward(x: Tensor, target: Tensor): AdaptiveLogSoftmaxResult {
    this.#check(x, target);
    const single = target.ndim === 0;
    const input = single ? (x.unsqueeze(0) as Tensor) : x;
    const classes = single ? (target.unsqueeze(0) as Tensor) : target;
    const head = this.#headLogProb(input);
    const known = classes.device.caps.syncRead;
    const output = known ? this.#ofClusters(input, classes, head) : this.#ofAll(input, classes, head);
    return { output: single ? (output.squeeze(0) as Tensor) : output, loss: output.mean().neg() as Tensor };
  }

  /** Log-probabilities of all classes: [N, inFeatures] to [N, nClasses]. */
  logProb(x: Tensor): Tensor {
    this.#checkInput(x);
    return this.#full(x, this.#headLogProb(x));
  }

  /**
   * The most probable class of each row, [N, inFeatures] to int64 [N]: `logProb(x).argmax(1)`, without the clusters where
   * the head decides.
   */
  predict(x: Tensor): Tensor {
    this.#checkInput(x);
    return noGrad(() => {
      const head = this.#headLogProb(x);
      const best = head.argmax(1) as Tensor;
      if (!best.device.caps.syncRead) return this.#full(x, head).argmax(1) as Tensor;
      const rows = rowsWhere(best, (c) => c >= this.cutoffs[0]!);
      if (rows === null) return best;
      const rare = this.#full(x.indexSelect(0, rows) as Tensor, head.indexSelect(0, rows) as Tensor).argmax(1) as Tensor;
      return best.indexCopy(0, rows, rare) as Tensor;
    });
  }

  #headLogProb(x: Tensor): Tensor {
    return F.logSoftmax(this.head.call(x) as Tensor, 1);
  }

  /** Log-probabilities of the classes of a cluster, given the cluster. */
  #clusterLogProb(i: number, x: Tensor): Tensor {
    return F.logSoftmax(this.tail.at(i).call(x) as Tensor, 1);
  }

  #full(x: Tensor, head: Tensor): Tensor {
    const first = this.cutoffs[0]!;
    const parts = this.tail.items.map((_, i) => this.#clusterLogProb(i, x).add(head.narrow(1, first + i, 1)) as Tensor);
    return cat([head.narrow(1, 0, first) as Tensor, ...parts], 1) as Tensor;
  }

  /** Each cluster for the rows whose targets it holds. */
  #ofClusters(x: Tensor, target: Tensor, head: Tensor): Tensor {
    const values = target.dataSync();
    const first = this.cutoffs[0]!;
    const slots = Float64Array.from(values, (c) => (c < first ? c : first + this.cutoffs.findIndex((end) => c < end) - 1));
    let output = pick(head, tensor(slots, { dtype: 'int64', device: x.device }) as unknown as Tensor);
    this.tail.items.forEach((_, i) => {
      const [low, high] = [this.cutoffs[i]!, this.cutoffs[i + 1]!];
      const rows = rowsWhere(target, (c) => c >= low && c < high);
      if (rows === null) return;
      const inside = pick(this.#clusterLogProb(i, x.indexSelect(0, rows) as Tensor), target.indexSelect(0, rows).sub(low) as Tensor);
      output = output.indexAdd(0, rows, inside) as Tensor;
    });
    return output;
  }

  /** Every cluster for every row; what is not of a row's target counts as 0. */
  #ofAll(x: Tensor, target: Tensor, head: Tensor): Tensor {
    const first = this.cutoffs[0]!;
    let slot = target.clamp(0, first - 1) as Tensor;
    let inside: Tensor | null = null;
    this.tail.items.forEach((_, i) => {
      const [low, high] = [this.cutoffs[i]!, this.cutoffs[i + 1]!];
      const here = target.ge(low).logicalAnd(target.lt(high)) as Tensor;
      const all = pick(this.#clusterLogProb(i, x), target.sub(low).clamp(0, high - low - 1) as Tensor);
      const own = where(here, all, 0) as Tensor;
      inside = inside === null ? own : (inside.add(own) as Tensor);
      slot = where(here, first + i, slot) as Tensor;
    });
    const output = pick(head, slot).add(inside!) as Tensor;
    return where(target.ge(0).logicalAnd(target.lt(this.nClasses)), output, 0) as Tensor;
  }

  #checkInput(x: Tensor): void {
    if (x.ndim !== 2 || x.shape[1] !== this.inFeatures)
      throw new ShapeError(`AdaptiveLogSoftmaxWithLoss expects [N, ${this.inFeatures}] but the input is ${showShape(x.shape)}`);
  }

  #check(x: Tensor, target: Tensor): void {
    const fits = target.ndim === 0 ? x.ndim === 1 : target.ndim === 1 && x.ndim === 2 && x.shape[0] === target.shape[0];
    if (!fits || x.shape[x.ndim - 1] !== this.inFeatures) {
      const expected = `[N, ${this.inFeatures}] and targets [N], or [${this.inFeatures}] and a target []`;
      throw new ShapeError(
        `AdaptiveLogSoftmaxWithLoss expects ${expected} but the input is ${showShape(x.shape)} and the target ${showShape(target.shape)}`,
      );
    }
    if (target.dtype !== 'int64') throw new DTypeError(`AdaptiveLogSoftmaxWithLoss: targets must be int64, got ${target.dtype}`);
    if (!target.device.caps.syncRead) return;
    const bad = target.dataSync().find((c) => c < 0 || c >= this.nClasses);
    if (bad !== undefined) throw new IndexError(`AdaptiveLogSoftmaxWithLoss: target ${bad} is out of range for ${this.nClasses} classes`);
  }
}
