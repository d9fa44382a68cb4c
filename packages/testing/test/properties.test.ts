import { functions } from '@nabla/core/internals';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cases } from '../src/properties/arbitrary.ts';
import { checkCase, newTally, type Tallies, type Tally } from '../src/properties/check.ts';
import { depthOf, functionsOf } from '../src/properties/program.ts';
import { ruleNames } from '../src/properties/rules.ts';

const runs = 2000;
const fewest = 50;
/** NABLA_SEED explores other cases than those that every run checks. */
const seed = Number(process.env['NABLA_SEED'] ?? 20_261_123);

test('every named function has a rule of the naive evaluator, and the other way round', () => {
  expect([...ruleNames].sort()).toEqual([...functions.keys()].sort());
});

/** The part of the elements of which the naive evaluator knows what they must be. */
const known = ({ compared, unknown }: Tally): number => compared / (compared + unknown);

/** Five columns of names and numbers. */
function table(counts: ReadonlyMap<string, number>): string {
  const cells = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => `${name.padEnd(18)}${String(n).padStart(5)}`);
  const rows = Math.ceil(cells.length / 5);
  return Array.from({ length: rows }, (_, r) => cells.filter((_, k) => k % rows === r).join('   ')).join('\n');
}

test(`${runs} random expressions on random tensors equal a naive evaluator, value and gradient`, { timeout: 300_000 }, () => {
  const tallies: Tallies = { values: newTally(), gradients: newTally(), single: newTally() };
  const counts = new Map(ruleNames.map((name) => [name, 0]));
  const depths: number[] = [];
  const property = fc.property(cases, (c) => {
    for (const name of functionsOf(c.program)) counts.set(name, counts.get(name)! + 1);
    depths.push(depthOf(c.program));
    checkCase(c, tallies);
  });
  fc.assert(property, { numRuns: runs, seed });

  const summary = Object.entries(tallies).map(
    ([what, t]: [string, Tally]) => `${what}: ${t.compared} compared, ${t.finite} of them finite, ${t.unknown} that rounding decides`,
  );
  console.info(`${runs} cases (seed ${seed}); in how many each function occurs:\n${table(counts)}\n${summary.join('\n')}`);
  expect(depths.length).toBe(runs);
  expect(Math.min(...depths)).toBeGreaterThanOrEqual(4);
  expect([...counts].filter(([, n]) => n < fewest)).toEqual([]);
  // Elements that rounding decides are no hiding place, and neither are infinities and NaN.
  expect(known(tallies.values)).toBeGreaterThan(0.9);
  expect(known(tallies.gradients)).toBeGreaterThan(0.9);
  expect(known(tallies.single)).toBeGreaterThan(0.5);
  for (const { compared, finite } of Object.values(tallies) as Tally[]) {
    expect(finite / compared).toBeGreaterThan(0.5);
    expect(finite / compared).toBeLessThan(0.99);
  }
});
