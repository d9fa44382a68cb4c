import { ValueError } from '@nabla/core';
import { checkStart, groupsOf, LRScheduler, perGroup, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

/** Options of {@link SWALR}. */
export interface SWALROptions extends SchedulerOptions {
  /** How many steps the way to `swaLr` takes. Default 10. */
  annealEpochs?: number;
  /** How the learning rate goes there. Default `cos`. */
  annealStrategy?: 'cos' | 'linear';
}

/**
 * The learning rate goes to a constant in some steps and stays there: the schedule of stochastic weight averaging
 * (Izmailov et al. 2018), for use with `AveragedModel` of `@nabla/train`.
 *
 * @param swaLr the constant, one or one per group
 * @throws ValueError for an unknown strategy, a negative number of epochs, or a list of another length than the groups
 * @example
 * ```ts
 * const scheduler = new SWALR(optimizer, 0.05, { annealEpochs: 5, annealStrategy: 'linear' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
 */
export class SWALR extends LRScheduler {
  protected readonly annealEpochs: number;
  readonly #anneal: (t: number) => number;

  constructor(optimizer: ScheduledOptimizer, swaLr: number | readonly number[], options: SWALROptions = {}) {
    const defaults: Required<SWALROptions> = { annealEpochs: 10, annealStrategy: 'cos', lastEpoch: -1 };
    const { annealEpochs, annealStrategy, lastEpoch } = withDefaults('SWALR', defaults, options);
    const swaLrs = perGroup('SWALR', 'swaLr', swaLr, optimizer);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
      throw new ValueError(`annealStrategy must be one of 'cos' or 'linear', instead got ${String(annealStrategy)}`);
    }
    if (!Number.isInteger(annealEpochs) || annealEpochs < 0) {
      throw new ValueError(`annealEpochs must be equal or greater than 0, got ${annealEpochs}`);
    }
    checkStart('SWALR', optimizer, lastEpoch);
    groupsOf(optimizer).forEach((g, i) => {
      g.swaLr = swaLrs[i]!;
    });
    super(optimizer, lastEpoch);
    this.annealEpochs = annealEpochs;
    this.#anneal = annealStrategy === 'linear' ? (t) => t : (t) => (1 - Math.cos(Math.PI * t)) / 2;
    this.start();
  }

  protected override getLr(): number[] {
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1;
    const at = (n: number): number => this.#anneal(Math.max(0, Math.min(1, n / Math.max(1, this.annealEpochs))));
    const [before, now] = [at(step - 1), at(step)];
    return this.groups.map(({ lr, swaLr }) => {
      const start = before === 1 ? swaLr! : (lr - before * swaLr!) / (1 - before);
      return swaLr! * now + start * (1 - now);
    });
  }

  protected override savedFields(): readonly string[] {
    return ['annealEpochs', ...super.savedFields()];
  }
}
