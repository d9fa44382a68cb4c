import { readFileSync, writeFileSync } from 'node:fs';
import { measureTemporaries, trainingLoop } from './training-loop.ts';

/**
 * `npm run test:memory [steps]`: trains with no scope, no dispose and no forced collection, and compares the peak resident
 * size of the last tenth of the steps with that of the first tenth. Exits with 1 when it grew by more than a tenth.
 */
const steps = Number(process.argv[2] ?? 10_000);
const part = Math.max(Math.floor(steps / 10), 1);
const limit = 1.1;
const leastTemporaries = 12e6;

/** Makes the kernel's record of the peak start anew; false where there is no such record. */
function resetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

/** Peak resident size in bytes since {@link resetPeak}, as Linux records it. */
function recordedPeak(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line![1]) * 1024;
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Elements of each tensor. */
const size = 250_000;
const step = trainingLoop(size);
const exact = resetPeak();
const peaks: number[] = [];
const start = performance.now();
let sampled = 0;
for (let k = 0; k < steps; k++) {
  if (k === steps - part && exact) resetPeak();
  step(() => {
    sampled = Math.max(sampled, process.memoryUsage.rss());
  });
  if ((k + 1) % part === 0) {
    peaks.push(exact && (k + 1 === part || k + 1 === steps) ? recordedPeak() : sampled);
    console.log(`step ${k + 1}: peak ${mb(sampled)}, ${((performance.now() - start) / (k + 1)).toFixed(1)} ms a step`);
    sampled = 0;
  }
}
const [first, last] = [peaks[0]!, peaks[peaks.length - 1]!];
const temporaries = measureTemporaries(step);
console.log(`temporaries: ${mb(temporaries)} a step, at least ${mb(leastTemporaries)} (every typed array made during one step)`);
console.log(
  `peak resident size (${exact ? 'recorded by the kernel' : 'sampled twice a step'}): first ${part} steps ${mb(first)}, last ${part} steps ${mb(last)}`,
);
console.log(`ratio ${(last / first).toFixed(3)}, limit ${limit}`);
process.exitCode = last <= limit * first && temporaries >= leastTemporaries ? 0 : 1;
