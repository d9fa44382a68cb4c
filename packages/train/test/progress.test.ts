import { functional as F } from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { Accuracy, checkpointStorage, type FitCallback, fit } from '../src/index.ts';
import { progress } from '../src/node.ts';
import { memory } from './memory.ts';
import { batchesOf, Shuffled, setup } from './training.ts';

const data = batchesOf(1, [6, 6, 6, 6]);

/** What a run writes, on a terminal or elsewhere. */
async function written(isTTY: boolean, more: object = {}, callbacks: readonly FitCallback[] = []): Promise<string> {
  const { model, optimizer } = setup(1);
  let text = '';
  const stream = {
    isTTY,
    columns: 200,
    write: (t: string) => {
      text += t;
      return true;
    },
  };
  const run = fit(model, {
    ...{ optimizer, loss: F.crossEntropy, data, validation: data.slice(0, 1), epochs: 2, logEvery: 1 },
    metrics: { accuracy: new Accuracy() },
    callbacks: [progress({ stream }), ...callbacks],
    ...more,
  });
  await run.catch((error: unknown) => {
    text += String(error);
  });
  return text;
}

describe('progress', () => {
  it('is a line for every epoch where there is no terminal', async () => {
    const lines = (await written(false)).split('\n');
    const number = '[0-9.e-]+';
    const line = (epoch: number): RegExp =>
      new RegExp(
        `^epoch ${epoch}/2: loss ${number}, accuracy ${number}, valLoss ${number}, valAccuracy ${number} \\([0-9]+ s, ${number} steps/s, [0-9]+ s left\\)$`,
      );
    expect(lines).toEqual([
      expect.stringMatching(line(1)),
      expect.stringMatching(line(2)),
      'finished after 8 steps: all epochs are done',
      '',
    ]);
    expect(lines[1]).toMatch(/ 0 s left\)$/);
  });

  it('says why a run ended, and where it goes on', async () => {
    const checkpoint = checkpointStorage(memory());
    const stop: FitCallback = { onStep: (e) => (e.step === 2 ? e.stop() : undefined) };
    expect(await written(false, { checkpoint }, [stop])).toBe('finished after 2 steps: stopped by a callback\n');
    expect(await written(false, { checkpoint, resume: true })).toMatch(/^going on after step 2\nepoch 1\/2: .*\nepoch 2\/2: .*\nfinished/);
    expect(await written(false, { signal: AbortSignal.abort() })).toBe('finished after 0 steps: aborted\n');
    const early = { epochs: 9, earlyStopping: { monitor: 'loss', patience: 1, minDelta: 9 } };
    expect(await written(false, early)).toMatch(/\nfinished after 8 steps: nothing improves any more\n$/);
  });

  it('is a bar for the running epoch on a terminal, with the values so far', async () => {
    const wait: FitCallback = { onStep: () => new Promise((resolve) => setTimeout(resolve, 250)) };
    const text = await written(true, { epochs: 1 }, [wait]);
    expect(text).toContain('epoch 1/1 [--------------------] 0/4');
    expect(text).toMatch(/epoch 1\/1 \[=+-+\] [123]\/4 [0-9.]+ steps\/s, [0-9]+ s left loss [0-9.]+, accuracy [0-9.]+/);
    expect(text).toMatch(/epoch 1\/1: loss .*\nfinished after 4 steps: all epochs are done\n$/);
  });

  it('counts batches in the first epoch where nobody knows how many there are', async () => {
    const unknown = { [Symbol.iterator]: () => new Shuffled(data)[Symbol.iterator]() };
    const text = await written(true, { data: unknown });
    expect(text).toContain('epoch 1/2 batch 0');
    expect(text).toContain('epoch 2/2 [--------------------] 0/4');
  });

  it('leaves the terminal in order after an error', async () => {
    const fail: FitCallback = {
      onStep: () => {
        throw new RangeError('in a step');
      },
    };
    const text = await written(true, {}, [fail]);
    const lineWrapping = [...text.matchAll(/\[\?7([hl])/g)].map((m) => m[1]);
    expect(lineWrapping).toEqual(['l', 'h']);
    expect(text).toMatch(/RangeError: in a step$/);
  });

  it('refuses unknown options', () => {
    expect(() => progress({ file: 'x' } as object)).toThrow("progress: unknown option 'file'; there are stream");
  });
});
