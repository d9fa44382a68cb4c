import { isTensor, type Tensor, ValueError } from '@nabla/core';
import { checkStart, groupsOf, perGroup, type ScheduledOptimizer } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';
import { readFields, type SchedulerStateDict, saveFields } from './scheduler-state.ts';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether a smaller or a larger metric is better. Default `min`. */
  mode?: 'min' | 'max';
  /** Factor of each reduction, below 1. Default 0.1. */
  factor?: number;
  /** How many epochs without improvement are borne. Default 10. */
  patience?: number;
  /** What counts as an improvement. Default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a fraction of the best metric or a difference from it. Default `rel`. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which bad ones do not count. Default 0. */
  cooldown?: number;
  /** The smallest learning rate, one or one per group. Default 0. */
  minLr?: number | readonly number[];
  /** Smaller reductions are not made. Default 1e-8. */
  eps?: number;
}

/**
 * The learning rate times `factor` whenever a metric has not improved for more than `patience` epochs.
 *
 * @throws ValueError for a factor of 1 or more, an unknown mode, or as many `minLr` as there are no groups
 * @example
 * ```ts
 * const scheduler = new ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 3 });
 * scheduler.step(validationLoss);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 */
export class ReduceLROnPlateau {
  readonly optimizer: ScheduledOptimizer;
  /** The best metric so far. */
  best: number;
  /** Epochs since it, as far as they count. */
  numBadEpochs: number = 0;
  /** Epochs until bad ones count again. */
  cooldownCounter: number = 0;
  /** How many metrics were given. */
  lastEpoch: number = 0;
  protected readonly factor: number;
  protected readonly minLrs: readonly number[];
  protected readonly patience: number;
  protected readonly cooldown: number;
  protected readonly mode: string;
  protected readonly threshold: number;
  protected readonly thresholdMode: string;
  protected readonly eps: number;
  protected readonly modeWorse: number;
  protected lastLr: number[];

  constructor(optimizer: ScheduledOptimizer, options: ReduceLROnPlateauOptions = {}) {
    const name = 'ReduceLROnPlateau';
    const defaults: Required<ReduceLROnPlateauOptions> = {
      mode: 'min',
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: 'rel',
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
    };
    const o = withDefaults(name, defaults, options);
    if (!(o.factor < 1)) throw new ValueError('Factor should be < 1.0.');
    if (o.mode !== 'min' && o.mode !== 'max') throw new ValueError(`mode ${String(o.mode)} is unknown!`);
    if (o.thresholdMode !== 'rel' && o.thresholdMode !== 'abs')
      throw new ValueError(`threshold mode ${String(o.thresholdMode)} is unknown!`);
    checkStart(name, optimizer, -1);
    this.optimizer = optimizer;
    this.minLrs = perGroup(name, 'minLr', o.minLr, optimizer);
    this.factor = o.factor;
    this.patience = o.patience;
    this.cooldown = o.cooldown;
    this.mode = o.mode;
    this.threshold = o.threshold;
    this.thresholdMode = o.thresholdMode;
    this.eps = o.eps;
    this.modeWorse = o.mode === 'min' ? Infinity : -Infinity;
    this.best = this.modeWorse;
    this.lastLr = groupsOf(optimizer).map((g) => g.lr);
  }

  /** Whether `a` is an improvement on the best metric. */
  #better(a: number): boolean {
    const { best, threshold } = this;
    const relative = this.thresholdMode === 'rel';
    if (this.mode === 'min') return a < (relative ? best * (1 - threshold) : best - threshold);
    return a > (relative ? best * (threshold + 1) : best + threshold);
  }

  /**
   * Takes the metric of an epoch, and reduces the learning rates if it is time.
   *
   * @param metric a number, or a tensor of one element, which is read
   * @param epoch the number of the epoch, instead of the next
   * @throws DeviceError for a tensor on a device that cannot be read at once: give `await metric.data()`
   */
  step(metric: number | Tensor, epoch?: number): void {
    const current = isTensor(metric) ? metric.item() : metric;
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    if (this.#better(current)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      groupsOf(this.optimizer).forEach((g, i) => {
        const next = Math.max(g.lr * this.factor, this.minLrs[i] ?? 0);
        if (g.lr - next > this.eps) g.lr = next;
      });
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.lastLr = groupsOf(this.optimizer).map((g) => g.lr);
  }

  /** The learning rates after the last step, one per group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  #savedFields(): readonly string[] {
    const settings = ['factor', 'minLrs', 'patience', 'cooldown', 'mode', 'threshold', 'thresholdMode', 'eps', 'modeWorse'];
    return [...settings, 'best', 'numBadEpochs', 'cooldownCounter', 'lastEpoch'];
  }

  /** Where the schedule is, under PyTorch's names; `best` is infinite before the first step. */
  stateDict(): SchedulerStateDict {
    return saveFields(this, [...this.#savedFields(), 'lastLr']);
  }

  /**
   * Goes on from where another schedule was. Learning rates are the optimizer's state: load that too.
   *
   * @throws ValueError for an entry that is missing or does not fit; nothing was changed then
   */
  loadStateDict(dict: SchedulerStateDict): void {
    // PyTorch has no last learning rates before the first step.
    const last = '_last_lr' in dict ? ['lastLr'] : [];
    Object.assign(this, readFields(this, [...this.#savedFields(), ...last], dict));
  }
}
