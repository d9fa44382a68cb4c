import { backward, randn, type Tensor, tensor } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

/** Numbers without a pattern, the same every time. */
const lengths = Array.from({ length: 50 }, (_, i) => ((i * 37) % 50) + 1);

function close(a: Tensor, b: Tensor, what: string): void {
  expect(a.shape, what).toEqual(b.shape);
  const [x, y] = [a.detach().dataSync(), b.detach().dataSync()];
  let worst = 0;
  for (let i = 0; i < x.length; i++) worst = Math.max(worst, Math.abs(x[i]! - y[i]!));
  expect(worst, what).toBeLessThan(1e-12);
}

type Layer = nn.RNN | nn.LSTM | nn.GRU;

/** The sum of squares of outputs and last states, as any loss would depend on both. */
function lossOf(output: Tensor, last: Tensor | readonly Tensor[]): Tensor {
  const states = Array.isArray(last) ? (last as readonly Tensor[]) : [last as Tensor];
  return states.reduce((sum, t) => sum.add(t.square().sum() as Tensor) as Tensor, output.square().sum() as Tensor);
}

describe('packed sequences of lengths 1 to 50', () => {
  const layers: readonly (readonly [string, () => Layer])[] = [
    ['RNN', () => new nn.RNN(3, 4, { dtype: 'float64', bidirectional: true })],
    ['LSTM', () => new nn.LSTM(3, 4, { dtype: 'float64', numLayers: 2, bidirectional: true, projSize: 2 })],
    ['GRU', () => new nn.GRU(3, 4, { dtype: 'float64', numLayers: 2, bidirectional: true })],
  ];
  it.each(layers)('%s gives the outputs and gradients of each alone', (_, make) => {
    const layer = make();
    const sequences = lengths.map((n) => randn([n, 3], { dtype: 'float64' }) as unknown as Tensor);
    const run = layer as unknown as { call(x: unknown): [nn.PackedSequence & Tensor, Tensor | Tensor[]] };

    const together = sequences.map((s) => (s.clone() as Tensor).requiresGrad_(true));
    const [packed, last] = run.call(nn.packSequence(together, { enforceSorted: false }));
    backward(lossOf(packed.data, last));
    const outputs = nn.unpackSequence(packed);
    const gradients = layer.parameters().map((p) => p.grad!.clone() as Tensor);

    layer.zeroGrad();
    sequences.forEach((s, i) => {
      const alone = (s.clone() as Tensor).requiresGrad_(true);
      const [output, state] = run.call(alone);
      backward(lossOf(output, state));
      close(outputs[i]!, output, `output ${i}`);
      close(together[i]!.grad!, alone.grad!, `gradient of input ${i}`);
      const parts = (x: Tensor | Tensor[]): Tensor[] => (Array.isArray(x) ? x : [x]);
      parts(state).forEach((t, k) => {
        close(parts(last)[k]!.select(1, i) as Tensor, t, `state ${k} of ${i}`);
      });
    });
    layer.parameters().forEach((p, i) => {
      const [a, b] = [gradients[i]!.dataSync(), p.grad!.dataSync()];
      for (let k = 0; k < a.length; k++) expect(Math.abs(a[k]! - b[k]!)).toBeLessThan(1e-9 * Math.max(1, Math.abs(b[k]!)));
    });
  });
});

describe('packing', () => {
  const input = tensor([
    [1, 2, 0],
    [3, 0, 0],
    [4, 5, 6],
  ]) as unknown as Tensor;

  it('sorts where it may, and comes back', () => {
    const packed = nn.packPaddedSequence(input, [2, 1, 3], { batchFirst: true, enforceSorted: false });
    expect(packed.data.toArray()).toEqual([4, 1, 3, 5, 2, 6]);
    expect(packed.batchSizes).toEqual([3, 2, 1]);
    expect(packed.sortedIndices!.toArray()).toEqual([2, 0, 1]);
    expect(packed.unsortedIndices!.toArray()).toEqual([1, 2, 0]);
    const [padded, n] = nn.padPackedSequence(packed, { batchFirst: true, paddingValue: -1, totalLength: 4 });
    expect(padded.toArray()).toEqual([
      [1, 2, -1, -1],
      [3, -1, -1, -1],
      [4, 5, 6, -1],
    ]);
    expect(n.toArray()).toEqual([2, 1, 3]);
  });

  it('refuses what does not fit', () => {
    const pack =
      (n: readonly number[], enforceSorted = true) =>
      () =>
        nn.packPaddedSequence(input, n, { batchFirst: true, enforceSorted });
    expect(pack([2, 1, 3])).toThrow('packPaddedSequence: lengths must be sorted, the longest first, got [2, 1, 3]');
    expect(pack([3, 0, 1], false)).toThrow('lengths must be positive integers, got 0');
    expect(pack([4, 1, 1])).toThrow('length 4 exceeds the input [3, 3] (dimension 1)');
    expect(pack([3, 1])).toThrow('2 lengths for the input [3, 3]');
    const packed = nn.packPaddedSequence(input, [3, 2, 1], { batchFirst: true });
    expect(() => nn.padPackedSequence(packed, { totalLength: 2 })).toThrow('totalLength 2 is less than the longest sequence, 3');
    expect(() => new nn.PackedSequence(packed.data, [2, 3, 1])).toThrow('batch sizes must be positive and not grow');
  });
});
