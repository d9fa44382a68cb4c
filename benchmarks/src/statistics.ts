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

/** Whether the last three times are no better than those before, but for a twentieth: then warming up is over. */
export function hasSettled(times: readonly number[]): boolean {
  const recent = 3;
  if (times.length < 2 * recent) return false;
  return min(times.slice(-recent)) >= 0.95 * min(times.slice(0, -recent));
}

/** How often to repeat what took `took` for `count` times, so that it takes about `target`; at most ten times as often. */
export function nextCount(count: number, took: number, target: number): number {
  const wanted = took <= 0 ? count * 10 : Math.round((count * target) / took);
  return Math.min(Math.max(wanted, 1), count * 10);
}
