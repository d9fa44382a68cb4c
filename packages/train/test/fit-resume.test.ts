import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultGenerator, Generator, manualSeed, noGrad, rand, type Tensor } from '@nabla/core';
import { CrossEntropyLoss, functional as F, Linear } from '@nabla/nn';
import { ReduceLROnPlateau, SGD } from '@nabla/optim';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Accuracy,
  AveragedModel,
  type Batches,
  type Checkpoint,
  checkpointStorage,
  DataLoader,
  type FitCallback,
  fit,
  getEmaAvgFn,
  type History,
  TensorDataset,
} from '../src/index.ts';
import { checkpointFile } from '../src/node.ts';
import { memory } from './memory.ts';
import { batchesOf, type Pair, Resumable, Shuffled, setup, textOf, weightsOf } from './training.ts';

const data = batchesOf(1, [7, 7, 7, 7, 4]);
const held = batchesOf(2, [5, 3]);
const folder = mkdtempSync(join(tmpdir(), 'nabla-resume-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All that can be seen of a run afterwards. */
interface Outcome {
  readonly weights: readonly number[][];
  readonly average: readonly number[][];
  readonly optimizer: string;
  readonly history: readonly object[];
  readonly best: History['best'];
  readonly stopped: string;
  readonly after: readonly number[];
}

type More = {
  checkpoint?: Checkpoint;
  resume?: boolean;
  callbacks?: FitCallback;
  epochs?: number;
  accumulate?: number;
  signal?: AbortSignal;
};

/** A run with everything in it, from a seed that matters only for what is not in the checkpoint. */
async function train(seed: number, make: (seed: number) => Batches<Pair>, more: More): Promise<Outcome> {
  const { model, optimizer, schedule } = setup(seed);
  const average = new AveragedModel(model, { avgFn: getEmaAvgFn(0.8), useBuffers: true });
  const noise = new Generator(seed + 50);
  const plateau = new ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.7 });
  const jitter: FitCallback = {
    onStep: () => {
      average.updateParameters();
      // Draws of a generator of one's own, and of the default one, that change the weights.
      noGrad(() => {
        for (const p of model.parameters())
          p.add_(
            rand([1], { generator: noise })
              .sub(rand([1]))
              .mul(1e-3) as Tensor,
          );
      });
    },
  };
  const { callbacks, ...rest } = more;
  const history = await fit(model, {
    ...{ optimizer, loss: new CrossEntropyLoss(), data: make(seed), validation: held, epochs: 3, accumulate: 2, clipGradNorm: 1 },
    metrics: { accuracy: new Accuracy() },
    schedules: [{ schedule, every: 'step' }, plateau],
    earlyStopping: { monitor: 'valLoss', patience: 5, restoreBest: true },
    state: { average, noise },
    callbacks: [jitter, ...(callbacks === undefined ? [] : [callbacks])],
    ...rest,
  });
  return {
    weights: weightsOf(model),
    average: weightsOf(average),
    optimizer: textOf([optimizer.stateDict(), schedule.stateDict(), plateau.stateDict()]),
    history: history.epochs.map(({ seconds: _, ...record }) => record),
    best: history.best,
    stopped: history.stopped,
    after: [...rand([2]).dataSync(), ...rand([2], { generator: noise }).dataSync()],
  };
}

const stopAt = (at: number): FitCallback => ({
  onStep: ({ step }) => {
    if (step === at) throw new RangeError('killed');
  },
});

/** A loader that is shuffled by the default generator, or by one of its own. */
const loader = (generator?: (seed: number) => Generator) => (seed: number) => {
  const [[x, y]] = batchesOf(1, [32]) as [Pair];
  return new DataLoader(new TensorDataset(x, y), {
    batchSize: 7,
    shuffle: true,
    ...(generator === undefined ? {} : { generator: generator(seed) }),
  }) as Batches<Pair>;
};

const kinds: readonly (readonly [string, (seed: number) => Batches<Pair>])[] = [
  ['an array of batches', () => data],
  ['data that is shuffled anew and has no position', () => new Shuffled(data)],
  ['data with a position', (seed) => new Resumable(data, seed)],
  ['data with a position that does not know its length', (seed) => new Resumable(data, seed, null)],
  ['data that is at the next epoch after its last batch', (seed) => new Resumable(data, seed, data.length, true)],
  ['a DataLoader', loader()],
  ['a DataLoader with a generator of its own', loader((seed) => new Generator(seed))],
];

describe.each(kinds)('a run on %s', (_, make) => {
  it('that was interrupted at any step goes on bit by bit', async () => {
    const whole = await train(1, make, {});
    expect(whole.history).toHaveLength(3);
    // Five batches, two a step: three steps an epoch.
    for (let at = 1; at <= 9; at++) {
      for (const everySteps of [1, 2]) {
        const checkpoint = checkpointStorage(memory(), { everySteps, everyEpochs: 1 });
        await expect(train(1, make, { checkpoint, callbacks: stopAt(at) })).rejects.toThrow('killed');
        // Nothing may come from what another seed made, except where there was no checkpoint yet.
        const seed = at === 1 || (at === 2 && everySteps === 2) ? 1 : 77;
        expect(await train(seed, make, { checkpoint, resume: true })).toEqual(whole);
      }
    }
  });

  it('that was aborted or stopped after any step does, too', async () => {
    const whole = await train(2, make, {});
    for (let at = 1; at <= 9; at++) {
      const checkpoint = checkpointStorage(memory(), { everyEpochs: 100 });
      const controller = new AbortController();
      const callbacks: FitCallback = {
        onStep: ({ step, stop }) => {
          if (step === at) (at % 2 === 0 ? stop : () => controller.abort())();
        },
      };
      const part = await train(2, make, { checkpoint, callbacks, signal: controller.signal });
      expect(part.stopped).toBe(at % 2 === 0 ? 'callback' : 'aborted');
      expect(await train(78, make, { checkpoint, resume: true })).toEqual(whole);
    }
  });
});

describe.each(kinds)('at the last batch of an epoch, a run on %s', (_, make) => {
  it('can be interrupted or aborted', async () => {
    const whole = await train(13, make, { accumulate: 1 });
    for (const at of [5, 6, 10]) {
      const checkpoint = checkpointStorage(memory(), { everySteps: 1 });
      await expect(train(13, make, { accumulate: 1, checkpoint, callbacks: stopAt(at) })).rejects.toThrow('killed');
      expect(await train(79, make, { accumulate: 1, checkpoint, resume: true })).toEqual(whole);
      const other = checkpointStorage(memory());
      const callbacks: FitCallback = { onStep: ({ step, stop }) => (step === at ? stop() : undefined) };
      const part = await train(13, make, { accumulate: 1, checkpoint: other, callbacks });
      expect([part.stopped, part.history.length]).toEqual(['callback', Math.floor((at - 1) / 5)]);
      expect(await train(79, make, { accumulate: 1, checkpoint: other, resume: true })).toEqual(whole);
    }
  });
});

describe('resuming', () => {
  const make = (): Batches<Pair> => new Shuffled(data);

  it('from a file, again and again', async () => {
    const whole = await train(3, make, {});
    const checkpoint = checkpointFile(join(folder, 'last.ckpt'), { everySteps: 1, keep: 2 });
    for (let at = 2; at < 9; at += 2) {
      const seed = at === 2 ? 3 : 80 + at;
      await expect(train(seed, make, { checkpoint, resume: true, callbacks: stopAt(at) })).rejects.toThrow('killed');
    }
    expect(await train(99, make, { checkpoint, resume: true })).toEqual(whole);
    // A run that is over is over: the same result, without a step.
    let steps = 0;
    const count = (): void => {
      steps++;
    };
    const again = await train(98, make, { checkpoint, resume: true, callbacks: { onStep: count } });
    expect([again, steps]).toEqual([whole, 0]);
  });

  it('goes on with more epochs than there were to be', async () => {
    const checkpoint = checkpointStorage(memory());
    const short = await train(4, make, { checkpoint, epochs: 2 });
    expect(short.history).toHaveLength(2);
    const long = await train(81, make, { checkpoint, resume: true, epochs: 3 });
    expect(long).toEqual(await train(4, make, { epochs: 3 }));
  });

  it('of a run that early stopping ended ends at once', async () => {
    const run = async (seed: number, resume: boolean, checkpoint: Checkpoint, patience: number): Promise<History> => {
      const { model, optimizer } = setup(seed);
      const earlyStopping = { patience, minDelta: 100 };
      return fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 9, earlyStopping, checkpoint, resume });
    };
    const checkpoint = checkpointStorage(memory(), { everyEpochs: 4 });
    const first = await run(5, false, checkpoint, 2);
    expect([first.stopped, first.epochs.length, first.resumedAt]).toEqual(['earlyStopping', 3, null]);
    const second = await run(6, true, checkpoint, 2);
    expect([second.stopped, second.epochs, second.best, second.resumedAt]).toEqual(['earlyStopping', first.epochs, first.best, 15]);
    const third = await run(6, true, checkpoint, 4);
    expect([third.stopped, third.epochs.length]).toEqual(['earlyStopping', 5]);
  });

  it('starts from the beginning where there is no checkpoint', async () => {
    const checkpoint = checkpointStorage({ save: () => {}, load: () => undefined });
    expect(await train(9, make, { checkpoint, resume: true })).toEqual(await train(9, make, {}));
  });

  it('refuses a checkpoint of something else before anything changes', async () => {
    const full = checkpointStorage(memory());
    await train(10, make, { checkpoint: full });
    const plain = checkpointStorage(memory());
    const linear = (seed: number): { model: Linear<3, 2>; optimizer: SGD } => {
      manualSeed(seed);
      const model = new Linear(3, 2);
      return { model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
    };
    const first = linear(12);
    await fit(first.model, { optimizer: first.optimizer, loss: F.crossEntropy, data, epochs: 1, checkpoint: plain });
    const other = async (checkpoint: Checkpoint, state = {}): Promise<unknown> => {
      const { model, optimizer } = linear(11);
      const before = [weightsOf(model), textOf(optimizer.stateDict()), defaultGenerator().getState()];
      const run = fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 9, resume: true, checkpoint, state });
      const error: unknown = await run.catch((e: unknown) => e);
      expect([weightsOf(model), textOf(optimizer.stateDict()), defaultGenerator().getState()]).toEqual(before);
      return error;
    };
    expect(await other(full)).toMatchObject({ name: 'StateDictError' });
    expect(await other(plain, { noise: new Generator(1) })).toMatchObject({
      name: 'ValueError',
      message: expect.stringContaining('the checkpoint has no "state.noise"'),
    });
    const foreign: Checkpoint = { everySteps: null, everyEpochs: null, save: async () => {}, load: async () => new Map([['model', 3]]) };
    expect(await other(foreign)).toMatchObject({ name: 'ValueError', message: expect.stringContaining('holds no run of fit') });
    const damaged = checkpointStorage({ save: () => {}, load: () => new ArrayBuffer(100) });
    expect(await other(damaged)).toMatchObject({ name: 'FileFormatError' });
  });

  it('notices that there is less data', async () => {
    const checkpoint = checkpointStorage(memory(), { everySteps: 1 });
    await expect(train(12, () => data, { checkpoint, callbacks: stopAt(3) })).rejects.toThrow('killed');
    await expect(train(12, () => data.slice(0, 1), { checkpoint, resume: true })).rejects.toThrow(
      'fit: the data has 3 batches less than when the checkpoint was written',
    );
  });

  it('checks options', () => {
    expect(() => checkpointStorage({} as never)).toThrow('checkpointStorage: the storage needs a method save');
    expect(() => checkpointStorage(memory(), { everySteps: 0 })).toThrow('checkpointStorage: everySteps must be a positive integer, got 0');
    expect(() => checkpointStorage(memory(), { every: 3 } as object)).toThrow("checkpointStorage: unknown option 'every'");
    expect(() => checkpointFile('x', { keep: -1 })).toThrow('checkpointFile: keep must be a number of files, got -1');
    expect(() => checkpointFile('x', { everyEpochs: 1.5 })).toThrow('checkpointFile: everyEpochs must be a positive integer, got 1.5');
    expect(() => checkpointFile(3 as never)).toThrow('checkpointFile: the path must be a text, got number');
    expect([checkpointStorage(memory()), checkpointStorage(memory(), { everySteps: 5 })]).toMatchObject([
      { everySteps: null, everyEpochs: 1 },
      { everySteps: 5, everyEpochs: null },
    ]);
  });
});
