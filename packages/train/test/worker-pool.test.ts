import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Generator, type Tensor, tensor, ValueError } from '@nabla/core';
import { DataLoader, IterableDataset, mapDataset, Subset } from '@nabla/train';
import { WorkerError, WorkerPool, type WorkerPoolOptions } from '@nabla/train/node';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { all } from './helpers.ts';
import { plainWorkers } from './plain-workers.ts';
import { createDataset, createTransform, type Sample, type Wanted } from './workers/samples.ts';

const { dir, execArgv } = await plainWorkers();
afterAll(() => rmSync(dir, { recursive: true }));
const pools: WorkerPool[] = [];

function pool(file: string, options: WorkerPoolOptions): WorkerPool {
  const made = new WorkerPool(new URL(`workers/${file}`, import.meta.url), { execArgv, ...options });
  pools.push(made);
  return made;
}

const samples = (wanted: Wanted, size = 2): WorkerPool => pool('samples.ts', { data: wanted, size });

// No test may leave a thread behind.
afterEach(async () => {
  const left = pools.splice(0);
  await Promise.all(left.map((p) => p.dispose()));
  expect(left.map((p) => p.running)).toEqual(left.map(() => 0));
});

/** Everything about a batch of samples. */
const shown = (batch: unknown): unknown => {
  const [noise, label, { name, raw }] = batch as readonly [Tensor, Tensor, { name: string[]; raw: Tensor }];
  return [noise.dtype, noise.toArray(), label.dtype, label.toArray(), name, raw.dtype, raw.toArray()];
};

async function read(loader: AsyncIterable<unknown>): Promise<{ batches: unknown[]; error: unknown }> {
  const batches: unknown[] = [];
  try {
    for await (const batch of loader) batches.push(shown(batch));
  } catch (error) {
    return { batches, error };
  }
  return { batches, error: null };
}

const options = { batchSize: 3, shuffle: true } as const;
const inThisThread = (wanted: Wanted): DataLoader<unknown> =>
  new DataLoader(createDataset(wanted), { ...options, generator: new Generator(5) });
const inThreads = async (p: WorkerPool, more: { prefetch?: number } = {}): Promise<DataLoader<unknown>> =>
  new DataLoader(await p.dataset<unknown>(), { ...options, ...more, generator: new Generator(5) });

describe('a dataset in threads', () => {
  test('gives the batches that it gives here, bit for bit, for any number of threads', { timeout: 120_000 }, async () => {
    const expected = await read(inThisThread({ n: 20 }));
    expect(expected.batches).toHaveLength(7);
    for (const size of [1, 3]) {
      const p = samples({ n: 20, wait: true }, size);
      expect(p.running).toBe(0);
      const loader = await inThreads(p);
      expect([loader.length, loader.prefetch]).toEqual([7, 2 * size]);
      expect(await read(loader)).toEqual(expected);
      expect(p.running).toBe(size);
    }
    const p = samples({ n: 20 });
    for (const prefetch of [0, 20]) expect(await read(await inThreads(p, { prefetch }))).toEqual(expected);
  });

  test('goes on in the middle of an epoch, with another number of threads', { timeout: 120_000 }, async () => {
    const { batches } = await read(inThisThread({ n: 20 }));
    const first = await inThreads(samples({ n: 20 }, 1));
    let state: ReturnType<typeof first.stateDict> | null = null;
    for await (const _ of first) {
      state = first.stateDict();
      if (state.epoch!.batches === 3) break;
    }
    const second = await inThreads(samples({ n: 20 }, 2));
    second.loadStateDict(state!);
    expect((await read(second)).batches).toEqual(batches.slice(3));
  });

  test('sample by sample: for a collate function of your own, subsets and transforms', { timeout: 120_000 }, async () => {
    const p = samples({ n: 6, wait: true });
    const dataset = new Subset(
      mapDataset(await p.dataset<Sample>(), ([, label, { raw }]) => [label, raw[0]]),
      [4, 1, 5],
    );
    expect(await all(new DataLoader(dataset, { batchSize: 2, collate: (batch) => batch }))).toEqual([
      [
        [4n, 4 / 3],
        [1n, 1 / 3],
      ],
      [[5n, 5 / 3]],
    ]);
  });

  test('whole batches of the dataset there, and draws that name no generator', { timeout: 120_000 }, async () => {
    const whole = samples({ n: 5, whole: true });
    const batches = (await all(new DataLoader(await whole.dataset(), { batchSize: 2 }))) as unknown as [Tensor][];
    expect(batches.map(([x]) => x.toArray())).toEqual([[0, 1], [2, 3], [4]]);
    const drawn: unknown[] = [];
    for (const size of [1, 2]) {
      const p = pool('unnamed.ts', { size, data: 8 });
      const loader = new DataLoader(await p.dataset<Tensor>(), { batchSize: 2, generator: new Generator(1) });
      drawn.push((await all(loader)).map((t) => t.toArray()));
    }
    expect(drawn[1]).toEqual(drawn[0]);
    expect(new Set((drawn[0] as number[][][]).flat(2)).size).toBe(16);
  });
});

describe('a transform in threads', () => {
  const input = (i: number): { x: Tensor; places: Int32Array } => ({ x: tensor([i]), places: Int32Array.of(9, i, 9).subarray(1, 2) });
  const text = (out: unknown): unknown => {
    const { y, ...rest } = out as { y: Tensor };
    return [y.toArray(), rest];
  };

  test('is what it is here, of samples by index and of a stream', { timeout: 120_000 }, async () => {
    const here = await createTransform({ n: -1 });
    const there = samples({ n: -1 }).transform<ReturnType<typeof input>, unknown>();
    const byIndex = { length: 12, get: input };
    const stream = new IterableDataset(() => Array.from({ length: 12 }, (_, i) => input(i)));
    const options = { batchSize: null } as const;
    const expected: unknown[] = [];
    for (const dataset of [mapDataset(byIndex, here), mapDataset(byIndex, there)]) {
      const loader = new DataLoader(dataset, { ...options, prefetch: 5, collate: text, generator: new Generator(3) });
      expected.push(await all(loader));
    }
    expect(expected[1]).toEqual(expected[0]);
    expect(JSON.stringify((expected[0] as unknown[][])[2]![1])).toContain('{"places":{"0":2}');
    const streamed: unknown[] = [];
    for (const dataset of [mapDataset(stream, here), mapDataset(stream, there, { concurrency: 4 })])
      streamed.push(await all(new DataLoader(dataset, { ...options, collate: text, generator: new Generator(3) })));
    expect(streamed[1]).toEqual(streamed[0]);
    expect(streamed[0]).toHaveLength(12);
  });

  test('what it throws, and a thread that ends, come where the sample would come', { timeout: 120_000 }, async () => {
    for (const how of ['throws', 'exits'] as const) {
      const there = samples({ n: 4, how }).transform<ReturnType<typeof input>, unknown>();
      const stream = mapDataset(new IterableDataset(() => Array.from({ length: 12 }, (_, i) => input(i))), there, { concurrency: 3 });
      const seen: unknown[] = [];
      const run = async (): Promise<void> => {
        for await (const out of stream) seen.push(out);
      };
      const error = await run().then(
        () => null,
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(WorkerError);
      expect((error as Error).message).toBe(
        how === 'throws' ? 'a transform: ShapeError: 4 does not fit' : 'a transform: the thread stopped with exit code 3',
      );
      expect(seen).toHaveLength(4);
    }
  });

  test('takes only what can cross', async () => {
    const there = samples({ n: 1 }).transform<unknown, unknown>();
    const dataset = mapDataset([() => 1, Symbol('s'), new Date(0), new DataView(new ArrayBuffer(1))], there);
    for (const [i, what] of ['a function', 'a symbol', 'an object of the class Date', 'a DataView'].entries())
      await expect(all(new DataLoader(dataset, { sampler: [i] }))).rejects.toThrow(`${what} cannot cross to another thread`);
  });
});

describe('what goes wrong', () => {
  const whole = { n: 12, at: 7 } as const;
  const sequential = async (p: WorkerPool): Promise<{ batches: unknown[]; error: unknown }> =>
    read(new DataLoader(await p.dataset(), { batchSize: 3, prefetch: 4 }));

  test.each([
    ['throws', 'sample 7: RangeError: no such digit', 7],
    ['wrong type', 'sample 7: Error: a text', 7],
    ['exits', 'the samples 6, 7, 8: the thread stopped with exit code 7', null],
    ['breaks later', 'the samples 6, 7, 8: the thread died: TypeError: out of nowhere', null],
    ['ragged', 'the samples 6, 7, 8: ShapeError: defaultCollate: sample 0 has the shape [2] at 0 and sample 1 of the batch [3]', null],
    ['a function', 'the samples 6, 7, 8: ValueError: defaultCollate:', null],
  ] as const)('a sample that %s fails its batch, behind those before it', { timeout: 120_000 }, async (how, message, index) => {
    const p = samples({ ...whole, how });
    const { batches, error } = await sequential(p);
    expect(batches).toHaveLength(2);
    expect(error).toBeInstanceOf(WorkerError);
    expect((error as Error).message).toContain(message);
    expect((error as WorkerError).index).toBe(index);
    if (how === 'throws') expect(((error as WorkerError).cause as Error).stack).toMatch(/samples\.mjs/);
    // A thread that died is replaced.
    const again = new DataLoader(await p.dataset(), { sampler: [0, 1, 2], batchSize: 3 });
    expect((await read(again)).batches).toEqual(
      batches.slice(0, 1).map((b) => expect.objectContaining({ length: (b as unknown[]).length })),
    );
  });

  test('what cannot cross back is an error of its sample', { timeout: 120_000 }, async () => {
    const dataset = await samples({ ...whole, how: 'a function' }).dataset();
    await expect(all(new DataLoader(dataset, { sampler: [7], batchSize: null }))).rejects.toThrow(
      'sample 7: ValueError: a function cannot cross to another thread',
    );
  });

  test('a module that cannot be loaded, is not there, or lacks the function', { timeout: 120_000 }, async () => {
    await expect(pool('broken.ts', { size: 1 }).dataset()).rejects.toThrow('the length of the dataset: SyntaxError: cannot be loaded');
    await expect(pool('none.ts', { size: 1 }).dataset()).rejects.toThrow(WorkerError);
    await expect(pool('register.mjs', { size: 1 }).dataset()).rejects.toThrow(/exports no function createDataset/);
    const unnamed = pool('unnamed.ts', { size: 1, data: 1 }).transform<number, number>();
    await expect(all(new DataLoader(mapDataset([1], unnamed)))).rejects.toThrow(/exports no function createTransform/);
  });

  test('options that make no sense', () => {
    const url = new URL('workers/samples.ts', import.meta.url);
    for (const size of [0, 1.5]) expect(() => new WorkerPool(url, { size })).toThrow(ValueError);
    expect(() => new WorkerPool('./samples.ts')).toThrow('WorkerPool: the module should be a URL');
    expect(() => new WorkerPool(url, { data: () => 1 })).toThrow('WorkerPool: data cannot be cloned');
    expect(() => new WorkerPool(url, { workers: 1 } as never)).toThrow("unknown option 'workers'");
  });

  test('options of Node that a thread does not take', async () => {
    await expect(pool('samples.ts', { size: 1, execArgv: ['--expose-gc'] }).dataset()).rejects.toThrow(/expose-gc/);
  });
});

describe('the end', () => {
  test('a loop that is left early waits for what was begun, and begins nothing more', { timeout: 120_000 }, async () => {
    const p = samples({ n: 1000, wait: true }, 1);
    const dataset = await p.dataset<unknown>();
    let asked = 0;
    let answered = 0;
    const counted = {
      ...dataset,
      getBatch: async (...args: Parameters<NonNullable<typeof dataset.getBatch>>): Promise<unknown> => {
        asked++;
        const batch = await dataset.getBatch!(...args);
        answered++;
        return batch;
      },
    };
    for await (const _ of new DataLoader(counted, { batchSize: 5, prefetch: 10 })) break;
    expect(asked).toBe(11);
    // The batch that was given out and the two that the thread had been given; the rest was taken back.
    expect(answered).toBeLessThanOrEqual(4);
    expect(p.running).toBe(1);
  });

  test('dispose ends the threads and whoever waits for them', { timeout: 120_000 }, async () => {
    const p = samples({ n: 3, at: 1, how: 'waits' });
    const dataset = await p.dataset();
    const context = { seed: 0, generator: new Generator(0), signal: new AbortController().signal };
    const waiting = [0, 1, 1, 1, 1, 1].map((i) =>
      Promise.resolve(dataset.get(i, context)).then(
        () => 'done',
        (e: unknown) => (e as Error).message,
      ),
    );
    expect(await waiting[0]).toBe('done');
    await p.dispose();
    expect(await Promise.all(waiting)).toEqual(['done', ...new Array(5).fill('sample 1: the pool was disposed')]);
    expect(p.running).toBe(0);
    expect(() => dataset.get(0, context)).toThrow('WorkerPool: the pool was disposed');
    await expect(p.dataset()).rejects.toThrow(ValueError);
    await p.dispose();
  });

  test('threads that have nothing to do keep no program alive', { timeout: 120_000 }, () => {
    const script = fileURLToPath(new URL('workers/program.ts', import.meta.url));
    const out = execFileSync(process.execPath, ['--conditions=@nabla/source', '--import', 'tsx', script], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect(out).toBe('2 threads, 4 batches\n');
  });
});
