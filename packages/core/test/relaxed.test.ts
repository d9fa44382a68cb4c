import { setFlagsFromString } from 'node:v8';
import { conv2d, manualSeed, randint, randn, setRelaxedSimd, setThreads, type Tensor } from '@nabla/core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

afterEach(async () => {
  vi.restoreAllMocks();
  setRelaxedSimd(false);
  await setThreads(1);
});

/** A product, a convolution and all their gradients. */
function compute(): Float32Array[] {
  manualSeed(7);
  const leaf = (shape: readonly number[]): Tensor => randn(shape).requiresGrad_(true);
  const [x, w] = [leaf([200, 300]), leaf([300, 130])];
  const [images, kernel] = [leaf([4, 3, 20, 20]), leaf([8, 3, 3, 3])];
  const [y, z] = [x.matmul(w) as Tensor, conv2d(images, kernel, null, { padding: 1 }) as Tensor];
  y.mul(y).sum().backward();
  z.mul(z).sum().backward();
  return [y, z, ...[x, w, images, kernel].map((t) => t.grad!)].map((t) => t.dataSync() as Float32Array);
}

/** Largest difference, as a part of the largest value. */
function difference(a: Float32Array, b: Float32Array): number {
  let [far, large] = [0, 0];
  a.forEach((v, i) => {
    far = Math.max(far, Math.abs(v - b[i]!));
    large = Math.max(large, Math.abs(v));
  });
  return far / large;
}

test('an engine without relaxed vector instructions says so, and computes as before', () => {
  const before = compute();
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  expect(setRelaxedSimd(true)).toBe(false);
  expect(compute()).toEqual(before);
});

describe('with relaxed vector instructions', () => {
  beforeAll(() => {
    // Before Node 22 they have to be asked for.
    setFlagsFromString('--experimental-wasm-relaxed-simd');
    expect(setRelaxedSimd(true)).toBe(true);
    setRelaxedSimd(false);
  });

  test('results differ in their last bits at most, and are as before when they are off again', () => {
    const strict = compute();
    expect(setRelaxedSimd(true)).toBe(true);
    const fused = compute();
    for (const [i, values] of fused.entries()) expect(difference(values, strict[i]!), `result ${i}`).toBeLessThan(1e-6);
    // A processor that does not fuse would give the same; every one since 2013 does.
    expect(fused).not.toEqual(strict);
    expect(setRelaxedSimd(false)).toBe(false);
    expect(compute()).toEqual(strict);
  });

  test('products of integers are exact', () => {
    setRelaxedSimd(true);
    const [a, b] = [randint(-9, 10, [70, 300]), randint(-9, 10, [300, 50])];
    const product = a.float().matmul(b.float()) as Tensor;
    expect([...product.dataSync()]).toEqual([...(a.double().matmul(b.double()) as Tensor).dataSync()]);
  });

  test('results do not depend on the number of threads', async () => {
    setRelaxedSimd(true);
    const alone = compute();
    expect(await setThreads(2)).toBe(2);
    expect(compute()).toEqual(alone);
  });
});
