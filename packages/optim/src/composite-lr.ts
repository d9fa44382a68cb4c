import { ValueError } from '@nabla/core';
import { groupsOf, LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';
import { readFields, type SchedulerStateDict, type SchedulerValue, saveFields } from './scheduler-state.ts';

/** What has a state dict of a schedule. */
interface Saved {
  stateDict(): SchedulerStateDict;
  loadStateDict(dict: SchedulerStateDict): void;
}

/** Loads the state of every schedule, or of none when one does not fit. */
function loadAll(of: string, schedulers: readonly Saved[], given: SchedulerValue | undefined): void {
  if (!Array.isArray(given) || given.length !== schedulers.length) {
    throw new ValueError(`${of}: the state dict must have '_schedulers', a list of ${schedulers.length}`);
  }
  const before = schedulers.map((s) => s.stateDict());
  try {
    schedulers.forEach((s, i) => {
      s.loadStateDict((given as readonly SchedulerStateDict[])[i]!);
    });
  } catch (e) {
    schedulers.forEach((s, i) => {
      s.loadStateDict(before[i]!);
    });
    throw e;
  }
}

/**
 * One schedule after another: the first until the first milestone, then the second, which begins anew there, and so on.
 *
 * @param schedulers schedules of `optimizer`, built in this order just before
 * @param milestones the epochs at which the next schedule takes over, one less than schedules
 * @throws ValueError for another number of milestones, or a schedule of another optimizer
 * @example
 * ```ts
 * const warmup = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 });
 * const decay = new ExponentialLR(optimizer, 0.9);
 * const scheduler = new SequentialLR(optimizer, [warmup, decay], [5]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 */
export class SequentialLR extends LRScheduler {
  readonly #schedulers: readonly LRScheduler[];
  protected readonly milestoneList: readonly number[];

  constructor(
    optimizer: ScheduledOptimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    options: SchedulerOptions = {},
  ) {
    const { lastEpoch } = withDefaults('SequentialLR', { lastEpoch: -1 }, options);
    schedulers.forEach((s, i) => {
      if (!(s instanceof LRScheduler)) throw new ValueError(`SequentialLR: schedule ${i} cannot follow another one`);
      if (s.optimizer !== optimizer) throw new ValueError(`SequentialLR: schedule ${i} is of another optimizer`);
    });
    if (schedulers.length === 0 || milestones.length !== schedulers.length - 1) {
      throw new ValueError(
        `SequentialLR: expected one milestone less than schedules, got ${schedulers.length} schedules and ${milestones.length} milestones`,
      );
    }
    super(optimizer, lastEpoch);
    this.#schedulers = [...schedulers];
    this.milestoneList = [...milestones];
    this.lastEpoch = lastEpoch + 1;
    // Every schedule has set its first learning rates when it was built; only those of the first count.
    for (const g of this.groups) g.lr = g.initialLr!;
    for (const s of schedulers) s.lastEpoch--;
    schedulers[0]!.restart();
    this.lastLr = schedulers[0]!.getLastLr();
  }

  protected override getLr(): number[] {
    return this.groups.map((g) => g.lr);
  }

  /** Lets the schedule whose turn it is set the next learning rates. */
  override step(): void {
    const epoch = this.lastEpoch + 1;
    const passed = this.milestoneList.filter((m) => m <= epoch).length;
    const current = this.#schedulers[passed]!;
    if (passed > 0 && this.milestoneList[passed - 1] === epoch) current.step(0);
    else current.step();
    this.lastEpoch = epoch;
    this.lastLr = current.getLastLr();
  }

  protected override savedFields(): readonly string[] {
    return ['milestoneList', 'lastEpoch', 'lastLr'];
  }

  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), _schedulers: this.#schedulers.map((s) => s.stateDict()) };
  }

  override loadStateDict(dict: SchedulerStateDict): void {
    const own = readFields(this, this.savedFields(), dict);
    loadAll('SequentialLR', this.#schedulers, dict['_schedulers']);
    Object.assign(this, own);
  }
}

/**
 * Several schedules at once: every step is a step of each, in order, on the learning rates that the one before left.
 *
 * @param schedulers schedules of one optimizer
 * @throws ValueError for none, or schedules of several optimizers
 * @example
 * ```ts
 * const scheduler = new ChainedScheduler([new ConstantLR(optimizer, { factor: 0.1, totalIters: 2 }), new ExponentialLR(optimizer, 0.9)]);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 */
export class ChainedScheduler {
  readonly optimizer: ScheduledOptimizer;
  readonly #schedulers: readonly (LRScheduler | ChainedScheduler)[];
  protected lastLr: number[];

  constructor(schedulers: readonly (LRScheduler | ChainedScheduler)[]) {
    if (schedulers.length === 0) throw new ValueError('ChainedScheduler: expects at least one schedule');
    schedulers.forEach((s, i) => {
      if (s.optimizer !== schedulers[0]!.optimizer)
        throw new ValueError(`ChainedScheduler: schedules 0 and ${i} are of different optimizers`);
    });
    this.#schedulers = [...schedulers];
    this.optimizer = schedulers[0]!.optimizer;
    this.lastLr = groupsOf(this.optimizer).map((g) => g.lr);
  }

  /** A step of every schedule. */
  step(): void {
    for (const s of this.#schedulers) s.step();
    this.lastLr = groupsOf(this.optimizer).map((g) => g.lr);
  }

  /** The learning rates after the last step, one per group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** The state of every schedule, under PyTorch's names. */
  stateDict(): SchedulerStateDict {
    return { ...saveFields(this, ['lastLr']), _schedulers: this.#schedulers.map((s) => s.stateDict()) };
  }

  /**
   * Goes on from where another chain was.
   *
   * @throws ValueError for an entry that is missing or does not fit; nothing was changed then
   */
  loadStateDict(dict: SchedulerStateDict): void {
    const own = readFields(this, ['lastLr'], dict);
    loadAll('ChainedScheduler', this.#schedulers, dict['_schedulers']);
    Object.assign(this, own);
  }
}
