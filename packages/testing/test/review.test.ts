import v8 from 'node:v8';
import vm from 'node:vm';
import { arange, DTypeError, elementwise, full, grad, InPlaceError, scope, type Tensor, tensor, zeros } from '@nabla/core';
import { compiledKernels, constant, debug, input, param } from '@nabla/core/internals';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

// Corners that reviews found, and that no test of a family covers.

/** 100 elements: enough for buffers to be recycled. */
const leaf = (value: number): Tensor => full([100], value, { requiresGrad: true });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());

describe('history of views', () => {
  test('an expanded view that is read after its base was written sums the gradients of what it repeats', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const base = x.mul(1);
    const view = (base.unsqueeze(0) as Tensor).expand([3, 2]);
    base.mul_(2);
    view.sum().backward();
    expect(numbers(x.grad)).toEqual([6, 6]);
  });

  test('so do overlapping windows, of a base that is strided itself, in every order', () => {
    const x = arange(10, { dtype: 'float64' }).requiresGrad_();
    const base = (x.reshape([5, 2]) as Tensor).detach().requiresGrad_();
    const column = base.mul(1).select(1, 1).detach(); // strided, and no view
    const y = column.requiresGrad_().mul(1) as Tensor;
    const windows = y.unfold(0, 3, 1);
    y.mul_(2);
    const [first] = grad(windows.mul(windows).sum(), [column], { createGraph: true });
    expect(numbers(first!)).toEqual([1, 2, 3, 2, 1].map((n, i) => n * 8 * (2 * i + 1)));
    const [second] = grad(first!.sum(), [column]);
    expect(numbers(second!)).toEqual([8, 16, 24, 16, 8]);
  });

  test('a view that requires gradients itself is a leaf like any other: it cannot be written', () => {
    const view = zeros([3]).narrow(0, 0, 2).requiresGrad_();
    expect(() => view.add_(1)).toThrow(InPlaceError);
    expect(numbers(view)).toEqual([0, 0]);
  });
});

describe('retained gradients', () => {
  test('are those of the tensor as it is now, after a write to it', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.mul(1);
    y.retainGrad();
    y.mul_(3);
    y.sum().backward();
    expect(numbers(y.grad)).toEqual([1, 1]);
    expect(numbers(x.grad)).toEqual([3, 3]);
  });

  test('arrive at a view whose base was written before it was asked to retain', () => {
    const base = tensor([1, 2], { requiresGrad: true }).mul(1);
    const view = base.narrow(0, 0, 1);
    base.mul_(2);
    view.retainGrad();
    view.sum().backward();
    expect(numbers(view.grad)).toEqual([1]);
  });
});

test('an input that is named twice gets its gradient once', () => {
  const x = tensor([1, 2], { requiresGrad: true });
  x.mul(2)
    .sum()
    .backward(null, { inputs: [x, x] });
  expect(numbers(x.grad)).toEqual([2, 2]);
});

test('a gradient of another dtype is refused', () => {
  const x = tensor([1, 2], { requiresGrad: true });
  expect(() => {
    x.grad = zeros([2], { dtype: 'float64' });
  }).toThrow(DTypeError);
  expect(x.grad).toBeNull();
});

describe('scopes', () => {
  beforeEach(() => {
    debug.poison = true;
  });
  afterEach(() => {
    debug.poison = false;
  });

  test('a tensor from outside keeps the history that it got by a write inside, through a view too', () => {
    const w = leaf(2);
    const sum = zeros([100]);
    for (let k = 0; k < 2; k++) {
      scope(() => {
        scope(() => {
          sum.add_(w.mul(w));
        });
        sum.narrow(0, 0, 50).mul_(w.narrow(0, 0, 50));
      });
    }
    sum.sum().backward();
    // (w² w + w²) w and 2 w²
    expect(numbers(w.grad)).toEqual([...new Array(50).fill(4 * 8 + 3 * 4), ...new Array(50).fill(8)]);
  });

  test('a gradient that is assigned inside to a tensor from outside survives', () => {
    const w = leaf(2);
    w.grad = zeros([100]);
    scope(() => {
      scope(() => {
        w.grad = w.grad!.add(1);
      });
    });
    expect(numbers(w.grad)).toEqual(new Array(100).fill(1));
  });

  test('a gradient from outside that is assigned to a tensor from inside stays where it was', () => {
    const g = scope(() => {
      const g = zeros([100]);
      scope(() => {
        leaf(1).grad = g;
      });
      return g.add(1);
    });
    expect(numbers(g)).toEqual(new Array(100).fill(1));
  });

  test('a leaf from inside, whose graph is returned, keeps the gradient that it has already', () => {
    let w: Tensor | null = null;
    const y = scope(() => {
      w = leaf(2);
      const y = w.mul(w).sum();
      y.backward(null, { retainGraph: true });
      return y;
    });
    y.backward();
    expect(numbers(w!.grad)).toEqual(new Array(100).fill(8));
  });
});

describe('expressions', () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  /** Weak references let go at the end of a turn of the event loop only. */
  const forget = async (): Promise<void> => {
    for (let k = 0; k < 2; k++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
  };

  test('that an op builds at every call keep their kernels when the collector runs', async () => {
    const x = tensor([3, 4], { requiresGrad: true });
    const run = (): void => {
      for (const p of [1, 2, 3]) x.norm(p).backward();
      x.std().backward();
    };
    run();
    await forget();
    const before = compiledKernels();
    run();
    expect(compiledKernels() - before).toBe(0);
  });

  test('that are made without end, and without a turn of the event loop, are forgotten', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const make = (from: number, n: number): number => {
      for (let i = from; i < from + n; i++) {
        const f = elementwise('f', (a, b) => a.mul(b).add(i).tanh());
        if (i % 100 === 0) f(x, 2).sum().backward();
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const first = make(0, 40_000);
    expect(make(40_000, 40_000) - first).toBeLessThan(10e6);
  });

  test('as text name what is shared, and stay short', () => {
    let e = input(0);
    for (let k = 0; k < 60; k++) e = e.mul(e);
    expect(String(e).length).toBeLessThan(2000);
    expect(String(input(0).add(input(1).mul(-0)))).toBe('add(x0, mul(x1, -0))');
    const s = input(0).exp();
    expect(String(s.mul(s).add(param(0)))).toBe('t0 = exp(x0); add(mul(t0, t0), p0)');
  });

  test('take numbers where they take expressions, in any place', () => {
    const f = elementwise('f', (x, beta) => beta.mul(x));
    expect(f(input(0), 2)).toBe(constant(2).mul(input(0)));
    expect(numbers(elementwise('g', (x) => f(x, 2))(tensor([3])))).toEqual([6]);
  });
});
