import type { Work } from './work.ts';

/** What one run of something costs. */
export interface Cost {
  readonly name: string;
  /** Median over rounds. */
  readonly nanoseconds: number;
  /** The fastest round. */
  readonly best: number;
  /** Objects and typed arrays that one run allocates, in bytes, garbage included. */
  readonly bytes: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Nanoseconds a run took, in a batch of n. */
function batch(run: () => unknown, n: number): number {
  const start = performance.now();
  for (let i = 0; i < n; i++) run();
  return ((performance.now() - start) * 1e6) / n;
}

/** Runs in one timed batch: about half a millisecond's worth, so that reading the clock costs nothing. */
function batchOf(run: () => unknown): number {
  const once = Math.min(batch(run, 20), batch(run, 20), batch(run, 20));
  return Math.max(Math.ceil(5e5 / once), 1);
}

function nanosecondsOf(run: () => unknown, n: number, milliseconds: number): number[] {
  const rounds: number[] = [];
  const end = performance.now() + milliseconds;
  do rounds.push(batch(run, n));
  while (performance.now() < end);
  return rounds;
}

/** Bytes that a batch may allocate so that the collector is not likely to step in. */
const quiet = 400_000;

/** Bytes allocated by one run. The collector may make a batch look small, or negative: so it is the median of several. */
function bytesOf(run: () => unknown): number {
  const measured = (n: number): number => {
    const batches: number[] = [];
    for (let k = 0; k < 15; k++) {
      const before = process.memoryUsage();
      for (let i = 0; i < n; i++) run();
      const after = process.memoryUsage();
      batches.push((after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / n);
    }
    return median(batches);
  };
  return measured(Math.max(1, Math.floor(quiet / Math.max(measured(16), 1))));
}

/**
 * Warms everything up, in turn and several times over, so that the engine has seen all kinds of calls before it settles on
 * code for any; then measures each.
 */
export function measure(works: readonly Work[], milliseconds: number): Cost[] {
  for (let k = 0; k < 4; k++) for (const { run } of works) nanosecondsOf(run, 50, milliseconds / 4);
  const counts = works.map(({ run }) => batchOf(run));
  // Round by round, so that a slow moment of the machine hits everything.
  const rounds: number[][] = works.map(() => []);
  for (let k = 0; k < 5; k++) works.forEach(({ run }, i) => void rounds[i]!.push(...nanosecondsOf(run, counts[i]!, milliseconds / 5)));
  return works.map(({ name, run }, i) => ({
    name,
    nanoseconds: median(rounds[i]!),
    best: rounds[i]!.reduce((a, b) => Math.min(a, b)),
    bytes: bytesOf(run),
  }));
}
