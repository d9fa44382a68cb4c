import { DTypeError, Generator, normal, ones, randintLike, ShapeError, type Tensor, tensor, ValueError, zeros } from '@nabla/core';
import { describe, expect, test } from 'vitest';
import { exponential, logarithmOfRest } from '../../core/src/random/numeric.ts';
import { SimulatedDevice } from '../src/simulated-device.ts';

const n = 20_000;
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const seeded = (seed = 1): { generator: Generator } => ({ generator: new Generator(seed) });
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const variance = (x: readonly number[]): number => {
  const m = mean(x);
  return mean(x.map((v) => (v - m) ** 2));
};
/** The share of numbers that are at most `limit`. */
const share = (x: readonly number[], limit: number): number => x.filter((v) => v <= limit).length / x.length;

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  const make = (): Tensor => zeros([n], { dtype });
  test('exponential_', () => {
    const x = numbers(make().exponential_(2, seeded()));
    expect(Math.min(...x)).toBeGreaterThanOrEqual(0);
    expect(mean(x)).toBeCloseTo(0.5, 1.7);
    expect(variance(x)).toBeCloseTo(0.25, 1.7);
    expect(share(x, 1)).toBeCloseTo(1 - Math.exp(-2), 1.9);
  });

  test('cauchy_', () => {
    const x = numbers(make().cauchy_(1, 2, seeded()));
    expect(x.every(Number.isFinite)).toBe(true);
    for (const at of [-9, -1, 1, 3, 7]) expect(share(x, at)).toBeCloseTo(0.5 + Math.atan((at - 1) / 2) / Math.PI, 1.9);
  });

  test('logNormal_', () => {
    const x = numbers(make().logNormal_(0.5, 0.25, seeded())).map(Math.log);
    expect(mean(x)).toBeCloseTo(0.5, 2);
    expect(Math.sqrt(variance(x))).toBeCloseTo(0.25, 2);
  });

  test('normal with a mean and a deviation for each element', () => {
    const x = numbers(normal(tensor([1, -3], { dtype }).expand([n, 2]) as Tensor, tensor([[0.5, 2]], { dtype }), seeded()));
    const of = (k: number): number[] => x.filter((_, i) => i % 2 === k);
    expect([mean(of(0)), mean(of(1))].map((v) => Math.round(v * 20) / 20)).toEqual([1, -3]);
    expect([variance(of(0)), variance(of(1))].map((v) => Math.round(v * 5) / 5)).toEqual([0.2, 4]);
    expect(normal(tensor([1, 2], { dtype })).dtype).toBe(dtype);
  });
});

describe('integers', () => {
  test('geometric_', () => {
    for (const dtype of ['int64', 'float32'] as const) {
      const x = numbers(zeros([n], { dtype }).geometric_(0.25, seeded()));
      expect(Math.min(...x)).toBe(1);
      expect(mean(x)).toBeCloseTo(4, 0.8);
      expect(share(x, 2)).toBeCloseTo(1 - 0.75 ** 2, 1.9);
    }
  });

  test('random_ draws from a range, or from all that the dtype holds', () => {
    const x = numbers(zeros([n], { dtype: 'int64' }).random_(-2, 3, seeded()));
    for (const v of [-2, -1, 0, 1, 2]) expect(share(x, v)).toBeCloseTo((v + 3) / 5, 1.9);
    expect(new Set(numbers(zeros([1000], { dtype: 'float32' }).random_(4, seeded())))).toEqual(new Set([0, 1, 2, 3]));
    expect(new Set(numbers(zeros([1000], { dtype: 'bool' }).random_(seeded())))).toEqual(new Set([0, 1]));
    const bytes = numbers(zeros([n], { dtype: 'uint8' }).random_(seeded()));
    expect(new Set(bytes).size).toBe(256);
    const whole = numbers(zeros([n], { dtype: 'float32' }).random_(seeded()));
    expect(whole.every((v) => Number.isInteger(v) && v >= 0 && v <= 2 ** 24)).toBe(true);
    expect(Math.max(...whole)).toBeGreaterThan(2 ** 23);
  });

  test('randintLike', () => {
    const x = randintLike(ones([n], { dtype: 'int32' }), -1, 2, seeded());
    expect(x.dtype).toBe('int32');
    expect(new Set(numbers(x))).toEqual(new Set([-1, 0, 1]));
    expect(new Set(numbers(randintLike(ones([100]), 2, seeded())))).toEqual(new Set([0, 1]));
  });
});

test('the same bits on every backend', () => {
  const device = new SimulatedDevice();
  const draws: ((t: Tensor) => Tensor)[] = [
    (t) => t.exponential_(1, seeded()),
    (t) => t.cauchy_(0, 1, seeded()),
    (t) => t.logNormal_(0, 1, seeded()),
    (t) => t.geometric_(0.5, seeded()),
    (t) => t.random_(10, seeded()),
    (t) => normal(t, t.add(2) as Tensor, seeded()),
    (t) => normal(t, 2, seeded()),
  ];
  return Promise.all(
    draws.map(async (draw) => {
      expect(await draw(zeros([50], { device })).data()).toEqual(draw(zeros([50])).dataSync());
    }),
  );
});

test('elementary functions of its own are accurate', () => {
  for (let i = -7000; i <= 7000; i += 13) {
    const x = i / 10;
    expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
  }
  expect([exponential(800), exponential(-800), exponential(0), exponential(-740) > 0]).toEqual([Number.POSITIVE_INFINITY, 0, 1, true]);
  for (const p of [0, 1e-300, 1e-17, 1e-9, 0.1, 0.5, 0.999]) {
    expect(Math.abs(logarithmOfRest(p) - Math.log1p(-p))).toBeLessThanOrEqual(1e-15 * Math.abs(Math.log1p(-p)));
  }
});

describe('what is refused', () => {
  const x = zeros([2]);
  const whole = zeros([2], { dtype: 'int64' });
  const cases: [string, () => unknown, new (message: string) => Error, RegExp][] = [
    ['rate', () => x.exponential_(0), ValueError, /^exponential_: the rate must be positive, got 0$/],
    ['integers', () => whole.exponential_(), DTypeError, /^exponential_: not defined for int64, only for floating dtypes$/],
    ['probability 1', () => x.geometric_(1), ValueError, /^geometric_: the probability must lie in \(0, 1\), got 1$/],
    ['sigma', () => x.cauchy_(0, 0), ValueError, /^cauchy_: sigma must be positive, got 0$/],
    ['cauchy of integers', () => whole.cauchy_(), DTypeError, /^cauchy_: not defined for int64/],
    ['deviation', () => x.logNormal_(0, 0), ValueError, /^logNormal_: the deviation must be positive, got 0$/],
    ['order', () => x.random_(3, 3), ValueError, /^random_: from must be less than to, got 3 and 3$/],
    ['beyond the dtype', () => x.random_(2 ** 25), ValueError, /^random_: float32 does not hold all integers from 0 to 33554431$/],
    ['fraction', () => x.random_(1.5), ValueError, /^random_: the bounds must be integers/],
    ['negative deviation', () => normal(0, tensor([1, -1])), ValueError, /^normal: the standard deviation must not be negative, got -1$/],
    ['means of integers', () => normal(whole), DTypeError, /^normal: means and deviations must be floating, got int64$/],
    ['shapes', () => normal(zeros([2]), ones([3])), ShapeError, /^normal: cannot broadcast \[2\] with \[3\]/],
    ['no shape', () => normal(0, 1, undefined as never), ValueError, /^normal: a shape must be given/],
  ];
  test.each(cases)('%s', (_name, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});
