import v8 from 'node:v8';
import vm from 'node:vm';
import {
  arange,
  customFunction,
  DTypeError,
  elementwise,
  eye,
  float,
  full,
  grad,
  InPlaceError,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  ValueError,
  where,
  zeros,
} from '@nabla/core';
import { CpuBackend, compiledKernels, constant, debug, input, param } from '@nabla/core/internals';
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

const int32 = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const uint8 = (...values: number[]): Tensor => tensor(Uint8Array.from(values));
const int64 = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });
const largest = 2 ** 53 - 1;

describe('numbers beside integer tensors', () => {
  test('compare as they are, though the dtype of the tensor cannot hold them', () => {
    expect(numbers(uint8(5).lt(256))).toEqual([1]);
    expect(numbers(uint8(5).gt(-1))).toEqual([1]);
    expect(numbers(int32(5).lt(3e9))).toEqual([1]);
    expect(numbers(int32(5).eq(2 ** 32 + 5))).toEqual([0]);
    expect(numbers(int64(largest).lt(2 ** 53))).toEqual([1]);
    expect(numbers(int64(5).gt(-1e300))).toEqual([1]);
  });

  test('are refused where they would be handed on wrapped around', () => {
    expect(() => uint8(5).clamp(0, 300)).toThrow(/clamp: 300 does not fit uint8/);
    const t = uint8(5);
    expect(() => t.clamp_(-1, 200)).toThrow(/clamp_: -1 does not fit uint8/);
    expect(() => t.clampMin(256)).toThrow(DTypeError);
    expect(() => where(t.gt(0), t, 300)).toThrow(DTypeError);
    expect(() => t.maskedFill(t.gt(0), 300)).toThrow(DTypeError);
    expect(() => t.indexPut_([0], 300)).toThrow(DTypeError);
    expect(() => t.fill_(300)).toThrow(/fill_: 300 does not fit uint8/);
    expect(numbers(t)).toEqual([5]);
    expect(() => tensor([300], { dtype: 'uint8' })).toThrow(/tensor: 300 does not fit uint8/);
    expect(() => full([1], 3e9, { dtype: 'int32' })).toThrow(/full: 3000000000 does not fit int32/);
    expect(() => tensor([Number.NaN], { dtype: 'int32' })).toThrow(DTypeError);
    expect(numbers(full([1], -1, { dtype: 'uint8' }))).toEqual([255]); // as in PyTorch
    expect(numbers(tensor([1.9, -1.9], { dtype: 'int32' }))).toEqual([1, -1]);
  });

  test('wrap in arithmetic, as in PyTorch', () => {
    expect(numbers(uint8(5).add(300))).toEqual([49]);
    expect(numbers(int32(3).mul_(2 ** 32 + 1))).toEqual([3]);
  });
});

describe('integer arithmetic', () => {
  test('an overflow or a bad shift leaves nothing written in place', () => {
    const big = int64(1, 2 ** 52, 3);
    expect(() => big.mul_(4)).toThrow(DTypeError);
    expect(numbers(big)).toEqual([1, 2 ** 52, 3]);
    const row = int64(1, 2 ** 52, 3).narrow(0, 0, 2);
    expect(() => row.mul_(4)).toThrow(DTypeError);
    expect(numbers(row)).toEqual([1, 2 ** 52]);
    const shifted = int32(1, 2);
    expect(() => shifted.bitwiseLeftShift_(int32(1, -1))).toThrow(ValueError);
    expect(numbers(shifted)).toEqual([1, 2]);
  });

  test('int64 is exact or an error on the way too', () => {
    const sum = int64(largest, 2, -2);
    expect(() => sum.sum()).toThrow(DTypeError);
    expect(() => (sum.reshape([3, 1]) as Tensor).sum(0)).toThrow(DTypeError);
    expect(() => int64(largest).scatterAdd(0, int64(0, 0), int64(1, -1))).toThrow(DTypeError);
    expect(() => sum.matmul(int64(1, 1, 1))).toThrow(DTypeError);
    expect(() => int64(2 ** 40, -(2 ** 40)).matmul(int64(2 ** 20 + 1, 2 ** 20))).toThrow(DTypeError);
    expect(() => int64(-5).addcmul(int64(94906267), int64(94906267))).toThrow(DTypeError);
  });

  test('products of int32 and uint8 wrap before a double loses their low bits', () => {
    const most = 2 ** 31 - 1;
    expect(numbers(int32(0).addcmul(int32(most), int32(most)))).toEqual([1]);
    expect(int32(most, most, 3).prod(null, { dtype: 'int32' }).item()).toBe(3);
    const bytes = uint8(255, 255, 255, 255, 255, 255, 255, 255);
    expect(bytes.prod(null, { dtype: 'uint8' }).item()).toBe(1);
  });

  test('a fraction among integers in an expression is an error, not a fraction in an integer tensor', () => {
    const half = elementwise('half', (x) => x.mul(0.5), { dtype: 'promote' });
    expect(() => half(int64(5))).toThrow(/the constant 0.5 of an expression is no int64/);
    expect(numbers(half(tensor([5])))).toEqual([2.5]);
  });
});

describe('arguments that make no sense', () => {
  const wrong = [
    ['2', 'string'],
    [2n, 'bigint'],
    [[1], 'an array'],
    [null, 'null'],
    [undefined, 'undefined'],
  ] as const;
  test.each(wrong)('%s as an operand', (operand, what) => {
    expect(() => tensor([1]).add(operand as never)).toThrow(`add: an operand must be a tensor, a number or a boolean, got ${what}`);
    expect(() => tensor([1]).mul_(operand as never)).toThrow(ValueError);
  });

  test('data and shapes of tensors', () => {
    expect(() => tensor([1, 2, 3, 4], { shape: [-2, -2] })).toThrow(ShapeError);
    expect(() => tensor([1, 2, 3, 4, 5], { shape: [2.5, 2] })).toThrow(ShapeError);
    expect(() => tensor({ a: 1 } as never)).toThrow(ValueError);
    expect(() => tensor(null as never)).toThrow(ValueError);
    expect(() => eye(-1)).toThrow(ShapeError);
    expect(() => tensor([1]).to('float16' as never)).toThrow(/to: unknown dtype 'float16'/);
  });

  test('but numbers marked as floating are data', () => {
    const t = tensor([float(1), 2n]);
    expect([t.dtype, numbers(t)]).toEqual(['float32', [1, 2]]);
  });
});

describe('recycled buffers', () => {
  test('those of shapes that are not asked for any more make room for others', () => {
    const backend = new CpuBackend();
    const mebibytes = 2 ** 20 / 4;
    const give = (n: number, count: number): void => {
      const made = Array.from({ length: count }, () => backend.fill(0, 'float32', n));
      for (const h of made) backend.free(h, 'float32');
    };
    give(16 * mebibytes, 16);
    expect(backend.memory().bytes).toBe(2 ** 28);
    const handle = backend.fill(0, 'float32', 10 * mebibytes);
    backend.free(handle, 'float32');
    expect(backend.memory().bytes).toBeLessThanOrEqual(2 ** 28);
    expect(backend.fill(1, 'float32', 10 * mebibytes) === handle).toBe(true);
  });

  test('poison shows in integers and bools too', () => {
    const backend = new CpuBackend();
    debug.poison = true;
    try {
      for (const dtype of ['bool', 'uint8', 'int32'] as const) {
        const handle = backend.fill(0, dtype, 3);
        backend.free(handle, dtype);
        expect(Array.from(backend.readSync(handle, dtype, 3)).every((x) => x !== 0)).toBe(true);
      }
    } finally {
      debug.poison = false;
    }
  });
});

describe('results of custom functions', () => {
  const backward = (_ctx: unknown, g: Tensor): Tensor => g.neg();

  test('are tensors of their own: writing one changes neither an argument nor another result', () => {
    const same = customFunction({ name: 'same', forward: (_ctx, x: Tensor) => x, backward });
    const x = tensor([1, 2], { requiresGrad: true });
    const y = same(x);
    y.mul_(2);
    expect([numbers(x), numbers(y)]).toEqual([
      [1, 2],
      [2, 4],
    ]);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([-2, -2]);

    const twice = customFunction({
      name: 'twice',
      forward: (_ctx, x: Tensor) => {
        const y = x.mul(2);
        return [y, y.view([2, 1])] as const;
      },
      backward: (_ctx, g: Tensor, h: Tensor) => g.add(h.reshape([2])).mul(2) as Tensor,
    });
    const [a, b] = twice(x);
    a.mul_(3);
    expect(numbers(b)).toEqual([2, 4]);
  });

  test('a tensor that forward hands out but did not make gets no history', () => {
    const one = tensor([1]);
    const constant = customFunction({ name: 'constant', forward: (_ctx, _x: Tensor) => one, backward });
    expect(constant(tensor([1], { requiresGrad: true })).requiresGrad).toBe(true);
    expect(one.requiresGrad).toBe(false);
  });
});
