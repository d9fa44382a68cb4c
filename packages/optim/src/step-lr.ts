import { ValueError } from '@nabla/core';
import { LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

/** Options of {@link StepLR} and {@link MultiStepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** Factor of each decay. Default 0.1. */
  gamma?: number;
}

/**
 * The learning rate times `gamma` every `stepSize` epochs.
 *
 * @throws ValueError when `stepSize` is not positive
 * @example
 * ```ts
 * const scheduler = new StepLR(optimizer, 30, { gamma: 0.1 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 */
export class StepLR extends LRScheduler {
  protected readonly stepSize: number;
  protected readonly gamma: number;

  constructor(optimizer: ScheduledOptimizer, stepSize: number, options: StepLROptions = {}) {
    const { gamma, lastEpoch } = withDefaults('StepLR', { gamma: 0.1, lastEpoch: -1 }, options);
    if (!(stepSize > 0)) throw new ValueError(`StepLR: stepSize must be positive, got ${stepSize}`);
    super(optimizer, lastEpoch);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.start();
  }

  protected override getLr(): number[] {
    const decays = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return this.groups.map(({ lr }) => (decays ? lr * this.gamma : lr));
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize));
  }

  protected override savedFields(): readonly string[] {
    return ['stepSize', 'gamma', ...super.savedFields()];
  }
}

/**
 * The learning rate times `gamma` at every milestone; at one that is listed twice, twice.
 *
 * @param milestones epochs, in any order
 * @example
 * ```ts
 * const scheduler = new MultiStepLR(optimizer, [30, 80], { gamma: 0.1 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
export class MultiStepLR extends LRScheduler {
  /** How often each milestone is listed. */
  protected readonly milestones: Readonly<Record<string, number>>;
  protected readonly gamma: number;

  constructor(optimizer: ScheduledOptimizer, milestones: readonly number[], options: StepLROptions = {}) {
    const { gamma, lastEpoch } = withDefaults('MultiStepLR', { gamma: 0.1, lastEpoch: -1 }, options);
    super(optimizer, lastEpoch);
    const counts: Record<string, number> = {};
    for (const m of milestones) counts[m] = (counts[m] ?? 0) + 1;
    this.milestones = counts;
    this.gamma = gamma;
    this.start();
  }

  protected override getLr(): number[] {
    const count = this.milestones[this.lastEpoch];
    return this.groups.map(({ lr }) => (count === undefined ? lr : lr * this.gamma ** count));
  }

  protected override closedForm(): number[] {
    let passed = 0;
    for (const [m, count] of Object.entries(this.milestones)) if (Number(m) <= this.lastEpoch) passed += count;
    return this.baseLrs.map((lr) => lr * this.gamma ** passed);
  }

  protected override savedFields(): readonly string[] {
    return ['milestones', 'gamma', ...super.savedFields()];
  }
}

/**
 * The learning rate times `gamma` every epoch.
 *
 * @example
 * ```ts
 * const scheduler = new ExponentialLR(optimizer, 0.9);
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
export class ExponentialLR extends LRScheduler {
  protected readonly gamma: number;

  constructor(optimizer: ScheduledOptimizer, gamma: number, options: SchedulerOptions = {}) {
    super(optimizer, withDefaults('ExponentialLR', { lastEpoch: -1 }, options).lastEpoch);
    this.gamma = gamma;
    this.start();
  }

  protected override getLr(): number[] {
    return this.groups.map(({ lr }) => (this.lastEpoch === 0 ? lr : lr * this.gamma));
  }

  protected override closedForm(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** this.lastEpoch);
  }

  protected override savedFields(): readonly string[] {
    return ['gamma', ...super.savedFields()];
  }
}
