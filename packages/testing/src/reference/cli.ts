import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Backend } from '@nabla/core';
import { SimulatedDevice } from '../simulated-device.ts';
import { familiesIn, type Outcome, openFamily } from './replay.ts';

/**
 * `npm run reference -- DIR [--family NAME] [--op NAME] [--id ID] [--backend NAME]`: replays cases recorded from PyTorch and prints, for
 * each family, how many passed, failed and were skipped, with the reason of each skip and the difference of each failure.
 * `--backend` puts the inputs on `simulated` (the tests' asynchronous device) or `gpu` (gpu.js) instead of the CPU.
 * Exits with 1 when a case failed, with 2 when the command line is wrong.
 */
const usage = 'usage: npm run reference -- DIR [--family NAME]... [--op NAME]... [--id ID]... [--backend cpu|simulated|gpu] [--quiet]';

function wrong(message: string): never {
  console.error(`${message}\n${usage}`);
  process.exit(2);
}

const backends: Readonly<Record<string, () => Promise<Backend | null>>> = {
  cpu: async () => null,
  simulated: async () => new SimulatedDevice(),
  gpu: async () => {
    // The WebGPU of Node, where it is installed, is for the user to put in place.
    const webgpu = (await import('node-webgpu').catch(() => null)) as { create(options: string[]): unknown; globals: object } | null;
    if (webgpu !== null) {
      Object.assign(globalThis, webgpu.globals);
      Object.defineProperty(globalThis, 'navigator', { value: { gpu: webgpu.create([]) }, configurable: true });
    }
    // By its file: the package that holds the GPU backend is tested with this one and cannot be its dependency.
    const { createGpuBackend } = (await import(new URL('../../../backend-gpu/src/index.ts', import.meta.url).href)) as {
      createGpuBackend: () => Promise<Backend>;
    };
    const found = await createGpuBackend();
    if (found.name === 'cpu') wrong('there is no graphics device here');
    return found;
  },
};

function parse(): {
  backend: string;
  directory: string;
  families: readonly string[];
  ops: readonly string[];
  ids: readonly string[];
  quiet: boolean;
} {
  try {
    const many = { type: 'string', multiple: true } as const;
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { backend: { type: 'string' }, family: many, op: many, id: many, quiet: { type: 'boolean' } },
    });
    if (positionals.length !== 1) wrong(`expected one directory, got ${positionals.length}`);
    const directory = positionals[0]!;
    if (!existsSync(directory)) wrong(`no directory '${directory}'`);
    const present = familiesIn(directory);
    const families = values.family ?? present;
    for (const f of families) if (!present.includes(f)) wrong(`no family '${f}' in '${directory}'; there are ${present.join(', ')}`);
    const backend = values.backend ?? 'cpu';
    if (!Object.hasOwn(backends, backend)) wrong(`no backend '${backend}'; there are ${Object.keys(backends).join(', ')}`);
    return { backend, directory, families, ops: values.op ?? [], ids: values.id ?? [], quiet: values.quiet ?? false };
  } catch (e) {
    return wrong((e as Error).message);
  }
}

const { backend, directory, families, ops, ids, quiet } = parse();
const device = await backends[backend]!();
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const family of families) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  for (const c of openFamily(directory, family, device)) {
    if ((ops.length > 0 && !ops.includes(c.op)) || (ids.length > 0 && !ids.includes(c.id))) continue;
    const o: Outcome = await c.run();
    counts[o.status]++;
    totals[o.status]++;
    if (o.status !== 'passed' && !quiet) lines.push(`  ${o.status} ${o.id}${c.op === '' ? '' : ` (${c.op})`}: ${o.detail}`);
  }
  console.log(`${family}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  for (const line of lines) console.log(line);
}
console.log(`all: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
if (device !== null) device.dispose();
if (totals.passed + totals.failed + totals.skipped === 0) wrong('no case matches');
process.exitCode = totals.failed > 0 ? 1 : 0;
