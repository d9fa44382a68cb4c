import { Generator, IndexError, manualSeed, rand, ShapeError, type Tensor, tensor, ValueError, zeros } from '@nabla/core';
import {
  ChainDataset,
  ConcatDataset,
  DataLoader,
  type Dataset,
  IterableDataset,
  mapDataset,
  randomSplit,
  StackDataset,
  Subset,
  TensorDataset,
} from '@nabla/train';
import { describe, expect, test } from 'vitest';
import { all, context, later } from './helpers.ts';

describe('TensorDataset', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const y = tensor([7n, 8n, 9n]);

  test('gives entry i of each tensor', () => {
    const dataset = new TensorDataset(x, y);
    expect(dataset.length).toBe(3);
    const [a, b] = dataset.get(1);
    expect([a.toArray(), b.item(), b.dtype]).toEqual([[3, 4], 8, 'int64']);
  });

  test('a batch is what its samples collate to, bit for bit', async () => {
    const dataset = new TensorDataset(x, y);
    const [a, b] = dataset.getBatch([2, 0, 2]);
    const plain: Dataset<[Tensor, Tensor]> = { length: 3, get: (i) => dataset.get(i) };
    const [[c, d]] = (await all(new DataLoader(plain, { batchSampler: [[2, 0, 2]] }))) as [[Tensor, Tensor]];
    expect([a.toArray(), b.toArray(), a.dtype, b.dtype]).toEqual([c.toArray(), d.toArray(), c.dtype, d.dtype]);
    expect(a.toArray()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
  });

  test('refuses tensors of different lengths, and indices that no sample has', () => {
    expect(() => new TensorDataset(x, zeros([4]))).toThrow(ShapeError);
    expect(() => new TensorDataset(x, zeros([4]))).toThrow(
      'TensorDataset: tensor 0 of shape [3, 2] and tensor 1 of shape [4] differ in length',
    );
    expect(() => new TensorDataset(tensor(1))).toThrow(ShapeError);
    expect(() => new TensorDataset()).toThrow(ValueError);
    const dataset = new TensorDataset(x, y);
    for (const i of [-1, 3, 0.5, Number.NaN]) {
      expect(() => dataset.get(i)).toThrow(IndexError);
      expect(() => dataset.getBatch([0, i])).toThrow(`TensorDataset: index ${i} is out of range for 3 samples`);
    }
  });
});

describe('ConcatDataset, StackDataset, ChainDataset', () => {
  test('one after the other, empty ones too', () => {
    const joined = new ConcatDataset([[1, 2], [], Float32Array.of(3), { length: 2, get: (i: number) => 10 + i }]);
    expect(joined.cumulativeSizes).toEqual([2, 2, 3, 5]);
    expect(Array.from({ length: joined.length }, (_, i) => joined.get(i))).toEqual([1, 2, 3, 10, 11]);
    expect(() => joined.get(5)).toThrow('ConcatDataset: index 5 is out of range for 5 samples');
    expect(() => new ConcatDataset([])).toThrow(ValueError);
    expect(() => new ConcatDataset([new IterableDataset(() => [1]) as never])).toThrow(/an IterableDataset has them one after the other/);
    expect(() => new ConcatDataset([new Map() as never])).toThrow(/expected an array or something with length and get/);
  });

  test('side by side, by place and by name', async () => {
    const numbers = [1, 2];
    const texts = ['a', 'b'];
    expect(new StackDataset(numbers, texts).get(1)).toEqual([2, 'b']);
    expect(new StackDataset({ n: numbers, t: texts }).get(0)).toEqual({ n: 1, t: 'a' });
    expect(new StackDataset(numbers).get(0)).toEqual([1]);
    const slow: Dataset<string> = { length: 2, get: (i) => later(texts[i]!) };
    expect(await new StackDataset(numbers, slow).get(1)).toEqual([2, 'b']);
    expect(() => new StackDataset({ n: numbers, t: ['a'] })).toThrow('StackDataset: dataset n has 2 samples and dataset t has 1');
    expect(() => new StackDataset()).toThrow(ValueError);
  });

  test('of several errors the first part has its thrown, and none is left alone', async () => {
    const broken = (message: string, ms: number): Dataset<number> => ({
      length: 1,
      get: () => later(0, ms).then(() => Promise.reject(new Error(message))),
    });
    const atOnce: Dataset<number> = {
      length: 1,
      get: () => {
        throw new Error('third');
      },
    };
    await expect(new StackDataset(broken('first', 20), broken('second', 1), atOnce).get(0)).rejects.toThrow('first');
  });

  test('streams one after the other', async () => {
    async function* slow(): AsyncGenerator<number> {
      yield await later(3);
      yield 4;
    }
    const chained = new ChainDataset([new IterableDataset(() => [1, 2]), new IterableDataset(slow)]);
    expect(await all(chained)).toEqual([1, 2, 3, 4]);
    expect(await all(chained)).toEqual([1, 2, 3, 4]);
    expect(() => new ChainDataset([[1] as never])).toThrow(ValueError);
  });
});

describe('Subset', () => {
  test('gives the chosen samples, whole batches of them where the dataset has that', () => {
    const subset = new Subset(['a', 'b', 'c'], [2, 0]);
    expect([subset.length, subset.get(0), subset.get(1)]).toEqual([2, 'c', 'a']);
    expect(subset.getBatch).toBeUndefined();
    const tensors = new Subset(new TensorDataset(tensor([1, 2, 3])), [2, 0]);
    expect((tensors.getBatch!([1, 0], []) as [Tensor])[0].toArray()).toEqual([1, 3]);
    expect(() => new Subset(['a'], [1])).toThrow(IndexError);
    expect(() => subset.get(2)).toThrow(IndexError);
    expect(() => tensors.getBatch!([2], [])).toThrow('Subset: index 2 is out of range for 2 samples');
  });
});

describe('randomSplit', () => {
  // What torch.utils.data.random_split (1.13) gives.
  test.each([
    [10, [0.3, 0.3, 0.4], [3, 3, 4]],
    [7, [1 / 3, 1 / 3, 1 / 3], [3, 2, 2]],
    [11, [0.5, 0.25, 0.25], [6, 3, 2]],
    [5, [0.9, 0.1], [5, 0]],
    [101, [0.7, 0.2, 0.1], [71, 20, 10]],
    [1, [1], [1]],
    [0, [0.5, 0.5], [0, 0]],
    [6, [1, 5], [1, 5]],
  ])('%i samples by %j', (n, lengths, counts) => {
    const parts = randomSplit(
      Array.from({ length: n }, (_, i) => i),
      lengths,
    );
    expect(parts.map((p) => p.length)).toEqual(counts);
    const samples = parts.flatMap((p) => Array.from({ length: p.length }, (_, i) => p.get(i) as number));
    expect(samples.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  test('a seed cuts in one way', () => {
    const indices = (seed: number): number[][] =>
      randomSplit({ length: 50, get: (i) => i }, [0.5, 0.5], { generator: new Generator(seed) }).map((p) => Array.from(p.indices));
    expect(indices(1)).toEqual(indices(1));
    expect(indices(1)).not.toEqual(indices(2));
    expect(indices(1)[0]).not.toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  test('refuses lengths that do not fit', () => {
    expect(() => randomSplit([1, 2, 3], [1, 1])).toThrow('randomSplit: the lengths sum to 2, but the dataset has 3 samples');
    expect(() => randomSplit([1, 2, 3], [4, -1])).toThrow('randomSplit: the length at index 1 is no number of samples: -1');
    expect(() => randomSplit([1, 2, 3], [1.5, 1.5])).toThrow('randomSplit: the length at index 0 is no number of samples: 1.5');
    expect(() => randomSplit([1, 2, 3], [1.5, -0.5])).toThrow('randomSplit: the fraction at index 0 is not between 0 and 1: 1.5');
    expect(() => randomSplit([1], [1], { seed: 1 } as never)).toThrow("randomSplit: unknown option 'seed'; there are generator");
  });
});

describe('mapDataset', () => {
  test('transforms samples by index, at once or later', async () => {
    const doubled = mapDataset([1, 2, 3], (x) => 2 * x);
    expect([doubled.length, doubled.get(2, context())]).toEqual([3, 6]);
    expect(
      await mapDataset(
        mapDataset([1, 2], (x) => later(x)),
        async (x) => x + 1,
      ).get(1, context()),
    ).toBe(3);
    expect(() => mapDataset([1], 5 as never)).toThrow(ValueError);
    expect(() => (mapDataset as (...args: unknown[]) => unknown)([1], () => 1, { concurrency: 2 })).toThrow(/for iterable datasets/);
  });

  test('transforms a stream in order, so many at a time', async () => {
    let running = 0;
    let most = 0;
    const stream = mapDataset(
      new IterableDataset(() => Array.from({ length: 20 }, (_, i) => i)),
      async (i) => {
        most = Math.max(most, ++running);
        await later(0, (i * 7) % 5);
        running--;
        return i * i;
      },
      { concurrency: 4 },
    );
    expect(await all(stream)).toEqual(Array.from({ length: 20 }, (_, i) => i * i));
    expect([most, running]).toEqual([4, 0]);
    for (const concurrency of [0, 1.5]) expect(() => mapDataset(stream, (x) => x, { concurrency })).toThrow(ValueError);
  });

  test('an error of a stream or of a transform comes behind the samples before it', async () => {
    let closed = 0;
    const failing = (at: number, where: 'source' | 'transform') => {
      function* numbers(): Generator_<number> {
        try {
          for (let i = 0; i < 10; i++) {
            if (where === 'source' && i === at) throw new Error('broken');
            yield i;
          }
        } finally {
          closed++;
        }
      }
      const transform = async (i: number): Promise<number> => {
        await later(0, 10 - i);
        if (where === 'transform' && i === at) throw new Error('broken');
        return i;
      };
      return mapDataset(new IterableDataset(numbers), transform, { concurrency: 3 });
    };
    for (const where of ['source', 'transform'] as const) {
      const seen: number[] = [];
      const read = async (): Promise<void> => {
        for await (const i of failing(5, where)) seen.push(i);
      };
      await expect(read()).rejects.toThrow('broken');
      expect(seen).toEqual([0, 1, 2, 3, 4]);
    }
    expect(closed).toBe(2);
  });

  test('each sample and each transform has random numbers of its own, the same for the same seed', async () => {
    const draw = (sample: number[], { generator }: { generator: Generator }): number[] => [...sample, rand([1], { generator }).item()];
    const byIndex = mapDataset(mapDataset([[0], [1], [2]], draw), draw);
    const stream = mapDataset(mapDataset(new IterableDataset(() => [[0], [1], [2]]), draw), draw);
    for (const dataset of [byIndex, stream]) {
      const epoch = async (seed: number): Promise<number[][]> =>
        all(new DataLoader(dataset as Dataset<number[]>, { batchSize: null, generator: new Generator(seed) }));
      const first = await epoch(1);
      expect(await epoch(1)).toEqual(first);
      const drawn = [...first, ...(await epoch(2))].flatMap((s) => s.slice(1));
      expect(drawn).toHaveLength(12);
      expect(new Set(drawn).size).toBe(12);
    }
  });

  test('outside of a loader the seed comes from the default generator', () => {
    const dataset = new ConcatDataset([
      new Subset(
        mapDataset([0], (_, { seed }) => seed),
        [0],
      ),
    ]);
    manualSeed(3);
    const seed = dataset.get(0);
    manualSeed(3);
    expect([dataset.get(0), Number.isSafeInteger(seed)]).toEqual([seed, true]);
    expect(dataset.get(0)).not.toBe(seed);
  });
});

type Generator_<T> = globalThis.Generator<T, void, undefined>;

describe('IterableDataset', () => {
  test('refuses what is no function, and what gives nothing to iterate', async () => {
    expect(() => new IterableDataset([1] as never)).toThrow(ValueError);
    await expect(all(new IterableDataset(() => 5 as never))).rejects.toThrow('the source gave nothing that can be iterated');
  });
});
