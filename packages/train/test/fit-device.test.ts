import { type Backend, cpu, DeviceLostError, manualSeed, type Tensor, tensor } from '@nabla/core';
import { debug } from '@nabla/core/internals';
import { CrossEntropyLoss, functional as F, type Module } from '@nabla/nn';
import { type Adam, StepLR } from '@nabla/optim';
import { SimulatedDevice } from '@nabla/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Accuracy,
  AveragedModel,
  checkpointStorage,
  evaluate,
  type FitCallback,
  type FitOptions,
  fit,
  type History,
  MeanMetric,
  NonFiniteLossError,
  RunningMean,
} from '../src/index.ts';
import { memory } from './memory.ts';
import { batchesOf, type Pair, setup } from './training.ts';

const data = batchesOf(1, [8, 8, 8, 8, 8, 5]);
const held = batchesOf(2, [6, 3]);

beforeEach(() => {
  debug.poison = true;
});
afterEach(() => {
  debug.poison = false;
});

/** A model and its optimizer on a device. */
function on(device: Backend, seed: number): ReturnType<typeof setup> {
  const made = setup(seed);
  made.model.to(device);
  return made;
}

/** The same with numbers that may differ a little. */
function closeTo(value: unknown): unknown {
  if (typeof value === 'number') return expect.closeTo(value, 5);
  if (Array.isArray(value)) return value.map(closeTo);
  return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, closeTo(v)]));
}

async function weightsOf(model: Module): Promise<number[][]> {
  const all: number[][] = [];
  for (const t of model.stateDict().values()) all.push(Array.from(await t.data()));
  return all;
}

describe('fit on a device', () => {
  it('that can only be read asynchronously computes what the CPU does', async () => {
    const run = async (device: Backend): Promise<unknown[]> => {
      const { model, optimizer, schedule } = on(device, 3);
      const history = await fit(model, {
        ...{ optimizer, loss: new CrossEntropyLoss(), data, validation: held, epochs: 3, accumulate: 2, clipGradNorm: 1 },
        metrics: { accuracy: new Accuracy(), top: new Accuracy({ topK: 2 }), margin: new MeanMetric((o) => o.abs().mean() as Tensor) },
        schedules: schedule,
        earlyStopping: { patience: 9, restoreBest: true },
      });
      return [await weightsOf(model), history.epochs.map((e) => [e.metrics, e.lr]), history.best];
    };
    // The CPU has kernels of its own for whole layers, which round elsewhere.
    expect(await run(new SimulatedDevice())).toEqual(closeTo(await run(cpu)));
  });

  it.each([
    ['wait', 'wait'],
    ['error', 'error'],
  ] as const)('goes on from a checkpoint bit by bit (nonFinite: %s)', async (_, nonFinite) => {
    const run = async (seed: number, more: Partial<FitOptions<Pair>>): Promise<unknown> => {
      const { model, optimizer, schedule } = on(new SimulatedDevice(), seed);
      const options: FitOptions<Pair> = { optimizer, loss: F.crossEntropy, data, epochs: 2, schedules: schedule, nonFinite, ...more };
      const history = await fit(model, options);
      return [await weightsOf(model), history.epochs.map((e) => e.metrics)];
    };
    const whole = await run(4, {});
    const checkpoint = checkpointStorage(memory(), { everySteps: 1 });
    const callbacks: FitCallback = {
      onStep: ({ step }) => {
        if (step === 9) throw new RangeError('killed');
      },
    };
    await expect(run(4, { checkpoint, callbacks })).rejects.toThrow('killed');
    expect(await run(5, { checkpoint, resume: true })).toEqual(whole);
  });

  it.each([3, 7])('that is lost after step %i goes on from the last checkpoint, and ends with the same bits', async (when) => {
    const run = async (device: SimulatedDevice, more: Partial<FitOptions<Pair>>): Promise<unknown> => {
      const { model, optimizer, schedule } = on(device, 4);
      const options: FitOptions<Pair> = {
        optimizer,
        loss: F.crossEntropy,
        data,
        validation: held,
        epochs: 3,
        schedules: schedule,
        ...more,
      };
      const history = await fit(model, options);
      return [await weightsOf(model), history.epochs.map((e) => e.metrics), history.steps];
    };
    const whole = await run(new SimulatedDevice(), {});
    const device = new SimulatedDevice();
    const events: [number, string][] = [];
    let lost = false;
    const callbacks: FitCallback = {
      onStep: ({ step }) => {
        if (step !== when || lost) return;
        lost = true;
        device.lose();
      },
      onDeviceLost: ({ step, lostSteps, error }) => {
        expect(lostSteps).toBeGreaterThan(0);
        events.push([step, error.message]);
      },
    };
    const checkpoint = checkpointStorage(memory(), { everySteps: 2 });
    expect(await run(device, { checkpoint, callbacks })).toEqual(whole);
    expect(events).toEqual([[when - 1, 'the simulated device was lost']]);
  });

  it('that is lost before this run wrote a checkpoint ends the run, whatever an earlier run left', async () => {
    const storage = memory();
    const once = on(new SimulatedDevice(), 4);
    const options = { loss: F.crossEntropy, data, epochs: 1 };
    await fit(once.model, { ...options, optimizer: once.optimizer, checkpoint: checkpointStorage(storage) });
    const device = new SimulatedDevice();
    const { model, optimizer } = on(device, 4);
    const callbacks: FitCallback = { onStep: () => device.lose() };
    await expect(
      fit(model, { ...options, optimizer, callbacks, checkpoint: checkpointStorage(storage, { everySteps: 100 }) }),
    ).rejects.toThrow(DeviceLostError);
  });

  it('holds the same memory after every epoch, and gives everything back but the state', async () => {
    const device = new SimulatedDevice();
    const { model, optimizer, schedule } = on(device, 5);
    const average = new AveragedModel(model, { useBuffers: true });
    const before = device.memory().buffers;
    const [epochs, steps]: number[][] = [[], []];
    const many = Array.from({ length: 10 }, () => data).flat();
    await fit(model, {
      ...{ optimizer, loss: F.crossEntropy, data: many, validation: held, epochs: 4, accumulate: 3, clipGradNorm: 1 },
      ...{ schedules: schedule, metrics: { accuracy: new Accuracy() }, checkpoint: checkpointStorage(memory(), { everySteps: 7 }) },
      callbacks: {
        onStep: () => {
          average.updateParameters();
          steps!.push(device.memory().buffers);
        },
        onEpochEnd: () => {
          epochs!.push(device.memory().buffers);
        },
      },
    });
    expect(new Set(epochs).size).toBe(1);
    // Losses and counts of right answers that wait to be read, 32 of each, and two times what is being read.
    expect(Math.max(...steps!)).toBeLessThanOrEqual(epochs![0]! + 2 * (32 + 2));
    // Two moments of Adam for each parameter, and its gradient.
    expect(device.memory().buffers - before).toBe(3 * model.parameters().length);
  });

  it('keeps the best weights, one set at a time, and lets go of them', async () => {
    const device = new SimulatedDevice();
    const { model, optimizer } = on(device, 6);
    await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1 });
    const before = device.memory().buffers;
    const held: number[] = [];
    await fit(model, {
      ...{ optimizer, loss: F.crossEntropy, data, epochs: 5, earlyStopping: { patience: 9, restoreBest: true } },
      callbacks: {
        onEpochEnd: () => {
          held.push(device.memory().buffers - before);
        },
      },
    });
    expect(new Set(held)).toEqual(new Set([model.stateDict().size]));
    expect(device.memory().buffers).toBe(before);
  });

  it('gives back what an epoch held when it fails', async () => {
    const device = new SimulatedDevice();
    const { model, optimizer } = on(device, 7);
    await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1 });
    const before = device.memory().buffers;
    const callbacks: FitCallback = {
      onStep: ({ step }) => {
        if (step === 4) throw new RangeError('in a callback');
      },
    };
    await expect(fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1, callbacks })).rejects.toThrow('in a callback');
    expect(device.memory().buffers).toBe(before);
  });

  it('reads nothing until it has to', async () => {
    const device = new SimulatedDevice();
    let reads = 0;
    const read = device.read.bind(device);
    device.read = (...args) => {
      reads++;
      return read(...args);
    };
    const { model, optimizer } = on(device, 8);
    const seen: number[] = [];
    const metrics = { accuracy: new Accuracy() };
    const callbacks: FitCallback = {
      onStep: () => {
        seen.push(reads);
      },
    };
    await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 2, metrics, callbacks });
    // Once for the losses of an epoch, once for its metric.
    expect(seen).toEqual([0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2]);
    expect(reads).toBe(4);
    reads = 0;
    await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1, logEvery: 2 });
    expect(reads).toBe(3);
    reads = 0;
    await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1, nonFinite: 'wait' });
    expect(reads).toBe(6);
  });

  it('moves batches for the call, and takes those that are there', async () => {
    const device = new SimulatedDevice();
    const there = data.map(([x, y]) => [x.to(device), y.to(device)] as const) as unknown as Pair[];
    const [one, two] = [on(device, 9), on(device, 9)];
    const options = { loss: F.crossEntropy, epochs: 1 };
    manualSeed(1);
    await fit(one.model, { optimizer: one.optimizer, data, ...options });
    manualSeed(1);
    await fit(two.model, { optimizer: two.optimizer, data: there, ...options });
    expect(await weightsOf(two.model)).toEqual(await weightsOf(one.model));
    expect(there.every(([x]) => !x.disposed)).toBe(true);
    expect(await evaluate(two.model, there, { loss: F.crossEntropy })).toEqual(await evaluate(one.model, data, { loss: F.crossEntropy }));
  });
});

describe('a loss of a device that is NaN', () => {
  const failing = async (
    nonFinite: 'error' | 'wait',
    more: object = {},
  ): Promise<{ error: unknown; steps: number; weights: number[][] }> => {
    const device = new SimulatedDevice();
    const { model, optimizer } = on(device, 10);
    const optimizers = { optimizer, schedules: new StepLR(optimizer, 100) };
    let batch = 0;
    const step = ([x, y]: Pair): Tensor => {
      const loss = F.crossEntropy((model as never as { call(x: Tensor): Tensor }).call(x), y);
      return batch++ === 8 ? (loss.mul(Number.NaN) as Tensor) : loss;
    };
    let steps = 0;
    const callbacks: FitCallback = {
      onStep: () => {
        steps++;
      },
    };
    const error = await fit(model, { ...optimizers, data, step, epochs: 9, nonFinite, callbacks, logEvery: 2, ...more }).catch(
      (e: unknown) => e,
    );
    return { error, steps, weights: await weightsOf(model) };
  };

  it('is an error that names the step, some steps later', async () => {
    const { error, steps } = await failing('error');
    expect(error).toBeInstanceOf(NonFiniteLossError);
    expect(error).toMatchObject({ epoch: 2, step: 9 });
    expect(steps).toBeGreaterThanOrEqual(9);
    expect(steps).toBeLessThanOrEqual(9 + 6);
  });

  it('is one before the optimizer takes the step, if it is waited for', async () => {
    const { error, steps, weights } = await failing('wait');
    expect(error).toMatchObject({ name: 'NonFiniteLossError', epoch: 2, step: 9 });
    expect(steps).toBe(8);
    expect(weights.flat().every(Number.isFinite)).toBe(true);
  });

  it('never gets into a checkpoint', async () => {
    const storage = memory();
    const { error } = await failing('error', { checkpoint: checkpointStorage(storage, { everySteps: 1 }) });
    expect(error).toMatchObject({ name: 'NonFiniteLossError', epoch: 2, step: 9 });
    const state = await checkpointStorage(storage).load();
    const weights = [...(state!.get('model') as Map<string, Tensor>).values()].flatMap((t) => Array.from(t.dataSync()));
    expect(weights.every(Number.isFinite)).toBe(true);
    expect((state!.get('fit') as { progress: { step: number } }).progress.step).toBe(8);
  });
});

describe('means of values on a device', () => {
  it('are exact in double precision, whatever is underway when they are asked for or reset', async () => {
    const device = new SimulatedDevice();
    const before = device.memory().buffers;
    const values = Array.from({ length: 100 }, (_, i) => Math.fround(1 / (i + 3)));
    const mean = new RunningMean();
    mean.add(tensor([9], { device }), 5);
    mean.reset();
    for (const [i, v] of values.entries()) {
      const t = tensor([v], { device });
      mean.add(t, i);
      t.dispose();
      if (i === 40) await mean.compute();
    }
    const [sum, weight] = values.reduce(([s, w], v, i) => [s! + v * i, w! + i], [0, 0]) as [number, number];
    expect(await mean.compute()).toBe(sum / weight);
    const other = new RunningMean();
    other.loadStateDict(await mean.stateDict());
    expect([await other.compute(), await mean.stateDict()]).toEqual([sum / weight, { sum, weight }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(device.memory().buffers - before).toBeLessThanOrEqual(2);
  });
});

// The type of a history has the names that there are values for.
async function names(model: Module, optimizer: Adam): Promise<number> {
  const history: History<{ accuracy: Accuracy }> = await fit(model, {
    ...{ optimizer, loss: F.crossEntropy, data, epochs: 1, validation: held },
    metrics: { accuracy: new Accuracy() },
  });
  // @ts-expect-error there is no such metric
  history.epochs[0]?.metrics.recall;
  return history.epochs[0]!.metrics.accuracy + history.epochs[0]!.metrics.valAccuracy!;
}

describe('the types of a history', () => {
  it('know the names of the metrics', async () => {
    const { model, optimizer } = setup(1);
    expect(await names(model, optimizer)).toBeGreaterThan(0);
  });
});
