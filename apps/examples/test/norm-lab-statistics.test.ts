import { describe, expect, it } from 'vitest';
import { claim } from '../src/norm-lab/analysis.ts';
import { last } from '../src/norm-lab/experiments/common.ts';
import { samplesTo } from '../src/norm-lab/experiments/convergence.ts';
import { toleranceOf } from '../src/norm-lab/experiments/sweep.ts';
import type { TrainResult } from '../src/norm-lab/spec.ts';
import { deviation, interval, median, studentCdf, studentQuantile } from '../src/norm-lab/stats.ts';
import { type Direction, judge } from '../src/norm-lab/verdict.ts';

const run = (...errors: readonly number[]): TrainResult => ({
  kind: 'train',
  checks: errors.map((error, i) => ({ samples: 100 * (i + 1), loss: error, error })),
  losses: [1],
  diverged: false,
  probe: {},
});

describe('Student’s t', () => {
  // Fisher and Yates's table, as in any textbook.
  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [4, 2.77645],
    [9, 2.26216],
    [30, 2.04227],
    [1000, 1.96234],
  ])('with %d degrees of freedom stays below %d in 97.5%% of cases', (freedom, bound) => {
    expect(studentQuantile(0.975, freedom)).toBeCloseTo(bound, 4);
    expect(studentCdf(bound, freedom)).toBeCloseTo(0.975, 6);
    expect(studentCdf(-bound, freedom)).toBeCloseTo(0.025, 6);
  });

  it('gives the interval of a mean', () => {
    // 2 ± 2.77645 · √2.5 / √5
    const found = interval([0, 1, 2, 3, 4]);
    expect(found.mean).toBe(2);
    expect(found.low).toBeCloseTo(2 - 1.96324, 4);
    expect(found.high).toBeCloseTo(2 + 1.96324, 4);
    expect(deviation([0, 1, 2, 3, 4])).toBeCloseTo(Math.sqrt(2.5), 12);
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });

  it('knows nothing from one value, and refuses what is no number', () => {
    expect(interval([3])).toEqual({ n: 1, mean: 3, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
    expect(() => interval([1, Number.NaN])).toThrow(/not finite: 1, NaN/);
  });
});

describe('a verdict', () => {
  const clear = [1, 1.1, 0.9, 1, 1.05];
  const tiny = [0.01, -0.01, 0.005, 0, -0.005];
  const wide = [3, -2, 1, -3, 2];
  const negative = clear.map((x) => -x);

  it.each<[Direction, readonly number[], string]>([
    ['above', clear, 'holds'],
    ['above', negative, 'does not hold'],
    ['above', tiny, 'does not hold'],
    ['above', wide, 'inconclusive'],
    ['below', negative, 'holds'],
    ['below', clear, 'does not hold'],
    ['below', tiny, 'does not hold'],
    ['below', wide, 'inconclusive'],
    ['within', tiny, 'holds'],
    ['within', clear, 'does not hold'],
    ['within', negative, 'does not hold'],
    ['within', wide, 'inconclusive'],
    ['exactly', tiny, 'holds'],
    ['exactly', [0, 0, 0, 0, 0.2], 'does not hold'],
    ['above', clear.slice(0, 4), 'too few seeds'],
    ['exactly', [0, 0, 0], 'too few seeds'],
  ])('that differences are %s, from %j: %s', (direction, differences, verdict) => {
    expect(judge(differences, direction, 0.1).verdict).toBe(verdict);
  });

  it('chooses what the report says', () => {
    const of = (differences: readonly number[]) =>
      claim({
        statement: 's',
        source: 'p',
        metric: 'm',
        unit: 'nats',
        direction: 'above',
        margin: 0.1,
        differences,
        holds: 'Yes.',
        fails: 'Why not.',
      });
    expect(of(clear).reading).toBe('Yes.');
    expect(of(negative).reading).toBe('The opposite was measured. Why not.');
    expect(of(tiny).reading).toMatch(/too small to matter here\. Why not\./);
    expect(of(wide).reading).toMatch(/do not decide/);
    expect(of([1]).reading).toMatch(/the full profile/);
  });
});

describe('what is measured of runs', () => {
  it('is the width of the range that works, on the logarithmic scale', () => {
    const errors = [0.9, 0.14, 0.1, 0.12, 0.9];
    expect(
      toleranceOf(
        [0.01, 0.1, 1, 10, 100],
        errors.map((e) => run(e)),
      ),
    ).toEqual({ decades: 3, largest: 10 });
    expect(last(run(0.5, 0.2)).error).toBe(0.2);
  });

  it('is the number of samples to a target, between two checks on the line between them', () => {
    expect(samplesTo(0.3, run(0.6, 0.4, 0.2))).toBeCloseTo(250, 9);
    expect(samplesTo(0.4, run(0.6, 0.4, 0.2))).toBeCloseTo(200, 9);
    // Never reached: at least the whole run.
    expect(samplesTo(0.1, run(0.6, 0.4, 0.2))).toBe(300);
    // No better than guessing is reached at once.
    expect(samplesTo(1, run(1, 0.5))).toBe(100);
  });
});
