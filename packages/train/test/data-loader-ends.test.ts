import { DataLoader, type Dataset, IterableDataset } from '@nabla/train';
import { describe, expect, test } from 'vitest';
import { all, later, numbers, range } from './helpers.ts';

describe('errors', () => {
  const failing = (at: number, how: 'throws' | 'rejects'): Dataset<number> => ({
    length: 12,
    get: (i) => {
      if (i !== at) return how === 'throws' ? i : later(i, (i * 5) % 4);
      if (how === 'throws') throw new RangeError('broken');
      return later(0, 1).then(() => Promise.reject(new RangeError('broken')));
    },
  });

  test.each(['throws', 'rejects'] as const)('what a sample %s comes where its batch would come', async (how) => {
    for (const prefetch of [0, 1, 5]) {
      const seen: unknown[] = [];
      const read = async (): Promise<void> => {
        for await (const batch of new DataLoader(failing(7, how), { batchSize: 3, prefetch })) seen.push(batch.toArray());
      };
      await expect(read()).rejects.toThrow(RangeError);
      expect(seen).toEqual([
        [0, 1, 2],
        [3, 4, 5],
      ]);
    }
  });

  test('of several in a batch the first counts, and all have ended before it is thrown', async () => {
    let running = 0;
    const dataset: Dataset<number> = {
      length: 4,
      get: async (i) => {
        running++;
        await later(0, 20 - 5 * i);
        running--;
        if (i > 0) throw new Error(`sample ${i}`);
        return i;
      },
    };
    await expect(all(new DataLoader(dataset, { batchSize: 4 }))).rejects.toThrow('sample 1');
    expect(running).toBe(0);
  });

  test('of a sampler, a collate function and a stream', async () => {
    function* indices(): IterableIterator<number> {
      yield 0;
      throw new Error('no more');
    }
    const seen: unknown[] = [];
    const read = async (loader: AsyncIterable<unknown>): Promise<void> => {
      for await (const batch of loader) seen.push(batch);
    };
    await expect(read(new DataLoader(['a'], { sampler: indices() }))).rejects.toThrow('no more');
    expect(seen).toEqual([['a']]);
    const collate = (): never => {
      throw new Error('cannot');
    };
    await expect(read(new DataLoader(['a'], { collate }))).rejects.toThrow('cannot');
    async function* stream(): AsyncGenerator<string> {
      yield 'x';
      yield 'y';
      yield 'z';
      throw new Error('cut off');
    }
    await expect(read(new DataLoader(new IterableDataset(stream), { batchSize: 2, prefetch: 3 }))).rejects.toThrow('cut off');
    expect(seen).toEqual([['a'], ['x', 'y']]);
  });
});

describe('a loop that ends early', () => {
  test('tells those at work, and waits for them', async () => {
    let running = 0;
    let aborted = 0;
    const dataset: Dataset<number> = {
      length: 100,
      get: async (i, { signal }) => {
        running++;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, i < 2 ? 1 : 10_000);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            aborted++;
            resolve();
          });
        });
        running--;
        return i;
      },
    };
    for await (const _ of new DataLoader(dataset, { batchSize: 2, prefetch: 3 })) break;
    expect([running, aborted]).toEqual([0, 8]);
  });

  test('an epoch that is read to its end aborts nothing', async () => {
    const signals: AbortSignal[] = [];
    const dataset: Dataset<number> = { length: 3, get: async (i, { signal }) => signals.push(signal) && i };
    await all(new DataLoader(dataset));
    expect(signals.map((s) => s.aborted)).toEqual([false, false, false]);
  });

  test('closes a stream once, at its end, at a break and at an error', async () => {
    let open = 0;
    let opened = 0;
    async function* stream(): AsyncGenerator<number> {
      opened++;
      open++;
      try {
        for (let i = 0; i < 10; i++) yield await later(i);
      } finally {
        open--;
      }
    }
    const loader = new DataLoader(new IterableDataset(stream), { batchSize: 2, prefetch: 2 });
    for await (const _ of loader) break;
    expect([opened, open]).toEqual([1, 0]);
    expect(await numbers(loader)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ]);
    const read = async (): Promise<void> => {
      for await (const _ of loader) throw new Error('enough');
    };
    await expect(read()).rejects.toThrow('enough');
    expect([opened, open]).toEqual([3, 0]);
  });

  test('the next loop is a new epoch', async () => {
    const loader = new DataLoader(range(6), { batchSize: 2 });
    for await (const _ of loader) break;
    expect(await numbers(loader)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });
});
