import { parseArgs } from 'node:util';
import { measure } from './measure.ts';
import { ops, steps } from './work.ts';

/**
 * `npm run bench:dispatch [-- --only NAME] [--quick]`: what an op and a training step on a few numbers cost, in time and
 * in bytes allocated. There is next to no arithmetic in them: it is the price of a call.
 */
const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const chosen = [...ops(), ...steps()].filter((w) => values.only === undefined || w.name.includes(values.only));
if (chosen.length === 0) {
  console.error(`bench:dispatch: nothing matches '${values.only}'`);
  process.exitCode = 2;
}
const microseconds = (ns: number): string => (ns / 1000).toFixed(ns < 10_000 ? 3 : 1);
console.log('| work | median, µs | best, µs | bytes |\n| --- | --- | --- | --- |');
for (const c of measure(chosen, values.quick ? 100 : 500)) {
  console.log(`| ${c.name} | ${microseconds(c.nanoseconds)} | ${microseconds(c.best)} | ${Math.round(c.bytes)} |`);
}
