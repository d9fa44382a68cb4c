import { describe, expect, it } from 'vitest';
import { histogramOf } from '../src/training/histogram.ts';
import { History, merge } from '../src/ui/history.ts';
import { brief, percent } from '../src/ui/numbers.ts';

const measured = (epoch: number, gradients: number[] = []) => ({
  epoch,
  steps: epoch,
  loss: epoch === 0 ? null : 1 / epoch,
  heldOutLoss: epoch,
  accuracy: 0.5,
  gradients: Float32Array.from(gradients),
  histograms: [],
  predictions: new Uint8Array(0),
});

describe('History', () => {
  it('keeps what a logarithmic axis and gaps need', () => {
    const history = new History(2);
    history.add(measured(0));
    history.add({ ...measured(1, [0, 2]), heldOutLoss: Number.NaN });
    expect(history.loss).toEqual([null, 1]);
    expect(history.heldOutLoss).toEqual([0, null]);
    expect(history.gradients).toEqual([
      [null, null],
      [null, 2],
    ]);
  });

  it('leaves out a second look at the same network', () => {
    const history = new History(0);
    for (const epoch of [0, 1, 1, 2]) history.add(measured(epoch));
    expect(history.epochs).toEqual([0, 1, 2]);
  });

  it('stays short, and keeps its columns together', () => {
    const history = new History(1);
    for (let epoch = 0; epoch < 5000; epoch++) history.add(measured(epoch, [epoch + 1]));
    expect(history.length).toBeLessThanOrEqual(1000);
    expect(history.heldOutLoss).toEqual(history.epochs);
    expect(history.gradients[0]).toEqual(history.epochs.map((e) => e + 1));
    expect(history.epochs[0]).toBe(0);
    expect(history.epochs.at(-1)).toBe(4999);
  });

  it('puts two runs on one axis', () => {
    const a = { epochs: [0, 2, 3], columns: [[1, 2, 3]] };
    const b = { epochs: [0, 1, 3, 4], columns: [[5, 6, 7, 8]] };
    expect(merge(a, b)).toEqual({
      epochs: [0, 1, 2, 3, 4],
      columns: [
        [1, null, 2, 3, null],
        [5, 6, null, 7, 8],
      ],
    });
  });
});

describe('histogramOf', () => {
  it('shares values out', () => {
    const { from, to, shares, mean, zeros } = histogramOf([0, 0, 1, 2, 3, 4, 4, 4], 4);
    expect([from, to, mean, zeros]).toEqual([0, 4, 2.25, 0.25]);
    expect([...shares]).toEqual([0.25, 0.125, 0.125, 0.5]);
  });

  it('takes equal values, values that are not finite, and none', () => {
    expect([...histogramOf([2, 2], 3).shares]).toEqual([1, 0, 0]);
    expect([...histogramOf([1, Number.NaN, Number.POSITIVE_INFINITY, 3], 2).shares]).toEqual([0.5, 0.5]);
    expect([...histogramOf([Number.NaN], 2).shares]).toEqual([0, 0]);
  });
});

describe('numbers', () => {
  it('are short', () => {
    expect([0, 1, 0.123456, 1234.5, 12345, 0.0001234, -2.34567, Number.NaN, null].map(brief)).toEqual([
      '0',
      '1',
      '0.123',
      '1230',
      '1.2e4',
      '1.2e-4',
      '-2.35',
      '–',
      '–',
    ]);
    expect([0, 0.9876, 1, null].map(percent)).toEqual(['0.0 %', '98.8 %', '100.0 %', '–']);
  });
});
