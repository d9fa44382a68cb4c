import { ValueError } from '@nabla/core';
import { checkStart, groupsOf, LRScheduler, perGroup, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
import { withDefaults } from './options.ts';

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** Steps of the rising half of a cycle. Default 2000. */
  stepSizeUp?: number;
  /** Steps of the falling half. Default null: as many. */
  stepSizeDown?: number | null;
  /** `triangular`, `triangular2` (half as high every cycle) or `exp_range` (`gamma` to the step as high). Default `triangular`. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** See `mode`. Default 1. */
  gamma?: number;
  /** The height of a cycle as a function of its number (from 1) or of the step; instead of `mode`. Default null. */
  scaleFn?: ((x: number) => number) | null;
  /** What `scaleFn` is a function of. Default `cycle`. */
  scaleMode?: 'cycle' | 'iterations';
  /** Let the momentum go the other way. Default true. */
  cycleMomentum?: boolean;
  /** The smallest momentum, one or one per group. Default 0.8. */
  baseMomentum?: number | readonly number[];
  /** The largest momentum, one or one per group. Default 0.9. */
  maxMomentum?: number | readonly number[];
}

const modes: readonly string[] = ['triangular', 'triangular2', 'exp_range'];

/**
 * The learning rate goes up and down between two bounds, step by step (Smith 2017); the momentum the other way.
 *
 * @param baseLr lower bound, one or one per group
 * @param maxLr upper bound, one or one per group
 * @throws ValueError for an unknown mode, lists of another length than the groups, or an optimizer without momentum while
 *   `cycleMomentum` is on
 * @example
 * ```ts
 * const scheduler = new CyclicLR(optimizer, 0.01, 0.1, { stepSizeUp: 200 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 */
export class CyclicLR extends LRScheduler {
  protected readonly maxLrs: readonly number[];
  protected readonly totalSize: number;
  protected readonly stepRatio: number;
  protected readonly mode: string;
  protected readonly gamma: number;
  protected readonly scaleMode: string;
  protected readonly cycleMomentum: boolean;
  protected readonly baseMomentums: readonly number[];
  protected readonly maxMomentums: readonly number[];
  readonly #scaleFn: ((x: number) => number) | null;

  constructor(
    optimizer: ScheduledOptimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: CyclicLROptions = {},
  ) {
    const name = 'CyclicLR';
    const defaults: Required<CyclicLROptions> = {
      stepSizeUp: 2000,
      stepSizeDown: null,
      mode: 'triangular',
      gamma: 1,
      scaleFn: null,
      scaleMode: 'cycle',
      cycleMomentum: true,
      baseMomentum: 0.8,
      maxMomentum: 0.9,
      lastEpoch: -1,
    };
    const o = withDefaults(name, defaults, options);
    const groups = groupsOf(optimizer);
    const baseLrs = perGroup(name, 'baseLr', baseLr, optimizer);
    const maxLrs = perGroup(name, 'maxLr', maxLr, optimizer);
    if (!modes.includes(o.mode) && o.scaleFn === null) throw new ValueError('mode is invalid and scaleFn is null');
    if (o.cycleMomentum && !('momentum' in optimizer.defaults)) {
      throw new ValueError('optimizer must support momentum with `cycleMomentum` option enabled');
    }
    const baseMomentums = perGroup(name, 'baseMomentum', o.baseMomentum, optimizer);
    const maxMomentums = perGroup(name, 'maxMomentum', o.maxMomentum, optimizer);
    checkStart(name, optimizer, o.lastEpoch);

    if (o.lastEpoch === -1) {
      groups.forEach((g, i) => {
        g.lr = baseLrs[i]!;
        if (o.cycleMomentum) g.momentum = baseMomentums[i]!;
      });
    }
    super(optimizer, o.lastEpoch);
    const up = o.stepSizeUp;
    this.maxLrs = maxLrs;
    this.totalSize = up + (o.stepSizeDown ?? up);
    this.stepRatio = up / this.totalSize;
    this.mode = o.mode;
    this.gamma = o.gamma;
    this.#scaleFn = o.scaleFn;
    this.scaleMode = o.scaleFn !== null ? o.scaleMode : o.mode === 'exp_range' ? 'iterations' : 'cycle';
    this.cycleMomentum = o.cycleMomentum;
    this.baseMomentums = o.cycleMomentum ? groups.map((g) => g.momentum!) : [];
    this.maxMomentums = o.cycleMomentum ? maxMomentums : [];
    this.start();
    // PyTorch takes the first values from the groups' initial learning rates.
    this.baseLrs = baseLrs;
  }

  /** The height of the present cycle. */
  #scale(cycle: number): number {
    const x = this.scaleMode === 'cycle' ? cycle : this.lastEpoch;
    if (this.#scaleFn !== null) return this.#scaleFn(x);
    if (this.mode === 'triangular2') return 1 / 2 ** (x - 1);
    return this.mode === 'exp_range' ? this.gamma ** x : 1;
  }

  /** How far up the present cycle is, from 0 to 1, and its height. */
  #place(): { up: number; scale: number } {
    const cycle = Math.floor(1 + this.lastEpoch / this.totalSize);
    const x = 1 + this.lastEpoch / this.totalSize - cycle;
    const up = x <= this.stepRatio ? x / this.stepRatio : (x - 1) / (this.stepRatio - 1);
    return { up, scale: this.#scale(cycle) };
  }

  protected override getLr(): number[] {
    const { up, scale } = this.#place();
    return this.baseLrs.map((base, i) => base + (this.maxLrs[i]! - base) * up * scale);
  }

  protected override adjust(): void {
    if (!this.cycleMomentum) return;
    const { up, scale } = this.#place();
    this.groups.forEach((g, i) => {
      const [base, max] = [this.baseMomentums[i]!, this.maxMomentums[i]!];
      g.momentum = max - (max - base) * up * scale;
    });
  }

  protected override savedFields(): readonly string[] {
    const momentum = this.cycleMomentum ? ['baseMomentums', 'maxMomentums'] : [];
    return ['maxLrs', 'totalSize', 'stepRatio', 'mode', 'gamma', 'scaleMode', 'cycleMomentum', ...momentum, ...super.savedFields()];
  }
}
