import { ValueError } from '@nabla/core';
import { LRScheduler, perGroup, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

/** A factor for an epoch, counted from 0. */
export type LrLambda = (epoch: number) => number;

function functions(of: string, given: LrLambda | readonly LrLambda[], optimizer: ScheduledOptimizer): LrLambda[] {
  const list = perGroup(of, 'lrLambda', given, optimizer);
  for (const f of list) if (typeof f !== 'function') throw new ValueError(`${of}: lrLambda must be a function or one for every group`);
  return list;
}

/** What both schedules of a function share. */
abstract class FunctionLR extends LRScheduler {
  protected readonly functions: readonly LrLambda[];
  /** What PyTorch saves of functions: nothing. */
  protected readonly lrLambdas: readonly null[];

  constructor(of: string, optimizer: ScheduledOptimizer, lrLambda: LrLambda | readonly LrLambda[], options: SchedulerOptions) {
    const list = functions(of, lrLambda, optimizer);
    super(optimizer, withDefaults(of, { lastEpoch: -1 }, options).lastEpoch);
    this.functions = list;
    this.lrLambdas = list.map(() => null);
    this.start();
  }

  protected override savedFields(): readonly string[] {
    return [...super.savedFields(), 'lrLambdas'];
  }
}

/**
 * The initial learning rate times a function of the epoch.
 *
 * @param lrLambda one function, or one for every group
 * @throws ValueError when the number of functions is not that of the groups
 * @example
 * ```ts
 * const scheduler = new LambdaLR(optimizer, (epoch) => 0.95 ** epoch);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 */
export class LambdaLR extends FunctionLR {
  constructor(optimizer: ScheduledOptimizer, lrLambda: LrLambda | readonly LrLambda[], options: SchedulerOptions = {}) {
    super('LambdaLR', optimizer, lrLambda, options);
  }

  protected override getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.functions[i]!(this.lastEpoch));
  }
}

/**
 * The learning rate times a function of the epoch, every epoch.
 *
 * @param lrLambda one function, or one for every group
 * @throws ValueError when the number of functions is not that of the groups
 * @example
 * ```ts
 * const scheduler = new MultiplicativeLR(optimizer, () => 0.95);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 */
export class MultiplicativeLR extends FunctionLR {
  constructor(optimizer: ScheduledOptimizer, lrLambda: LrLambda | readonly LrLambda[], options: SchedulerOptions = {}) {
    super('MultiplicativeLR', optimizer, lrLambda, options);
  }

  protected override getLr(): number[] {
    return this.groups.map(({ lr }, i) => (this.lastEpoch > 0 ? lr * this.functions[i]!(this.lastEpoch) : lr));
  }
}
