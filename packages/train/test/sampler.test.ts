import { Generator, manualSeed, ShapeError, tensor, ValueError, zeros } from '@nabla/core';
import {
  BatchSampler,
  DataLoader,
  RandomSampler,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from '@nabla/train';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { all } from './helpers.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const sorted = (a: readonly number[]): number[] => [...a].sort((x, y) => x - y);

test('SequentialSampler follows the data as it grows', () => {
  const data = [1, 2];
  const sampler = new SequentialSampler(data);
  expect([...sampler]).toEqual([0, 1]);
  data.push(3);
  expect([[...sampler], sampler.length]).toEqual([[0, 1, 2], 3]);
});

describe('RandomSampler', () => {
  test('is a permutation, another one each time, and the same for the same seed', () => {
    const generator = new Generator(1);
    const sampler = new RandomSampler({ length: 100 }, { generator });
    const first = [...sampler];
    const second = [...sampler];
    expect([sorted(first), sorted(second)]).toEqual([range(100), range(100)]);
    expect(second).not.toEqual(first);
    expect(first).not.toEqual(range(100));
    generator.manualSeed(1);
    expect([...sampler]).toEqual(first);
    manualSeed(5);
    const own = [...new RandomSampler({ length: 100 })];
    manualSeed(5);
    expect([...new RandomSampler({ length: 100 })]).toEqual(own);
  });

  test('an order that was computed by another program, from the paper', () => {
    expect([...new RandomSampler({ length: 10 }, { generator: new Generator(42) })]).toEqual([1, 2, 4, 7, 9, 5, 8, 0, 3, 6]);
  });

  test('more samples than there are: whole permutations, one after the other', () => {
    const order = [...new RandomSampler({ length: 3 }, { numSamples: 8, generator: new Generator(0) })];
    expect([sorted(order.slice(0, 3)), sorted(order.slice(3, 6)), order.length]).toEqual([range(3), range(3), 8]);
    expect(new Set(order.slice(6)).size).toBe(2);
    expect([...new RandomSampler({ length: 9 }, { numSamples: 4 })]).toHaveLength(4);
  });

  test('with replacement every index is as likely as another', () => {
    const n = 20_000;
    const sampler = new RandomSampler({ length: 4 }, { replacement: true, numSamples: n, generator: new Generator(3) });
    const counts = [0, 0, 0, 0];
    for (const i of sampler) counts[i]!++;
    // Four standard deviations of a binomial count.
    for (const c of counts) expect(Math.abs(c - n / 4)).toBeLessThan(4 * Math.sqrt((n * 3) / 16));
    expect(sampler.length).toBe(n);
  });

  test.each([
    [{ numSamples: 0 }, 'RandomSampler: numSamples should be a positive integer, got 0'],
    [{ numSamples: 1.5 }, 'RandomSampler: numSamples should be a positive integer, got 1.5'],
    [{ replacement: 1 as never }, 'RandomSampler: replacement should be a boolean, got 1'],
    [{ replacment: true } as never, "RandomSampler: unknown option 'replacment'; there are replacement, numSamples, generator"],
  ])('refuses %j', (options, message) => {
    expect(() => new RandomSampler([1, 2], options)).toThrow(ValueError);
    expect(() => new RandomSampler([1, 2], options)).toThrow(message);
  });

  test('refuses to draw from nothing', () => {
    expect(() => new RandomSampler([])).toThrow(ValueError);
    expect(() => [...new RandomSampler([], { numSamples: 2 })]).toThrow(ValueError);
  });
});

test('SubsetRandomSampler permutes the indices that it was given', () => {
  const sampler = new SubsetRandomSampler([5, 7, 9, 11], { generator: new Generator(0) });
  const [first, second] = [[...sampler], [...sampler]];
  expect([sorted(first), sorted(second), sampler.length]).toEqual([[5, 7, 9, 11], [5, 7, 9, 11], 4]);
  expect([...new SubsetRandomSampler([])]).toEqual([]);
});

describe('WeightedRandomSampler', () => {
  test('draws in proportion to the weights, never what has none', () => {
    const n = 20_000;
    const sampler = new WeightedRandomSampler([1, 0, 3], n, { generator: new Generator(7) });
    const counts = [0, 0, 0];
    for (const i of sampler) counts[i]!++;
    expect(counts[1]).toBe(0);
    expect(Math.abs(counts[2]! - 0.75 * n)).toBeLessThan(4 * Math.sqrt((n * 3) / 16));
    expect(sampler.length).toBe(n);
  });

  test('without replacement each index once; weights may be a tensor', () => {
    const sampler = new WeightedRandomSampler(tensor([1, 2, 0, 4]), 3, { replacement: false });
    expect(sorted([...sampler])).toEqual([0, 1, 3]);
  });

  test('refuses what nothing can be drawn from, before the first epoch', () => {
    for (const weights of [[0, 0], [-1, 2], [Number.NaN], []]) expect(() => new WeightedRandomSampler(weights, 1)).toThrow(ValueError);
    expect(() => new WeightedRandomSampler([1, 0], 2, { replacement: false })).toThrow(ValueError);
    expect(() => new WeightedRandomSampler([1, 1], 3, { replacement: false })).toThrow(ValueError);
    expect(() => new WeightedRandomSampler([1], 0)).toThrow('WeightedRandomSampler: numSamples should be a positive integer, got 0');
    expect(() => new WeightedRandomSampler(zeros([2, 2]), 1)).toThrow(ShapeError);
  });
});

describe('BatchSampler', () => {
  // What torch.utils.data.BatchSampler (1.13) gives.
  test.each([
    [10, 3, false, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]],
    [
      10,
      3,
      true,
      [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8],
      ],
    ],
    [2, 3, true, []],
    [0, 2, false, []],
    [
      6,
      3,
      false,
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
  ])('%i in batches of %i, dropLast %s', (n, size, dropLast, batches) => {
    const sampler = new BatchSampler(new SequentialSampler({ length: n }), size, dropLast);
    expect([[...sampler], sampler.length]).toEqual([batches, batches.length]);
  });

  test('batches of any iterable, whose length may be unknown', () => {
    expect(new BatchSampler(new Set([4, 2]), 1, false).length).toBeNull();
    expect([...new BatchSampler(new Set([4, 2]), 1, false)]).toEqual([[4], [2]]);
    expect(new BatchSampler([4, 2, 1], 2, false).length).toBe(2);
  });

  test('joined batches are the order of the sampler', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 10 }), fc.boolean(), fc.nat(), (n, size, dropLast, seed) => {
        const order = [...new RandomSampler({ length: n }, { generator: new Generator(seed) })];
        const batched = new BatchSampler(new RandomSampler({ length: n }, { generator: new Generator(seed) }), size, dropLast);
        const batches = [...batched];
        expect(batches.flat()).toEqual(dropLast ? order.slice(0, n - (n % size)) : order);
        expect(batches.length).toBe(batched.length);
        for (const b of batches.slice(0, -1)) expect(b.length).toBe(size);
      }),
    );
  });

  test('refuses sizes that are none', () => {
    for (const size of [0, -1, 1.5, Number.NaN]) expect(() => new BatchSampler([1], size, false)).toThrow(ValueError);
    expect(() => new BatchSampler([1], 1, 0 as never)).toThrow('BatchSampler: dropLast should be a boolean, got 0');
  });
});

test('a sampler of your own', async () => {
  class EvenFirst extends Sampler {
    readonly length = 4;
    override *order(): IterableIterator<number> {
      yield* [0, 2, 1, 3];
    }
  }
  expect([...new EvenFirst()]).toEqual([0, 2, 1, 3]);
  const loader = new DataLoader(['a', 'b', 'c', 'd'], { sampler: new EvenFirst(), batchSize: 2 });
  expect([await all(loader), loader.length]).toEqual([
    [
      ['a', 'c'],
      ['b', 'd'],
    ],
    2,
  ]);
});
