import { ValueError } from '@nabla/core';
import type { Optimizer, ScheduleNotes } from './optimizer.ts';
import { readFields, type SchedulerStateDict, saveFields } from './scheduler-state.ts';

/** An optimizer whose groups have a learning rate, which a schedule sets. */
export type ScheduledOptimizer = Optimizer<{ lr: number }>;

/** What a schedule may read and set in a group. */
export interface ScheduledGroup extends ScheduleNotes {
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** The groups of an optimizer, as schedules see them. */
export function groupsOf(optimizer: ScheduledOptimizer): readonly ScheduledGroup[] {
  return optimizer.paramGroups as readonly ScheduledGroup[];
}

/** The option that every schedule has. */
export interface SchedulerOptions {
  /**
   * The epoch that was finished last, when a schedule is built for an optimizer that already followed it: its groups have
   * to have `initialLr`, as a loaded state dict has. Default -1: from the start.
   */
  lastEpoch?: number;
}

/** One value for all groups, or one for each. */
export function perGroup<T>(of: string, name: string, value: T | readonly T[], optimizer: ScheduledOptimizer): T[] {
  const groups = optimizer.paramGroups.length;
  if (!Array.isArray(value)) return Array.from({ length: groups }, () => value as T);
  if (value.length !== groups) throw new ValueError(`${of}: expected ${groups} values for ${name}, got ${value.length}`);
  return [...(value as readonly T[])];
}

/** Checks that a schedule can begin (or go on, from `lastEpoch`). */
export function checkStart(of: string, optimizer: ScheduledOptimizer, lastEpoch: number): void {
  groupsOf(optimizer).forEach((g, i) => {
    if (typeof g?.lr !== 'number') throw new ValueError(`${of}: group ${i} of the optimizer has no learning rate`);
    if (lastEpoch !== -1 && g.initialLr === undefined) {
      throw new ValueError(
        `${of}: initialLr is not specified in group ${i} of the optimizer, so that the schedule cannot go on from epoch ${lastEpoch}`,
      );
    }
  });
}

/**
 * Base class of learning-rate schedules. A schedule sets the learning rate of every group of an optimizer: a first time when
 * it is built and then at every {@link LRScheduler.step}, which comes after `optimizer.step()`.
 *
 * A subclass gives {@link LRScheduler.getLr}, from which the next learning rates follow, and ends its constructor with
 * `this.start()`.
 *
 * @example
 * ```ts
 * class Halving extends LRScheduler {
 *   constructor(optimizer: ScheduledOptimizer) {
 *     super(optimizer);
 *     this.start();
 *   }
 *   protected override getLr(): number[] {
 *     return this.baseLrs.map((lr) => lr / 2 ** this.lastEpoch);
 *   }
 * }
 * ```
 * @see https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
 */
export abstract class LRScheduler {
  readonly optimizer: ScheduledOptimizer;
  /** The learning rate that each group started from. */
  baseLrs: number[];
  /** How many steps were taken since the start. */
  lastEpoch: number;
  /** How many times learning rates were set. */
  protected stepCount: number = 0;
  /** The learning rates that were set last. */
  protected lastLr: number[] = [];

  /** @throws ValueError when a group has no learning rate, or `lastEpoch` is given and a group has no `initialLr` */
  constructor(optimizer: ScheduledOptimizer, lastEpoch: number = -1) {
    checkStart(new.target.name, optimizer, lastEpoch);
    this.optimizer = optimizer;
    if (lastEpoch === -1) for (const g of groupsOf(optimizer)) g.initialLr ??= g.lr;
    this.baseLrs = groupsOf(optimizer).map((g) => g.initialLr!);
    this.lastEpoch = lastEpoch;
  }

  /** The groups of the optimizer. */
  protected get groups(): readonly ScheduledGroup[] {
    return groupsOf(this.optimizer);
  }

  /** The learning rate of every group at {@link LRScheduler.lastEpoch}, mostly from the one before. */
  protected abstract getLr(): number[];

  /** The learning rates at {@link LRScheduler.lastEpoch} from that alone; null when there is no such form. */
  protected closedForm(): number[] | null {
    return null;
  }

  /** Sets what goes along with the learning rates, such as momentum. */
  protected adjust(): void {}

  /** Sets the first learning rates: the end of a constructor. */
  protected start(): void {
    this.stepCount = 0;
    this.step();
  }

  /** As {@link LRScheduler.start}, for a schedule of schedules. @internal */
  restart(): void {
    this.start();
  }

  /**
   * Sets the next learning rates.
   *
   * @param epoch go to this epoch instead of the next; where a schedule has a closed form it is used then, as in PyTorch
   */
  step(epoch?: number): void {
    const { lastEpoch, stepCount } = this;
    let values: number[];
    try {
      this.stepCount++;
      this.lastEpoch = epoch ?? lastEpoch + 1;
      values = (epoch === undefined ? null : this.closedForm()) ?? this.getLr();
    } catch (e) {
      this.lastEpoch = lastEpoch;
      this.stepCount = stepCount;
      throw e;
    }
    this.assign(values);
  }

  /** Gives every group its learning rate. */
  protected assign(values: readonly number[]): void {
    this.adjust();
    this.groups.forEach((g, i) => {
      if (i < values.length) g.lr = values[i]!;
    });
    this.lastLr = this.groups.map((g) => g.lr);
  }

  /**
   * The learning rates that this schedule set last, one per group.
   *
   * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
   */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** Names of the fields that a state dict holds. */
  protected savedFields(): readonly string[] {
    return ['baseLrs', 'lastEpoch', 'stepCount', 'lastLr'];
  }

  /**
   * Where the schedule is, under PyTorch's names. Functions are not saved.
   *
   * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
   */
  stateDict(): SchedulerStateDict {
    return saveFields(this, this.savedFields());
  }

  /**
   * Goes on from where another schedule was. Learning rates are the optimizer's state: load that too.
   *
   * @throws ValueError for an entry that is missing or does not fit; nothing was changed then
   */
  loadStateDict(dict: SchedulerStateDict): void {
    Object.assign(this, readFields(this, this.savedFields(), dict));
  }
}
