import { noGrad, type Tensor, tensor, zeros } from '@nabla/core';
import { Dropout, functional as F, Linear, Module, Sequential } from '@nabla/nn';
import { describe, expect, it } from 'vitest';
import { Accuracy, evaluate, MeanMetric, RunningMean } from '../src/index.ts';

const numbers = (rows: readonly (readonly number[])[]): Tensor => tensor(rows) as Tensor;
const classes = (list: readonly number[]): Tensor => tensor(list, { dtype: 'int64' }) as Tensor;

describe('Accuracy', () => {
  const scores = numbers([
    [0.1, 0.7, 0.2],
    [0.5, 0.2, 0.3],
    [0.1, 0.2, 0.7],
    [0.4, 0.5, 0.1],
  ]);

  it('is the share of right answers over all batches', async () => {
    const accuracy = new Accuracy();
    expect(await accuracy.compute()).toBeNaN();
    accuracy.update(scores, classes([1, 0, 0, 0]));
    expect(await accuracy.compute()).toBe(0.5);
    accuracy.update(scores.narrow(0, 0, 1), classes([1]));
    expect(await accuracy.compute()).toBe(3 / 5);
    expect(await accuracy.stateDict()).toEqual({ sum: 3, weight: 5 });
    accuracy.reset();
    accuracy.update(scores.narrow(0, 0, 2), classes([2, 2]));
    expect(await accuracy.compute()).toBe(0);
    expect(accuracy.higherIsBetter).toBe(true);
  });

  it('counts an answer among the k best', async () => {
    const two = new Accuracy({ topK: 2 });
    two.update(scores, classes([0, 2, 0, 0]));
    expect(await two.compute()).toBe(2 / 4);
  });

  it('takes scores with positions', async () => {
    const accuracy = new Accuracy();
    // [N, C, L] = [1, 2, 3]
    accuracy.update(
      tensor([
        [
          [1, 0, 5],
          [0, 1, 6],
        ],
      ]) as Tensor,
      tensor([[0, 0, 1]], { dtype: 'int64' }) as Tensor,
    );
    expect(await accuracy.compute()).toBe(2 / 3);
    const top = new Accuracy({ topK: 2 });
    top.update(zeros([2, 3, 4]) as Tensor, zeros([2, 4], { dtype: 'int64' }) as Tensor);
    expect(await top.compute()).toBe(1);
  });

  it('refuses what does not fit', () => {
    const shapes = 'Accuracy: expected scores [N, C, ...] and classes [N, ...], got';
    expect(() => new Accuracy().update(scores, classes([1]))).toThrow(`${shapes} [4, 3] and [1]`);
    expect(() => new Accuracy().update(classes([1]), classes([1]))).toThrow(`${shapes} [1] and [1]`);
    expect(() => new Accuracy({ topK: 4 }).update(scores, classes([1, 1, 1, 1]))).toThrow('Accuracy: topK is 4, but there are 3 classes');
    expect(() => new Accuracy({ topK: 0 })).toThrow('Accuracy: topK must be a positive integer, got 0');
    expect(() => new Accuracy({ top: 1 } as object)).toThrow("Accuracy: unknown option 'top'; there are topK");
    expect(() => new Accuracy().loadStateDict({ sum: 1 } as never)).toThrow('Accuracy: a state has a sum and a weight, both numbers');
  });
});

describe('MeanMetric', () => {
  it('is the mean over samples, whatever the sizes of the batches', async () => {
    const metric = new MeanMetric(
      (output, target) =>
        output
          .sub(target as never)
          .abs()
          .mean() as Tensor,
    );
    const target = zeros([3, 1]) as Tensor;
    metric.update(numbers([[3], [3], [6]]), target);
    metric.update(numbers([[8]]), target.narrow(0, 0, 1) as Tensor);
    expect(await metric.compute()).toBe(5);
    expect([metric.higherIsBetter, new MeanMetric(() => target, { higherIsBetter: true }).higherIsBetter]).toEqual([false, true]);
    const other = new MeanMetric(() => target);
    other.loadStateDict(await metric.stateDict());
    expect(await other.compute()).toBe(5);
  });

  it('takes counts, and refuses several elements', async () => {
    const count = new MeanMetric((output) => output.gt(0).sum() as Tensor);
    count.update(numbers([[1], [1]]), zeros([2, 1]) as Tensor);
    expect(await count.compute()).toBe(2);
    expect(() => new MeanMetric((o) => o).update(zeros([2, 1]) as Tensor, zeros([2]) as Tensor)).toThrow(
      'MeanMetric: expected one element, got shape [2, 1]',
    );
  });
});

describe('RunningMean', () => {
  it('weighs numbers and tensors', async () => {
    const mean = new RunningMean();
    mean.add(4);
    mean.add(tensor([10]), 2);
    expect(await mean.compute()).toBe(8);
    mean.add(100, 0);
    expect(await mean.compute()).toBe(8);
    expect(() => mean.add(1, -1)).toThrow('RunningMean: a weight must be a non-negative number, got -1');
    expect(() => mean.add(1, Infinity)).toThrow('got Infinity');
    expect(() => mean.add(tensor([1, 2]))).toThrow('RunningMean: expected one element, got shape [2]');
    expect(await mean.stateDict()).toEqual({ sum: 24, weight: 3 });
  });

  it('keeps a sum in double precision', async () => {
    const mean = new RunningMean();
    for (let i = 0; i < 1000; i++) mean.add(tensor(0.1));
    expect(await mean.compute()).toBeCloseTo(Math.fround(0.1), 13);
  });
});

describe('evaluate', () => {
  const model = new Sequential(new Linear(2, 2), new Dropout(0.9));
  const batches = [
    [
      numbers([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
      classes([0, 1, 1]),
    ],
    [numbers([[2, 0]]), classes([1])],
  ] as const;
  noGrad(() => {
    const { weight, bias } = model.layers[0];
    weight.copy_(
      numbers([
        [1, 0],
        [0, 1],
      ]),
    );
    bias!.fill_(0);
  });

  it('weighs batches by their sizes, in evaluation mode, without gradients', async () => {
    const { loss, accuracy } = await evaluate(model, batches, { loss: F.crossEntropy, metrics: { accuracy: new Accuracy() } });
    const each = batches.map(([x, y]) => F.crossEntropy(x, y).item());
    expect(loss).toBe((each[0]! * 3 + each[1]!) / 4);
    expect(accuracy).toBe(2 / 4);
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
    expect(model.training).toBe(true);
  });

  it('takes other batches with a step, and metrics alone', async () => {
    const records = batches.map(([x, y]) => ({ x, y }));
    let recording = true;
    const { loss } = await evaluate(model, records, {
      step: ({ x, y }) => {
        const output = model.call(x) as Tensor;
        recording = output.requiresGrad;
        return { loss: F.crossEntropy(output, y), size: 1 };
      },
    });
    const each = batches.map(([x, y]) => F.crossEntropy(x, y).item());
    expect([loss, recording]).toEqual([(each[0]! + each[1]!) / 2, false]);
    const { accuracy, ...rest } = await evaluate(model, batches, { metrics: { accuracy: new Accuracy() } });
    expect([accuracy, rest]).toEqual([0.5, {}]);
  });

  it('refuses what makes no sense, and restores modes after an error', async () => {
    await expect(evaluate(model, batches, {})).rejects.toThrow('evaluate: give loss (for batches [input, target]) or step');
    await expect(evaluate(model, batches, { epochs: 3 } as object)).rejects.toThrow("evaluate: unknown option 'epochs'");
    await expect(evaluate(model, [], { loss: F.crossEntropy })).rejects.toThrow('evaluate: there was no batch');
    await expect(evaluate(model, [[1, 2]], { loss: F.crossEntropy })).rejects.toThrow('a batch must be [input, target], both tensors');
    class Two extends Module {
      readonly inner: Dropout = new Dropout();
      forward(x: Tensor): Tensor[] {
        return [x, x];
      }
    }
    const two = new Two();
    two.inner.eval();
    await expect(evaluate(two, batches, { loss: F.crossEntropy })).rejects.toThrow('with loss the model must give one tensor');
    expect([two.training, two.inner.training]).toEqual([true, false]);
  });

  it('goes through asynchronous data', async () => {
    async function* later(): AsyncGenerator<(typeof batches)[number]> {
      for (const b of batches) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield b;
      }
    }
    const { accuracy } = await evaluate(model, later(), { metrics: { accuracy: new Accuracy() } });
    expect(accuracy).toBe(0.5);
  });
});
