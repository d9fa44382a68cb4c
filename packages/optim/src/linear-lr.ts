import { ValueError } from '@nabla/core';
import { LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** Between 0 and 1. Default 1/3. */
  factor?: number;
  /** How many epochs the factor holds. Default 5. */
  totalIters?: number;
}

/**
 * The learning rate times `factor` for `totalIters` epochs, then the learning rate itself.
 *
 * @throws ValueError when `factor` is not between 0 and 1
 * @example
 * ```ts
 * const warmup = new ConstantLR(optimizer, { factor: 0.1, totalIters: 2 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 */
export class ConstantLR extends LRScheduler {
  protected readonly factor: number;
  protected readonly totalIters: number;

  constructor(optimizer: ScheduledOptimizer, options: ConstantLROptions = {}) {
    const { factor, totalIters, lastEpoch } = withDefaults('ConstantLR', { factor: 1 / 3, totalIters: 5, lastEpoch: -1 }, options);
    if (!(factor >= 0 && factor <= 1)) throw new ValueError('Constant multiplicative factor expected to be between 0 and 1.');
    super(optimizer, lastEpoch);
    this.factor = factor;
    this.totalIters = totalIters;
    this.start();
  }

  protected override getLr(): number[] {
    const { lastEpoch, factor, totalIters } = this;
    if (lastEpoch === 0) return this.groups.map(({ lr }) => lr * factor);
    return this.groups.map(({ lr }) => (lastEpoch === totalIters ? lr * (1 / factor) : lr));
  }

  protected override closedForm(): number[] {
    const { lastEpoch, factor, totalIters } = this;
    return this.baseLrs.map((lr) => lr * (factor + (lastEpoch >= totalIters ? 1 - factor : 0)));
  }

  protected override savedFields(): readonly string[] {
    return ['factor', 'totalIters', ...super.savedFields()];
  }
}

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** Factor at the start, between 0 and 1. Default 1/3. */
  startFactor?: number;
  /** Factor at the end, between 0 and 1. Default 1. */
  endFactor?: number;
  /** How many epochs the way takes. Default 5. */
  totalIters?: number;
}

/**
 * The learning rate times a factor that goes from `startFactor` to `endFactor` in equal steps: a warm-up.
 *
 * @throws ValueError when a factor is not between 0 and 1
 * @example
 * ```ts
 * const warmup = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 */
export class LinearLR extends LRScheduler {
  protected readonly startFactor: number;
  protected readonly endFactor: number;
  protected readonly totalIters: number;

  constructor(optimizer: ScheduledOptimizer, options: LinearLROptions = {}) {
    const defaults = { startFactor: 1 / 3, endFactor: 1, totalIters: 5, lastEpoch: -1 };
    const { startFactor, endFactor, totalIters, lastEpoch } = withDefaults('LinearLR', defaults, options);
    if (!(startFactor >= 0 && startFactor <= 1)) throw new ValueError('Starting multiplicative factor expected to be between 0 and 1.');
    if (!(endFactor >= 0 && endFactor <= 1)) throw new ValueError('Ending multiplicative factor expected to be between 0 and 1.');
    super(optimizer, lastEpoch);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.start();
  }

  protected override getLr(): number[] {
    const { lastEpoch, startFactor, totalIters } = this;
    if (lastEpoch === 0) return this.groups.map(({ lr }) => lr * startFactor);
    if (lastEpoch > totalIters) return this.groups.map(({ lr }) => lr);
    const way = this.endFactor - startFactor;
    return this.groups.map(({ lr }) => lr * (1 + way / (totalIters * startFactor + (lastEpoch - 1) * way)));
  }

  protected override closedForm(): number[] {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    return this.baseLrs.map((lr) => lr * (startFactor + ((endFactor - startFactor) * Math.min(totalIters, lastEpoch)) / totalIters));
  }

  protected override savedFields(): readonly string[] {
    return ['startFactor', 'endFactor', 'totalIters', ...super.savedFields()];
  }
}

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** How many epochs the way to 0 takes. Default 5. */
  totalIters?: number;
  /** Default 1. */
  power?: number;
}

/**
 * The learning rate falls to 0 in `totalIters` epochs, as (1 - epoch / totalIters) to a power.
 *
 * @example
 * ```ts
 * const scheduler = new PolynomialLR(optimizer, { totalIters: 100, power: 0.9 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 */
export class PolynomialLR extends LRScheduler {
  protected readonly totalIters: number;
  protected readonly power: number;

  constructor(optimizer: ScheduledOptimizer, options: PolynomialLROptions = {}) {
    const { totalIters, power, lastEpoch } = withDefaults('PolynomialLR', { totalIters: 5, power: 1, lastEpoch: -1 }, options);
    super(optimizer, lastEpoch);
    this.totalIters = totalIters;
    this.power = power;
    this.start();
  }

  protected override getLr(): number[] {
    const { lastEpoch, totalIters, power } = this;
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.groups.map(({ lr }) => lr);
    const factor = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
    return this.groups.map(({ lr }) => lr * factor);
  }

  protected override closedForm(): number[] {
    const { lastEpoch, totalIters, power } = this;
    return this.baseLrs.map((lr) => lr * (1 - Math.min(totalIters, lastEpoch) / totalIters) ** power);
  }

  protected override savedFields(): readonly string[] {
    return ['totalIters', 'power', ...super.savedFields()];
  }
}
