import type { TrainResult } from '../spec.ts';
import { last } from './common.ts';

/** What a sweep over a setting says about one seed. */
export interface Tolerance {
  /** Width of the range of settings that work, in decades. */
  readonly decades: number;
  /** The largest setting that works. */
  readonly largest: number;
}

/** Points of error above the best of the sweep at which a setting still counts as working. */
const allowed = 0.05;

/**
 * How wide the range of settings is within which one seed's error is at most five points above the best of its sweep. Each
 * setting stands for an equal part of the logarithmic scale. The best is the arm's own, so that an arm that is worse
 * throughout is not called sensitive.
 */
export function toleranceOf(settings: readonly number[], runs: readonly TrainResult[]): Tolerance {
  const errors = runs.map((r) => last(r).error);
  const best = Math.min(...errors);
  const works = errors.map((e) => e <= best + allowed);
  const step = Math.log10(settings.at(-1)! / settings[0]!) / (settings.length - 1);
  return { decades: step * works.filter(Boolean).length, largest: settings[works.lastIndexOf(true)]! };
}

/** What a reader of such differences should know. */
export const gridRemark =
  'Widths are counted in steps of the grid, about half a decade each: an interval without width says that all seeds agree to within such a step, not that the difference is known any better.';
