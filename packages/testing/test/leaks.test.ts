import v8 from 'node:v8';
import vm from 'node:vm';
import { checkpoint, keep, scope, type Tensor, tensor } from '@nabla/core';
import { clearGrad, debug } from '@nabla/core/internals';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

const size = 100; // large enough for buffers to be recycled
const leaf = (f: (i: number) => number, options: object = {}): Tensor =>
  tensor(
    Float64Array.from({ length: size }, (_, i) => f(i)),
    { requiresGrad: true, ...options },
  );
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());
const filled = (value: number): number[] => new Array<number>(size).fill(value);
/** Overwrites recycled buffers, so that whoever still reads one sees it. */
const churn = (): void => {
  for (let i = 0; i < 50; i++) tensor(Float64Array.from({ length: size }, () => -99)).mul(1);
};

beforeEach(() => {
  debug.poison = true;
});
afterEach(() => {
  debug.poison = false;
});

describe('gradients that are cleared in a scope', () => {
  /** A leaf with a gradient of ones, by a backward in a scope. */
  const withGradient = (device?: SimulatedDevice): Tensor => {
    const x = leaf(() => 2, device === undefined ? {} : { device, dtype: 'float32' });
    scope(() => {
      x.sum().backward();
    });
    return x;
  };
  const clearing = (x: Tensor): void => {
    scope(() => {
      clearGrad(x, true);
    });
    churn();
  };

  test('are freed', () => {
    const device = new SimulatedDevice();
    const x = withGradient(device);
    const held = device.memory().buffers;
    clearing(x);
    expect([x.grad, device.memory().buffers]).toEqual([null, held - 1]);
  });

  test('but not one that was read outside of every scope', () => {
    const x = withGradient();
    const g = x.grad;
    clearing(x);
    expect(numbers(g)).toEqual(filled(1));
  });

  test('nor one that the user keeps', () => {
    const x = withGradient();
    let g: Tensor | null = null;
    scope(() => {
      g = keep(x.grad!);
    });
    clearing(x);
    expect(numbers(g)).toEqual(filled(1));
  });

  test('nor one that the user assigned', () => {
    const x = leaf(() => 2);
    const g = leaf(() => 3).detach();
    scope(() => {
      x.grad = g;
    });
    clearing(x);
    expect(numbers(g)).toEqual(filled(3));
  });

  test('nor one that the scope returns', () => {
    const x = withGradient();
    const g = scope(() => {
      const { grad } = x;
      clearGrad(x, true);
      return grad;
    });
    churn();
    expect(numbers(g)).toEqual(filled(1));
  });
});

describe('what a graph holds', () => {
  const collect = (): void => {
    v8.setFlagsFromString('--expose-gc');
    (vm.runInNewContext('gc') as () => void)();
  };

  test('after backward nothing but its nodes: saved tensors, recomputed ones and what hooks saw are gone', async () => {
    const x = leaf(() => 0.5);
    const refs: WeakRef<object>[] = [];
    const note = (t: Tensor): Tensor => {
      refs.push(new WeakRef(t.storage));
      return t;
    };
    const run = (): Tensor => {
      const a = note(x.exp() as Tensor);
      const b = note(checkpoint((t) => note(note(t.sin() as Tensor).mul(t) as Tensor), a));
      b.registerHook((g) => {
        note(g);
        return undefined;
      });
      const y = b.mul(b).sum() as Tensor;
      y.backward();
      return y;
    };
    const y = run();
    expect(refs.length).toBe(7);
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
    expect(refs.map((r) => r.deref())).toEqual(refs.map(() => undefined));
    expect([y.gradFn!.name, x.grad!.size]).toEqual(['sum', size]);
  });
});

describe('writes in place outside of scopes', () => {
  const writes: Readonly<Record<string, (x: Tensor, y: Tensor) => void>> = {
    copy_: (x, y) => void x.copy_(y),
    fill_: (x) => void x.fill_(3),
    uniform_: (x) => void x.uniform_(),
    add_: (x, y) => void x.add_(y),
  };

  test.each(Object.keys(writes))('%s leaves no buffer behind', (name) => {
    const device = new SimulatedDevice();
    const options = { device, dtype: 'float32', requiresGrad: false } as const;
    const [x, y] = [leaf((i) => i, options), leaf((i) => -i, options)];
    const before = device.memory().buffers;
    writes[name]!(x, y);
    expect(device.memory().buffers).toBe(before);
  });

  test('what a graph saved of the values that were written stays', () => {
    const x = leaf((i) => i / size);
    const y = leaf(() => 0, { requiresGrad: false }).add(0);
    y.copy_(x.exp());
    churn();
    y.sum().backward();
    expect(numbers(x.grad)).toEqual(numbers(x.exp()));
  });
});
