import { ValueError } from '@nabla/core';
import { LRScheduler, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

const { cos, PI } = Math;

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The smallest learning rate. Default 0. */
  etaMin?: number;
}

/**
 * The learning rate falls along half a cosine to `etaMin` in `tMax` epochs, and rises again if it goes on (Loshchilov and
 * Hutter 2017, without restarts). Each value follows from the one before, so that other schedules may have a say.
 *
 * @throws ValueError when `tMax` is not positive
 * @example
 * ```ts
 * const scheduler = new CosineAnnealingLR(optimizer, epochs, { etaMin: 1e-5 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
export class CosineAnnealingLR extends LRScheduler {
  protected readonly tMax: number;
  protected readonly etaMin: number;

  constructor(optimizer: ScheduledOptimizer, tMax: number, options: CosineAnnealingLROptions = {}) {
    const { etaMin, lastEpoch } = withDefaults('CosineAnnealingLR', { etaMin: 0, lastEpoch: -1 }, options);
    if (!(tMax > 0)) throw new ValueError(`CosineAnnealingLR: tMax must be positive, got ${tMax}`);
    super(optimizer, lastEpoch);
    this.tMax = tMax;
    this.etaMin = etaMin;
    this.start();
  }

  protected override getLr(): number[] {
    const { lastEpoch: t, tMax, etaMin } = this;
    if (t === 0) return this.groups.map(({ lr }) => lr);
    if (this.stepCount === 1 && t > 0) return this.closedForm();
    // At the bottom the ratio below would be 0 / 0.
    if ((t - 1 - tMax) % (2 * tMax) === 0) {
      return this.groups.map(({ lr }, i) => lr + ((this.baseLrs[i]! - etaMin) * (1 - cos(PI / tMax))) / 2);
    }
    const ratio = (1 + cos((PI * t) / tMax)) / (1 + cos((PI * (t - 1)) / tMax));
    return this.groups.map(({ lr }) => ratio * (lr - etaMin) + etaMin);
  }

  protected override closedForm(): number[] {
    const { lastEpoch, tMax, etaMin } = this;
    return this.baseLrs.map((lr) => etaMin + ((lr - etaMin) * (1 + cos((PI * lastEpoch) / tMax))) / 2);
  }

  protected override savedFields(): readonly string[] {
    return ['tMax', 'etaMin', ...super.savedFields()];
  }
}

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** Factor of the period after each restart, an integer of at least 1. Default 1. */
  tMult?: number;
  /** The smallest learning rate. Default 0. */
  etaMin?: number;
}

/**
 * SGDR (Loshchilov and Hutter 2017): the learning rate falls along half a cosine to `etaMin`, then starts again from the
 * top; the first period has `t0` epochs, each further one `tMult` times as many.
 *
 * @throws ValueError when `t0` or `tMult` is no positive integer; at a step, for a negative epoch
 * @example
 * ```ts
 * const scheduler = new CosineAnnealingWarmRestarts(optimizer, 10, { tMult: 2 });
 * scheduler.step(epoch + batch / batches); // or step() every epoch
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  protected readonly t0: number;
  protected readonly tMult: number;
  protected readonly etaMin: number;
  /** The length of the present period. */
  protected tI: number;
  /** Epochs since the last restart. */
  protected tCur: number;

  constructor(optimizer: ScheduledOptimizer, t0: number, options: CosineAnnealingWarmRestartsOptions = {}) {
    const name = 'CosineAnnealingWarmRestarts';
    const { tMult, etaMin, lastEpoch } = withDefaults(name, { tMult: 1, etaMin: 0, lastEpoch: -1 }, options);
    if (!Number.isInteger(t0) || t0 <= 0) throw new ValueError(`Expected positive integer t0, but got ${t0}`);
    if (!Number.isInteger(tMult) || tMult < 1) throw new ValueError(`Expected integer tMult >= 1, but got ${tMult}`);
    super(optimizer, lastEpoch);
    this.t0 = t0;
    this.tI = t0;
    this.tMult = tMult;
    this.etaMin = etaMin;
    this.tCur = lastEpoch;
    this.start();
  }

  protected override getLr(): number[] {
    const { etaMin, tCur, tI } = this;
    return this.baseLrs.map((lr) => etaMin + ((lr - etaMin) * (1 + cos((PI * tCur) / tI))) / 2);
  }

  /**
   * Sets the next learning rates.
   *
   * @param epoch go to this epoch, which may be a fraction, instead of the next
   */
  override step(epoch?: number): void {
    const next = epoch ?? (this.lastEpoch < 0 ? 0 : undefined);
    if (next === undefined) {
      this.lastEpoch++;
      this.tCur++;
      if (this.tCur >= this.tI) {
        this.tCur -= this.tI;
        this.tI *= this.tMult;
      }
    } else {
      if (!(next >= 0)) throw new ValueError(`Expected non-negative epoch, but got ${next}`);
      this.#goTo(next);
      this.lastEpoch = Math.floor(next);
    }
    this.assign(this.getLr());
  }

  #goTo(epoch: number): void {
    const { t0, tMult } = this;
    if (epoch < t0) {
      this.tI = t0;
      this.tCur = epoch;
    } else if (tMult === 1) this.tCur = epoch % t0;
    else {
      const n = Math.trunc(Math.log((epoch / t0) * (tMult - 1) + 1) / Math.log(tMult));
      this.tCur = epoch - (t0 * (tMult ** n - 1)) / (tMult - 1);
      this.tI = t0 * tMult ** n;
    }
  }

  protected override savedFields(): readonly string[] {
    return ['t0', 'tI', 'tMult', 'etaMin', 'tCur', ...super.savedFields()];
  }
}
