import * as nabla from '@nabla/core';
import { type DType, grad, InPlaceError, max, type Tensor, tensor, varMean, zeros } from '@nabla/core';
import { describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const leaf = (values: number[], shape: number[] = [values.length]): Tensor =>
  tensor(values, { shape, dtype: 'float64', requiresGrad: true });
const plain = (values: number[]): Tensor => tensor(values, { dtype: 'float64' });
const numbers = (t: Tensor | null): number[] => Array.from(t!.dataSync());
const close = (got: number[], want: number[]): void => {
  expect(got.length).toBe(want.length);
  got.forEach((v, i) => {
    expect(v).toBeCloseTo(want[i]!, 12);
  });
};

describe('values and gradients as PyTorch gives them', () => {
  const x = leaf([1.5, -2.25, 0.5, 4, 0.25, -1], [2, 3]);
  const cases: [string, (x: Tensor) => Tensor, number[], number[]][] = [
    [
      'std',
      (t) => t.std(1),
      [1.9418633662885072, 2.6020824993326657],
      [0.4076840216517308, -0.5578833980497369, 0.1501993763980061, 0.5604485383178051, -0.16012815380508713, -0.4003203845127178],
    ],
    ['var', (t) => t.var(0, { correction: 0 }), [1.5625, 1.5625, 0.5625], [-1.25, -1.25, 0.75, 1.25, 1.25, -0.75]],
    [
      'logsumexp',
      (t) => t.logsumexp(1),
      [1.830308412820332, 4.0298070169241145],
      [0.7187020423236421, 0.01690225197756211, 0.2643957056987957, 0.9706328311846074, 0.02282709624329819, 0.006540072572094156],
    ],
    [
      'norm of order 3',
      (t) => t.norm(3, 1),
      [2.460203180168832, 4.021047906315665],
      [0.3717410891335906, -0.8364174505505788, 0.041304565459287845, 0.9895585330611015, 0.003865463019769928, -0.061847408316318846],
    ],
    [
      'norm of order 1/2',
      (t) => t.norm(0.5),
      [48.05056733335024],
      [5.659833173828257, -4.621234435052091, 9.803118619434352, 3.465925826289068, 13.863703305156273, -6.931851652578136],
    ],
    [
      'norm of order -3/2',
      (t) => t.norm(-1.5),
      [0.18280772176541565],
      [0.005185112613757967, -0.0018816118759371577, 0.08082790640995552, 0.00044651531821555593, 0.4572316858527293, -0.01428849018289779],
    ],
    ['norm of order infinity', (t) => t.norm(inf, 0), [4, 2.25, 1], [0, -1, 0, 1, 0, -1]],
    ['prod', (t) => t.prod(1), [-1.6875, -1], [-1.125, 0.75, -3.375, -0.25, -4, 1]],
    ['cumprod', (t) => t.cumprod(1), [1.5, -3.375, -1.6875, 4, 1, -1], [-2.375, 2.25, -3.375, 1, 0, 1]],
  ];
  test.each(cases)('%s', (_name, f, values, gradient) => {
    const y = f(x);
    close(numbers(y), values);
    close(numbers(grad(y.sum(), [x])[0]!), gradient);
  });
});

describe('dtypes', () => {
  const dtypes: readonly DType[] = ['bool', 'uint8', 'int32', 'int64', 'float32', 'float64'];
  const of = (dtype: DType): Tensor => tensor([1, 0, 1], { dtype });

  test.each(dtypes)('of reductions of %s', (dtype) => {
    const t = of(dtype);
    const floating = dtype.startsWith('float');
    const total = floating ? dtype : 'int64';
    for (const y of [t.sum(), t.prod(), t.cumsum(0), t.cumprod(0), t.nansum()]) expect(y.dtype).toBe(total);
    for (const y of [t.max(), t.min(), t.amax(), t.amin(0), t.max(0).values, t.min(0).values]) expect(y.dtype).toBe(dtype);
    for (const y of [t.max(0).indices, t.min(0).indices, t.countNonzero()]) expect(y.dtype).toBe('int64');
    if (dtype !== 'bool') for (const y of [t.argmax(), t.argmin(0)]) expect(y.dtype).toBe('int64');
    for (const y of [t.any(), t.all(0)]) expect(y.dtype).toBe(dtype === 'uint8' ? 'uint8' : 'bool');
    expect(t.logsumexp(0).dtype).toBe(floating ? dtype : 'float32');
    for (const f of [() => t.mean(), () => t.var(), () => t.std(), () => t.norm(), () => t.nanmean()]) {
      if (floating) expect((f as () => Tensor)().dtype).toBe(dtype);
      else expect(f).toThrow(/not defined for/);
    }
  });

  test('the dtype option casts first', () => {
    expect(tensor([1, 2], { dtype: 'int32' }).mean(null, { dtype: 'float64' }).item()).toBe(1.5);
    expect(tensor([0.5, 0.5]).sum(0, { dtype: 'int64' }).item()).toBe(0);
    expect(
      tensor([2 ** 100, 2 ** 100])
        .prod(0, { dtype: 'float64' })
        .item(),
    ).toBe(2 ** 200);
    expect(tensor([true, true, false]).sum(0, { dtype: 'bool' }).item()).toBe(1);
    expect(tensor([3, 0]).sum(0, { dtype: 'bool' }).item()).toBe(1);
    expect(tensor([0.25, 0, 0.5]).sum(0, { dtype: 'bool' }).item()).toBe(1);
    expect(tensor([1, 2], { dtype: 'int32' }).norm(2, 0, { dtype: 'float32' }).dtype).toBe('float32');
    const x = tensor([2, 3], { requiresGrad: true });
    const [g] = grad(x.cumsum(0, { dtype: 'float64' }).sum(), [x]);
    expect([g!.dtype, ...numbers(g!)]).toEqual(['float32', 2, 1]);
  });

  test('integers are exact', () => {
    const big = tensor(Int32Array.of(2 ** 31 - 1, 2 ** 31 - 1));
    expect(big.sum().item()).toBe(2 ** 32 - 2);
    expect(() => big.prod()).toThrow(nabla.DTypeError);
    expect(numbers(tensor([2 ** 40, 3], { dtype: 'int64' }).cumprod(0))).toEqual([2 ** 40, 3 * 2 ** 40]);
  });

  test('sums of float32 do not lose small terms', () => {
    const many = zeros([1_000_000]).add(0.1);
    expect(many.sum().item()).toBe(Math.fround(1_000_000 * Math.fround(0.1)));
  });

  test('the variance of large float32 numbers that are close', () => {
    const x = tensor([10000, 10001, 10002, 10003].map((v) => v + 0.5));
    expect(x.var().item()).toBeCloseTo(5 / 3, 6);
  });
});

describe('nothing to reduce', () => {
  test('has a value where the operation has one', () => {
    const none = zeros([0]);
    expect([none.sum().item(), none.prod().item(), none.any().item(), none.all().item(), none.countNonzero().item()]).toEqual([
      0, 1, 0, 1, 0,
    ]);
    expect([none.mean().item(), none.var().item(), none.std().item(), none.nanmean().item()]).toEqual([nan, nan, nan, nan]);
    expect([none.norm().item(), none.norm(inf).item(), none.logsumexp().item()]).toEqual([0, 0, -inf]);
    expect(zeros([2, 0]).sum(1).shape).toEqual([2]);
    expect(zeros([2, 0]).logsumexp(1, { keepdim: true }).toArray()).toEqual([[-inf], [-inf]]);
    expect(zeros([0, 2]).cumsum(0).shape).toEqual([0, 2]);
  });

  test('is an error, which names op and shape, where there is none', () => {
    const none = zeros([2, 0]);
    const calls: [string, () => unknown][] = [
      ['max', () => none.max()],
      ['min', () => none.min(1)],
      ['amax', () => none.amax()],
      ['amin', () => none.amin(1)],
      ['argmax', () => none.argmax()],
      ['argmin', () => none.argmin(1)],
    ];
    for (const [name, call] of calls) {
      expect(call).toThrow(nabla.IndexError);
      expect(call).toThrow(`${name}: dimension 1 of [2, 0] has size 0`);
    }
  });

  test('but no results need nothing', () => {
    const none = zeros([2, 0]);
    expect(none.max(0).values.shape).toEqual([0]);
    expect([none.amax(0).shape, none.argmin(0).shape]).toEqual([[0], [0]]);
  });
});

describe('NaN', () => {
  const t = plain([1, nan, 3]);
  test('is what a reduction of it gives', () => {
    for (const y of [
      t.sum(),
      t.mean(),
      t.prod(),
      t.max(),
      t.min(),
      t.amax(),
      t.amin(),
      t.var(),
      t.std(),
      t.norm(),
      t.norm(inf),
      t.logsumexp(),
    ]) {
      expect(y.item()).toBe(nan);
    }
    expect([t.argmax().item(), t.argmin().item(), t.max(0).indices.item()]).toEqual([1, 1, 1]);
    expect(numbers(t.cumsum(0))).toEqual([1, nan, nan]);
    expect([t.any().item(), t.all().item(), t.countNonzero().item()]).toEqual([1, 1, 3]);
  });

  test('is skipped by nansum and nanmean, in gradients too', () => {
    const x = leaf([1, nan, 3]);
    expect([x.nansum().item(), x.nanmean().item()]).toEqual([4, 2]);
    expect(numbers(grad(x.nansum(), [x])[0]!)).toEqual([1, 0, 1]);
    expect(numbers(grad(x.nanmean(), [x])[0]!)).toEqual([0.5, 0, 0.5]);
  });
});

describe('gradients at corners', () => {
  const of = (f: (x: Tensor) => Tensor, values: number[]): number[] => {
    const x = leaf(values);
    return numbers(grad(f(x), [x])[0]!);
  };

  test('equal extremes share, but along a dim the first takes all', () => {
    expect(of((x) => x.max(), [2, 2, 0])).toEqual([0.5, 0.5, 0]);
    expect(of((x) => x.amin(), [0, 2, 0])).toEqual([0.5, 0, 0.5]);
    expect(of((x) => x.max(0).values, [1, 2, 2])).toEqual([0, 1, 0]);
    expect(of((x) => x.min(0).values, [2, 1, 1])).toEqual([0, 1, 0]);
    expect(of((x) => x.max(plain([2, 2, 2])).sum(), [1, 2, 3])).toEqual([0, 0.5, 1]);
  });

  test('a NaN extreme takes the gradient in max, and spoils all of it in amax', () => {
    expect(of((x) => x.max(), [1, nan, 2])).toEqual([0, 1, 0]);
    expect(of((x) => x.max(0).values, [1, nan, 2])).toEqual([0, 1, 0]);
    expect(of((x) => x.amax(), [1, nan, 2])).toEqual([nan, nan, nan]);
  });

  test('norms are flat at 0', () => {
    for (const p of [0, 0.5, 1, 1.5, 2, 3, inf]) expect(of((x) => x.norm(p), [0, 0])).toEqual([0, 0]);
    close(
      of((x) => x.norm(), [3, 0, 4]),
      [0.6, 0, 0.8],
    );
    expect(of((x) => x.std(), [2, 2, 2])).toEqual([0, 0, 0]);
  });

  test('products are exact where elements are 0, in the second order too', () => {
    expect(of((x) => x.prod(), [2, 0, 3])).toEqual([0, 6, 0]);
    expect(of((x) => x.prod(), [2, 0, 0])).toEqual([0, 0, 0]);
    expect(of((x) => x.cumprod(0).sum(), [2, 0, 3])).toEqual([1, 8, 0]);
    const x = leaf([2, 0, 0, 5]);
    const [g] = grad(x.prod(), [x], { createGraph: true });
    const hessian = [0, 1, 2, 3].map((i) => numbers(grad(g!.select(0, i), [x], { retainGraph: true })[0]!));
    expect(hessian).toEqual([
      [0, 0, 0, 0],
      [0, 0, 10, 0],
      [0, 10, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  test('infinite elements', () => {
    close(
      of((x) => x.logsumexp(), [1, -inf, 1]),
      [0.5, 0, 0.5],
    );
    expect(tensor([-inf, -inf]).logsumexp().item()).toBe(-inf);
    expect(tensor([inf, 1]).logsumexp().item()).toBe(inf);
  });

  test('of long dimensions: one place among 100,000', () => {
    const x = leaf(Array.from({ length: 100_000 }, (_, i) => (i === 77_777 ? 2 : 1)));
    const g = numbers(grad(x.max(0).values, [x])[0]!);
    expect(g[77_777]).toBe(1);
    expect(g.filter((v) => v !== 0).length).toBe(1);
  });
});

describe('calls', () => {
  test('as methods and as functions', () => {
    const t = tensor([1, 2, 3, 4, 5, 7], { shape: [2, 3] });
    expect(nabla.sum(t, 1).toArray()).toEqual([6, 16]);
    expect(nabla.mean(t).item()).toBeCloseTo(22 / 6, 6);
    expect(nabla.var(t, 1, { correction: 0 }).toArray()).toEqual(t.var(1, { correction: 0 }).toArray());
    expect(max(t, 0).indices.toArray()).toEqual([1, 1, 1]);
    expect(nabla.argmax(t, 1, { keepdim: true }).toArray()).toEqual([[2], [2]]);
    expect(nabla.norm(t, inf).item()).toBe(7);
    expect(nabla.prod(t, -1).toArray()).toEqual([6, 140]);
    const [v, m] = varMean(t, 0);
    expect([v.toArray(), m.toArray()]).toEqual([
      [4.5, 4.5, 8],
      [2.5, 3.5, 5],
    ]);
  });

  test('types follow one dimension', () => {
    const t = zeros([2, 3, 4]);
    const a: readonly [2, 4] = t.sum(1).shape;
    const b: readonly [2, 1, 4] = t.amax(-2, { keepdim: true }).shape;
    const c: readonly [2, 3] = t.max(2).indices.shape;
    const d: readonly [] = t.std().shape;
    expect([a, b, c, d]).toEqual([[2, 4], [2, 1, 4], [2, 3], []]);
    // @ts-expect-error the message is the type of the parameter
    expect(() => t.sum(3)).toThrow(/sum: dim 3 is out of range/);
  });

  test('correction beyond the number of elements divides by 0', () => {
    expect(tensor([1, 3]).var(0, { correction: 5 }).item()).toBe(inf);
    expect(tensor([1]).var().item()).toBe(nan);
  });

  test('a result that backward needs must not be overwritten', () => {
    const x = leaf([1, 2]);
    const y = x.logsumexp();
    y.detach().mul_(2);
    expect(() => grad(y, [x])).toThrow(InPlaceError);
  });

  test('on a device that is read asynchronously, without falling back', async () => {
    const device = new SimulatedDevice();
    const values = [3, 1, 2, 2];
    const run = (t: Tensor): void => {
      const terms = [t.max(1).values, t.amin(0), t.std(), t.norm(3), t.logsumexp(), t.prod(0), t.cumprod(1), t.cumsum(0)] as Tensor[];
      terms
        .map((y): Tensor => y.sum())
        .reduce((a, b) => a.add(b) as Tensor)
        .backward();
    };
    const x = tensor(values, { shape: [2, 2], device, requiresGrad: true });
    const y = leaf(values, [2, 2]);
    run(x as Tensor);
    run(y);
    const got = await x.grad!.data();
    numbers(y.grad).forEach((v, i) => {
      expect(got[i]).toBeCloseTo(v, 5);
    });
    expect(device.report().fallbacks).toEqual([]);
  });
});
