import { cpu, getThreads, manualSeed, randn, setThreads, type Tensor } from '@nabla/core';
import { afterEach, describe, expect, test } from 'vitest';

// What threads compute is tested in Node; here, that a page has them.
afterEach(async () => {
  await setThreads(1);
});

/** A product, an elementwise kernel, a reduction and their gradients, each large enough for two threads. */
function compute(): Float32Array[] {
  manualSeed(7);
  const [x, w] = [randn([300, 400]), randn([400, 500]).requiresGrad_(true)];
  const y = x.matmul(w).tanh() as Tensor;
  y.mul(y).mean().backward();
  return [y, w.grad!].map((t) => t.dataSync() as Float32Array);
}

describe('in a page that is isolated from other origins', () => {
  test('two threads give the bits of one', async () => {
    expect(crossOriginIsolated).toBe(true);
    const alone = compute();
    expect(await setThreads(2)).toBe(2);
    expect(getThreads()).toBe(2);
    expect(cpu.report().device).toContain('2 threads');
    expect(compute()).toEqual(alone);
    expect(await setThreads(1)).toBe(1);
    expect(compute()).toEqual(alone);
  });

  test('calls take their turns', async () => {
    expect(await Promise.all([setThreads(2), setThreads(1), setThreads(2)])).toEqual([2, 1, 2]);
    expect(compute()[0]!.every(Number.isFinite)).toBe(true);
  });
});
