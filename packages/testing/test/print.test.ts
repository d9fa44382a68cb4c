import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type DType, setDefaultBackend, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

/** What PyTorch printed; see fixtures/README.md. */
interface Printed {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly requiresGrad: boolean;
  readonly values: readonly (number | string)[];
  readonly text: string;
}

const recorded = JSON.parse(readFileSync(new URL('../fixtures/printing.json', import.meta.url), 'utf8')) as readonly Printed[];
const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/** The recorded tensor; one with a history is made by the op that its text names. */
function made(r: Printed): Tensor {
  const values = r.values.map((v) => (typeof v === 'number' ? v : special[v]!));
  const { shape, dtype, requiresGrad } = r;
  if (!r.text.includes('gradFn')) return tensor(values, { shape, dtype, requiresGrad });
  const half = tensor(
    values.map((v) => v / 2),
    { shape, dtype, requiresGrad: true },
  );
  return r.text.includes('gradFn=<add>') ? half.add(half) : half.mul(2);
}

describe('text as PyTorch prints it', () => {
  test('the fixture holds what this file expects of it', () => {
    expect(recorded.length).toBeGreaterThanOrEqual(40);
    expect(recorded.filter((r) => r.text.includes('...')).length).toBeGreaterThan(5);
    expect(recorded.filter((r) => r.text.includes('gradFn')).length).toBe(2);
  });

  test.each(recorded.map((r) => [r.name, r] as const))('%s', (_name, r) => {
    expect(String(made(r))).toBe(r.text);
  });
});

describe('text', () => {
  test('console.log shows it', () => {
    expect(inspect(tensor([1.5, 2]))).toBe('tensor([1.5000, 2.0000])');
    expect(inspect({ weight: tensor([true]) })).toBe('{ weight: tensor([true]) }');
  });

  test('integers beyond 2^31 are written out', () => {
    expect(String(tensor([2 ** 53 - 1, 0], { dtype: 'int64' }))).toBe('tensor([9007199254740991,                0])');
  });

  test('a strided view prints its own elements', () => {
    const t = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(String(t.transpose(0, 1))).toBe('tensor([[1., 4.],\n        [2., 5.],\n        [3., 6.]])');
  });

  test('a device that cannot be read at once leaves the elements out', () => {
    const device = new SimulatedDevice();
    const t = zeros([2, 3], { device, requiresGrad: true });
    expect(String(t)).toBe("tensor(<pending>, shape=[2, 3], device='simulated', requiresGrad=true)");
    expect(String(zeros([2], { device, dtype: 'int64' }))).toBe("tensor(<pending>, shape=[2], device='simulated', dtype=int64)");
    const before = setDefaultBackend(device);
    try {
      expect(inspect(zeros([1]))).toBe("tensor(<pending>, shape=[1], device='simulated')");
    } finally {
      setDefaultBackend(before);
    }
  });

  test('a tensor that was freed says so instead of failing', () => {
    const t = zeros([2]);
    t.dispose();
    expect(String(t)).toBe('tensor(<freed>, shape=[2])');
  });
});
