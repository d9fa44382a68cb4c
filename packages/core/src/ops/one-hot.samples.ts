import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import { at, build } from './nd.samples.ts';
import { oneHot } from './one-hot.ts';

const rows = (x: NdArray, n: number): NdArray => build([...x.shape, n], (c) => (at(x, c.slice(0, -1)) === c[c.length - 1] ? 1 : 0));

const sample = (name: string, shape: readonly number[], values: readonly number[], n: number): Sample => ({
  name,
  inputs: [{ shape, values, dtype: 'int64' }],
  run: (x) => oneHot(x!, n),
  reference: (x) => rows(x!, n),
  differentiable: false,
});

/** Samples of oneHot. */
export const oneHotSamples: readonly OpSamples[] = [
  {
    op: 'oneHot',
    samples: [
      sample('vector', [4], [0, 2, 1, 2], 4),
      sample('matrix', [2, 2], [1, 0, 0, 1], 2),
      sample('0-d', [], [2], 3),
      sample('zero-size', [0, 2], [], 3),
      {
        name: 'as many classes as there are',
        inputs: [{ shape: [3], values: [0, 3, 1], dtype: 'int32' }],
        run: (x) => oneHot(x!),
        reference: (x) => rows(x!, 4),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      { name: 'too large', run: () => oneHot(tensor([2n]), 2), error: 'IndexError', message: /oneHot: class 2 is outside of 0\.\.1/ },
      { name: 'negative', run: () => oneHot(tensor([-1n])), error: 'IndexError', message: /oneHot: class -1 is outside of 0\.\.n/ },
      {
        name: 'dtype',
        run: () => oneHot(tensor([1]), 3),
        error: 'DTypeError',
        message: /oneHot: indices must be int64 or int32, got float32/,
      },
      {
        name: 'nothing to count',
        run: () => oneHot(zeros([0], { dtype: 'int64' })),
        error: 'ValueError',
        message: /oneHot: no classes to count; pass numClasses/,
      },
      {
        name: 'count',
        run: () => oneHot(tensor([0n]), 0),
        error: 'ValueError',
        message: /oneHot: numClasses must be a positive integer or -1, got 0/,
      },
    ],
  },
];
