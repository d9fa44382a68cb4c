import { ValueError } from '@nabla/core';
import {
  checkStart,
  groupsOf,
  LRScheduler,
  perGroup,
  type ScheduledGroup,
  type ScheduledOptimizer,
  type SchedulerOptions,
} from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

/** Options of {@link OneCycleLR}: `totalSteps`, or `epochs` and `stepsPerEpoch`. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** Number of steps of the cycle. Default null: `epochs` times `stepsPerEpoch`. */
  totalSteps?: number | null;
  /** Default null. */
  epochs?: number | null;
  /** Default null. */
  stepsPerEpoch?: number | null;
  /** The part of the steps in which the learning rate rises. Default 0.3. */
  pctStart?: number;
  /** How it goes from one value to the next. Default `cos`. */
  annealStrategy?: 'cos' | 'linear';
  /** Let the momentum, or the first beta, go the other way. Default true. */
  cycleMomentum?: boolean;
  /** The smallest momentum, one or one per group. Default 0.85. */
  baseMomentum?: number | readonly number[];
  /** The largest momentum, one or one per group. Default 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first learning rate is `maxLr` divided by this. Default 25. */
  divFactor?: number;
  /** The last learning rate is the first divided by this. Default 1e4. */
  finalDivFactor?: number;
  /** Fall to the first learning rate as slowly as it rose, and only then to the last. Default false. */
  threePhase?: boolean;
}

/** A part of the cycle, as PyTorch's state dicts describe it. */
interface Phase extends Readonly<Record<string, number | string>> {
  readonly end_step: number;
  readonly start_lr: string;
  readonly end_lr: string;
  readonly start_momentum: string;
  readonly end_momentum: string;
}

const fields: Readonly<Record<string, keyof ScheduledGroup>> = {
  initial_lr: 'initialLr',
  max_lr: 'maxLr',
  min_lr: 'minLr',
  max_momentum: 'maxMomentum',
  base_momentum: 'baseMomentum',
};

const valueIn = (g: ScheduledGroup, name: string): number => g[fields[name]!] as number;

function phase(end_step: number, lrs: readonly [string, string], momenta: readonly [string, string]): Phase {
  return { end_step, start_lr: lrs[0], end_lr: lrs[1], start_momentum: momenta[0], end_momentum: momenta[1] };
}

function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const rise = phase(pctStart * totalSteps - 1, ['initial_lr', 'max_lr'], ['max_momentum', 'base_momentum']);
  const end = totalSteps - 1;
  if (!threePhase) return [rise, phase(end, ['max_lr', 'min_lr'], ['base_momentum', 'max_momentum'])];
  const fall = phase(2 * pctStart * totalSteps - 2, ['max_lr', 'initial_lr'], ['base_momentum', 'max_momentum']);
  return [rise, fall, phase(end, ['initial_lr', 'min_lr'], ['max_momentum', 'max_momentum'])];
}

function positive(name: string, value: number | null): number {
  if (value === null || !Number.isInteger(value) || value <= 0) throw new ValueError(`Expected positive integer ${name}, but got ${value}`);
  return value;
}

/**
 * The 1cycle policy (Smith and Topin 2019), step by step: the learning rate rises from `maxLr / divFactor` to `maxLr` and
 * falls to a tiny last value; the momentum (the first beta of Adam and its kin) goes the other way.
 *
 * @param maxLr upper bound, one or one per group
 * @throws ValueError when the number of steps is not given or not positive, for a part or strategy that does not exist, lists
 *   of another length than the groups, or an optimizer without momentum and betas while `cycleMomentum` is on; at a step,
 *   beyond the last
 * @example
 * ```ts
 * const scheduler = new OneCycleLR(optimizer, 0.1, { epochs: 10, stepsPerEpoch: batches });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 */
export class OneCycleLR extends LRScheduler {
  protected readonly totalSteps: number;
  protected readonly phases: readonly Readonly<Record<string, number | string>>[];
  protected readonly cycleMomentum: boolean;
  protected readonly useBeta1: boolean;
  readonly #cosine: boolean;

  constructor(optimizer: ScheduledOptimizer, maxLr: number | readonly number[], options: OneCycleLROptions = {}) {
    const name = 'OneCycleLR';
    const defaults: Required<OneCycleLROptions> = {
      totalSteps: null,
      epochs: null,
      stepsPerEpoch: null,
      pctStart: 0.3,
      annealStrategy: 'cos',
      cycleMomentum: true,
      baseMomentum: 0.85,
      maxMomentum: 0.95,
      divFactor: 25,
      finalDivFactor: 1e4,
      threePhase: false,
      lastEpoch: -1,
    };
    const o = withDefaults(name, defaults, options);
    if (o.totalSteps === null && o.epochs === null && o.stepsPerEpoch === null) {
      throw new ValueError('You must define either totalSteps OR (epochs AND stepsPerEpoch)');
    }
    const totalSteps =
      o.totalSteps !== null
        ? positive('totalSteps', o.totalSteps)
        : positive('epochs', o.epochs) * positive('stepsPerEpoch', o.stepsPerEpoch);
    if (!(o.pctStart >= 0 && o.pctStart <= 1)) throw new ValueError(`Expected float between 0 and 1 pctStart, but got ${o.pctStart}`);
    if (o.annealStrategy !== 'cos' && o.annealStrategy !== 'linear') {
      throw new ValueError(`annealStrategy must be one of 'cos' or 'linear', instead got ${String(o.annealStrategy)}`);
    }
    const maxLrs = perGroup(name, 'maxLr', maxLr, optimizer);
    const useBeta1 = 'betas' in optimizer.defaults;
    if (o.cycleMomentum && !useBeta1 && !('momentum' in optimizer.defaults)) {
      throw new ValueError('optimizer must support momentum with `cycleMomentum` option enabled');
    }
    const baseMomentums = perGroup(name, 'baseMomentum', o.baseMomentum, optimizer);
    const maxMomentums = perGroup(name, 'maxMomentum', o.maxMomentum, optimizer);
    checkStart(name, optimizer, o.lastEpoch);

    if (o.lastEpoch === -1) {
      groupsOf(optimizer).forEach((g, i) => {
        g.initialLr = maxLrs[i]! / o.divFactor;
        g.maxLr = maxLrs[i]!;
        g.minLr = g.initialLr / o.finalDivFactor;
        if (!o.cycleMomentum) return;
        setMomentum(g, maxMomentums[i]!, useBeta1);
        g.maxMomentum = maxMomentums[i]!;
        g.baseMomentum = baseMomentums[i]!;
      });
    }
    super(optimizer, o.lastEpoch);
    this.totalSteps = totalSteps;
    this.phases = phasesOf(totalSteps, o.pctStart, o.threePhase);
    this.cycleMomentum = o.cycleMomentum;
    this.useBeta1 = o.cycleMomentum && useBeta1;
    this.#cosine = o.annealStrategy === 'cos';
    this.start();
  }

  #between(start: number, end: number, part: number): number {
    return this.#cosine ? end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1) : (end - start) * part + start;
  }

  /** The phase of the present step and how much of it has passed. */
  #place(): { phase: Phase; part: number } {
    let start = 0;
    const phases = this.phases as readonly Phase[];
    const last = phases.length - 1;
    for (const [i, phase] of phases.entries()) {
      if (this.lastEpoch <= phase.end_step || i === last) return { phase, part: (this.lastEpoch - start) / (phase.end_step - start) };
      start = phase.end_step;
    }
    throw new ValueError('OneCycleLR: there are no phases');
  }

  protected override getLr(): number[] {
    if (this.lastEpoch > this.totalSteps) {
      throw new ValueError(`Tried to step ${this.lastEpoch + 1} times. The specified number of total steps is ${this.totalSteps}`);
    }
    const { phase, part } = this.#place();
    return this.groups.map((g) => this.#between(valueIn(g, phase.start_lr), valueIn(g, phase.end_lr), part));
  }

  protected override adjust(): void {
    if (!this.cycleMomentum) return;
    const { phase, part } = this.#place();
    for (const g of this.groups) {
      setMomentum(g, this.#between(valueIn(g, phase.start_momentum), valueIn(g, phase.end_momentum), part), this.useBeta1);
    }
  }

  protected override savedFields(): readonly string[] {
    const momentum = this.cycleMomentum ? ['useBeta1'] : [];
    return ['totalSteps', 'phases', 'cycleMomentum', ...momentum, ...super.savedFields()];
  }
}

function setMomentum(g: ScheduledGroup, value: number, useBeta1: boolean): void {
  if (useBeta1) g.betas = [value, g.betas![1]];
  else g.momentum = value;
}
