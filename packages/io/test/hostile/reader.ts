import { readFileSync, writeFileSync } from 'node:fs';
import { argv, cpuUsage, memoryUsage, resourceUsage } from 'node:process';
import { NablaError, type Tensor } from '@nabla/core';
import { readNpy, readNpz, readSafetensors, readTorch } from '@nabla/io';
import { loadSafetensors } from '@nabla/io/node';
import type { Mutant } from './bytes.ts';

/** What a process made of a file. */
export interface Report {
  /** By how many MiB the resident size was above the one before reading, at its highest. */
  readonly raised: number;
  /** Milliseconds of the processor, whatever else it does. */
  readonly ms: number;
  /** What became of it, for each way to read a file of its format. */
  readonly ways: readonly Outcome[];
}

interface Outcome {
  /** What was read: name, shape, dtype and elements of each tensor; null when it was refused. */
  readonly read: readonly string[] | null;
  /** Class and message of the error. */
  readonly error: string | null;
  /** Whether the error is one of Nabla's own. */
  readonly typed: boolean;
}

/** A tensor as text. Its buffer is read without a method of tensors, which would be an op that has to be loaded. */
function show(name: string, t: Tensor): string {
  const elements = t.device.readSync(t.handle, t.dtype, t.size);
  return `${name} ${t.dtype} [${t.shape.join()}] ${Array.from(elements).slice(0, 5000).join()}`;
}
const showAll = (tensors: Iterable<readonly [string, Tensor]>): string[] => [...tensors].map(([k, t]) => show(k, t));

type Reader = (path: string) => readonly string[] | Promise<readonly string[]>;

/** Every way to read a file of a format, from its bytes or its path. */
const readers: Readonly<Record<Mutant['format'], readonly Reader[]>> = {
  safetensors: [(path) => showAll(readSafetensors(readFileSync(path))), async (path) => showAll(await loadSafetensors(path))],
  npy: [(path) => [show('', readNpy(readFileSync(path)))]],
  npz: [(path) => showAll(readNpz(readFileSync(path)))],
  torch: [(path) => [typeof readTorch(readFileSync(path))]],
};

/**
 * Starts to watch the resident size; the result says by how many MiB it has been higher since, at its highest. The
 * system itself keeps the highest size of a process, so that memory counts which was given back before anyone looks, and
 * while JavaScript is busy. It is one number since the start: Linux is told to begin anew, since loading the program may
 * have needed more than is left of it, which would count as the file's. The number that Node passes on from Linux
 * (`maxRSS`) begins with the size of the process that started this one.
 */
function watchMemory(): () => number {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    const highest = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 2 ** 10;
    const before = highest();
    return () => highest() - before;
  } catch {
    const before = memoryUsage.rss() / 2 ** 20;
    return () => resourceUsage().maxRSS / 2 ** 10 - before;
  }
}

async function outcome(read: Reader, path: string): Promise<Outcome> {
  try {
    return { read: await read(path), error: null, typed: false };
  } catch (thrown) {
    return { read: null, error: String(thrown), typed: thrown instanceof NablaError };
  }
}

/** Reads the file that the command line names, in every way, and prints the report. */
async function main(format: Mutant['format'], path: string): Promise<void> {
  const ways: Outcome[] = [];
  const raised = watchMemory();
  const begun = cpuUsage();
  // One after the other in a process that nothing has warmed up: what they compile and keep counts too.
  for (const read of readers[format]) ways.push(await outcome(read, path));
  const { user, system } = cpuUsage(begun);
  const report: Report = { raised: raised(), ms: (user + system) / 1000, ways };
  process.stdout.write(JSON.stringify(report));
}

void main(...(argv.slice(2) as [Mutant['format'], string]));
