import { type ConformanceTest, conformance } from '@nabla/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { GpuMode } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn, whole } from './support.ts';

/**
 * The part of the suite that a mode gets. The whole of it runs in the WebGPU of Node, which takes a third of the time that a
 * page takes; here with `VITE_WHOLE=1`.
 */
function partFor(mode: GpuMode, suite: readonly ConformanceTest[]): readonly ConformanceTest[] {
  if (whole && mode !== 'webgl') return suite;
  const contract = (t: ConformanceTest): boolean => t.name.startsWith('contract');
  // WebGL 1, which stands in where the others are missing, gets the contract: its kernels have the same sources.
  if (mode === 'webgl') return suite.filter(contract);
  const every = mode === 'webgl2' ? 29 : 61;
  return suite.filter((t, i) => i % every === 0 || contract(t));
}

/** Tests by what they are about, as their names begin. */
function byOp(tests: readonly ConformanceTest[]): ReadonlyMap<string, ConformanceTest[]> {
  const groups = new Map<string, ConformanceTest[]>();
  for (const t of tests) {
    const op = t.name.split(/[:,/ ]/)[0]!;
    groups.set(op, [...(groups.get(op) ?? []), t]);
  }
  return groups;
}

for (const mode of browserModes) {
  const gpu = await gpuIn(mode);
  describe(`conformance in ${mode}`, () => {
    afterAll(() => {
      expectOnDevice(gpu);
      expect(gpu.report().kernels).toBeGreaterThan(50);
      gpu.dispose();
    });
    // One test of the runner for all of an op: a page reports each with messages that cost as much as the work.
    for (const [op, tests] of byOp(partFor(mode, conformance(gpu)))) {
      test(`${op} (${tests.length})`, { timeout: 120_000 }, async () => {
        const failures: string[] = [];
        for (const { name, run } of tests) {
          try {
            await run();
          } catch (error) {
            failures.push(`${name}: ${(error as Error).message}`);
          }
        }
        expect(failures).toEqual([]);
      });
    }
  });
}
