import {
  AutogradError,
  checkpoint,
  checkpointSequential,
  Generator,
  GraphFreedError,
  grad,
  gradcheck,
  gradgradcheck,
  InPlaceError,
  manualSeed,
  noGrad,
  rand,
  scope,
  type Tensor,
  tensor,
  ValueError,
} from '@nabla/core';
import { functional as F, Linear, ReLU, Sequential } from '@nabla/nn';
import { describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null | undefined): number[] => Array.from(t!.dataSync());
const times = (a: Tensor, b: Tensor | number): Tensor => a.mul(b as never) as Tensor;

/** Several ops, each of which saves something. */
const deep = (t: Tensor): Tensor => times(times(t.exp() as Tensor, t).sin() as Tensor, t);

describe('checkpoint', () => {
  test('gives what the function gives, and its gradients', () => {
    const [x, y] = [leaf([0.1, 0.2]), leaf([0.1, 0.2])];
    const [a, b] = [checkpoint(deep, x), deep(y)];
    expect(numbers(a)).toEqual(numbers(b));
    a.sum().backward();
    b.sum().backward();
    expect(numbers(x.grad)).toEqual(numbers(y.grad));
  });

  test('runs the function again once per backward, and not at all without one', () => {
    const x = leaf([1, 2]);
    let runs = 0;
    const counted = (t: Tensor): Tensor => {
      runs++;
      return deep(t);
    };
    const y = checkpoint(counted, x).sum();
    expect(runs).toBe(1);
    y.backward(null, { retainGraph: true });
    expect(runs).toBe(2);
    y.backward();
    expect(runs).toBe(3);
    expect(() => y.backward()).toThrow(GraphFreedError);
    expect(runs).toBe(3);
    noGrad(() => checkpoint(counted, x));
    expect(runs).toBe(4);
  });

  test('gradients reach parameters that the function uses from outside, by backward and by grad()', () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const run = (): Tensor => checkpoint((t) => times(times(t, w), w), x).sum();
    run().backward();
    expect([numbers(x.grad), numbers(w.grad)]).toEqual([
      [9, 16],
      [6, 16],
    ]);
    expect(grad(run(), [w, x]).map(numbers)).toEqual([
      [6, 16],
      [9, 16],
    ]);
    // An input that needs no gradient hides none.
    expect(numbers(grad(checkpoint((t) => times(times(t, w), w), plain([1, 2])).sum(), [w])[0])).toEqual([6, 16]);
  });

  test('several results, arguments of every kind, results that are no tensors', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const fn = (a: Tensor, k: number, o: { readonly b: Tensor }): { both: Tensor[]; k: number } => ({
      both: [times(times(a, o.b), k), times(a.exp() as Tensor, 0).add(o.b) as Tensor],
      k,
    });
    const out = checkpoint(fn, x, 10, { b: y });
    expect(out.k).toBe(10);
    out.both[0]!.sum().backward();
    expect([numbers(x.grad), numbers(y.grad)]).toEqual([
      [30, 40],
      [10, 20],
    ]);
    out.both[1]!.sum().backward();
    expect(numbers(y.grad)).toEqual([11, 21]);
  });

  test('nested', () => {
    const x = leaf([0.3, 0.4]);
    let [outer, inner] = [0, 0];
    const y = checkpoint((t) => {
      outer++;
      const h = deep(t);
      return deep(
        checkpoint((u) => {
          inner++;
          return deep(u);
        }, h),
      );
    }, x).sum();
    y.backward();
    const want = leaf([0.3, 0.4]);
    deep(deep(deep(want)))
      .sum()
      .backward();
    expect(numbers(x.grad)).toEqual(numbers(want.grad));
    // The second run of the outer one keeps nothing of the inner one, which runs a third time.
    expect([outer, inner]).toEqual([2, 3]);
  });

  test('gradients of higher order', () => {
    const x = leaf([0.3, -0.7]);
    expect(gradcheck((t) => checkpoint(deep, t), x)).toBe(true);
    expect(gradgradcheck((t) => checkpoint(deep, t), x)).toBe(true);
    expect(gradgradcheck((t) => checkpoint((u) => deep(checkpoint(deep, u)), t), x)).toBe(true);
  });

  test('a gradient taken inside of the function', () => {
    const x = leaf([1, 2]);
    const penalty = (t: Tensor): Tensor => {
      const [g] = grad(times(times(t, t), t).sum(), [t], { createGraph: true });
      return times(g, g).sum();
    };
    const z = checkpoint(penalty, x);
    z.backward();
    // (3 x²)² = 9 x⁴, whose derivative is 36 x³.
    expect(numbers(x.grad)).toEqual([36, 288]);
  });

  test('random numbers are the same in the second run, from whichever generator', () => {
    const own = new Generator(7);
    const noisy = (t: Tensor): Tensor => times(F.dropout(t, 0.5, true), rand([8], { dtype: 'float64', generator: own }));
    const make = (): Tensor => leaf([1, 2, 3, 4, 5, 6, 7, 8]);
    const x = make();
    manualSeed(3);
    const y = checkpoint(noisy, x);
    const position = own.offset;
    y.sum().backward();
    const after = rand([2]);
    // y = x · mask · noise, so its gradient is y / x.
    expect(numbers(x.grad).map((g, i) => g * (i + 1))).toEqual(numbers(y).map((v) => expect.closeTo(v, 12) as unknown as number));
    expect(numbers(y).includes(0) && numbers(y).some((v) => v > 0)).toBe(true);
    // Outside, the streams go on as if there had been no second run.
    expect(own.offset).toBe(position);
    manualSeed(3);
    F.dropout(make(), 0.5, true);
    expect(numbers(rand([2]))).toEqual(numbers(after));
  });

  test('writes in place inside of the function', () => {
    const run = (t: Tensor): Tensor => {
      const h = times(t, t);
      h.narrow(0, 0, 1).mul_(t.narrow(0, 1, 1));
      return h.sigmoid_() as Tensor;
    };
    const [x, y] = [leaf([0.1, 0.2]), leaf([0.1, 0.2])];
    checkpoint(run, x).sum().backward();
    run(y).sum().backward();
    expect(numbers(x.grad)).toEqual(numbers(y.grad));
  });

  test('an argument that was written to in between', () => {
    const x = times(leaf([1, 2]), 1);
    const y = checkpoint(deep, x).sum();
    x.add_(1);
    expect(() => y.backward()).toThrow(InPlaceError);
    expect(() => y.backward()).toThrow(
      /a tensor that 'checkpoint' needs for its gradient was changed in place: .* is at version 1, expected version 0/,
    );
  });

  test('a function that does not do the same again', () => {
    let calls = 0;
    const more = checkpoint((t) => (calls++ === 0 ? deep(t) : (t.exp() as Tensor)), leaf([1, 2])).sum();
    expect(() => more.backward()).toThrow(AutogradError);
    calls = 0;
    const fewer = checkpoint((t) => (calls++ === 0 ? (t.exp() as Tensor) : deep(t)), leaf([1, 2])).sum();
    expect(() => fewer.backward()).toThrow(
      /checkpoint: the second run saved \d+ tensors, the first 1; the function must compute the same whenever it is called/,
    );
    calls = 0;
    const other = checkpoint((t) => (calls++ === 0 ? (t.exp() as Tensor) : (t.narrow(0, 0, 1).exp() as Tensor)), leaf([1, 2])).sum();
    expect(() => other.backward()).toThrow('checkpoint: saved tensor 0 is float64 [1] in the second run, it was float64 [2] in the first');
  });

  test('asynchronous functions are refused', () => {
    expect(() => checkpoint(async (t: Tensor) => t, leaf([1]))).toThrow(ValueError);
    expect(() => checkpoint(async (t: Tensor) => t, leaf([1]))).toThrow(/checkpoint: the callback is asynchronous/);
  });
});

describe('memory', () => {
  /** Buffers on a device after the forward pass of ten blocks in a scope, and the gradient. */
  async function measure(
    block: (f: (t: Tensor) => Tensor, t: Tensor) => Tensor,
  ): Promise<{ held: number; gradient: number[]; left: number }> {
    const device = new SimulatedDevice();
    const x = tensor([0.1, 0.2], { device, requiresGrad: true });
    const before = device.memory().buffers;
    let held = 0;
    scope(() => {
      const loss = scope(() => {
        let h: Tensor = x;
        for (let k = 0; k < 10; k++) h = block((t) => t.sin().exp().sigmoid().tanh() as Tensor, h);
        return h.sum();
      });
      held = device.memory().buffers - before;
      loss.backward();
    });
    const left = device.memory().buffers - before;
    return { held, gradient: Array.from(await x.grad!.data()), left };
  }

  test('only the arguments of the blocks are kept, and after backward nothing', async () => {
    const kept = await measure((f, t) => f(t));
    const checked = await measure((f, t) => checkpoint(f, t));
    const all = await measure((f, t) => checkpoint((u) => checkpoint(f, u), t));
    expect(checked.gradient).toEqual(kept.gradient);
    expect(all.gradient).toEqual(kept.gradient);
    expect(kept.held).toBeGreaterThanOrEqual(30);
    // The inputs of nine blocks (the first is the leaf), the loss.
    expect([checked.held, all.held]).toEqual([10, 10]);
    // The gradient of the leaf.
    expect([kept.left, checked.left, all.left]).toEqual([1, 1, 1]);
  });

  test('a graph that nobody walks holds nothing after its scope', () => {
    const device = new SimulatedDevice();
    const x = tensor([0.1, 0.2], { device, requiresGrad: true });
    const before = device.memory().buffers;
    scope(() => {
      checkpoint(deep, checkpoint(deep, x));
    });
    expect(device.memory().buffers).toBe(before);
  });
});

describe('checkpointSequential', () => {
  const steps = [1, 2, 3, 4, 5].map(
    (k) =>
      (t: Tensor): Tensor =>
        times(t, t).add(k) as Tensor,
  );

  test('functions and modules, in any number of parts', () => {
    for (const segments of [1, 2, 3, 5]) {
      const x = leaf([0.1]);
      const y = leaf([0.1]);
      checkpointSequential(steps, segments, x).sum().backward();
      steps
        .reduce((t, f) => f(t), y as Tensor)
        .sum()
        .backward();
      expect(numbers(x.grad)).toEqual(numbers(y.grad));
    }
    const model = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 1));
    const input = tensor([[1, 2]]);
    checkpointSequential(model as never, 2, input)
      .sum()
      .backward();
    const first = model.parameters().map((p) => numbers(p.grad));
    model.zeroGrad();
    model
      .call(input as never)
      .sum()
      .backward();
    expect(model.parameters().map((p) => numbers(p.grad))).toEqual(first);
  });

  test('runs the last part once only', () => {
    const runs = [0, 0, 0, 0];
    const counted = runs.map((_, i) => (t: Tensor): Tensor => {
      runs[i]!++;
      return t.exp() as Tensor;
    });
    checkpointSequential(counted, 2, leaf([0.1]))
      .sum()
      .backward();
    expect(runs).toEqual([2, 2, 1, 1]);
  });

  test('misuse', () => {
    expect(() => checkpointSequential([], 1, leaf([1]))).toThrow('checkpointSequential: there are no steps');
    expect(() => checkpointSequential(steps, 6, leaf([1]))).toThrow(
      'checkpointSequential: segments must be an integer from 1 to 5, the number of steps, got 6',
    );
    expect(() => checkpointSequential(steps, 1.5, leaf([1]))).toThrow(ValueError);
  });
});
