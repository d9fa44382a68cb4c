import { customFunction, defineOp, defineView, grad, noGrad, scaledDotProductAttention, scope, type Tensor, tensor } from '@nabla/core';
import { debug } from '@nabla/core/internals';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

// Backward gives the buffers of its own gradients back as soon as they were used, and here overwrites them: whoever still has a
// right to one must read what it was.

const { giveBackFrom } = debug;
beforeEach(() => {
  debug.poison = true;
  debug.giveBackFrom = 0;
});
afterEach(() => {
  debug.poison = false;
  debug.giveBackFrom = giveBackFrom;
});

const size = 100; // buffers of this size are recycled
const filled = (value: number): number[] => new Array<number>(size).fill(value);
const leaf = (value: number): Tensor => tensor(filled(value), { dtype: 'float64', requiresGrad: true });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());

/** x -> 2x by way of ops on both sides, so that what `middle` gets and gives are gradients of the pass. */
function through(middle: (t: Tensor) => Tensor): Tensor {
  const x = leaf(3);
  middle(x.mul(2)).mul(5).mul(1).sum().backward();
  return x;
}

const seen: Tensor[] = [];
beforeEach(() => {
  seen.length = 0;
});
const stash = (g: Tensor): Tensor => {
  seen.push(g);
  return g;
};

const stashing = defineOp<void>({
  name: 'test.stashing',
  infer: ([a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  forward: ([a]) => [noGrad(() => a!.mul(1))],
  backward: (_ctx, [g]) => [stash(g!)],
});
const stashingView = defineView<void>({
  name: 'test.stashingView',
  window: (t) => t,
  backward: (_ctx, g) => stash(g),
});
const stashingFunction = customFunction({
  name: 'stashingFunction',
  forward: (_ctx, x: Tensor) => x.mul(1),
  backward: (_ctx, g) => [stash(g as Tensor)],
});

describe('gradients that somebody may have kept are not given back', () => {
  test.each([
    ['by the op of a user', (t: Tensor) => stashing([t], undefined)[0]!],
    ['by the view of a user', (t: Tensor) => stashingView(t, undefined)],
    ['by a custom function', (t: Tensor) => stashingFunction(t)],
    [
      'by the hook of a tensor',
      (t: Tensor) => {
        t.registerHook((g) => {
          seen.push(g);
        });
        return t;
      },
    ],
    [
      'by the hook of a node',
      (t: Tensor) => {
        t.gradFn!.registerHook((_results, incoming) => {
          seen.push(incoming[0]!);
        });
        return t;
      },
    ],
    [
      'by the hook of a node, before it runs',
      (t: Tensor) => {
        t.gradFn!.registerPreHook((incoming) => {
          seen.push(incoming[0]!);
        });
        return t;
      },
    ],
  ])('%s', (_who, middle) => {
    const x = through(middle);
    expect(seen.map(numbers)).toEqual([filled(5)]);
    expect(numbers(x.grad)).toEqual(filled(10));
  });

  test('by a tensor that retains its gradient', () => {
    const kept: Tensor[] = [];
    through((t) => {
      t.retainGrad();
      kept.push(t);
      return t;
    });
    expect(numbers(kept[0]!.grad)).toEqual(filled(5));
  });

  test('by whoever asked for gradients on the way', () => {
    const x = leaf(3);
    const y = x.mul(2);
    const z = y.exp();
    const [dx, dy, dz] = grad(z.mul(4).sum(), [x, y, z]);
    expect(numbers(dz)).toEqual(filled(4));
    expect(numbers(dy)[0]).toBeCloseTo(4 * Math.exp(6), 6);
    expect(numbers(dx)[0]).toBeCloseTo(8 * Math.exp(6), 6);
  });

  test('by the caller, whose gradient it is', () => {
    const x = leaf(3);
    const given = tensor(filled(7), { dtype: 'float64' });
    x.add(1).backward(given);
    expect(numbers(given)).toEqual(filled(7));
    expect(numbers(x.grad)).toEqual(filled(7));
  });

  test('by two inputs that get the same tensor, and by leaves behind views of it', () => {
    const [a, b, c] = [leaf(1), leaf(2), leaf(3)];
    const sum = a.add(b).add(c.reshape([10, 10]).reshape([size]) as Tensor);
    sum.mul(2).sum().backward();
    for (const t of [a, b, c]) expect(numbers(t.grad)).toEqual(filled(2));
  });

  test('by a leaf that has a gradient already, nor by one used several times', () => {
    const x = leaf(3);
    for (let k = 0; k < 2; k++) x.mul(x).add(x).mul(1).sum().backward();
    expect(numbers(x.grad)).toEqual(filled(14));
  });
});

describe('gradients of parts are added to where those of others have come', () => {
  const halves = (a: number, b: number): number[] => [...new Array<number>(size / 2).fill(a), ...new Array<number>(size / 2).fill(b)];

  test.each([false, true])('parts that cover a tensor, and one that lies across them; retained: %s', (retained) => {
    const x = leaf(1);
    const y = x.mul(2);
    if (retained) y.retainGrad();
    const [a, b] = y.chunk(2) as [Tensor, Tensor];
    const middle = y.narrow(0, size / 4, size / 2);
    a.mul(3).sum().add(b.mul(5).sum()).add(middle.mul(7).sum()).add(y.select(0, 0).mul(100)).backward();
    const want = halves(3, 5).map((v, i) => v + (i >= size / 4 && i < (3 * size) / 4 ? 7 : 0) + (i === 0 ? 100 : 0));
    expect(numbers(x.grad)).toEqual(want.map((v) => v * 2));
    if (retained) expect(numbers(y.grad)).toEqual(want);
  });

  test('not to a gradient that goes elsewhere too', () => {
    const [x, w] = [leaf(1), leaf(1)];
    const [y, u] = [x.mul(2), w.mul(1)];
    const part = y
      .narrow(0, 0, size / 2)
      .mul(7)
      .sum();
    // Made later, so that its gradient comes first: one tensor for both.
    const sum = y.add(u).mul(3).sum();
    part.add(sum).backward();
    expect(numbers(w.grad)).toEqual(filled(3));
    expect(numbers(x.grad)).toEqual(halves(20, 6));
  });

  test('not to one that somebody keeps', () => {
    const x = leaf(1);
    const y = x.mul(2);
    const part = y
      .narrow(0, 0, size / 2)
      .mul(7)
      .sum();
    const whole = stashing([y], undefined)[0]!.mul(3).sum();
    part.add(whole).backward();
    expect(seen.map(numbers)).toEqual([filled(3)]);
    expect(numbers(x.grad)).toEqual(halves(20, 6));
  });

  test('as often as a graph is walked, and when it is differentiated again', () => {
    const x = leaf(2);
    const y = x.mul(x);
    const [a, b] = y.chunk(2) as [Tensor, Tensor];
    const loss = a.mul(a).sum().add(b.sum());
    const [first] = grad(loss, [x], { createGraph: true });
    const [second] = grad(first.sum(), [x], { retainGraph: true });
    expect(numbers(second)).toEqual(halves(48, 2));
    for (let k = 0; k < 2; k++) expect(numbers(grad(loss, [x], { retainGraph: true })[0])).toEqual(halves(32, 4));
  });
});

describe('what is given back', () => {
  const chain = (device: SimulatedDevice, length: number): { x: Tensor; loss: Tensor } => {
    const x = tensor(Float32Array.from(filled(0.5)), { requiresGrad: true, device });
    let y = x as Tensor;
    for (let i = 0; i < length; i++) y = y.sin().mul(1.5);
    return { x, loss: y.sum() };
  };

  test('all gradients on the way, without a scope', () => {
    const device = new SimulatedDevice();
    const { x, loss } = chain(device, 20);
    const before = device.memory().buffers;
    loss.backward();
    // The gradient of x, and that of the loss, which `backward` made up.
    expect(device.memory().buffers - before).toBeLessThanOrEqual(2);
    expect(x.grad).not.toBeNull();
  });

  test('nothing of a pass that may be differentiated again', () => {
    const device = new SimulatedDevice();
    const { x, loss } = chain(device, 20);
    const before = device.memory().buffers;
    loss.backward(null, { createGraph: true });
    expect(device.memory().buffers - before).toBeGreaterThan(40);
    expect(x.grad!.requiresGrad).toBe(true);
  });

  test('the scores of an attention that nobody needs for its gradient', () => {
    const buffers = (from: number): number => {
      debug.giveBackFrom = from;
      const device = new SimulatedDevice();
      const [q, k, v] = [1, 2, 3].map((value) => tensor(new Float32Array(60).fill(value), { device }).reshape([5, 12]).requiresGrad_(true));
      const before = device.memory().buffers;
      const y = scaledDotProductAttention(q!, k!, v!, { isCausal: true });
      expect(y.shape).toEqual([5, 12]);
      return device.memory().buffers - before;
    };
    // The queries with their factor, the mask and the weights stay, and the result.
    expect(buffers(0)).toBe(4);
    expect(buffers(Number.POSITIVE_INFINITY)).toBe(6);
  });

  test('small ones are left to the collector, or to the scope', () => {
    debug.giveBackFrom = size + 1;
    const device = new SimulatedDevice();
    scope(() => {
      const { loss } = chain(device, 20);
      const before = device.memory().buffers;
      loss.backward();
      expect(device.memory().buffers - before).toBeGreaterThan(20);
    });
    expect(device.memory().buffers).toBe(0);
  });
});
