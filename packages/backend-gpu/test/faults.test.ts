import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BackendReport, cpu } from '@nabla/core';
import { expect, test } from 'vitest';
import { fewSteps, mlp, moons } from './models.ts';

interface Printed {
  readonly lines: readonly string[];
  readonly losses: readonly number[];
  readonly report: BackendReport;
}

const none = "the 'gl' package is missing or has no display";

test.each([
  ['no library', `no graphics mode here, running on the CPU instead (headlessgl: ${none}; webgl2: `],
  ['no display', `no graphics mode here, running on the CPU instead (headlessgl: ${none}; webgl2: `],
  ['no adapter', "no 'webgpu' mode here, running on the CPU instead (webgpu: there is no navigator.gpu)"],
])('%s: one line, and the run is that of the CPU to the bit', { timeout: 120_000 }, async (fault, line) => {
  const script = fileURLToPath(new URL('./fault-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@nabla/source', '--import', 'tsx', script, fault]);
  const { lines, losses, report } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Printed;
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`@nabla/backend-gpu: ${line}`);
  expect(lines[0]).not.toContain('\n');
  expect(report).toMatchObject({ backend: 'cpu', mode: 'cpu', fallbacks: [] });
  expect(losses).toEqual(await fewSteps(cpu, mlp, moons, 20));
  expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
});
