import { max, median, min, quantile } from 'simple-statistics';

/** A sample of times in short. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly firstQuartile: number;
  readonly thirdQuartile: number;
  /** How many values there were. */
  readonly rounds: number;
}

/** @throws RangeError for no values at all */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('no values to summarize');
  const sample = [...values];
  return {
    median: median(sample),
    min: min(sample),
    max: max(sample),
    firstQuartile: quantile(sample, 0.25),
    thirdQuartile: quantile(sample, 0.75),
    rounds: sample.length,
  };
}

/** Half of what lies between the quartiles, as a part of the median. */
export function spread(s: Summary): number {
  return s.median === 0 ? 0 : (s.thirdQuartile - s.firstQuartile) / (2 * s.median);
}

/** How often to repeat what took `took` for `count` times, so that it takes about `target`; at most ten times as often. */
export function nextCount(count: number, took: number, target: number): number {
  const wanted = took <= 0 ? count * 10 : Math.round((count * target) / took);
  return Math.min(Math.max(wanted, 1), count * 10);
}
