import { manualSeed, randn, type Tensor, tensor, zeros } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const classes = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' }) as unknown as Tensor;

describe('AdaptiveLogSoftmaxWithLoss', () => {
  const make = (): nn.AdaptiveLogSoftmaxWithLoss =>
    new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 6], { divValue: 2, headBias: true, dtype: 'float64' });

  it("has PyTorch's keys and sizes", () => {
    expect([...make().stateDict()].map(([k, t]) => [k, t.shape])).toEqual([
      ['head.weight', [5, 8]],
      ['head.bias', [5]],
      ['tail.0.0.weight', [4, 8]],
      ['tail.0.1.weight', [3, 4]],
      ['tail.1.0.weight', [2, 8]],
      ['tail.1.1.weight', [6, 2]],
    ]);
    expect([...new nn.AdaptiveLogSoftmaxWithLoss(20, 9, [3]).stateDict()].map(([k, t]) => [k, t.shape])).toEqual([
      ['head.weight', [4, 20]],
      ['tail.0.0.weight', [5, 20]],
      ['tail.0.1.weight', [6, 5]],
    ]);
  });

  it('gives the entries of a distribution over all classes', () => {
    manualSeed(2);
    const m = make();
    const x = randn([12, 8], { dtype: 'float64' }) as unknown as Tensor;
    const all = m.logProb(x);
    for (const total of numbers(all.exp().sum(1) as Tensor)) expect(total).toBeCloseTo(1, 12);
    const { output, loss } = m.forward(x, classes(...Array.from({ length: 12 }, (_, i) => i)));
    const own = numbers(all.diagonal() as Tensor);
    numbers(output).forEach((v, i) => {
      expect(v).toBeCloseTo(own[i]!, 12);
    });
    expect(loss.item()).toBeCloseTo(-own.reduce((a, b) => a + b, 0) / 12, 12);
    // Scores that are far apart, so that some rows are decided by the head and others are not.
    for (const p of m.parameters()) p.detach().mul_(9);
    expect(m.predict(x).toArray()).toEqual((m.logProb(x).argmax(1) as Tensor).toArray());
    expect(new Set(numbers(m.predict(x)).map((c) => c < 3))).toEqual(new Set([true, false]));
  });

  it('computes only clusters that hold a target', () => {
    const m = make();
    m.call(randn([4, 8], { dtype: 'float64' }) as never, classes(0, 2, 5, 1)).loss.backward();
    expect(m.namedParameters().map(([name, p]) => [name, p.grad !== null])).toEqual([
      ['head.weight', true],
      ['head.bias', true],
      ['tail.0.0.weight', true],
      ['tail.0.1.weight', true],
      ['tail.1.0.weight', false],
      ['tail.1.1.weight', false],
    ]);
  });

  it('draws again', () => {
    const m = make();
    const before = [...m.stateDict()].map(([, t]) => t.toArray());
    m.resetParameters();
    [...m.stateDict()].forEach(([key, t], i) => {
      expect(t.toArray(), key).not.toEqual(before[i]);
    });
  });

  it('refuses what makes no sense', () => {
    for (const cutoffs of [[], [0, 2], [3, 3], [4, 2], [2, 12], [1.5]])
      expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, cutoffs)).toThrow(
        `AdaptiveLogSoftmaxWithLoss: cutoffs must be increasing integers from 1 to 11, got [${cutoffs.join(', ')}]`,
      );
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3], { divValue: 0 })).toThrow('divValue must be positive, got 0');
    const m = new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3]);
    expect(() => m.forward(zeros([2, 8]), classes(0, 12))).toThrow('target 12 is out of range for 12 classes');
    expect(() => m.forward(zeros([2, 8]), classes(-1, 0))).toThrow('target -1 is out of range for 12 classes');
    expect(() => m.forward(zeros([2, 8]), zeros([2]))).toThrow('targets must be int64, got float32');
    const expected = 'AdaptiveLogSoftmaxWithLoss expects [N, 8] and targets [N], or [8] and a target [] but';
    expect(() => m.forward(zeros([3, 8]), classes(0, 1))).toThrow(`${expected} the input is [3, 8] and the target [2]`);
    expect(() => m.forward(zeros([2, 7]), classes(0, 1))).toThrow(`${expected} the input is [2, 7] and the target [2]`);
    expect(() => m.forward(zeros([1, 8]), tensor(1, { dtype: 'int64' }))).toThrow(`${expected} the input is [1, 8] and the target []`);
    expect(() => m.logProb(zeros([8]))).toThrow('AdaptiveLogSoftmaxWithLoss expects [N, 8] but the input is [8]');
    expect(() => m.predict(zeros([2, 9]))).toThrow('AdaptiveLogSoftmaxWithLoss expects [N, 8] but the input is [2, 9]');
  });
});
