import type { Arm, Variant } from './spec.ts';

/** How much is measured. `smoke` takes seconds, shows that everything runs, and gives no verdicts. */
export type ProfileName = 'smoke' | 'quick' | 'full';

/** Sizes of a profile. */
export class Scale {
  readonly profile: ProfileName;
  /** Seeds that are measured: paired over arms. */
  readonly seeds: readonly number[];
  /** Seeds that learning rates are chosen with; none of them is measured. */
  readonly tuneSeeds: readonly number[];

  /**
   * @param first the first seed
   * @param count how many seeds, instead of the profile's own number
   */
  constructor(profile: ProfileName, first: number, count: number | null) {
    this.profile = profile;
    const n = count ?? this.of(2, 5, 6);
    this.seeds = Array.from({ length: n }, (_, i) => first + i);
    // Far above the seeds that are measured: a seed that chose the learning rate must not be in the comparison.
    this.tuneSeeds = Array.from({ length: this.of(1, 1, 2) }, (_, i) => first + 1_000_000 + i);
  }

  /** The value for this profile. */
  of<T>(smoke: T, quick: T, full: T): T {
    return { smoke, quick, full }[this.profile];
  }
}

/** An arm with its variant. */
export interface Choice {
  readonly arm: Arm;
  readonly variant?: Variant;
}
