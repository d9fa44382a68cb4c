import { ShapeError, type Tensor, ValueError } from '@nabla/core';
import { isFloating } from '@nabla/core/internals';
import type { StateValue } from '@nabla/io';
import { withDefaults } from './options.ts';
import { Readings } from './readings.ts';

/**
 * Something measured over many batches, such as {@link Accuracy}. `fit` and `evaluate` reset it, give it every batch and
 * ask for the value at the end.
 *
 * @see https://lightning.ai/docs/torchmetrics/stable/pages/implement.html
 */
export interface Metric {
  /** Whether a larger value is a better one: what early stopping goes by unless it is told. Default false. */
  readonly higherIsBetter?: boolean;
  /** Forgets every batch. */
  reset(): void;
  /** Takes a batch. This runs without recording and in a scope: a tensor that is to outlive it needs `keep()`. */
  update(output: Tensor, target: Tensor): void;
  /** The value over all batches since the last reset. */
  compute(): number | Promise<number>;
  /** Everything that `compute` needs, for a checkpoint. */
  stateDict(): StateValue | Promise<StateValue>;
  /** Goes on from there. */
  loadStateDict(state: never): unknown;
}

/** The state of a mean. */
export type MeanState = { readonly sum: number; readonly weight: number };

/**
 * A sum over a sum of weights, in double precision on the host. Tensors of a device are read some at a time, without waiting
 * for them.
 */
abstract class Mean {
  #total = { sum: 0, weight: 0 };
  #readings = new Readings();

  /** Adds `value` times `scale` to the sum. */
  protected include(value: Tensor | number, scale: number, weight: number): void {
    const total = this.#total;
    const use = (v: number): void => {
      total.sum += v * scale;
      total.weight += weight;
    };
    if (typeof value === 'number') use(value);
    else this.#readings.push(value, use);
  }

  /** Forgets everything. */
  reset(): void {
    // What is underway still goes to the old ones.
    this.#total = { sum: 0, weight: 0 };
    this.#readings = new Readings();
  }

  /** The mean since the last reset; NaN when there was nothing. */
  async compute(): Promise<number> {
    const { sum, weight } = await this.stateDict();
    return sum / weight;
  }

  /** The sum and the weight so far. */
  async stateDict(): Promise<MeanState> {
    const total = this.#total;
    await this.#readings.settle();
    return { ...total };
  }

  /** Goes on from there. @throws ValueError when it is no such state; nothing was changed then */
  loadStateDict(state: MeanState): void {
    if (typeof state?.sum !== 'number' || typeof state.weight !== 'number') {
      throw new ValueError(`${this.constructor.name}: a state has a sum and a weight, both numbers`);
    }
    this.reset();
    this.#total = { sum: state.sum, weight: state.weight };
  }
}

/**
 * A weighted mean of numbers as they come, such as the losses of an epoch.
 *
 * @example
 * ```ts
 * const mean = new RunningMean();
 * for (const [x, y] of batches) mean.add(lossOf(x, y), x.shape[0]);
 * console.log(await mean.compute());
 * ```
 * @see https://lightning.ai/docs/torchmetrics/stable/aggregation.html
 */
export class RunningMean extends Mean {
  /**
   * Takes a value.
   *
   * @param value a number, or a tensor of one element
   * @param weight how much it counts, for example the size of its batch. Default 1
   * @throws ShapeError for a tensor of several elements; ValueError for a weight that is negative or not finite
   */
  add(value: Tensor | number, weight: number = 1): void {
    if (typeof value !== 'number' && value.size !== 1) {
      throw new ShapeError(`RunningMean: expected one element, got shape [${value.shape.join(', ')}]`);
    }
    if (!(weight >= 0 && weight < Infinity)) throw new ValueError(`RunningMean: a weight must be a non-negative number, got ${weight}`);
    this.include(value, weight, weight);
  }
}

/** Options of {@link Accuracy}. */
export interface AccuracyOptions {
  /** An answer is right when the class is among this many of the highest scores. Default 1. */
  topK?: number;
}

/**
 * The share of right answers: scores [N, C] or [N, C, ...] of C classes, targets [N] or [N, ...] with the number of the
 * class.
 *
 * @throws ValueError for a `topK` that is no positive integer; ShapeError at a batch whose shapes do not fit
 * @example
 * ```ts
 * await evaluate(model, testLoader, { metrics: { accuracy: new Accuracy(), top5: new Accuracy({ topK: 5 }) } });
 * ```
 * @see https://lightning.ai/docs/torchmetrics/stable/classification/accuracy.html
 */
export class Accuracy extends Mean implements Metric {
  readonly topK: number;
  readonly higherIsBetter: boolean = true;

  constructor(options: AccuracyOptions = {}) {
    const { topK } = withDefaults('Accuracy', { topK: 1 }, options);
    if (!Number.isInteger(topK) || topK < 1) throw new ValueError(`Accuracy: topK must be a positive integer, got ${topK}`);
    super();
    this.topK = topK;
  }

  update(output: Tensor, target: Tensor): void {
    const [scores, classes] = [output.shape, target.shape];
    const expected = [...scores.slice(0, 1), ...scores.slice(2)];
    if (scores.length < 2 || expected.join() !== classes.join()) {
      throw new ShapeError(
        `Accuracy: expected scores [N, C, ...] and classes [N, ...], got [${scores.join(', ')}] and [${classes.join(', ')}]`,
      );
    }
    if (this.topK > scores[1]!) throw new ShapeError(`Accuracy: topK is ${this.topK}, but there are ${scores[1]} classes`);
    const right =
      this.topK === 1 ? output.argmax(1).eq(target as never) : output.topk(this.topK, 1).indices.eq(target.unsqueeze(1) as never);
    this.include(right.to('float32').sum() as Tensor, 1, target.size);
  }
}

/** Options of {@link MeanMetric}. */
export interface MeanMetricOptions {
  /** Whether a larger value is a better one. Default false. */
  higherIsBetter?: boolean;
}

/**
 * The mean over all samples of what a function gives for each batch, which counts as much as it has samples.
 *
 * @throws ShapeError at a batch for which the function gives more than one element
 * @example
 * ```ts
 * const meanAbsoluteError = new MeanMetric((output, target) => output.sub(target).abs().mean());
 * ```
 * @see https://keras.io/api/metrics/base_metric/
 */
export class MeanMetric extends Mean implements Metric {
  readonly higherIsBetter: boolean;
  readonly #of: (output: Tensor, target: Tensor) => Tensor;

  /** @param of the mean over a batch, as a tensor of one element */
  constructor(of: (output: Tensor, target: Tensor) => Tensor, options: MeanMetricOptions = {}) {
    const { higherIsBetter } = withDefaults('MeanMetric', { higherIsBetter: false }, options);
    super();
    this.higherIsBetter = higherIsBetter;
    this.#of = of;
  }

  update(output: Tensor, target: Tensor): void {
    const value = this.#of(output, target);
    if (value.size !== 1) throw new ShapeError(`MeanMetric: expected one element, got shape [${value.shape.join(', ')}]`);
    const size = target.shape[0] ?? 1;
    this.include((isFloating(value.dtype) ? value : value.to('float32')) as Tensor, size, size);
  }
}
