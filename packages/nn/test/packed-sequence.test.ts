import { backward, manualSeed, randn, type Tensor, tensor } from '@nabla/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

/** Every length from 1 to 50, without a pattern, the same every time. */
const unsorted = Array.from({ length: 50 }, (_, i) => ((i * 37) % 50) + 1);
const sorted = unsorted.toSorted((a, b) => b - a);

function close(a: Tensor, b: Tensor, what: string, tolerance: number = 1e-12): void {
  expect(a.shape, what).toEqual(b.shape);
  const [x, y] = [a.detach().dataSync(), b.detach().dataSync()];
  const wrong = Array.from(x, (v, i) => [v, y[i]!] as const).find(([v, w]) => !(Math.abs(v - w) <= tolerance * Math.max(1, Math.abs(w))));
  expect(wrong, what).toBe(undefined);
}

type Layer = nn.RNN | nn.LSTM | nn.GRU;
/** Any of the layers, of a tensor or of a packed sequence. */
interface Runnable {
  call<X extends Tensor | nn.PackedSequence>(x: X, state: Tensor | readonly Tensor[]): [X, Tensor | Tensor[]];
}

const states = (x: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor]);
const leaf = (t: Tensor): Tensor => (t.detach().clone() as Tensor).requiresGrad_(true);

/** The sum of squares of outputs and last states, as any loss would depend on both. */
function lossOf(output: Tensor, last: Tensor | readonly Tensor[]): Tensor {
  return states(last).reduce((sum, t) => sum.add(t.square().sum() as Tensor) as Tensor, output.square().sum() as Tensor);
}

const f64 = { dtype: 'float64' } as const;
const layers: readonly (readonly [string, () => Layer])[] = [
  ['RNN', () => new nn.RNN(3, 4, f64)],
  [
    'RNN with relu, 2 layers, bidirectional, batchFirst',
    () => new nn.RNN(3, 4, { ...f64, nonlinearity: 'relu', numLayers: 2, bidirectional: true, batchFirst: true }),
  ],
  ['LSTM', () => new nn.LSTM(3, 4, f64)],
  ['LSTM, 2 layers, bidirectional, batchFirst', () => new nn.LSTM(3, 4, { ...f64, numLayers: 2, bidirectional: true, batchFirst: true })],
  ['LSTM with a projection, batchFirst', () => new nn.LSTM(3, 4, { ...f64, projSize: 2, batchFirst: true })],
  ['LSTM with projections, 3 layers, bidirectional', () => new nn.LSTM(3, 4, { ...f64, numLayers: 3, bidirectional: true, projSize: 2 })],
  ['GRU, batchFirst', () => new nn.GRU(3, 4, { ...f64, batchFirst: true })],
  ['GRU without biases, 2 layers, bidirectional', () => new nn.GRU(3, 4, { ...f64, numLayers: 2, bidirectional: true, bias: false })],
];

describe.each([
  ['sorted', sorted],
  ['unsorted', unsorted],
] as const)('packed sequences of lengths 1 to 50, %s', (order, lengths) => {
  it('are of every length', () => expect(new Set(lengths)).toEqual(new Set(Array.from({ length: 50 }, (_, i) => i + 1))));

  it.each(layers)('%s gives the outputs and gradients of each alone', (_, make) => {
    manualSeed(7);
    const layer = make();
    const run = layer as unknown as Runnable;
    const { batchFirst } = layer;
    const batch = batchFirst ? 0 : 1;
    const sequences = lengths.map((n) => randn([n, 3], f64) as unknown as Tensor);
    const directions = layer.bidirectional ? 2 : 1;
    const sizes = layer instanceof nn.LSTM ? [layer.projSize || layer.hiddenSize, layer.hiddenSize] : [layer.hiddenSize];
    const first = sizes.map((size) => leaf(randn([directions * layer.numLayers, lengths.length, size], f64) as unknown as Tensor));
    const given = (all: readonly Tensor[]): Tensor | readonly Tensor[] => (layer instanceof nn.LSTM ? all : all[0]!);

    // What stands behind the end of a sequence must not count, not even as NaN.
    const padded = leaf(nn.padSequence(sequences, { batchFirst, paddingValue: Number.NaN }));
    const packed = nn.packPaddedSequence(padded, lengths, { batchFirst, enforceSorted: order === 'sorted' });
    const [output, last] = run.call(packed, given(first));
    backward(lossOf(output.data, last));
    const outputs = nn.unpackSequence(output);
    const weights = layer.parameters().map((p) => p.grad!.clone() as Tensor);
    const inputs = padded.grad!;
    lengths.forEach((n, i) => {
      const behind = (inputs.select(batch, i) as Tensor).narrow(0, n, 50 - n) as Tensor;
      expect(behind.eq(0).all().item(), `gradient behind the end of ${i}`).toBe(1);
    });

    layer.zeroGrad();
    sequences.forEach((s, i) => {
      const alone = leaf(s.unsqueeze(batch) as Tensor);
      const start = first.map((t) => leaf(t.narrow(1, i, 1) as Tensor));
      const [own, state] = run.call(alone, given(start));
      backward(lossOf(own, state));
      close(outputs[i]!, own.squeeze(batch) as Tensor, `output ${i}`);
      close(
        (inputs.select(batch, i) as Tensor).narrow(0, 0, lengths[i]!) as Tensor,
        alone.grad!.squeeze(batch) as Tensor,
        `gradient of input ${i}`,
      );
      states(state).forEach((t, k) => {
        close(states(last)[k]!.narrow(1, i, 1) as Tensor, t, `state ${k} of ${i}`);
        close(first[k]!.grad!.narrow(1, i, 1) as Tensor, start[k]!.grad!, `gradient of state ${k} of ${i}`);
      });
    });
    layer.namedParameters().forEach(([name, p], i) => {
      close(weights[i]!, p.grad!, `gradient of ${name}`, 1e-11);
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
