import { Adam } from '@nabla/optim';
import { describe, expect, test } from 'vitest';
import { classified, mlp, moons } from './models.ts';
import { expectOnDevice, gpuIn } from './support.ts';

/** With `VITE_LONG=1` the 10,000 steps of a long run; a few hundred otherwise, in which a leak would show as well. */
const long = (import.meta as { readonly env?: Readonly<Record<string, unknown>> }).env?.['VITE_LONG'] === '1';
const steps = long ? 10_000 : 200;
/** One step in so many is read, as a program would: each reading waits for the device. */
const seldom = 20;

/** Bytes of JavaScript objects after a collection. */
function heap(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('the browser has to be started with --js-flags=--expose-gc');
  gc();
  return (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize;
}

describe.each(['webgl2', 'webgpu'] as const)('%s', (mode) => {
  test(`${steps} training steps: the same device memory after each, no new kernel after the second, a flat heap`, {
    timeout: 1_800_000,
  }, async () => {
    const gpu = await gpuIn(mode);
    const run = classified(gpu, mlp, moons, (m) => new Adam(m.parameters(), { lr: 0.001 }));
    const step = async (i: number): Promise<number | null> => {
      const loss = run.step();
      const value = i % seldom === 0 ? (await loss.data())[0]! : null;
      loss.dispose();
      return value;
    };
    const first = (await step(0))!;
    await step(1);
    await gpu.flush();
    const memory = gpu.memory();
    const { kernels } = gpu.report();
    let last = first;
    const heaps: number[] = [];
    for (let i = 2; i <= steps; i++) {
      last = (await step(i)) ?? last;
      if (i % (steps / 10) !== 0) continue;
      await gpu.flush();
      expect(gpu.memory(), `after step ${i}`).toEqual(memory);
      heaps.push(heap());
    }
    expect(gpu.report().kernels).toBe(kernels);
    expect(last).toBeLessThan(first);
    // The first tenth fills caches; what a step leaked would show in the rest.
    const [early, late] = [heaps[1]!, heaps.at(-1)!];
    expect(late - early, `heap in bytes after each tenth: ${heaps.join(', ')}`).toBeLessThan(0.05 * early);
    if (long) console.info(`${mode}: ${memory.buffers} buffers, ${memory.bytes} bytes, ${kernels} kernels; heap ${heaps.join(', ')}`);
    expectOnDevice(gpu);
    gpu.dispose();
  });
});
