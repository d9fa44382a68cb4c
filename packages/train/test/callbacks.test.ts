import { functional as F } from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { checkpointStorage, type FitCallback, type FitEvent, fit, NonFiniteLossError } from '../src/index.ts';
import { memory } from './memory.ts';
import { batchesOf, setup, textOf, weightsOf } from './training.ts';

const data = batchesOf(1, [6, 6, 6]);

/** Notes every call of every method, after a while. */
function recorder(name: string, log: string[]): FitCallback {
  const note =
    (method: string) =>
    async ({ epoch, step, batch, batches, epochs, history }: FitEvent): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.push(`${name} ${method} ${epoch}/${epochs} ${step} ${batch}/${batches} ${history.length}`);
    };
  return Object.fromEntries(
    ['onFitStart', 'onEpochStart', 'onStep', 'onLog', 'onEpochEnd', 'onCheckpoint', 'onFitEnd', 'onError'].map((m) => [m, note(m)]),
  );
}

describe('callbacks', () => {
  it('are called in order, and waited for', async () => {
    const { model, optimizer } = setup(1);
    const log: string[] = [];
    const checkpoint = checkpointStorage(memory(), { everySteps: 2, everyEpochs: 1 });
    const callbacks = [recorder('a', log), recorder('b', log)];
    await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 2, accumulate: 2, logEvery: 3, checkpoint, callbacks });
    expect(log.filter((_, i) => i % 2 === 1)).toEqual(log.filter((_, i) => i % 2 === 0).map((l) => l.replace('a', 'b')));
    expect(log.filter((l) => l.startsWith('a')).map((l) => l.slice(2))).toEqual([
      'onFitStart 1/2 0 0/3 0',
      'onEpochStart 1/2 0 0/3 0',
      'onStep 1/2 1 2/3 0',
      'onStep 1/2 2 3/3 0',
      'onCheckpoint 1/2 2 3/3 0',
      'onEpochEnd 1/2 2 3/3 1',
      'onCheckpoint 1/2 2 0/3 1',
      'onEpochStart 2/2 2 0/3 1',
      'onStep 2/2 3 2/3 1',
      'onLog 2/2 3 2/3 1',
      'onStep 2/2 4 3/3 1',
      'onCheckpoint 2/2 4 3/3 1',
      'onEpochEnd 2/2 4 3/3 2',
      'onCheckpoint 2/2 4 0/3 2',
      'onFitEnd 2/2 4 0/3 2',
    ]);
  });

  it('see the loss and the learning rates of a step, its gradients, and the values so far', async () => {
    const { model, optimizer, schedule } = setup(2);
    const [losses, rates, means]: number[][] = [[], [], []];
    const history = await fit(model, {
      ...{ optimizer, loss: F.crossEntropy, data, epochs: 1, logEvery: 1, schedules: { schedule, every: 'step' } },
      callbacks: {
        onStep: async ({ loss, lr }) => {
          losses!.push(await loss());
          rates!.push(...lr);
          expect(model.parameters().every((p) => p.grad !== null)).toBe(true);
        },
        onLog: ({ metrics }) => {
          means!.push(metrics['loss']!);
        },
      },
    });
    expect(losses).toHaveLength(3);
    expect(means).toEqual([
      losses![0],
      (losses![0]! * 6 + losses![1]! * 6) / 12,
      (losses![0]! * 6 + losses![1]! * 6 + losses![2]! * 6) / 18,
    ]);
    expect(history.epochs[0]!.metrics.loss).toBe(means![2]);
    expect(rates).toEqual([0.05, expect.closeTo(0.05 * (1 - 0.8 / 11), 12), expect.closeTo(0.05 * (1 - 1.6 / 11), 12)]);
  });

  it('can end the run, after a step or an epoch', async () => {
    const after = async (callbacks: FitCallback): Promise<unknown[]> => {
      const { model, optimizer } = setup(3);
      const { steps, stopped, epochs } = await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 4, callbacks });
      return [steps, stopped, epochs.length];
    };
    expect(await after({ onStep: ({ step, stop }) => (step === 5 ? stop() : undefined) })).toEqual([5, 'callback', 1]);
    expect(await after({ onEpochEnd: ({ epoch, stop }) => (epoch === 2 ? stop() : undefined) })).toEqual([6, 'callback', 2]);
    expect(await after({ onFitStart: ({ stop }) => stop() })).toEqual([0, 'callback', 0]);
  });

  it.each(['onFitStart', 'onEpochStart', 'onStep', 'onLog', 'onEpochEnd', 'onCheckpoint', 'onFitEnd'] as const)(
    'that fail in %s end the run with their error, and leave the last checkpoint as it was',
    async (method) => {
      const storage = memory();
      const run = (more: object, seed = 4): Promise<unknown> => {
        const { model, optimizer } = setup(seed);
        const checkpoint = checkpointStorage(storage, { everySteps: 1 });
        return fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 3, logEvery: 1, checkpoint, ...more }).then(() =>
          weightsOf(model),
        );
      };
      const whole = await run({});
      storage.clear();
      let calls = 0;
      const told: unknown[] = [];
      const callbacks = [
        {
          [method]: async () => {
            await Promise.resolve();
            if (++calls === (method === 'onFitStart' || method === 'onFitEnd' ? 1 : 2)) throw new RangeError(`in ${method}`);
          },
          onError: () => Promise.reject(new Error('dropped')),
        },
        {
          onError: ({ error }: { error: unknown }) => {
            told.push(error);
          },
        },
      ];
      const failed = await run({ callbacks }).catch((e: unknown) => e);
      expect(failed).toMatchObject({ name: 'RangeError', message: `in ${method}` });
      expect(told).toEqual([failed]);
      // Of another seed, so that everything comes from the checkpoint; one that fails at once leaves none.
      expect(await run({ resume: true }, method === 'onFitStart' ? 4 : 5)).toEqual(whole);
    },
  );
});

describe('a signal', () => {
  it('ends a run after the present step, while timers run', async () => {
    const { model, optimizer } = setup(6);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    const started = performance.now();
    const history = await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1e9, signal: controller.signal });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(history.stopped).toBe('aborted');
    expect(history.steps).toBeGreaterThan(0);
  });

  it('that was aborted before lets nothing begin', async () => {
    const { model, optimizer } = setup(7);
    const before = weightsOf(model);
    const storage = memory();
    const signal = AbortSignal.abort();
    const history = await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 2, signal, checkpoint: checkpointStorage(storage) });
    expect([history.stopped, history.steps, history.epochs]).toEqual(['aborted', 0, []]);
    expect(weightsOf(model)).toEqual(before);
    expect(storage.saved).toBe(0);
  });
});

describe('a loss that is NaN or infinite', () => {
  const poisoned = data.map(([x, y], i) => [x, y, i] as const);
  const options = (bad: number, value: number) => {
    const s = setup(8);
    let batch = 0;
    const step = ([x, y]: (typeof poisoned)[number]) => {
      const loss = F.crossEntropy((s.model as never as { call(x: unknown): never }).call(x), y);
      return batch++ === bad ? (loss.mul(value) as typeof loss) : loss;
    };
    return { ...s, options: { optimizer: s.optimizer, step, data: poisoned, epochs: 3 } };
  };

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
  ])('(%s) is an error before the optimizer takes a step', async (text, value) => {
    const { model, optimizer, options: o } = options(4, value);
    let before: unknown = null;
    const parameters = (): unknown => [model.parameters().map((p) => Array.from(p.dataSync())), textOf(optimizer.stateDict())];
    const failed = await fit(model, {
      ...o,
      callbacks: {
        onStep: () => {
          before = parameters();
        },
      },
    }).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(NonFiniteLossError);
    expect(failed).toMatchObject({ epoch: 2, step: 5, message: expect.stringContaining(`fit: the loss is ${text} in epoch 2, step 5; `) });
    expect(parameters()).toEqual(before);
  });

  it('counts steps of the optimizer, not batches', async () => {
    const { model, options: o } = options(4, Number.NaN);
    await expect(fit(model, { ...o, accumulate: 2 })).rejects.toMatchObject({ epoch: 2, step: 3 });
  });

  it('is passed over if asked to', async () => {
    const { model, options: o } = options(4, Number.NaN);
    const history = await fit(model, { ...o, nonFinite: 'ignore' });
    expect([history.steps, history.epochs.map((e) => Number.isNaN(e.metrics.loss))]).toEqual([9, [false, true, true]]);
  });
});
