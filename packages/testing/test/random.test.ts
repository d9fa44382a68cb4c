import {
  bernoulli,
  cpu,
  DTypeError,
  defaultGenerator,
  Generator,
  grad,
  InPlaceError,
  manualSeed,
  multinomial,
  noGrad,
  normal,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '@nabla/core';
import { dropoutMask } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';
import { SimulatedDevice } from '../src/simulated-device.ts';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const seeded = (seed = 1): { generator: Generator } => ({ generator: new Generator(seed) });
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
/** The k-th central moment. */
const moment = (x: readonly number[], k: number): number => {
  const m = mean(x);
  return mean(x.map((v) => (v - m) ** k));
};

describe('a draw is cut anywhere', () => {
  const draws: [string, (n: number, g: Generator) => Tensor][] = [
    ['rand', (n, generator) => rand([n], { generator })],
    ['rand float64', (n, generator) => rand([n], { generator, dtype: 'float64' })],
    ['randn', (n, generator) => randn([n], { generator })],
    ['randn float64', (n, generator) => randn([n], { generator, dtype: 'float64' })],
    ['randint', (n, generator) => randint(1000, [n], { generator })],
    ['bernoulli_', (n, generator) => zeros([n]).bernoulli_(0.3, { generator })],
  ];
  test.each(draws)('%s', (_name, draw) => {
    const whole = numbers(draw(10_000, new Generator(5)));
    const g = new Generator(5);
    const parts = [1, 4095, 3, 0, 4097, 1804].flatMap((n) => numbers(draw(n, g)));
    expect(parts).toEqual(whole);
  });

  test('the same numbers whatever the shape', () => {
    expect(numbers(randn([3, 4], seeded()))).toEqual(numbers(randn([12], seeded())));
  });

  test('draws of different kinds never share words', () => {
    const g = new Generator(2);
    const first = numbers(rand([3], { generator: g }));
    expect(g.offset).toBe(3);
    randn([1], { generator: g });
    expect(g.offset).toBe(6); // two words, from an even position on
    rand([1], { dtype: 'float64', generator: g });
    expect(g.offset).toBe(8);
    randn([1], { dtype: 'float64', generator: g });
    expect(g.offset).toBe(12);
    const later = numbers(rand([3], { generator: g }));
    expect(later).not.toEqual(first);
    expect(later).toEqual(numbers(rand([15], seeded(2))).slice(12));
  });
});

describe('Generator', () => {
  test('the same seed gives the same bits', () => {
    expect(numbers(randn([100], seeded(42)))).toEqual(numbers(randn([100], seeded(42))));
    expect(numbers(randn([100], seeded(42)))).not.toEqual(numbers(randn([100], seeded(43))));
    const fresh = new Generator();
    expect(fresh.getState()).toEqual({ seed: 67280421310721, offset: 0 });
  });

  test('the state goes through JSON and back', () => {
    const g = new Generator(9);
    randn([17], { generator: g });
    const state = JSON.parse(JSON.stringify(g.getState()));
    const next = numbers(randn([8], { generator: g }));
    expect(numbers(randn([8], { generator: new Generator().setState(state) }))).toEqual(next);
    expect(() => g.setState({ seed: 1, offset: -1 })).toThrow(ValueError);
    expect(() => g.setState({ seed: 1.5, offset: 0 })).toThrow(ValueError);
    expect(g.initialSeed()).toBe(9);
  });

  test('manualSeed seeds the default generator', () => {
    expect(manualSeed(3)).toBe(defaultGenerator());
    const a = numbers(rand([4]));
    manualSeed(3);
    expect(numbers(rand([4]))).toEqual(a);
    expect(a).toEqual(numbers(rand([4], seeded(3))));
    expect(() => manualSeed(0.5)).toThrow(ValueError);
    expect(numbers(rand([4]))).toEqual(numbers(rand([8], seeded(3))).slice(4));
  });

  test('seed() cannot be foreseen', () => {
    const g = new Generator(1);
    const seeds = [g.seed(), g.seed(), g.seed()];
    expect(new Set(seeds).size).toBe(3);
    expect(g.getState()).toEqual({ seed: seeds[2], offset: 0 });
  });
});

describe('distributions', () => {
  const n = 200_000;
  test('rand is even on [0, 1), on a grid of 2^-24 or 2^-53', () => {
    const x = numbers(rand([n], seeded()));
    expect(Math.min(...x.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(x.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 24))).toBe(true);
    expect(mean(x)).toBeCloseTo(0.5, 2);
    expect(moment(x, 2)).toBeCloseTo(1 / 12, 2);
    const bins = new Array<number>(16).fill(0);
    for (const v of x) bins[Math.floor(v * 16)]!++;
    // Chi squared with 15 degrees of freedom: 37.7 has probability 0.001.
    expect(bins.reduce((s, b) => s + (b - n / 16) ** 2 / (n / 16), 0)).toBeLessThan(37.7);
    const wide = numbers(rand([1000], { dtype: 'float64', ...seeded() }));
    expect(wide.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 53))).toBe(true);
    expect(wide.some((v) => !Number.isInteger(v * 2 ** 32))).toBe(true);
  });

  test.each(['float32', 'float64'] as const)('randn has the moments of the normal distribution (%s)', (dtype) => {
    const x = numbers(randn([n], { dtype, ...seeded(2) }));
    expect(Math.abs(mean(x))).toBeLessThan(0.01);
    expect(moment(x, 2)).toBeCloseTo(1, 1);
    expect(Math.abs(moment(x, 3))).toBeLessThan(0.03);
    expect(Math.abs(moment(x, 4) - 3)).toBeLessThan(0.1);
    // 2.275 % lie beyond two standard deviations on either side.
    expect(Math.abs(x.filter((v) => v > 2).length / n - 0.02275)).toBeLessThan(0.002);
    expect(x.every(Number.isFinite)).toBe(true);
    const lag = mean(x.slice(1).map((v, i) => v * x[i]!));
    expect(Math.abs(lag)).toBeLessThan(0.01);
  });

  test('normal has its mean and standard deviation', () => {
    const x = numbers(normal(5, 0.5, [n], seeded(4)));
    expect(Math.abs(mean(x) - 5)).toBeLessThan(0.01);
    expect(Math.abs(Math.sqrt(moment(x, 2)) - 0.5)).toBeLessThan(0.005);
    expect(() => normal(0, -1, [2])).toThrow(ValueError);
  });

  test('randint covers its range evenly, the upper bound left out', () => {
    const x = numbers(randint(-3, 4, [70_000], seeded(5)));
    for (let v = -3; v < 4; v++) expect(Math.abs(x.filter((k) => k === v).length - 10_000)).toBeLessThan(400);
    expect(x.every((v) => v >= -3 && v < 4)).toBe(true);
    expect(randint(10, [2]).dtype).toBe('int64');
    expect(randint(10, [2], { dtype: 'float32' }).dtype).toBe('float32');
    const huge = numbers(randint(2 ** 53 - 1, [1000], seeded(6)));
    expect(Math.max(...huge)).toBeGreaterThan(2 ** 52);
    expect(() => randint(3, 3, [1])).toThrow(ValueError);
    expect(() => randint(0.5, [1])).toThrow(ValueError);
  });

  test('randperm is a permutation, each order as likely as any other', () => {
    expect(numbers(randperm(1000, seeded())).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const g = new Generator(8);
    const counts = new Map<string, number>();
    for (let k = 0; k < 6000; k++) {
      const key = numbers(randperm(3, { generator: g })).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const c of counts.values()) expect(Math.abs(c - 1000)).toBeLessThan(150);
    expect(numbers(randperm(0))).toEqual([]);
    expect(() => randperm(-1)).toThrow(ValueError);
  });

  test('bernoulli follows its probabilities, 0 and 1 exactly', () => {
    const p = tensor([0, 0.25, 1], { dtype: 'float32' }).expand([100_000, 3]) as Tensor;
    const x = bernoulli(p, seeded(7));
    const rates = (x.mean(0) as Tensor).toArray() as number[];
    expect([rates[0], rates[2]]).toEqual([0, 1]);
    expect(Math.abs(rates[1]! - 0.25)).toBeLessThan(0.01);
    expect(Math.abs(mean(numbers(zeros([100_000]).bernoulli(0.7, seeded()))) - 0.7)).toBeLessThan(0.01);
    expect(() => bernoulli(tensor([0.5, 1.5]))).toThrow(/bernoulli: a probability must lie in \[0, 1\], got 1.5/);
    expect(() => zeros([2]).bernoulli_(Number.NaN)).toThrow(ValueError);
  });

  test('multinomial with replacement draws by weight, never a weight of 0', () => {
    const x = numbers(multinomial(tensor([1, 0, 3]), 40_000, { replacement: true, ...seeded() }));
    const rate = (k: number): number => x.filter((v) => v === k).length / x.length;
    expect(rate(1)).toBe(0);
    expect(Math.abs(rate(0) - 0.25)).toBeLessThan(0.01);
    const rows = multinomial(tensor([1, 0, 0, 5], { shape: [2, 2] }), 3, { replacement: true });
    expect(rows.toArray()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    expect(rows.dtype).toBe('int64');
  });

  test('multinomial without replacement: distinct, the first by weight, then by what is left', () => {
    const g = new Generator(11);
    const weights = tensor([1, 2, 3, 0]);
    const pairs = new Map<string, number>();
    const rounds = 20_000;
    for (let k = 0; k < rounds; k++) {
      const [a, b] = numbers(multinomial(weights, 2, { generator: g }));
      pairs.set(`${a}${b}`, (pairs.get(`${a}${b}`) ?? 0) + 1);
    }
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 0],
      [2, 1],
    ] as const) {
      const w = [1, 2, 3];
      const p = (w[a]! / 6) * (w[b]! / (6 - w[a]!));
      expect(Math.abs((pairs.get(`${a}${b}`) ?? 0) / rounds - p)).toBeLessThan(0.015);
    }
    expect([...pairs.values()].reduce((s, c) => s + c, 0)).toBe(rounds);
    expect(pairs.size).toBe(6);
  });

  test('multinomial refuses weights that are none', () => {
    const g = new Generator(1);
    for (const [w, k] of [
      [[1, -1], 1],
      [[0, 0], 1],
      [[Number.NaN, 1], 1],
      [[Infinity, 1], 1],
      [[1, 0], 2],
    ] as const) {
      expect(() => multinomial(tensor([...w]), k, { generator: g })).toThrow(ValueError);
    }
    expect(g.offset).toBe(0);
    expect(() => multinomial(tensor([1, 2]), 3)).toThrow(/cannot draw 3 of 2/);
    expect(() => multinomial(tensor([1, 2]), 0)).toThrow(ValueError);
    expect(() => multinomial(tensor([1, 2], { dtype: 'int64' }), 1)).toThrow(DTypeError);
    expect(() => multinomial(zeros([1, 1, 1]), 1)).toThrow(/\[n\] or \[m, n\]/);
  });
});

describe('creation and writing', () => {
  test('options', () => {
    const like = zeros([2, 3], { dtype: 'float64' });
    expect([randLike(like).dtype, randLike(like).shape, randnLike(like, { dtype: 'float32' }).dtype]).toEqual([
      'float64',
      [2, 3],
      'float32',
    ]);
    expect(randn([2], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(() => rand([2], { dtype: 'int64' })).toThrow(DTypeError);
    expect(() => rand([-1])).toThrow(/rand: invalid size -1/);
    expect(() => randint(5, [2], { requiresGrad: true })).toThrow(DTypeError);
  });

  test('bad input draws nothing', () => {
    const g = new Generator(1);
    expect(() => randint(3, 3, [1], { generator: g })).toThrow();
    expect(() => rand([2], { dtype: 'bool', generator: g })).toThrow();
    expect(() => zeros([2]).uniform_(1, 0, { generator: g })).toThrow(ValueError);
    expect(() => zeros([2]).normal_(0, -1, { generator: g })).toThrow(ValueError);
    expect(() => zeros([2], { dtype: 'int64' }).normal_(0, 1, { generator: g })).toThrow(DTypeError);
    expect(g.offset).toBe(0);
  });

  test('in place: values, bounds and version', () => {
    const t = zeros([1000]);
    const before = t.storage.version;
    expect(t.uniform_(-2, 3, seeded())).toBe(t);
    expect(t.storage.version).toBe(before + 1);
    const x = numbers(t);
    expect(x.every((v) => v >= -2 && v < 3)).toBe(true);
    expect(Math.abs(mean(x) - 0.5)).toBeLessThan(0.15);
    expect(numbers(t.normal_(1, 0, seeded()))).toEqual(new Array(1000).fill(1));
    expect(numbers(zeros([3]).bernoulli_(tensor([0, 1, 0])))).toEqual([0, 1, 0]);
    const base = zeros([4]);
    (base.narrow(0, 1, 2) as Tensor).uniform_(1, 2);
    expect(numbers(base).map((v) => v >= 1)).toEqual([false, true, true, false]);
  });

  test('in place on leaves only under noGrad; a non-leaf loses its history', () => {
    const w = zeros([3], { requiresGrad: true });
    expect(() => w.uniform_()).toThrow(InPlaceError);
    expect(() => w.normal_()).toThrow(InPlaceError);
    noGrad(() => w.normal_());
    expect(numbers(w).some((v) => v !== 0)).toBe(true);
    const y = w.mul(2);
    y.uniform_();
    expect([y.requiresGrad, y.gradFn]).toEqual([false, null]);
    const z = w.exp();
    const used = z.square().sum();
    z.uniform_();
    expect(() => grad(used, [w])).toThrow(InPlaceError);
  });

  test('dropout masks', () => {
    const mask = dropoutMask([100_000], 0.2, seeded());
    expect(Math.abs(mean(numbers(mask)) - 0.8)).toBeLessThan(0.01);
    expect(new Set(numbers(mask))).toEqual(new Set([0, 1]));
    expect(numbers(dropoutMask([3], 1))).toEqual([0, 0, 0]);
    expect(numbers(dropoutMask([3], 0, { dtype: 'bool' }))).toEqual([1, 1, 1]);
    expect(() => dropoutMask([3], 1.1)).toThrow(ValueError);
  });

  test('the same bits on every backend', async () => {
    const device = new SimulatedDevice();
    const draws: ((options: { device: typeof device | typeof cpu; generator: Generator }) => Tensor)[] = [
      (o) => rand([50], o),
      (o) => randn([50], o),
      (o) => randint(100, [50], o),
      (o) => randperm(50, o),
      (o) => dropoutMask([50], 0.5, o),
      (o) => zeros([50], { device: o.device }).normal_(0, 1, { generator: o.generator }),
      (o) => bernoulli(tensor([0.2, 0.5, 0.9], { device: o.device }), { generator: o.generator }),
      (o) => multinomial(tensor([0.2, 0.5, 0.9], { device: o.device }), 2, { generator: o.generator }),
    ];
    for (const draw of draws) {
      const here = await draw({ device: cpu, ...seeded(12) }).data();
      const there = await draw({ device, ...seeded(12) }).data();
      expect([...there]).toEqual([...here]);
    }
    expect(device.report().fallbacks).toEqual([]);
  });

  test('bad weights on a device surface where they are read', async () => {
    const device = new SimulatedDevice();
    await expect(multinomial(tensor([0, 0], { device }), 1).data()).rejects.toThrow(/the weights of row 0 sum to 0/);
  });
});
