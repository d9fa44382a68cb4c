import { cpu, type Tensor } from '@nabla/core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabData } from '../src/norm-lab/data.ts';
import { readImageData } from '../src/norm-lab/idx.ts';
import { buildModel } from '../src/norm-lab/models/index.ts';
import type { Sequences } from '../src/norm-lab/models/recurrent.ts';
import { Runner } from '../src/norm-lab/runner.ts';
import { type Arm, keyOf, type Model, type SingleSpec, type TrainResult, type TrainSpec, type Variant } from '../src/norm-lab/spec.ts';
import { shrink, taskData } from '../src/norm-lab/tasks.ts';
import { Order, rateAt } from '../src/norm-lab/train.ts';
import { folder, writeHalves } from './files.ts';

const mlp: Model = { kind: 'mlp', width: 16, depth: 2, activation: 'relu' };
const data = { train: 160, held: 64, side: 14 };
const base: TrainSpec = {
  kind: 'train',
  task: 'digits',
  model: mlp,
  arm: 'none',
  seed: 3,
  part: 'test',
  data,
  optimizer: 'sgd',
  lr: 0.05,
  batch: 16,
  samples: 480,
  warmup: 0,
  weightScale: 1,
  checks: 2,
};
const text = 'the cat sat on the mat. '.repeat(200);

let lab: LabData;
let runner: Runner;
beforeAll(async () => {
  const dir = folder();
  writeHalves(dir, 320, 64);
  lab = { images: await readImageData(dir), text };
  runner = new Runner(lab, cpu);
});
const train = async (spec: TrainSpec): Promise<TrainResult> => (await runner.run(spec)) as TrainResult;

const designs: readonly [name: string, model: Model, arms: readonly [Arm, Variant?][]][] = [
  ['mlp', mlp, [['none'], ['batch'], ['layer'], ['rms'], ['batch', 'plain'], ['layer', 'scale'], ['batch', 'shift'], ['batch', 'noisy']]],
  ['convnet', { kind: 'convnet', channels: [4, 8] }, [['none'], ['batch'], ['layer'], ['group'], ['instance']]],
  ['rnn', { kind: 'rnn', hidden: 8 }, [['none'], ['batch'], ['batch', 'shared'], ['layer']]],
  ['lstm', { kind: 'lstm', hidden: 8 }, [['none'], ['batch'], ['layer']]],
  [
    'transformer',
    { kind: 'transformer', width: 8, layers: 1, heads: 2, context: 8 },
    [['none'], ['batch'], ['layer'], ['layer', 'post'], ['rms']],
  ],
];

describe.each(designs)('%s', (_name, model, choices) => {
  it('starts every arm from the same weights', () => {
    const build = ([arm, variant]: readonly [Arm, Variant?]) =>
      buildModel(
        { model, arm, ...(variant === undefined ? {} : { variant }), seed: 7, weightScale: 1 },
        { height: 8, width: 8, classes: 4 },
      );
    const own = (name: string): boolean => /norm|final/i.test(name);
    const first = [...build(choices[0]!).namedParameters()].filter(([name]) => !own(name));
    expect(first.length).toBeGreaterThan(2);
    for (const choice of choices.slice(1)) {
      const others = new Map(build(choice).namedParameters());
      for (const [name, p] of first) expect(others.get(name)?.toArray(), `${choice.join(' ')} ${name}`).toEqual(p.toArray());
    }
  });
});

describe('a run', () => {
  // Of the LSTM one arm is enough here: its normalizations are those of the RNN.
  const learners = designs
    .slice(0, 4)
    .flatMap(([name, model, choices]) => choices.map(([arm, variant]) => ({ name, model, arm, variant })))
    .filter(({ name, arm }) => name !== 'lstm' || arm === 'layer');
  it.each(learners)('of $name with $arm $variant learns two easy classes', async ({ name, model, arm, variant }) => {
    const recurrent = name === 'rnn' || name === 'lstm';
    const { checks, losses } = await train({
      ...base,
      model,
      arm,
      ...(variant === undefined ? {} : { variant }),
      ...(recurrent ? { task: 'rows', optimizer: 'adam', lr: 0.03, samples: 640 } : {}),
    } as TrainSpec);
    // What reads row by row has to find out first that the rows of noise at the end say nothing.
    if (!recurrent) expect(checks.at(-1)!.error).toBeLessThan(0.1);
    expect(losses.at(-1)).toBeLessThan(0.85 * losses[0]!);
  });

  it('of a transformer learns a text', async () => {
    const model: Model = { kind: 'transformer', width: 8, layers: 1, heads: 2, context: 8 };
    const { checks } = await train({ ...base, task: 'text', model, arm: 'layer', optimizer: 'adam', lr: 0.02, warmup: 0.1 });
    expect(checks.at(-1)!.loss).toBeLessThan(0.85 * Math.log(12));
  });

  it('gives the same bits again', async () => {
    const spec: TrainSpec = { ...base, arm: 'batch', variant: 'noisy', probe: 'landscape', probeStep: 0.05 };
    const first = await train(spec);
    expect(await new Runner(lab, cpu).run(spec)).toEqual(first);
    expect(Object.keys(first.probe).sort()).toEqual(['predictiveness', 'shift', 'smoothness', 'variation']);
  });

  it('is not changed by what is looked at on the way', async () => {
    const plain = await train({ ...base, arm: 'batch' });
    const watched = await train({ ...base, arm: 'batch', probe: 'landscape' });
    expect(watched.checks).toEqual(plain.checks);
    expect(watched.losses).toEqual(plain.losses);
  });

  it('that leaves the finite numbers counts as guessing', async () => {
    const result = await train({ ...base, lr: 1e20 });
    expect(result).toMatchObject({ diverged: true, probe: {} });
    expect(result.checks.map((c) => [c.loss, c.error])).toEqual([
      [Math.log(2), 0.5],
      [Math.log(2), 0.5],
    ]);
  });

  it('shows what depends on the batch', async () => {
    const [batch, layer] = await Promise.all(
      (['batch', 'layer'] as const).map((arm) => train({ ...base, model: designs[1]![1], arm, probe: 'dependence' })),
    );
    expect(batch!.probe['trainShift']).toBeGreaterThan(0.01);
    expect(batch!.probe['evalShift']).toBeLessThan(1e-5);
    expect(layer!.probe['trainShift']).toBeLessThan(1e-5);
  });

  it('measures BatchNorm in both modes and leaves it as it was', async () => {
    const { checks, probe } = await train({ ...base, arm: 'batch', probe: 'modes' });
    expect(probe['evalError']).toBe(checks.at(-1)!.error);
    expect(probe['biasedLoss']).not.toBe(probe['evalLoss']);
    expect(probe['populationLoss']).toBeGreaterThan(0);
  });

  it('on one sample is refused by BatchNorm alone', async () => {
    const single = (arm: Arm): SingleSpec => ({ kind: 'single', model: mlp, arm, seed: 1, data });
    expect(await runner.run(single('layer'))).toEqual({ kind: 'single', error: null });
    expect(await runner.run(single('batch'))).toMatchObject({
      error: { name: 'ValueError', message: /^batchNorm: expected more than 1 value per channel/ },
    });
  });

  it('has a name that does not depend on the order of its fields', () => {
    const turned = Object.fromEntries(Object.entries(base).reverse()) as unknown as TrainSpec;
    expect(keyOf(turned)).toBe(keyOf(base));
    expect(keyOf({ ...base, seed: 4 })).not.toBe(keyOf(base));
  });
});

describe('samples', () => {
  it('come in the same order whatever the batch', () => {
    const part = { count: 10, labels: new Uint8Array(10), batch: () => ({}) as never };
    const [large, small] = [new Order(part, 5), new Order(part, 5)];
    const seen = [...large.next(8), ...large.next(8)];
    expect(Array.from({ length: 8 }, () => small.next(2)).flat()).toEqual(seen);
    expect(seen.slice(0, 10).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('to choose a learning rate with are neither trained on nor tested on', () => {
    const pixels = (part: 'tune' | 'test') => {
      const { train: seen, held } = taskData(lab, { task: 'digits', part, size: data, context: 0 }, cpu);
      const rows = (p: typeof seen): string[] =>
        Array.from({ length: p.count }, (_, i) => String((p.batch([i]).input as Tensor).dataSync()));
      return { seen: rows(seen), held: rows(held) };
    };
    const [tune, test] = [pixels('tune'), pixels('test')];
    expect(tune.seen).toEqual(test.seen);
    expect([tune.held.length, test.held.length]).toEqual([64, 64]);
    expect(tune.held.filter((row) => tune.seen.includes(row) || test.held.includes(row))).toEqual([]);
  });

  it('of sequences are sorted by length, and their answers with them', () => {
    const { train: part } = taskData(lab, { task: 'rows', part: 'test', size: data, context: 0 }, cpu);
    const numbers = [4, 9, 2, 7, 1];
    const { input, target } = part.batch(numbers);
    const { x, running } = input as Sequences;
    expect(running[0]).toBe(5);
    expect([...running]).toEqual([...running].sort((a, b) => b - a));
    expect(x.shape).toEqual([5, running.length, 8]);
    const sort = (a: readonly number[]): number[] => [...a].sort();
    expect(sort(Array.from(target.dataSync(), Number))).toEqual(sort(numbers.map((n) => part.labels[n]!)));
  });

  it('are made smaller by averaging', () => {
    const part = { count: 1, height: 4, width: 4, images: Uint8Array.from({ length: 16 }, (_, i) => i), labels: new Uint8Array(1) };
    expect([...shrink(part, 2).images]).toEqual([2, 4, 10, 12]);
    expect(shrink(part, 4)).toBe(part);
  });
});

it('the learning rate rises during the warm-up and falls to nothing', () => {
  const rates = Array.from({ length: 10 }, (_, i) => rateAt(i, 10, 0.2));
  expect(rates.slice(0, 3)).toEqual([1 / 3, 2 / 3, 1]);
  expect(rates.at(-1)).toBeCloseTo(1 / 8, 12);
  expect(rateAt(0, 10, 0)).toBe(1);
});
