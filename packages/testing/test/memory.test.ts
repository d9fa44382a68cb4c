import { AutogradError, keep, noGrad, scope, type Tensor, tensor, UseAfterFreeError, ValueError } from '@nabla/core';
import { CpuBackend, debug } from '@nabla/core/internals';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';
import { measureTemporaries, trainingLoop } from '../src/training-loop.ts';

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

describe('scope', () => {
  test('what it returns survives, alone or inside arrays, objects and Maps', () => {
    const x = leaf(() => 2);
    const alone = scope(() => x.mul(3));
    const { list, map, text } = scope(() => ({
      list: [x.mul(4), { deep: x.mul(5) }] as const,
      map: new Map([['a', x.mul(6)]]),
      text: 'kept',
    }));
    churn();
    expect(numbers(alone)).toEqual(filled(6));
    expect(numbers(list[0])).toEqual(filled(8));
    expect(numbers(list[1].deep)).toEqual(filled(10));
    expect(numbers(map.get('a')!)).toEqual(filled(12));
    expect(text).toBe('kept');
  });

  test('what it does not return is freed, and using it says so', () => {
    const x = leaf(() => 2);
    let lost: Tensor | null = null;
    scope(() => {
      lost = x.mul(3);
    });
    expect(() => lost!.dataSync()).toThrow(UseAfterFreeError);
    expect(() => lost!.add(1)).toThrow(/this float64 tensor of shape \[100\] was freed.*return it from the scope or keep\(\) it/);
  });

  test('what is kept survives', () => {
    const x = leaf(() => 2);
    let state: Tensor | null = null;
    scope(() => {
      state = keep(x.mul(3));
      scope(() => {
        x.mul(5);
      });
    });
    churn();
    expect(numbers(state)).toEqual(filled(6));
    expect(() => keep(3 as never)).toThrow(ValueError);
  });

  test('gradients of tensors from outside survive', () => {
    const x = leaf(() => 2);
    for (let k = 0; k < 3; k++) {
      scope(() => {
        x.mul(x).sum().backward();
      });
      churn();
    }
    expect(numbers(x.grad)).toEqual(filled(12));
  });

  test('a gradient with a graph of its own survives with the graph', () => {
    const x = leaf(() => 2);
    scope(() => {
      x.mul(x).mul(x).sum().backward(null, { createGraph: true });
    });
    churn();
    const first = x.grad!;
    x.grad = null;
    first.sum().backward();
    expect(numbers(x.grad)).toEqual(filled(12));
  });

  test('what backward through a result needs survives', () => {
    const x = leaf(() => 2);
    const y = scope(() => {
      const a = x.mul(x);
      const b = a.mul(3);
      return b.mul(a).sum();
    });
    churn();
    y.backward();
    expect(numbers(x.grad)).toEqual(filled(12 * 2 ** 3));
  });

  test('so does what a result needs that was written through a view', () => {
    const x = leaf(() => 2);
    const y = scope(() => {
      const base = x.mul(x);
      base.narrow(0, 0, size / 2).mul_(x.narrow(0, 0, size / 2));
      return base.sum();
    });
    churn();
    y.backward();
    expect(numbers(x.grad)).toEqual([...new Array(size / 2).fill(12), ...new Array(size / 2).fill(4)]);
  });

  test('a returned view holds its buffer, and writes through it still reach the history of its base', () => {
    const x = leaf(() => 2);
    const view = scope(() => x.mul(x).view([10, 10]).transpose(0, 1));
    churn();
    view.mul_(3);
    expect(numbers(view)).toEqual(filled(12));
    view.sum().backward();
    expect(numbers(x.grad)).toEqual(filled(12));
  });

  test('a leaf that was born inside keeps its gradient when the graph is returned', () => {
    const { w, y } = scope(() => {
      const w = leaf(() => 3);
      return { w, y: w.mul(w).sum() };
    });
    churn();
    y.backward();
    expect(numbers(w.grad)).toEqual(filled(6));
  });

  test('nested scopes hand results to the outer one, which frees them', () => {
    const x = leaf(() => 2);
    let inner: Tensor | null = null;
    const outer = scope(() => {
      inner = scope(() => x.mul(3));
      churn();
      expect(numbers(inner)).toEqual(filled(6));
      return inner.mul(2);
    });
    churn();
    expect(numbers(outer)).toEqual(filled(12));
    expect(() => inner!.dataSync()).toThrow(UseAfterFreeError);
  });

  test('gradients of a tensor of the outer scope live in the outer scope', () => {
    const device = new SimulatedDevice();
    const before = device.memory().buffers;
    scope(() => {
      const w = tensor([1, 2, 3], { device, requiresGrad: true });
      for (let k = 0; k < 3; k++) {
        scope(() => {
          w.mul(w).sum().backward();
        });
      }
      // The parameter and its gradient.
      expect(device.memory().buffers - before).toBe(2);
    });
    expect(device.memory().buffers).toBe(before);
  });

  test('an error inside frees what was born, and leaves the outer scope in order', () => {
    const device = new SimulatedDevice();
    const x = tensor([1, 2], { device, requiresGrad: true });
    const held = device.memory().buffers;
    expect(() =>
      scope(() => {
        x.mul(2).add(1);
        throw new RangeError('inside');
      }),
    ).toThrow('inside');
    expect(device.memory().buffers).toBe(held);
    const y = scope(() => x.mul(2));
    expect(device.memory().buffers).toBe(held + 1);
    y.dispose();
    expect(device.memory().buffers).toBe(held);
  });

  test('asynchronous callbacks are refused', () => {
    expect(() => scope(async () => 1)).toThrow(ValueError);
    expect(() => scope(() => Promise.resolve(1))).toThrow(/scope: the callback is asynchronous/);
  });

  test('saved tensors go with the backward that used them', () => {
    const device = new SimulatedDevice();
    const x = tensor([1, 2], { device, requiresGrad: true });
    const held = device.memory().buffers;
    const y = scope(() => {
      const loss = x.mul(x).mul(x).sum();
      loss.backward();
      return loss.detach();
    });
    // The gradient and the loss are left.
    expect(device.memory().buffers).toBe(held + 2);
    y.dispose();
    expect(() =>
      scope(() =>
        x
          .mul(2)
          .sum()
          .backward(tensor([1, 2], { device })),
      ),
    ).toThrow(/gradient has shape \[2\]/);
    expect(device.memory().buffers).toBe(held + 1);
  });
});

describe('a training loop', () => {
  /** Losses of some steps. */
  function losses(steps: number, wrap: (step: () => Tensor) => Tensor): number[] {
    const step = trainingLoop(1000);
    return Array.from({ length: steps }, () => wrap(() => step()).item());
  }

  test('gives the same with and without scopes, freed buffers filled with NaN', () => {
    const plain = losses(30, (step) => step());
    const scoped = losses(30, (step) => scope(step));
    expect(plain.every(Number.isFinite)).toBe(true);
    expect(plain[29]!).toBeLessThan(plain[0]! * 0.9);
    expect(scoped).toEqual(plain);
  });

  test('in scopes makes no new buffers after the first steps', () => {
    const step = trainingLoop(1003); // a size that no other test has put into the pool
    const made: number[] = [];
    for (let k = 0; k < 6; k++) {
      made.push(
        measureTemporaries(() => {
          scope(() => step());
        }),
      );
    }
    expect(made[0]).toBeGreaterThan(100_000);
    // What is left are buffers too small to be recycled.
    expect(made.slice(3).every((bytes) => bytes < 2000)).toBe(true);
  });

  test('in scopes on a device holds the same buffers after every step', () => {
    const device = new SimulatedDevice();
    const step = trainingLoop(50, device);
    const held: number[] = [];
    for (let k = 0; k < 5; k++) {
      scope(() => step()).dispose();
      held.push(device.memory().buffers);
    }
    expect(new Set(held.slice(1)).size).toBe(1);
    // Data, target, two parameters and their gradients.
    expect(held[4]).toBe(6);
  });

  test('without scopes is flat: typed arrays alive do not grow', () => {
    debug.poison = false;
    const step = trainingLoop(20_000);
    expect(measureTemporaries(step)).toBeGreaterThan(1e6);
    const peak = (steps: number): number => {
      let most = 0;
      for (let k = 0; k < steps; k++) {
        step();
        if (k % 5 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
      return most;
    };
    // Until WebAssembly memory has no room left for what only the collector frees.
    peak(250);
    const first = peak(100);
    peak(200);
    // Between them lie 300 MB of temporaries; when the collector runs is its own business.
    expect(peak(100)).toBeLessThan(first * 2 + 20e6);
  });
});

describe('dispose', () => {
  test('the buffer goes with its last view', () => {
    const device = new SimulatedDevice();
    const t = tensor([1, 2, 3, 4], { device });
    const view = t.view([2, 2]);
    t.dispose();
    t.dispose();
    expect(device.memory().buffers).toBe(1);
    view.dispose();
    expect(device.memory().buffers).toBe(0);
    expect(() => view.mul(2)).toThrow(UseAfterFreeError);
  });

  test('a saved tensor outlives the tensor itself', () => {
    const x = leaf(() => 2);
    const a = x.mul(3);
    const y = a.mul(a).sum();
    a.dispose();
    churn();
    y.backward();
    expect(numbers(x.grad)).toEqual(filled(36));
    expect(() => y.backward()).toThrow(AutogradError);
  });

  test('recycled buffers are not cleared, and every op writes all of its result', () => {
    const pool = new CpuBackend();
    const t = tensor(
      Float32Array.from({ length: 200 }, () => 1),
      { device: pool },
    );
    t.dispose();
    expect(pool.memory().bytes).toBe(800);
    const again = noGrad(() =>
      tensor(
        Float32Array.from({ length: 200 }, () => 2),
        { device: pool },
      ).add(1),
    );
    expect(pool.memory().bytes).toBe(0);
    expect(Array.from(again.dataSync())).toEqual(new Array(200).fill(3));
  });
});
