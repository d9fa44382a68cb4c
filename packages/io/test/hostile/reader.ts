import { readFileSync, writeFileSync } from 'node:fs';
import { argv, cpuUsage, memoryUsage, resourceUsage } from 'node:process';
import { NablaError, type Tensor } from '@nabla/core';
import { readNpy, readNpz, readSafetensors, readTorch } from '@nabla/io';
import { loadSafetensors } from '@nabla/io/node';
import type { Mutant } from './bytes.ts';
import { goodNpz } from './zip-mutants.ts';

/** What one way of reading made of a mutant. */
export interface Outcome {
  /** What was read: name, shape, dtype and elements of each tensor; null when it was refused. */
  readonly read: readonly string[] | null;
  /** Class and message of the error. */
  readonly error: string | null;
  /** Whether the error is one of Nabla's own. */
  readonly typed: boolean;
  /** By how many MiB the resident size was above the one before, at its highest. */
  readonly raised: number;
  /** Milliseconds of the processor, whatever else it does. */
  readonly ms: number;
}

const show = (name: string, t: Tensor): string =>
  `${name} ${t.dtype} [${t.shape.join()}] ${Array.from(t.dataSync()).slice(0, 5000).join()}`;
const showAll = (tensors: Iterable<readonly [string, Tensor]>): string[] => [...tensors].map(([k, t]) => show(k, t));

type Reader = (bytes: Uint8Array, path: string) => readonly string[] | Promise<readonly string[]>;

/** Every way to read a file of a format, from its bytes or its path. */
const readers: Readonly<Record<Mutant['format'], readonly Reader[]>> = {
  safetensors: [(b) => showAll(readSafetensors(b)), async (_, path) => showAll(await loadSafetensors(path))],
  npy: [(b) => [show('', readNpy(b))]],
  npz: [(b) => showAll(readNpz(b))],
  torch: [(b) => [typeof readTorch(b)]],
};

/** Starts to watch the resident size; the result says by how many MiB it has been higher since. */
function watchMemory(): () => number {
  globalThis.gc?.();
  const before = memoryUsage.rss();
  try {
    // Linux forgets the highest size so far; without that, growth below an earlier high would not be seen.
    writeFileSync('/proc/self/clear_refs', '5');
    return () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 2 ** 10 - before / 2 ** 20;
  } catch {
    return () => (Math.max(resourceUsage().maxRSS * 2 ** 10, memoryUsage.rss()) - before) / 2 ** 20;
  }
}

async function outcome(read: () => ReturnType<Reader>): Promise<Outcome> {
  const raised = watchMemory();
  const begun = cpuUsage();
  let found: readonly string[] | null = null;
  let error: unknown = null;
  try {
    found = await read();
  } catch (thrown) {
    error = thrown;
  }
  const { user, system } = cpuUsage(begun);
  return {
    ms: (user + system) / 1000,
    raised: raised(),
    read: found,
    error: error === null ? null : `${(error as Error).name}: ${(error as Error).message}`,
    typed: error instanceof NablaError,
  };
}

/** A child process: reads every mutant of a list in every way and reports each on a line. */
async function main(list: string): Promise<void> {
  // Everything that a first read loads and compiles is there before the count begins.
  readNpz(goodNpz(true));
  readNpz(goodNpz(false));
  for (const { format, path } of JSON.parse(readFileSync(list, 'utf8')) as { format: Mutant['format']; path: string }[]) {
    const bytes = readFileSync(path);
    const outcomes: Outcome[] = [];
    for (const read of readers[format]) outcomes.push(await outcome(() => read(bytes, path)));
    process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  }
}

if (argv[1] === import.meta.filename && argv[2] !== undefined) await main(argv[2]);
