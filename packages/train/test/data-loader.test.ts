import { Generator, IndexError, manualSeed, rand, ShapeError, tensor, ValueError } from '@nabla/core';
import {
  DataLoader,
  type Dataset,
  IterableDataset,
  mapDataset,
  RandomSampler,
  Subset,
  TensorDataset,
  WeightedRandomSampler,
} from '@nabla/train';
import { describe, expect, test } from 'vitest';
import { all, later, numbers, range } from './helpers.ts';

describe('batches', () => {
  test('of arrays, as torch has them', async () => {
    expect(await numbers(new DataLoader([5, 6, 7]))).toEqual([[5], [6], [7]]);
    const ten = range(10);
    expect(await numbers(new DataLoader(ten, { batchSize: 4 }))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(await numbers(new DataLoader(ten, { batchSize: 4, dropLast: true }))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect(await all(new DataLoader([]))).toEqual([]);
    expect(await all(new DataLoader(ten, { batchSize: 11, dropLast: true }))).toEqual([]);
  });

  test('length counts batches', () => {
    const ten = range(10);
    const lengths = [{ batchSize: 3 }, { batchSize: 3, dropLast: true }, { batchSize: null }, { batchSampler: [[0], [1, 2]] }].map(
      (o) => new DataLoader(ten, o as { batchSize: number }).length,
    );
    expect(lengths).toEqual([4, 3, 10, 2]);
    expect(new DataLoader(ten, { sampler: new RandomSampler(ten, { numSamples: 7 }), batchSize: 2 }).length).toBe(4);
    expect(new DataLoader(ten, { sampler: new Set([1, 2]) }).length).toBeNull();
    expect(new DataLoader(new IterableDataset(() => ten)).length).toBeNull();
  });

  test('a shuffled epoch has every sample once, in another order each time', async () => {
    const loader = new DataLoader(range(50), { batchSize: 7, shuffle: true });
    const first = (await numbers(loader)).flat() as number[];
    const second = (await numbers(loader)).flat() as number[];
    expect([...first].sort((a, b) => a - b)).toEqual(range(50));
    expect(second).not.toEqual(first);
    expect([...second].sort((a, b) => a - b)).toEqual(range(50));
  });

  test('samplers, batch samplers and iterables of indices', async () => {
    const letters = ['a', 'b', 'c'];
    expect(await all(new DataLoader(letters, { sampler: [2, 2, 0], batchSize: 2 }))).toEqual([['c', 'c'], ['a']]);
    expect(await all(new DataLoader(letters, { batchSampler: new Set([[1], [0, 2]]) }))).toEqual([['b'], ['a', 'c']]);
    const heavy = new WeightedRandomSampler([0, 1, 0], 5);
    expect(await all(new DataLoader(letters, { sampler: heavy, batchSize: 5 }))).toEqual([['b', 'b', 'b', 'b', 'b']]);
    await expect(all(new DataLoader(letters, { batchSampler: [1] as never }))).rejects.toThrow(
      'DataLoader: a batch sampler gives arrays of indices, this one gave 1',
    );
    await expect(all(new DataLoader(letters, { sampler: [3] }))).rejects.toThrow(IndexError);
  });

  test('without batches samples come as they are, typed arrays as tensors', async () => {
    expect(await all(new DataLoader([1, 'x', null], { batchSize: null }))).toEqual([1, 'x', null]);
    const [t] = await all(new DataLoader([Uint8Array.of(1, 2)], { batchSize: null }));
    expect([t!.dtype, t!.toArray()]).toEqual(['uint8', [1, 2]]);
    const doubled = new DataLoader([1, 2], { batchSize: null, collate: (x) => 2 * x });
    expect(await all(doubled)).toEqual([2, 4]);
    expect(await all(new DataLoader(new IterableDataset(() => [null, undefined]), { batchSize: null }))).toEqual([null, undefined]);
  });

  test('a collate function of your own, at once or later', async () => {
    const ragged = [Float32Array.of(1), Float32Array.of(2, 3)];
    await expect(all(new DataLoader(ragged, { batchSize: 2 }))).rejects.toThrow(ShapeError);
    const lengths = (batch: Float32Array[]): number[] => batch.map((x) => x.length);
    expect(await all(new DataLoader(ragged, { batchSize: 2, collate: lengths }))).toEqual([[1, 2]]);
    expect(await all(new DataLoader(ragged, { batchSize: 2, collate: async (batch) => later(lengths(batch)) }))).toEqual([[1, 2]]);
    // It is given samples, where the dataset has whole batches too.
    const tensors = new TensorDataset(tensor([1, 2, 3]));
    const sums = new DataLoader(tensors, { batchSize: 2, collate: (batch) => batch.map(([x]) => x.item()) });
    expect(await all(sums)).toEqual([[1, 2], [3]]);
  });

  test('whole batches of a dataset, through a subset as well', async () => {
    const calls: number[][] = [];
    const dataset: Dataset<string> = {
      length: 4,
      get: () => {
        throw new Error('never asked for');
      },
      getBatch: (indices) => {
        calls.push([...indices]);
        return indices.map((i) => `s${i}`);
      },
    };
    expect(await all(new DataLoader(new Subset(dataset, [3, 1, 0]), { batchSize: 2 }))).toEqual([['s3', 's1'], ['s0']]);
    expect(calls).toEqual([[3, 1], [0]]);
  });

  test.each([
    [{ batchSize: 0 }, 'batchSize should be a positive integer or null, got 0'],
    [{ batchSize: 1.5 }, 'batchSize should be a positive integer or null, got 1.5'],
    [{ prefetch: -1 }, 'prefetch should be a number of batches, got -1'],
    [{ sampler: [0], shuffle: true }, 'the sampler option is mutually exclusive with shuffle'],
    [{ batchSampler: [[0]], batchSize: 2 }, 'the batchSampler option is mutually exclusive with batchSize, shuffle, sampler and dropLast'],
    [{ batchSampler: [[0]], sampler: [0] }, 'the batchSampler option is mutually exclusive with batchSize, shuffle, sampler and dropLast'],
    [{ batchSize: null, dropLast: true }, 'batchSize null turns batches off and is mutually exclusive with dropLast'],
    [{ collate: 1 as never }, 'collate should be a function'],
    [{ batchsize: 2 } as never, "unknown option 'batchsize'; there are batchSize, shuffle,"],
  ])('refuses %j', (options, message) => {
    expect(() => new DataLoader([1], options as { batchSize: number })).toThrow(ValueError);
    expect(() => new DataLoader([1], options as { batchSize: number })).toThrow(`DataLoader: ${message}`);
  });

  test('refuses what does not fit an iterable dataset, and what is no dataset', () => {
    const stream = new IterableDataset(() => [1]);
    for (const options of [{ shuffle: true }, { sampler: [0] }, { batchSampler: [[0]] }])
      expect(() => new DataLoader(stream, options)).toThrow(/an iterable dataset decides on the order itself/);
    for (const bad of [null, 5, 'text', { length: 3 }, new Set([1])])
      expect(() => new DataLoader(bad as never)).toThrow('DataLoader: expected an array or something with length and get(index)');
    expect(() => new DataLoader([], { shuffle: true })).toThrow(ValueError);
  });
});

/** Samples that come in any order, with what `watch` sees of them. */
function slow(n: number, watch: { running: number; most: number; asked: number } = { running: 0, most: 0, asked: 0 }): Dataset<number> {
  return {
    length: n,
    get: async (i) => {
      watch.asked++;
      watch.most = Math.max(watch.most, ++watch.running);
      await later(0, (i * 13) % 7);
      watch.running--;
      return i;
    },
  };
}

describe('prefetching', () => {
  test.each([0, 1, 3, 100])('%i batches ahead: the same batches, in order', async (prefetch) => {
    const watch = { running: 0, most: 0, asked: 0 };
    const loader = new DataLoader(slow(30, watch), { batchSize: 4, prefetch, shuffle: true, generator: new Generator(1) });
    const expected = await numbers(new DataLoader(range(30), { batchSize: 4, shuffle: true, generator: new Generator(1) }));
    expect(await numbers(loader)).toEqual(expected);
    expect(watch.most).toBeLessThanOrEqual(4 * (prefetch + 1));
    expect(watch.most).toBeGreaterThan(prefetch === 0 ? 3 : 4);
    expect(watch).toMatchObject({ running: 0, asked: 30 });
  });

  test('is bounded while the loop waits', async () => {
    const watch = { running: 0, most: 0, asked: 0 };
    const loader = new DataLoader(slow(100, watch), { batchSize: 5, prefetch: 2 });
    const asked: number[] = [];
    for await (const _ of loader) {
      await later(0, 15);
      asked.push(watch.asked);
    }
    // The batch at hand, and two.
    expect(asked.slice(0, 4)).toEqual([15, 20, 25, 30]);
    expect(asked.at(-1)).toBe(100);
  });

  test('samples that come at once are made when they are asked for', async () => {
    let asked = 0;
    const dataset: Dataset<number> = { length: 10, get: (i) => ++asked && i };
    const counts: number[] = [];
    for await (const _ of new DataLoader(dataset, { batchSize: 2, prefetch: 4 })) counts.push(asked);
    expect(counts).toEqual([2, 4, 6, 8, 10]);
  });

  test('is twice what the dataset works on at a time, if nothing is said', () => {
    expect(new DataLoader([1]).prefetch).toBe(2);
    const four: Dataset<number> = { length: 1, get: () => 1, parallelism: 4 };
    expect(new DataLoader(mapDataset(new Subset(four, [0]), (x) => x)).prefetch).toBe(8);
  });

  test('random transforms do not depend on it', async () => {
    const noise = (prefetch: number, wait: boolean): Promise<unknown[]> => {
      const dataset = mapDataset(wait ? slow(20) : range(20), (i, { generator }) => i + rand([1], { generator }).item());
      return numbers(new DataLoader(dataset, { batchSize: 3, shuffle: true, prefetch, generator: new Generator(9) }));
    };
    const expected = await noise(0, false);
    for (const prefetch of [0, 2, 10]) expect(await noise(prefetch, true)).toEqual(expected);
  });

  test('a sample that is drawn twice in an epoch is transformed in two ways', async () => {
    const dataset = mapDataset([0], (_, { seed }) => seed);
    const seeds = (await all(new DataLoader(dataset, { sampler: [0, 0, 0], batchSize: null }))) as number[];
    expect(new Set(seeds).size).toBe(3);
  });
});

describe('seeds', () => {
  test('the default generator decides, when none is given', async () => {
    const epoch = (): Promise<unknown[]> => numbers(new DataLoader(range(20), { batchSize: 5, shuffle: true }));
    manualSeed(1);
    const first = await epoch();
    const second = await epoch();
    manualSeed(1);
    expect([await epoch(), await epoch()]).toEqual([first, second]);
    expect(second).not.toEqual(first);
  });

  test('draws during the epoch change nothing about it', async () => {
    const epoch = async (draws: number): Promise<unknown[]> => {
      manualSeed(2);
      const out: unknown[] = [];
      for await (const batch of new DataLoader(range(20), { batchSize: 5, shuffle: true })) {
        out.push(batch.toArray());
        if (draws > 0) rand([draws]);
      }
      return out;
    };
    expect(await epoch(7)).toEqual(await epoch(0));
  });

  test('a sampler with a generator of its own draws from that', async () => {
    const order = (seed: number, own: number): Promise<unknown[]> => {
      const sampler = new RandomSampler({ length: 20 }, { generator: new Generator(own) });
      return numbers(new DataLoader(range(20), { sampler, generator: new Generator(seed) }));
    };
    expect(await order(1, 5)).toEqual(await order(2, 5));
    expect(await order(1, 5)).not.toEqual(await order(1, 6));
  });
});

describe('iterable datasets', () => {
  test('are cut into batches', async () => {
    const stream = new IterableDataset(() => new Set([1, 2, 3]));
    expect(await numbers(new DataLoader(stream, { batchSize: 2 }))).toEqual([[1, 2], [3]]);
    expect(await numbers(new DataLoader(stream, { batchSize: 2, dropLast: true }))).toEqual([[1, 2]]);
    expect(await all(new DataLoader(stream, { batchSize: null }))).toEqual([1, 2, 3]);
  });

  test('the seed of the epoch reaches the source', async () => {
    const seeds: number[] = [];
    const stream = new IterableDataset(({ seed }) => {
      seeds.push(seed);
      return [1];
    });
    await all(new DataLoader(stream, { generator: new Generator(4) }));
    await all(new DataLoader(stream, { generator: new Generator(4) }));
    await all(new DataLoader(stream, { generator: new Generator(5) }));
    expect(seeds[1]).toBe(seeds[0]);
    expect(seeds[2]).not.toBe(seeds[0]);
  });

  test.each([0, 2])('200,000 samples, %i batches ahead: few are alive at a time', async (prefetch) => {
    const n = 200_000;
    let made = 0;
    let given = 0;
    let most = 0;
    async function* stream(): AsyncGenerator<{ id: number }> {
      for (let i = 0; i < n; i++) {
        made++;
        most = Math.max(most, made - given);
        yield { id: i };
      }
    }
    const batchSize = 100;
    let sum = 0;
    const collate = (samples: { id: number }[]): number => samples.reduce((s, { id }) => s + id, 0);
    for await (const batch of new DataLoader(new IterableDataset(stream), { batchSize, prefetch, collate })) {
      given += batchSize;
      sum += batch;
    }
    expect([made, sum]).toEqual([n, (n * (n - 1)) / 2]);
    expect(most).toBeLessThanOrEqual(batchSize * (prefetch + 1));
  });
});
