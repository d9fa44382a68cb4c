import { AutogradError, type Disposer, DTypeError, grad, noGrad, type Tensor, tensor } from '@nabla/core';
import { replaceData } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';

const leaf = (values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null | undefined): number[] => Array.from(t!.dataSync());
const times = (a: Tensor, b: Tensor | number): Tensor => a.mul(b as never) as Tensor;

describe('registerHook', () => {
  test('on a leaf: sees the gradient of every pass, before it is accumulated', () => {
    const x = leaf([1, 2]);
    const seen: number[][] = [];
    x.registerHook((g) => {
      seen.push(numbers(g));
    });
    // Two contributions, one gradient.
    times(x, x).add(times(x, 3)).sum().backward();
    x.sum().backward();
    expect(seen).toEqual([
      [5, 7],
      [1, 1],
    ]);
    expect(numbers(x.grad)).toEqual([6, 8]);
  });

  test('what it returns takes the place of the gradient, in the order of registration', () => {
    const x = leaf([1, 2]);
    const y = times(x, 2);
    y.registerHook((g) => times(g, 10));
    y.registerHook((g) => g.add(1) as Tensor);
    y.registerHook(() => undefined);
    y.registerHook(() => null);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([22, 22]);
  });

  test('removing one, by a call and by using', () => {
    const x = leaf([1]);
    const remove = x.registerHook((g) => times(g, 10));
    {
      using _ = x.registerHook((g) => g.add(1) as Tensor);
      x.sum().backward();
    }
    expect(numbers(x.grad)).toEqual([11]);
    x.sum().backward();
    expect(numbers(x.grad)).toEqual([21]);
    remove();
    remove();
    x.sum().backward();
    expect(numbers(x.grad)).toEqual([22]);
  });

  test('the same function twice, and a hook that removes itself', () => {
    const x = leaf([1]);
    const twice = (g: Tensor): Tensor => times(g, 2);
    x.registerHook(twice);
    x.registerHook(twice);
    const once: Disposer = x.registerHook((g) => {
      once();
      return times(g, 5);
    });
    x.sum().backward();
    x.sum().backward();
    expect(numbers(x.grad)).toEqual([24]);
  });

  test('a retained gradient is what the hooks made of it, whichever came first', () => {
    const x = leaf([1, 2]);
    const y = times(x, 2);
    y.registerHook((g) => times(g, 3));
    y.retainGrad();
    y.registerHook((g) => times(g, 5));
    y.sum().backward();
    expect([numbers(y.grad), numbers(x.grad)]).toEqual([
      [15, 15],
      [30, 30],
    ]);
  });

  test('with grad(): on the way, and on the inputs themselves', () => {
    const x = leaf([1, 2]);
    const y = times(x, 2);
    x.registerHook((g) => times(g, 10));
    y.registerHook((g) => times(g, 100));
    const z = y.sum();
    expect(numbers(grad(z, [x], { retainGraph: true })[0])).toEqual([2000, 2000]);
    expect(numbers(grad(z, [y])[0])).toEqual([100, 100]);
    expect(x.grad).toBeNull();
  });

  test('grad() fills retained gradients on the way', () => {
    const x = leaf([1, 2]);
    const y = times(x, 2);
    y.retainGrad();
    const [dx] = grad(times(y, y).sum(), [x]);
    expect([numbers(dx), numbers(y.grad), x.grad]).toEqual([[8, 16], [4, 8], null]);
  });

  test('a write in place leaves it with the old value', () => {
    const x = leaf([1, 2]);
    const y = times(x, 2);
    const seen: string[] = [];
    y.registerHook((g) => {
      seen.push(`before ${numbers(g)}`);
    });
    y.mul_(3);
    y.registerHook((g) => {
      seen.push(`after ${numbers(g)}`);
    });
    y.sum().backward();
    expect(seen).toEqual(['after 1,1', 'before 3,3']);
  });

  test('a gradient that it keeps is not written to later', () => {
    const x = leaf([1, 2]);
    let kept: Tensor | null = null;
    x.registerHook((g) => {
      kept = g;
    });
    const y = x.clone();
    y.sum().backward();
    x.grad!.add_(5);
    x.sum().backward();
    expect(numbers(kept)).toEqual([1, 1]);
    expect(kept).not.toBe(x.grad);
  });

  test('second order: replacing a gradient is part of the graph', () => {
    const x = leaf([3]);
    const y = times(x, x);
    y.registerHook((g) => times(g, y.detach()));
    const [dx] = grad(times(y, y).sum(), [x], { createGraph: true });
    // 2 y · 9 · 2 x, where 9 is a constant of the hook. In the second pass the hook multiplies again what arrives at y.
    expect(numbers(dx)).toEqual([2 * 9 * 9 * 6]);
    expect(numbers(grad(dx.sum(), [x])[0])).toEqual([2 * 9 * 9 * 2 + 2 * 9 * 6 * 9 * 6]);
  });

  test('survives Module.to and the like, which replace the elements', () => {
    const x = leaf([1, 2]);
    x.registerHook((g) => times(g, 2));
    replaceData(x, tensor([1, 2]));
    x.sum().backward();
    expect([x.grad!.dtype, numbers(x.grad)]).toEqual(['float32', [2, 2]]);
  });

  test('misuse', () => {
    const x = leaf([1, 2]);
    expect(() => plain([1]).registerHook((g) => g)).toThrow('registerHook: the tensor does not require gradients');
    const run = (hook: (g: Tensor) => unknown) => () => {
      const y = times(x, 2);
      y.registerHook(hook as never);
      y.sum().backward();
    };
    expect(run((g) => g.sum())).toThrow(AutogradError);
    expect(run((g) => g.sum())).toThrow("a hook on a result of 'mul' changed the shape of the gradient from [2] to []");
    expect(run((g) => g.to('float32'))).toThrow("a hook on a result of 'mul' changed the dtype of the gradient from float64 to float32");
    expect(run(() => 3)).toThrow("a hook on a result of 'mul' returned number, expected a tensor or nothing");
    expect(x.grad).toBeNull();
  });

  test('a failing hook on a leaf changes no gradient of another', () => {
    const x = leaf([1]);
    const y = leaf([1]);
    y.registerHook(() => {
      throw new RangeError('inside');
    });
    expect(() => times(x, y).backward()).toThrow('inside');
    expect([x.grad, y.grad]).toEqual([null, null]);
  });
});

describe('registerPostAccumulateGradHook', () => {
  test('runs after each accumulation, as soon as the gradient is complete', () => {
    const [a, b] = [leaf([2]), leaf([3])];
    const events: string[] = [];
    a.registerPostAccumulateGradHook((t) => {
      events.push(`a ${numbers(t.grad)}`);
    });
    const h = times(a, b);
    h.registerHook(() => {
      events.push('h');
    });
    // b is used before a for the last time: a's gradient is complete first.
    times(times(h, a), 2).sum().backward();
    a.sum().backward();
    expect(events).toEqual(['h', `a ${2 * 2 * 2 * 3}`, `a ${2 * 2 * 2 * 3 + 1}`]);
    expect(numbers(b.grad)).toEqual([8]);
  });

  test('an optimizer step inside of backward', () => {
    const w = leaf([1, 2]);
    w.registerPostAccumulateGradHook((t) => {
      noGrad(() => t.sub_(t.grad!, { alpha: 0.5 }));
      t.grad = null;
    });
    times(w, 4).sum().backward();
    expect([numbers(w), w.grad]).toEqual([[-1, 0], null]);
  });

  test('with inputs, not with grad(), and not once removed', () => {
    const x = leaf([1]);
    let calls = 0;
    const remove = x.registerPostAccumulateGradHook(() => {
      calls++;
    });
    x.sum().backward(null, { inputs: [x] });
    grad(x.sum(), [x]);
    expect(calls).toBe(1);
    remove();
    x.sum().backward();
    expect(calls).toBe(1);
  });

  test('refuses what is no leaf', () => {
    const y = times(leaf([1]), 2);
    expect(() => y.registerPostAccumulateGradHook(() => {})).toThrow(
      "registerPostAccumulateGradHook: only leaves accumulate gradients, this tensor is the result of 'mul'; use registerHook",
    );
    expect(() => plain([1]).registerPostAccumulateGradHook(() => {})).toThrow(/does not require gradients/);
  });
});

describe('gradFn', () => {
  test('names the op and leads to those before it', () => {
    const x = leaf([1, 2]);
    const y = plain([3, 4]);
    const z = times(x.exp() as Tensor, y).sum();
    const sum = z.gradFn!;
    const [[mul, output]] = sum.nextFunctions as never as [[NonNullable<Tensor['gradFn']>, number]];
    expect([sum.name, mul.name, output]).toEqual(['sum', 'mul', 0]);
    const [first, second] = mul.nextFunctions;
    expect([first![0].name, second]).toEqual(['exp', null]);
    const [sink] = first![0].nextFunctions[0]!;
    expect([sink.name, sink.leaf === x, sink.nextFunctions]).toEqual(['accumulateGrad', true, []]);
    expect([x.gradFn, y.gradFn, noGrad(() => x.mul(2)).gradFn]).toEqual([null, null, null]);
  });

  test('hooks before and after the backward of an op', () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const y = times(x, w);
    const seen: unknown[] = [];
    const node = y.gradFn!;
    const removePre = node.registerPreHook(([g]) => [times(g!, 2)]);
    const remove = node.registerHook((gradInputs, gradOutputs) => {
      seen.push([gradInputs.map(numbers), gradOutputs.map(numbers)]);
      return [times(gradInputs[0]!, 10), null];
    });
    y.sum().backward(null, { retainGraph: true });
    expect(seen).toEqual([
      [
        [
          [6, 8],
          [2, 4],
        ],
        [[2, 2]],
      ],
    ]);
    expect([numbers(x.grad), w.grad]).toEqual([[60, 80], null]);
    removePre();
    remove();
    y.sum().backward();
    expect([numbers(x.grad), numbers(w.grad)]).toEqual([
      [63, 84],
      [1, 2],
    ]);
  });

  test('hooks on the node of a leaf', () => {
    const x = leaf([1, 2]);
    const y = times(x, 2);
    const sink = y.gradFn!.nextFunctions[0]![0];
    sink.registerPreHook(([g]) => [times(g!, 3)]);
    sink.registerHook((gradInputs, gradOutputs) => {
      expect([gradInputs, gradOutputs.map(numbers)]).toEqual([[], [[6, 6]]]);
      return undefined;
    });
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([6, 6]);
  });

  test('a hook that gives the wrong number of gradients', () => {
    const y = times(leaf([1]), leaf([2]));
    y.gradFn!.registerHook(([g]) => [g!]);
    expect(() => y.backward()).toThrow("a hook on 'mul' returned 1 gradients, expected 2 gradients or nothing");
  });
});

describe('replaced elements', () => {
  test('gradients of graphs recorded before do not arrive', () => {
    const x = leaf([1, 2]);
    const y = times(x, x).sum();
    replaceData(x, tensor([5, 6]));
    y.backward();
    expect(x.grad).toBeNull();
    times(x, x).sum().backward();
    expect([x.grad!.dtype, numbers(x.grad)]).toEqual(['float32', [10, 12]]);
  });

  test('views made before keep the old elements, and their own history', () => {
    const x = leaf([1, 2, 3, 4]);
    const v = x.narrow(0, 2, 2);
    const data = tensor([0, 10, 0, 20, 0, 30, 0, 40], { dtype: 'float64' }).unfold(0, 1, 2).select(1, 0);
    replaceData(x, data.narrow(0, 0, 4));
    const w = x.narrow(0, 1, 2);
    noGrad(() => {
      v.mul_(100);
      w.add_(1);
    });
    expect([numbers(v), numbers(x)]).toEqual([
      [300, 400],
      [0, 1, 1, 0],
    ]);
    // A write that is recorded is one of the view alone.
    const y = plain([1, 2, 3, 4]);
    const u = y.narrow(0, 2, 2);
    replaceData(y, plain([5, 6, 7, 8]));
    const s = leaf([2]);
    u.mul_(s);
    expect([numbers(u), numbers(y), u.requiresGrad, y.requiresGrad]).toEqual([[6, 8], [5, 6, 7, 8], true, false]);
    u.sum().backward();
    expect(numbers(s.grad)).toEqual([7]);
  });
});

test('a gradient that does not fit is refused', () => {
  const x = leaf([1, 2]);
  expect(() => {
    x.grad = tensor([1, 2]);
  }).toThrow(DTypeError);
  expect(x.grad).toBeNull();
});
