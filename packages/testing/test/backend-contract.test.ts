import { DeviceError, elementwise, type TypedArray, tensor } from '@nabla/core';
import {
  type Backend,
  type Computed,
  CpuBackend,
  cpu,
  Declined,
  type Handle,
  type MapRequest,
  type ReduceRequest,
  setReferenceBackend,
  type View,
} from '@nabla/core/internals';
import { afterEach, describe, expect, test } from 'vitest';
import { compareValues } from '../src/compare.ts';
import { conformance } from '../src/conformance.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

/** Messages of the conformance tests that a backend fails. */
async function failures(backend: Backend, only: RegExp): Promise<string[]> {
  const tests = conformance(backend, { only });
  expect(tests.length).toBeGreaterThan(0);
  const messages: string[] = [];
  for (const { name, run } of tests) {
    try {
      await run();
    } catch (error) {
      messages.push(`${name} | ${(error as Error).message}`);
    }
  }
  return messages;
}

describe('the conformance suite finds', () => {
  const matmul = /^contract: matmul.*float32$/;

  test('nothing in the CPU backend', async () => {
    expect(await failures(new CpuBackend(), /^contract: /)).toEqual([]);
  });

  test('a wrong number', async () => {
    class Wrong extends CpuBackend {
      override matmul(r: Parameters<CpuBackend['matmul']>[0]): Handle {
        const out = super.matmul(r) as TypedArray;
        if (out.length > 0) out[0]! += 1;
        return out;
      }
    }
    const found = await failures(new Wrong(), matmul);
    expect(found).toHaveLength(4);
    expect(found[0]).toMatch(/element 0 is .*, expected/);
  });

  test('a view read as if it were contiguous', async () => {
    class Flat extends CpuBackend {
      override copy(src: View): TypedArray {
        return (src.handle as TypedArray).slice(src.offset, src.offset + src.shape.reduce((p, n) => p * n, 1));
      }
    }
    const found = await failures(new Flat(), /^contract: copy of a .*float32$/);
    expect(found.map((m) => m.split(' | ')[0])).toEqual([
      'contract: copy of a transposed window, float32',
      'contract: copy of a repeated row, float32',
    ]);
  });

  test('a read that hands out the buffer itself', async () => {
    class Aliased extends CpuBackend {
      override readSync(handle: Handle, _dtype: unknown, length: number): TypedArray {
        return (handle as TypedArray).subarray(0, length);
      }
    }
    expect(await failures(new Aliased(), /^contract: 5 elements of float32/)).toEqual([expect.stringMatching(/second read/)]);
  });

  test('a mean that divides after rounding is no concern, one that forgets to divide is', async () => {
    class Forgetful extends CpuBackend {
      override reduce(r: ReduceRequest): Handle {
        return super.reduce({ ...r, divisor: 1 });
      }
    }
    expect(await failures(new Forgetful(), /^contract: reduce, mean, float32$/)).toHaveLength(1);
  });

  test('a second output that is missing its own expression', async () => {
    class Same extends CpuBackend {
      override map(r: MapRequest): Handle[] {
        return super.map({ ...r, exprs: r.exprs.map(() => r.exprs[0]!) });
      }
    }
    expect(await failures(new Same(), /^contract: map, .*float32$/)).toEqual([expect.stringMatching(/second of two outputs/)]);
  });

  test('a buffer that is never given back', async () => {
    class Leaky extends SimulatedDevice {
      override copy(src: View): Computed {
        this.fill(0, 'float32', 1);
        return super.copy(src);
      }
    }
    const found = await failures(new Leaky(), /^contract: copy of nothing, float32$/);
    expect(found).toEqual([expect.stringMatching(/1 buffers were not given back/)]);
  });

  test('work that falls back, unless it was declared', async () => {
    const device = new SimulatedDevice({ declines: (request) => (request === 'matmul' ? 'no matmul' : null) });
    const found = await failures(device, matmul);
    expect(found).toHaveLength(4);
    expect(found[0]).toMatch(/ran on the CPU 1 times; so far: matmul \(no matmul\) 1x/);
    for (const { run } of conformance(device, {
      only: matmul,
      fallbacks: [{ match: matmul, reason: 'it has no matrix product', since: '2026-11-23' }],
    })) {
      await run();
    }
  });

  test('exemptions that match nothing, or have no date', async () => {
    const dated = { reason: 'because', since: '2026-11-23' };
    const check = (skip: { match: RegExp; reason: string; since: string }): Promise<void> => {
      const tests = conformance(cpu, { skip: [skip] });
      return tests.find((t) => t.name.startsWith('every exemption'))!.run();
    };
    await expect(check({ ...dated, match: /no such test/ })).rejects.toThrow(/no test matches/);
    await expect(check({ ...dated, match: /matmul/, since: 'today' })).rejects.toThrow(/no date or reason/);
    await expect(check({ ...dated, match: /matmul/ })).resolves.toBeUndefined();
    const skipped = conformance(cpu, { skip: [{ ...dated, match: /matmul/ }] });
    expect(skipped.some((t) => t.name.includes('matmul'))).toBe(false);
  });
});

describe('work that a backend declines', () => {
  afterEach(() => {
    setReferenceBackend(cpu);
  });
  const declining = (): SimulatedDevice =>
    new SimulatedDevice({ declines: (request) => (request === 'map' || request === 'reduce' ? 'not today' : null) });

  test('runs on the CPU and is counted by op and reason', async () => {
    const device = declining();
    const x = tensor([1, 2, 3], { device, requiresGrad: true });
    const y = x.mul(x).add(1);
    const total = y.sum();
    expect(Array.from(await total.data())).toEqual([17]);
    total.backward();
    expect(Array.from(await x.grad!.data())).toEqual([2, 4, 6]);
    const { fallbacks } = device.report();
    expect(fallbacks.find((f) => f.op === 'mul')).toEqual({ op: 'mul', reason: 'not today', count: 1 });
    expect(fallbacks.find((f) => f.op === 'sum')).toEqual({ op: 'sum', reason: 'not today', count: 1 });
    expect(fallbacks.map((f) => f.op)).toContain('mulBackward');
  });

  test('cannot run when the reference declines as well', () => {
    const device = declining();
    setReferenceBackend(new SimulatedDevice({ declines: () => 'never' }));
    const x = tensor([1, 2, 3], { device });
    // The values are on their way: the refusal surfaces at the read.
    return expect(x.mul(2).data()).rejects.toThrow(DeviceError);
  });

  test('is an error on the CPU itself', () => {
    class Refusing extends CpuBackend {
      override matmul(): never {
        return new Declined('no') as never;
      }
    }
    const device = new Refusing();
    setReferenceBackend(device);
    const a = tensor([[1]], { device });
    expect(() => a.matmul(a)).toThrow(DeviceError);
    expect(() => a.matmul(a)).toThrow(/matmul: the CPU backend declined: no/);
  });
});

describe('expressions of more inputs than a kernel of the device takes', () => {
  const nine = elementwise('nine', (a, b, c, d, e, f, g, h, i) =>
    a
      .mul(b)
      .add(c.mul(d))
      .sub(e.mul(f).mul(g.add(h).add(a)))
      .mul(i),
  );
  const tangled = elementwise('tangled', (a, b, c, d, e, f, g, h) =>
    [a, b, c, d, e, f, g, h].map((x, i, all) => x.mul(all[(i + 1) % 8]!).mul(all[(i + 3) % 8]!)).reduce((x, y) => x.add(y)),
  );
  const valuesFor = (arity: number): Float32Array[] =>
    Array.from({ length: arity }, (_, k) => Float32Array.from({ length: 6 }, (_, i) => Math.sin(5 * k + i)));

  for (const [op, arity] of [
    [nine, 9],
    [tangled, 8],
  ] as const) {
    test(`${op.opName} runs in parts there, with the same bits and the same gradients`, async () => {
      const device = new SimulatedDevice();
      const results: number[][][] = [];
      for (const where of [cpu, device]) {
        const leaves = valuesFor(arity).map((v) => tensor(v, { device: where, requiresGrad: true }));
        const y = op(...leaves);
        y.sum().backward();
        const read: number[][] = [];
        for (const t of [y, ...leaves.map((l) => l.grad!)]) read.push(Array.from(await t.data()));
        results.push(read);
      }
      expect(results[1]![0]).toEqual(results[0]![0]);
      results[1]!.forEach((r, k) => {
        compareValues(`tensor ${k}`, r, results[0]![k]!, 1e-6);
      });
      expect(device.report().fallbacks).toEqual([]);
    });
  }

  test('parts are freed', () => {
    const device = new SimulatedDevice();
    const leaves = valuesFor(9).map((v) => tensor(v, { device }));
    const before = device.memory().buffers;
    const y = nine(...leaves);
    expect(device.memory().buffers).toBe(before + 1);
    y.dispose();
    expect(device.memory().buffers).toBe(before);
  });

  test('sums of them', async () => {
    const device = new SimulatedDevice();
    const [here, there] = [cpu, device].map((where) => {
      const w = tensor(new Float32Array(6).fill(2), { device: where, requiresGrad: true });
      const rest = valuesFor(8).map((v) => tensor([v], { device: where }));
      nine(w, ...rest)
        .sum()
        .backward();
      return w.grad!;
    });
    compareValues('gradient', await there!.data(), await here!.data(), 1e-6);
    expect(device.report().fallbacks).toEqual([]);
  });
});

describe('devices', () => {
  test('operands on two of them are an error that names both', () => {
    const device = new SimulatedDevice();
    const a = tensor([1, 2]);
    const b = tensor([1, 2], { device });
    expect(() => a.add(b)).toThrow(DeviceError);
    expect(() => a.add(b)).toThrow(/add: operand 0 is on 'cpu' and operand 1 on 'simulated'; move one with to\(\)/);
  });

  test('a tensor moves to a device at once, and back by way of its values', async () => {
    const device = new SimulatedDevice();
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const there = x.to(device);
    expect(Array.from(await there.mul(2).data())).toEqual([2, 4, 6]);
    expect(() => there.to(cpu)).toThrow(DeviceError);
    expect(() => there.to(cpu)).toThrow(/can only be read asynchronously.*tensor\(await t\.data\(\)/);
    expect(Array.from(await there.to(new SimulatedDevice()).data())).toEqual([1, 2, 3]);
  });

  test('a dtype that a device lacks is refused before anything is made', () => {
    const device = new SimulatedDevice();
    const before = device.memory().buffers;
    expect(() => tensor([1, 2], { dtype: 'float64', device })).toThrow(/the 'simulated' backend has no float64; it has/);
    expect(() => tensor([1, 2], { device }).to('float64')).toThrow(/has no float64/);
    expect(device.memory().buffers).toBe(before + 1);
  });

  test('an error in pending work surfaces at the read', async () => {
    const device = new SimulatedDevice();
    const handle = device.upload(Promise.reject(new RangeError('lost')), 'float32', 2);
    await expect(device.read(handle, 'float32', 2)).rejects.toThrow('lost');
  });
});
