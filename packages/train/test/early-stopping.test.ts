import { functional as F } from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { Accuracy, type EarlyStoppingOptions, type FitCallback, fit, type Metric } from '../src/index.ts';
import { batchesOf, setup, weightsOf } from './training.ts';

const data = batchesOf(1, [6, 6]);

/** A metric with one value after another, whatever the model does. */
function scripted(values: readonly number[], higherIsBetter = false): Metric {
  let at = 0;
  return {
    higherIsBetter,
    reset: () => {},
    update: () => {},
    compute: () => values[at++]!,
    stateDict: () => at,
    loadStateDict: (state: number) => {
      at = state;
    },
  };
}

/** The number of epochs that a run has whose metric takes these values, and which was best. */
async function epochsOf(values: readonly number[], options: EarlyStoppingOptions<'score'>, higherIsBetter = false): Promise<unknown[]> {
  const { model, optimizer } = setup(1);
  const { epochs, stopped, best } = await fit(model, {
    ...{ optimizer, loss: F.crossEntropy, data, epochs: values.length },
    metrics: { score: scripted(values, higherIsBetter) },
    earlyStopping: { monitor: 'score', ...options },
  });
  return [epochs.length, stopped, best?.epoch ?? null, best?.value ?? null];
}

describe('early stopping', () => {
  it('ends after so many epochs without an improvement, one after another', async () => {
    expect(await epochsOf([5, 6, 4, 4, 4, 3, 2], { patience: 2 })).toEqual([5, 'earlyStopping', 3, 4]);
    expect(await epochsOf([5, 6, 4, 5, 5, 3, 2], { patience: 3 })).toEqual([7, 'epochs', 7, 2]);
    expect(await epochsOf([5, 5, 4], { patience: 1 })).toEqual([2, 'earlyStopping', 1, 5]);
    expect(await epochsOf([3, 4, 4, 4, 4], {})).toEqual([4, 'earlyStopping', 1, 3]);
    // The last epoch of all ends the run by itself.
    expect(await epochsOf([1, 2], { patience: 1 })).toEqual([2, 'epochs', 1, 1]);
  });

  it('wants an improvement of more than minDelta, from the best', async () => {
    expect(await epochsOf([5, 4.5, 4.75, 4, 9], { patience: 2, minDelta: 0.5 })).toEqual([3, 'earlyStopping', 1, 5]);
    expect(await epochsOf([5, 4.5, 4.75, 4, 9], { patience: 3, minDelta: 0.5 })).toEqual([5, 'epochs', 4, 4]);
  });

  it('knows whether larger is better, or is told', async () => {
    expect(await epochsOf([1, 2, 3, 3, 2], { patience: 2 }, true)).toEqual([5, 'epochs', 3, 3]);
    expect(await epochsOf([1, 2, 3, 3, 2], { patience: 2 }, false)).toEqual([3, 'earlyStopping', 1, 1]);
    expect(await epochsOf([1, 2, 3, 3, 2], { patience: 2, mode: 'max' })).toEqual([5, 'epochs', 3, 3]);
    expect(await epochsOf([1, 2, 3, 3, 2], { patience: 2, mode: 'min' }, true)).toEqual([3, 'earlyStopping', 1, 1]);
  });

  it('takes NaN for no improvement, and the first number after it for one', async () => {
    expect(await epochsOf([Number.NaN, 5, 6, Number.NaN, 4], { patience: 2 })).toEqual([4, 'earlyStopping', 2, 5]);
    expect(await epochsOf([Number.NaN, Number.NaN, 5], { patience: 2 })).toEqual([2, 'earlyStopping', null, null]);
  });

  it('watches the loss of validation where there is one, else that of training', async () => {
    const one = setup(2);
    const options = { loss: F.crossEntropy, data, epochs: 3, earlyStopping: {} };
    const plain = await fit(one.model, { optimizer: one.optimizer, ...options });
    expect(plain.best!.value).toBe(Math.min(...plain.epochs.map((e) => e.metrics.loss)));
    const two = setup(2);
    const held = await fit(two.model, { optimizer: two.optimizer, ...options, validation: batchesOf(9, [9]) });
    expect(held.best!.value).toBe(Math.min(...held.epochs.map((e) => e.metrics.valLoss!)));
  });

  it('gives back the weights of the best epoch, buffers too, if asked to', async () => {
    const run = async (restoreBest: boolean, patience: number): Promise<[number[][], number[][][]]> => {
      const { model, optimizer } = setup(3);
      const seen: number[][][] = [];
      const callbacks: FitCallback = {
        onEpochEnd: () => {
          seen.push(weightsOf(model));
        },
      };
      const metrics = { score: scripted([3, 1, 2, 2, 2]) };
      const earlyStopping = { monitor: 'score', patience, restoreBest } as const;
      await fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 5, metrics, earlyStopping, callbacks });
      return [weightsOf(model), seen];
    };
    const [early, seen] = await run(true, 2);
    expect(seen).toHaveLength(4);
    expect(early).toEqual(seen[1]);
    const [late, all] = await run(true, 10);
    expect(all).toHaveLength(5);
    expect(late).toEqual(all[1]);
    const [last, others] = await run(false, 2);
    expect(last).toEqual(others[3]);
    expect(last).not.toEqual(others[1]);
  });

  it('leaves an aborted run with the weights that it had', async () => {
    const { model, optimizer } = setup(4);
    const controller = new AbortController();
    let atAbort: number[][] = [];
    const history = await fit(model, {
      ...{ optimizer, loss: F.crossEntropy, data, epochs: 9, signal: controller.signal, metrics: { accuracy: new Accuracy() } },
      earlyStopping: { patience: 9, restoreBest: true, monitor: 'loss' },
      callbacks: {
        onEpochEnd: ({ epoch }) => {
          if (epoch < 3) return;
          atAbort = weightsOf(model);
          controller.abort();
        },
      },
    });
    expect([history.stopped, history.epochs.length]).toEqual(['aborted', 3]);
    expect(weightsOf(model)).toEqual(atAbort);
  });
});
