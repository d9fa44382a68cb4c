import { manualSeed, noGrad, type Tensor, tensor } from '@nabla/core';
import { CrossEntropyLoss, functional as F, Linear, type Module, Sequential } from '@nabla/nn';
import { Adam, clipGradNorm_, clipGradValue_, LBFGS, LinearLR, ReduceLROnPlateau, SGD, StepLR } from '@nabla/optim';
import { describe, expect, it } from 'vitest';
import { Accuracy, evaluate, type FitOptions, fit, MeanMetric } from '../src/index.ts';
import { batchesOf, type Pair, Shuffled, setup, textOf, weightsOf } from './training.ts';

const data = batchesOf(1, [8, 8, 8, 5]);
const held = batchesOf(2, [6, 3]);
const call = (model: Module, x: Tensor): Tensor => (model as Sequential<[Linear<3, 2>]>).call(x) as unknown as Tensor;

describe('fit', () => {
  it('computes what a loop written by hand does, bit for bit', async () => {
    const hand = setup(3);
    const order = new Shuffled(data);
    const losses: number[] = [];
    const accuracies: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      let [sum, right, count] = [0, 0, 0];
      for (const [x, y] of order) {
        hand.optimizer.zeroGrad();
        const output = call(hand.model, x);
        const loss = F.crossEntropy(output, y);
        loss.backward();
        hand.optimizer.step();
        sum += loss.item() * y.size;
        right += output.argmax(1).eq(y).sum().item();
        count += y.size;
      }
      hand.schedule.step();
      losses.push(sum / count);
      accuracies.push(right / count);
    }

    const own = setup(3);
    const history = await fit(own.model, {
      optimizer: own.optimizer,
      loss: new CrossEntropyLoss(),
      data: new Shuffled(data),
      epochs: 3,
      metrics: { accuracy: new Accuracy() },
      schedules: own.schedule,
    });
    expect(weightsOf(own.model)).toEqual(weightsOf(hand.model));
    expect(own.optimizer.stateDict().param_groups).toEqual(hand.optimizer.stateDict().param_groups);
    expect(history.epochs.map((e) => e.metrics.loss)).toEqual(losses);
    expect(history.epochs.map((e) => e.metrics.accuracy)).toEqual(accuracies);
    expect(history.epochs.map((e) => [e.epoch, e.step])).toEqual([
      [1, 4],
      [2, 8],
      [3, 12],
    ]);
    expect([history.steps, history.stopped, history.best, history.resumedAt]).toEqual([12, 'epochs', null, null]);
    expect(losses[2]!).toBeLessThan(losses[0]!);
  });

  it('averages the gradients of several batches, at the end of an epoch of those there are', async () => {
    const hand = setup(4);
    for (let epoch = 0; epoch < 2; epoch++) {
      for (const group of [data.slice(0, 3), data.slice(3)]) {
        hand.optimizer.zeroGrad();
        for (const [x, y] of group)
          F.crossEntropy(call(hand.model, x), y)
            .div(3 as never)
            .backward();
        if (group.length < 3) for (const p of hand.model.parameters()) noGrad(() => p.grad!.mul_(3 / group.length));
        hand.optimizer.step();
        hand.schedule.step();
      }
    }
    const own = setup(4);
    const history = await fit(own.model, {
      optimizer: own.optimizer,
      loss: F.crossEntropy,
      data,
      epochs: 2,
      accumulate: 3,
      schedules: { schedule: own.schedule, every: 'step' },
    });
    expect(weightsOf(own.model)).toEqual(weightsOf(hand.model));
    expect(history.steps).toBe(4);
    expect(history.epochs.map((e) => e.lr)).toEqual([[0.05 * (1 - (0.8 * 2) / 11)], [expect.closeTo(0.05 * (1 - (0.8 * 4) / 11), 12)]]);
  });

  it.each([
    ['norm', { clipGradNorm: 0.1 }, (m: Module) => clipGradNorm_(m.parameters(), 0.1)],
    ['value', { clipGradValue: 0.02 }, (m: Module) => clipGradValue_(m.parameters(), 0.02)],
  ] as const)('clips gradients by %s', async (_, option, clip) => {
    const run = async (by: (s: ReturnType<typeof setup>) => Promise<unknown>): Promise<number[][]> => {
      const s = setup(5);
      await by(s);
      return weightsOf(s.model);
    };
    const hand = await run(async ({ model, optimizer }) => {
      for (const [x, y] of data) {
        optimizer.zeroGrad();
        F.crossEntropy(call(model, x), y).backward();
        clip(model);
        optimizer.step();
      }
    });
    const own = await run(({ model, optimizer }) => fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1, ...option }));
    const without = await run(({ model, optimizer }) => fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 1 }));
    expect(own).toEqual(hand);
    expect(own).not.toEqual(without);
  });

  it('evaluates on the validation data, weighted by the size of its batches', async () => {
    const { model, optimizer } = setup(6);
    const metrics = { accuracy: new Accuracy(), confidence: new MeanMetric((o) => o.softmax(1).amax(1).mean() as Tensor) };
    const history = await fit(model, { optimizer, loss: F.crossEntropy, data, validation: held, epochs: 2, metrics });
    const [last] = history.epochs.slice(-1);
    const values = await evaluate(model, held, { loss: F.crossEntropy, metrics });
    expect(last!.metrics).toEqual({
      ...{ loss: last!.metrics.loss, accuracy: last!.metrics.accuracy, confidence: last!.metrics.confidence },
      ...{ valLoss: values.loss, valAccuracy: values.accuracy, valConfidence: values.confidence },
    });
    model.eval();
    const [x, y] = [0, 1].map((i) => held.map((b) => b[i]!)) as [Tensor[], Tensor[]];
    const all = noGrad(() => x.map((t, i) => [F.crossEntropy(call(model, t), y[i]!).item(), y[i]!.size] as const));
    expect(values.loss).toBe((all[0]![0] * 6 + all[1]![0] * 3) / 9);
  });

  it('gives ReduceLROnPlateau the loss of validation, or what is named', async () => {
    const { model, optimizer } = setup(7);
    const [seen, named]: number[][] = [[], []];
    const spy = (list: number[]): ReduceLROnPlateau => {
      const schedule = new ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5 });
      const step = schedule.step.bind(schedule);
      schedule.step = (metric) => {
        list.push(metric as number);
        step(metric);
      };
      return schedule;
    };
    const metrics = { accuracy: new Accuracy() };
    const schedules = [spy(seen!), { schedule: spy(named!), monitor: 'accuracy' as const }, new StepLR(optimizer, 100)];
    const history = await fit(model, { optimizer, loss: F.crossEntropy, data, validation: held, epochs: 3, metrics, schedules });
    expect(seen).toEqual(history.epochs.map((e) => e.metrics.valLoss));
    expect(named).toEqual(history.epochs.map((e) => e.metrics.accuracy));
    const without = setup(7);
    const plateau = new ReduceLROnPlateau(without.optimizer);
    const plain = await fit(without.model, { optimizer: without.optimizer, loss: F.crossEntropy, data, epochs: 2, schedules: plateau });
    expect(plateau.best).toBe(Math.min(...plain.epochs.map((e) => e.metrics.loss)));
  });

  it('takes batches of any kind with a step function, and metrics of what it gives', async () => {
    const own = setup(8);
    const records = data.map(([x, y]) => ({ features: x, more: new Map([['label', y]]) }));
    const history = await fit(own.model, {
      optimizer: own.optimizer,
      data: records,
      epochs: 2,
      step: ({ features, more }) => {
        const output = call(own.model, features);
        const target = more.get('label')!;
        return { loss: F.crossEntropy(output, target), output, target };
      },
      metrics: { accuracy: new Accuracy() },
    });
    const other = setup(8);
    const same = await fit(other.model, {
      optimizer: other.optimizer,
      loss: F.crossEntropy,
      data,
      epochs: 2,
      metrics: { accuracy: new Accuracy() },
    });
    expect(history.epochs.map((e) => e.metrics)).toEqual(same.epochs.map((e) => e.metrics));
    expect(weightsOf(own.model)).toEqual(weightsOf(other.model));
    const third = setup(8);
    const plain = await fit(third.model, {
      optimizer: third.optimizer,
      data,
      epochs: 2,
      step: ([x, y]) => F.crossEntropy(call(third.model, x), y),
    });
    expect(plain.epochs.map((e) => e.metrics)).toEqual(same.epochs.map((e) => ({ loss: e.metrics.loss })));
  });

  it('lets several optimizers share the parameters', async () => {
    const model = (): Module => {
      manualSeed(9);
      return new Sequential(new Linear(3, 4), new Linear(4, 2));
    };
    const parts = (m: Module): [SGD, Adam] => [
      new SGD(m.children()[0]!.parameters(), { lr: 0.1 }),
      new Adam(m.children()[1]!.parameters()),
    ];
    const [own, hand] = [model(), model()];
    await fit(own, { optimizer: parts(own), loss: F.crossEntropy, data, epochs: 1, clipGradNorm: 0.5 });
    const optimizers = parts(hand);
    for (const [x, y] of data) {
      for (const o of optimizers) o.zeroGrad();
      F.crossEntropy(call(hand, x), y).backward();
      clipGradNorm_(hand.parameters(), 0.5);
      for (const o of optimizers) o.step();
    }
    expect(weightsOf(own)).toEqual(weightsOf(hand));
  });

  it('trains in training mode, evaluates in evaluation mode and leaves the modes as they were', async () => {
    const { model, optimizer } = setup(10);
    const [first, second] = model.children();
    model.train();
    second!.eval();
    const seen: boolean[] = [];
    first!.registerForwardHook((m) => {
      seen.push(m.training && second!.training);
    });
    await fit(model, { optimizer, loss: F.crossEntropy, data: data.slice(0, 2), validation: held.slice(0, 1), epochs: 2 });
    expect(seen).toEqual([true, true, false, true, true, false]);
    expect([model.training, first!.training, second!.training]).toEqual([true, true, false]);
    const failing = fit(model, {
      optimizer,
      data,
      epochs: 1,
      step: () => {
        throw new RangeError('inside');
      },
    });
    await expect(failing).rejects.toThrow('inside');
    expect([model.training, first!.training, second!.training]).toEqual([true, true, false]);
  });

  it('refuses options that make no sense before anything changes', async () => {
    const { model, optimizer, schedule } = setup(11);
    const other = new Adam([tensor([1], { requiresGrad: true })]);
    const good: FitOptions<Pair> = { optimizer, loss: F.crossEntropy, data, epochs: 2 };
    const { loss: _, ...lossless } = good;
    const running = (function* (): Generator<Pair> {
      yield data[0]!;
    })();
    const wrong: readonly (readonly [object, string])[] = [
      [{ ...good, epoch: 3 }, "fit: unknown option 'epoch'; there are optimizer, loss"],
      [lossless, 'fit: give loss (for batches [input, target]) or step'],
      [{ ...good, step: () => 0 }, 'fit: give loss or step, not both'],
      [{ ...good, loss: 'mse' }, 'fit: loss must be a function or a module, got string'],
      [{ ...lossless, step: 3 }, 'fit: step must be a function, got number'],
      [{ ...good, optimizer: [] }, 'fit: there is no optimizer'],
      [{ ...good, optimizer: [optimizer, optimizer] }, 'fit: an optimizer is given twice'],
      [{ ...good, optimizer: { step: () => {} } }, 'fit: an optimizer needs a method zeroGrad'],
      [{ ...good, optimizer: new LBFGS(model.parameters()) }, 'fit: LBFGS evaluates a batch several times in a step'],
      [{ ...good, data: 3 }, 'fit: data must be something to iterate over'],
      [{ ...good, data: running }, 'fit: data can be gone through only once'],
      [{ ...good, validation: {} }, 'fit: validation must be something to iterate over'],
      [{ ...good, epochs: 0 }, 'fit: epochs must be a positive integer, got 0'],
      [{ ...good, epochs: undefined }, 'fit: epochs must be a positive integer, got undefined'],
      [{ ...good, accumulate: 1.5 }, 'fit: accumulate must be a positive integer, got 1.5'],
      [{ ...good, logEvery: 0 }, 'fit: logEvery must be a positive integer, got 0'],
      [{ ...good, clipGradNorm: 0 }, 'fit: clipGradNorm must be positive, got 0'],
      [{ ...good, clipGradValue: -1 }, 'fit: clipGradValue must be positive, got -1'],
      [{ ...good, clipGradNorm: 1, clipGradValue: 1 }, 'fit: give clipGradNorm or clipGradValue, not both'],
      [{ ...good, metrics: { loss: new Accuracy() } }, "fit: a metric cannot be called 'loss': 'loss' is taken"],
      [{ ...good, metrics: { valLoss: new Accuracy() } }, "'valLoss' is taken"],
      [{ ...good, metrics: { a: new Accuracy(), valA: new Accuracy() } }, "'valA' is taken"],
      [{ ...good, metrics: { a: () => 0 } }, "fit: the metric 'a' has no method reset"],
      [{ ...good, metrics: { a: metric, b: metric } }, 'fit: one metric has two names'],
      [{ ...good, schedules: { schedule, every: 'batch' } }, "fit: schedules: every must be 'epoch' or 'step', got 'batch'"],
      [{ ...good, schedules: {} }, 'fit: schedules: a schedule needs a method step'],
      [{ ...good, schedules: { schedule, interval: 1 } }, "fit: schedules: unknown option 'interval'"],
      [{ ...good, schedules: new LinearLR(other) }, 'fit: schedules: a schedule is of an optimizer that is not trained here'],
      [
        { ...good, schedules: { schedule: new ReduceLROnPlateau(optimizer), monitor: 'valLoss' } },
        "fit: schedules: nothing is called 'valLoss'; there are loss",
      ],
      [{ ...good, schedules: { schedule: new ReduceLROnPlateau(optimizer), every: 'step' } }, 'takes its steps after epochs'],
      [{ ...good, earlyStopping: { monitor: 'valLoss' } }, "fit: earlyStopping: nothing is called 'valLoss'; there are loss"],
      [
        { ...good, earlyStopping: { monitor: 'acc' }, metrics: { accuracy: new Accuracy() }, validation: held },
        "nothing is called 'acc'; there are loss, accuracy, valLoss, valAccuracy",
      ],
      [{ ...good, earlyStopping: { patience: 0 } }, 'fit: earlyStopping: patience must be a positive integer, got 0'],
      [{ ...good, earlyStopping: { minDelta: -1 } }, 'fit: earlyStopping: minDelta must not be negative, got -1'],
      [{ ...good, earlyStopping: { mode: 'up' } }, "fit: earlyStopping: mode must be 'min' or 'max', got 'up'"],
      [{ ...good, earlyStopping: { restore: true } }, "fit: earlyStopping: unknown option 'restore'"],
      [{ ...good, nonFinite: 'stop' }, "fit: nonFinite must be 'error', 'wait' or 'ignore', got 'stop'"],
      [{ ...good, resume: true }, 'fit: resume needs a checkpoint to go on from'],
      [{ ...good, checkpoint: { save: () => {} } }, 'fit: checkpoint needs a method load'],
      [{ ...good, state: { x: {} } }, "fit: 'x' of state has no state to load"],
    ];
    const before = [weightsOf(model), textOf(optimizer.stateDict())];
    for (const [options, message] of wrong) {
      await expect(fit(model, options as FitOptions<Pair>)).rejects.toMatchObject({
        name: 'ValueError',
        message: expect.stringContaining(message),
      });
    }
    await expect(fit({} as Module, good)).rejects.toThrow('fit: the model must be a Module');
    expect([weightsOf(model), textOf(optimizer.stateDict())]).toEqual(before);
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
  });

  it('says what is wrong with data, a loss or a model', async () => {
    const { model, optimizer } = setup(12);
    const fails = (options: object): Promise<unknown> =>
      fit(model, { optimizer, loss: F.crossEntropy, data, epochs: 2, ...options } as FitOptions<Pair>).catch((e: unknown) => String(e));
    let times = 0;
    const once = { [Symbol.iterator]: () => (times++ === 0 ? data : [])[Symbol.iterator]() };
    expect(await fails({ data: [] })).toBe('ValueError: fit: the data gave no batch in epoch 1');
    expect(await fails({ data: once })).toBe('ValueError: fit: the data gave no batch in epoch 2; can it be gone through only once?');
    expect(await fails({ validation: [] })).toBe('ValueError: evaluate: there was no batch');
    expect(await fails({ data: [data[0]![0]] })).toContain('fit: with loss a batch must be [input, target]');
    expect(await fails({ loss: () => 3 })).toBe('ValueError: fit: the loss must be a tensor, got number');
    expect(await fails({ loss: (o: Tensor) => o })).toBe('ShapeError: fit: the loss must be one number, got shape [8, 2]');
    expect(await fails({ loss: undefined, step: async () => tensor(1) })).toContain('fit: step must not be asynchronous');
    expect(await fails({ loss: undefined, step: () => undefined })).toContain('fit: the loss must be a tensor, got undefined');
  });
});

const metric = new Accuracy();
