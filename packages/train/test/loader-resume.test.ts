import { defaultGenerator, Generator, manualSeed, rand, ValueError } from '@nabla/core';
import { readCheckpoint, restoreCheckpoint, writeCheckpoint } from '@nabla/io';
import {
  BatchSampler,
  DataLoader,
  type DataLoaderState,
  type Dataset,
  IterableDataset,
  mapDataset,
  RandomSampler,
  WeightedRandomSampler,
} from '@nabla/train';
import { describe, expect, test } from 'vitest';
import { all, later } from './helpers.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
/** Samples that are random, fetched at different speeds. */
const noisy = (n: number): Dataset<number> =>
  mapDataset({ length: n, get: (i: number) => later(i, (i * 5) % 3) }, (i, { generator }) => i + rand([1], { generator }).item());
const stream = (n: number): IterableDataset<number> =>
  mapDataset(
    new IterableDataset(async function* () {
      for (let i = 0; i < n; i++) yield await i;
    }),
    (i, { generator }) => i + rand([1], { generator }).item(),
  );

const loaders: readonly [string, () => DataLoader<number>][] = [
  ['shuffled, with a generator', () => new DataLoader(noisy(13), { batchSize: 3, shuffle: true, generator: new Generator(1) })],
  ['shuffled, by the default generator', () => new DataLoader(noisy(13), { batchSize: 3, shuffle: true, prefetch: 3 })],
  ['at once', () => new DataLoader(range(13), { batchSize: 4, shuffle: true, dropLast: true, generator: new Generator(1) })],
  [
    'a sampler with a generator',
    () => {
      const sampler = new WeightedRandomSampler([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], 9, { generator: new Generator(5) });
      return new DataLoader(noisy(13), { sampler, batchSize: 2, generator: new Generator(2) });
    },
  ],
  [
    'one generator for both',
    () => {
      const generator = new Generator(8);
      return new DataLoader(noisy(13), { sampler: new RandomSampler({ length: 13 }, { generator }), batchSize: 5, generator });
    },
  ],
  ['a batch sampler', () => new DataLoader(noisy(13), { batchSampler: new BatchSampler(new RandomSampler({ length: 13 }), 3, false) })],
  ['indices of your own', () => new DataLoader(noisy(13), { sampler: [5, 1, 5, 7, 2], batchSize: 2, generator: new Generator(0) })],
  ['a stream', () => new DataLoader(stream(13), { batchSize: 3, generator: new Generator(3), prefetch: 2 })],
  ['a stream without a rest', () => new DataLoader(stream(13), { batchSize: 3, dropLast: true, generator: new Generator(3) })],
];

/** Three epochs, and a checkpoint after every batch and at the end of every epoch. */
async function straight(
  make: () => DataLoader<number>,
): Promise<{ batches: unknown[]; ends: number[]; saved: Uint8Array[]; between: Uint8Array[] }> {
  manualSeed(11);
  const loader = make();
  const batches: unknown[] = [];
  const ends: number[] = [];
  const saved: Uint8Array[] = [];
  const between: Uint8Array[] = [];
  const save = (): Promise<Uint8Array> => writeCheckpoint({ loader, generator: defaultGenerator() });
  saved.push(await save());
  for (let epoch = 0; epoch < 3; epoch++) {
    for await (const batch of loader) {
      batches.push(batch.toArray());
      // What happens while the batch is used must not matter.
      rand([epoch + 1]);
      saved.push(await save());
    }
    ends.push(batches.length);
    between.push(await save());
  }
  return { batches, ends, saved, between };
}

describe('going on from a state', () => {
  test.each(loaders)('%s: after any batch, the rest is what it would have been', async (_name, make) => {
    const { batches, ends, saved, between } = await straight(make);
    expect(batches.length).toBeGreaterThan(6);
    expect(saved).toHaveLength(batches.length + 1);
    /** What follows a checkpoint, in the epochs from one on. */
    const rest = async (checkpoint: Uint8Array, firstEpoch: number): Promise<unknown[]> => {
      manualSeed(999);
      const loader = make();
      restoreCheckpoint(readCheckpoint(checkpoint), { loader, generator: defaultGenerator() });
      const out: unknown[] = [];
      for (let epoch = firstEpoch; epoch < ends.length; epoch++) {
        for await (const batch of loader) {
          out.push(batch.toArray());
          rand([epoch + 1]);
        }
      }
      return out;
    };
    for (const [k, checkpoint] of saved.entries()) {
      const epoch = ends.findIndex((end) => k <= end);
      expect(await rest(checkpoint, epoch), `after ${k} batches`).toEqual(batches.slice(k));
    }
    for (const [epoch, checkpoint] of between.entries())
      expect(await rest(checkpoint, epoch + 1), `after epoch ${epoch}`).toEqual(batches.slice(ends[epoch]));
  });

  test('the state is about batches that were given out, not those that were prefetched', async () => {
    let asked = 0;
    const dataset: Dataset<number> = {
      length: 20,
      get: (i) => {
        asked++;
        return later(i);
      },
    };
    const loader = new DataLoader(dataset, { batchSize: 2, prefetch: 4 });
    const counts: (number | undefined)[] = [loader.stateDict().epoch?.batches];
    for await (const _ of loader) {
      counts.push(loader.stateDict().epoch?.batches);
      if (counts.length === 4) break;
    }
    expect(asked).toBeGreaterThan(6);
    // A loop that was left early can be taken up again.
    expect([...counts, loader.stateDict().epoch?.batches]).toEqual([undefined, 1, 2, 3, 3]);
    loader.loadStateDict(loader.stateDict());
    expect((await all(loader)).flatMap((t) => t.toArray())).toEqual(range(20).slice(6));
    expect(loader.stateDict().epoch).toBeNull();
  });

  test('delivered samples are not fetched again', async () => {
    const asked: number[] = [];
    const make = (): DataLoader<number> =>
      new DataLoader({ length: 10, get: (i: number) => asked.push(i) && i }, { batchSize: 3, shuffle: true, generator: new Generator(0) });
    const loader = make();
    let state: DataLoaderState | null = null;
    for await (const _ of loader) {
      state = loader.stateDict();
      if (state.epoch!.batches === 2) break;
    }
    const before = asked.splice(0);
    const other = make();
    other.loadStateDict(state!);
    await all(other);
    expect([before.length, asked.length]).toEqual([6, 4]);
    expect([...before, ...asked].sort((a, b) => a - b)).toEqual(range(10));
  });

  test('after the last batch of an epoch, that epoch ends at once and the next one follows', async () => {
    const make = (): DataLoader<number> => new DataLoader(range(4), { batchSize: 2, shuffle: true, generator: new Generator(0) });
    const loader = make();
    const states: DataLoaderState[] = [];
    for await (const _ of loader) states.push(loader.stateDict());
    const next = (await all(loader)).map((t) => t.toArray());
    const other = make();
    other.loadStateDict(states.at(-1)!);
    expect(await all(other)).toEqual([]);
    expect((await all(other)).map((t) => t.toArray())).toEqual(next);
  });
});

describe('states that do not fit', () => {
  const loader = (): DataLoader<number> => new DataLoader(range(10), { batchSize: 3, shuffle: true, generator: new Generator(1) });
  const midway = async (of: DataLoader<number>): Promise<DataLoaderState> => {
    for await (const _ of of) return of.stateDict();
    throw new Error('no batch');
  };

  test('are refused, and nothing is changed', async () => {
    const state = await midway(loader());
    const cases: readonly [DataLoader<number>, unknown, string][] = [
      [loader(), null, 'this is no state of a DataLoader'],
      [loader(), { epoch: null }, 'this is no state of a DataLoader'],
      [loader(), { ...state, epoch: 3 }, 'this is no state of a DataLoader'],
      [loader(), { ...state, epoch: { ...state.epoch, batches: -1 } }, 'the epoch of the state has no seed, or no number of batches'],
      [loader(), { ...state, epoch: { ...state.epoch, seed: 'x' } }, 'the epoch of the state has no seed, or no number of batches'],
      [loader(), { ...state, epoch: { ...state.epoch, samplerSeed: 'x' } }, "the sampler's seed is none"],
      [loader(), { ...state, epoch: { ...state.epoch, samplerSeed: 5 } }, "the sampler's seed does not fit the sampler"],
      [loader(), { ...state, generator: null }, "the state has none of the loader's generator"],
      [loader(), { ...state, samplerGenerator: { seed: 1, offset: 0 } }, 'the state has one of a generator that the sampler does not have'],
      [loader(), { ...state, generator: { seed: 1, offset: -1 } }, 'offset must be a non-negative integer'],
      [
        new DataLoader(range(10), { batchSize: 4, generator: new Generator(1) }),
        state,
        'the epoch was begun with batchSize 3, this loader has 4',
      ],
      [
        new DataLoader(range(9), { batchSize: 3, generator: new Generator(1) }),
        state,
        'the epoch was begun with samples 10, this loader has 9',
      ],
    ];
    for (const [of, bad, message] of cases) {
      const before = of.stateDict();
      expect(() => of.loadStateDict(bad as DataLoaderState)).toThrow(ValueError);
      expect(() => of.loadStateDict(bad as DataLoaderState)).toThrow(message);
      expect(of.stateDict()).toEqual(before);
    }
  });

  test('between epochs the size of batches may change', () => {
    const other = new DataLoader(range(12), { batchSize: 4, shuffle: true, generator: new Generator(9) });
    other.loadStateDict(loader().stateDict());
    expect(other.stateDict().generator).toEqual({ seed: 1, offset: 0 });
  });

  test('a source that became shorter is noticed', async () => {
    for (const make of [
      (n: number) => new DataLoader(range(20), { sampler: new Set(range(n)), batchSize: 2 }),
      (n: number) => new DataLoader(new IterableDataset(() => range(n)), { batchSize: 2 }),
    ]) {
      const long = make(20);
      let state: DataLoaderState | null = null;
      for await (const _ of long) {
        state = long.stateDict();
        if (state.epoch!.batches === 5) break;
      }
      const short = make(3);
      short.loadStateDict(state!);
      await expect(all(short)).rejects.toThrow(
        /DataLoader: 5 batches had been delivered, but the (sampler gives fewer|dataset has fewer samples)/,
      );
    }
  });
});
