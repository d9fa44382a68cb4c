import { type Expr, elementwise, full, getThreads, manualSeed, randn, setThreads, type Tensor } from '@nabla/core';
import { cpu, setWasmMode } from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conformance } from '../src/conformance.ts';

/** Work that is split in every way there is: rows, columns, batches, whole buffers. */
const work: Readonly<Record<string, () => Tensor>> = {
  'a map of a dense buffer': () => x().exp(),
  'a map with a broadcast row': () => x().add(row()).gelu(),
  'a map of a transposed view': () => x().mT.tanh() as Tensor,
  'a comparison': () => x().gt(0) as Tensor,
  'sums over the last dimension': () => x().sum(1),
  'sums over the first dimension': () => x().sum(0),
  'a sum over everything': () => x().sum(),
  'largest elements': () => x().amax(1) as Tensor,
  softmax: () => x().softmax(-1),
  logSoftmax: () => x().logSoftmax(-1),
  'a product': () => x().matmul(x().mT) as Tensor,
  'a product with few rows': () => (x().narrow(0, 0, 3) as Tensor).matmul(x().mT) as Tensor,
  'products of a batch': () => batch().matmul(batch().mT) as Tensor,
  'a gradient': () => {
    const w = x().requiresGrad_();
    w.matmul(x().mT).tanh().sum().backward();
    return w.grad!;
  },
};

const x = (): Tensor => {
  manualSeed(1);
  return randn([517, 389]);
};
const row = (): Tensor => {
  manualSeed(2);
  return randn([389]);
};
const batch = (): Tensor => {
  manualSeed(3);
  return randn([3, 5, 65, 130]);
};

describe('threads', () => {
  const alone: Record<string, readonly number[]> = {};
  beforeAll(async () => {
    expect(getThreads()).toBe(1);
    for (const [name, run] of Object.entries(work)) alone[name] = Array.from(run().dataSync());
    await setThreads(2);
  });
  afterAll(async () => {
    expect(await setThreads(1)).toBe(1);
  });

  test('there are two, or as many as the machine has cores', async () => {
    expect(getThreads()).toBe(await setThreads(2));
    await expect(setThreads(0)).rejects.toThrow('setThreads: expected a positive number of threads, got 0');
    await expect(setThreads(1.5)).rejects.toThrow('setThreads: expected a positive number of threads, got 1.5');
  });

  for (const [name, run] of Object.entries(work)) {
    test(`${name}: the same bits as on one thread`, () => {
      expect(Array.from(run().dataSync())).toEqual(alone[name]);
    });
  }

  test('calls at the same time take their turns', async () => {
    const all = await Promise.all([setThreads(1), setThreads(2), setThreads(1), setThreads(2)]);
    expect(all).toEqual([1, getThreads(), 1, getThreads()]);
    for (const [name, run] of Object.entries(work)) expect(Array.from(run().dataSync()), name).toEqual(alone[name]);
  });

  test('the report says how many there are', () => {
    const threads = getThreads();
    expect(cpu.report().device).toBe(threads === 1 ? 'WebAssembly on the CPU' : `WebAssembly, ${threads} threads, on the CPU`);
  });

  test('an expression of more inputs than a thread has room for', () => {
    const many = Array.from({ length: 900 }, (_, i) => full([64, 33], i % 7).mT as Tensor);
    const add = (...terms: Expr[]): Expr => terms.reduce((a, b) => a.add(b));
    // An op has as many operands as its function has parameters.
    const sum = elementwise('sumOfMany', Object.defineProperty(add, 'length', { value: many.length }));
    const want = many.reduce((a, _, i) => a + (i % 7), 0);
    expect(new Set((sum(...many) as Tensor).dataSync())).toEqual(new Set([want]));
  });

  test('tensors from before take part', async () => {
    const here = x();
    await setThreads(1);
    await setThreads(2);
    expect(Array.from(here.exp().dataSync())).toEqual(alone['a map of a dense buffer']);
  });

  describe('conformance, small work split too', () => {
    beforeAll(() => {
      setWasmMode('always');
    });
    afterAll(() => {
      setWasmMode('auto');
    });
    for (const { name, run } of conformance(cpu)) test(name, run);
  });
});
