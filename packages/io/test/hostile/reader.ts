import { readFileSync } from 'node:fs';
import { argv, memoryUsage, resourceUsage } from 'node:process';
import { NablaError, type Tensor } from '@nabla/core';
import { readNpy, readNpz, readSafetensors, readTorch } from '@nabla/io';
import { goodNpz } from './zip-mutants.ts';

/** What became of a mutant. */
export interface Outcome {
  /** What was read: name, shape, dtype and elements of each tensor; null when it was refused. */
  readonly read: readonly string[] | null;
  /** Class and message of the error. */
  readonly error: string | null;
  /** Whether the error is one of Nabla's own. */
  readonly typed: boolean;
  /** Resident size over the one before the first mutant, in MiB: now, and at its highest. */
  readonly grown: number;
  readonly peak: number;
  readonly ms: number;
}

const show = (name: string, t: Tensor): string =>
  `${name} ${t.dtype} [${t.shape.join()}] ${Array.from(t.dataSync()).slice(0, 5000).join()}`;

const readers = {
  safetensors: (b: Uint8Array) => [...readSafetensors(b)].map(([k, t]) => show(k, t)),
  npy: (b: Uint8Array) => [show('', readNpy(b))],
  npz: (b: Uint8Array) => [...readNpz(b)].map(([k, t]) => show(k, t)),
  torch: (b: Uint8Array) => [typeof readTorch(b)],
} as const;

/** A child process: reads every mutant of a list and reports each on a line. */
function main(list: string): void {
  // Everything that a first read loads and compiles is there before the count begins.
  readNpz(goodNpz(true));
  readNpz(goodNpz(false));
  const start = memoryUsage.rss();
  const startPeak = resourceUsage().maxRSS * 1024;
  for (const { format, path } of JSON.parse(readFileSync(list, 'utf8')) as { format: keyof typeof readers; path: string }[]) {
    const bytes = readFileSync(path);
    const begun = performance.now();
    let read: readonly string[] | null = null;
    let error: unknown = null;
    try {
      read = readers[format](bytes);
    } catch (thrown) {
      error = thrown;
    }
    const outcome: Outcome = {
      read,
      error: error === null ? null : `${(error as Error).name}: ${(error as Error).message}`,
      typed: error instanceof NablaError,
      grown: (memoryUsage.rss() - start) / 2 ** 20,
      peak: (resourceUsage().maxRSS * 1024 - startPeak) / 2 ** 20,
      ms: performance.now() - begun,
    };
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
}

if (argv[1] === import.meta.filename && argv[2] !== undefined) main(argv[2]);
