import { elementwise, noGrad, scope, type Tensor, tensor } from '@nabla/core';
import { Parameter } from '@nabla/nn';
import { Adam, SGD } from '@nabla/optim';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { browserModes, expectOnDevice, gpuIn } from './support.ts';

const count = 1000;
/** Distinct numbers, integers and zero among them; 1 is left out, since a factor of 1 means another expression. */
const numbers = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? i + 2 : i === 1 ? 0 : 1 / (i + 2)));

describe.each(browserModes)(`%s: ${count} distinct numbers compile nothing new`, (mode) => {
  let gpu: GpuBackend;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
  });
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });

  /** Kernels compiled by `run` over all numbers after the first call. */
  function compiledAfterFirst(run: (s: number) => void): number {
    scope(() => run(0.37));
    const before = gpu.report().kernels;
    expect(before).toBeGreaterThan(0);
    for (const s of numbers) scope(() => run(s));
    return gpu.report().kernels - before;
  }

  test('scalar operands, forward and backward', () => {
    const x = tensor([1, 2, 3], { device: gpu, requiresGrad: true });
    const swish = elementwise('swish', (a, beta) => a.mul(a.mul(beta).sigmoid()));
    const compiled = compiledAfterFirst((s) => {
      x.grad = null;
      const y = swish(
        x
          .mul(s)
          .add(s)
          .sub(s / 2)
          .div(s + 1) as Tensor,
        s,
      ) as Tensor;
      (y.sum() as Tensor).backward();
    });
    expect(compiled).toBe(0);
  });

  test('learning rates', () => {
    for (const Optimizer of [SGD, Adam]) {
      const w = new Parameter(tensor([1, 2, 3], { device: gpu }));
      const optimizer = new Optimizer([w], { lr: 1 });
      w.grad = tensor([0.1, 0.2, 0.3], { device: gpu });
      const compiled = compiledAfterFirst((lr) => {
        optimizer.paramGroups[0]!.lr = lr * 1e-6;
        optimizer.step();
      });
      expect(compiled, Optimizer.name).toBe(0);
    }
  });

  test('sizes of one rank', () => {
    const compiled = compiledAfterFirst((s) => {
      const n = 2 + (Math.floor(s * 7) % 50);
      const x = tensor(new Float32Array(n * 3).fill(1), { shape: [n, 3], device: gpu });
      noGrad(() => (x.transpose(0, 1).add(tensor(new Float32Array(n), { device: gpu })) as Tensor).sum(1));
    });
    expect(compiled).toBe(0);
  });

  test('the numbers count', async () => {
    const x = tensor([1], { device: gpu });
    const values = await Promise.all(numbers.map((s) => (x.mul(s) as Tensor).data()));
    expect(new Set(values.map((v) => v[0])).size).toBe(count);
    values.forEach((v, i) => {
      expect(v[0]).toBe(Math.fround(numbers[i]!));
    });
  });
});
