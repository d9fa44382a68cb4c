import type { NdArray, OpSamples } from '../op.samples.ts';
import { ones, tensor, zeros } from './create.ts';
import { bincount, histc, histogram } from './histogram.ts';

/** How much lies between neighbouring edges; the last interval holds its upper end. */
const counts = (x: readonly number[], edges: readonly number[], w: readonly number[] = x.map(() => 1)): number[] =>
  edges.slice(1).map((hi, i) => {
    const last = i === edges.length - 2;
    return x.reduce((sum, v, k) => (v >= edges[i]! && (v < hi || (last && v === hi)) ? sum + w[k]! : sum), 0);
  });

const even = (lo: number, hi: number, n: number): number[] => Array.from({ length: n + 1 }, (_, i) => lo + (i * (hi - lo)) / n);
const vector = (data: number[]): NdArray => ({ shape: [data.length], data });
const common = { differentiable: false } as const;
const integers = (...values: number[]): ReturnType<typeof zeros> => tensor(values, { dtype: 'int64' }) as never;

export const histogramSamples: readonly OpSamples[] = [
  {
    op: 'histc',
    samples: [
      {
        ...common,
        name: 'a range',
        inputs: [{ shape: [3, 5] }],
        run: (x) => histc(x!, 6, { min: -1, max: 1.5 }),
        reference: (x) => vector(counts(x!.data, even(-1, 1.5, 6))),
      },
      {
        ...common,
        name: 'of the elements',
        inputs: [{ shape: [9], values: [1, 2, 4, 2, 5, 3, 1, 9, 0] }],
        run: (x) => x!.histc(3),
        reference: (x) => vector(counts(x!.data, [0, 3, 6, 9])),
      },
      {
        ...common,
        name: 'one value',
        inputs: [{ shape: [2, 2], values: [3, 3, 3, 3] }],
        run: (x) => histc(x!, 2),
        reference: () => vector([0, 4]),
      },
      {
        ...common,
        name: 'NaN and outside',
        inputs: [{ shape: [4], values: [Number.NaN, 0.25, 1, 7] }],
        run: (x) => histc(x!, 2, { min: 0, max: 1 }),
        reference: () => vector([1, 1]),
      },
      { ...common, name: 'nothing', inputs: [{ shape: [0] }], run: (x) => histc(x!, 2), reference: () => vector([0, 0]) },
    ],
    errors: [
      { name: 'integers', run: () => histc(integers(1)), error: 'DTypeError', message: /^histc: not defined for int64/ },
      {
        name: 'bins',
        run: () => histc(ones([1]), 0),
        error: 'ValueError',
        message: /^histc: the number of bins must be a positive integer, got 0$/,
      },
      {
        name: 'range',
        run: () => histc(ones([1]), 1, { min: 2, max: 1 }),
        error: 'ValueError',
        message: /^histc: max \(1\) must not be below min \(2\)$/,
      },
      {
        name: 'infinite',
        run: () => histc(tensor([1, Infinity])),
        error: 'ValueError',
        message: /^histc: the range \[1, Infinity\] is not finite$/,
      },
    ],
  },
  {
    op: 'histogram',
    samples: [
      {
        ...common,
        name: 'equal bins',
        inputs: [{ shape: [12], low: -1, high: 1 }],
        run: (x) => Object.values(histogram(x!, 4, { range: [-1, 1] })),
        reference: (x) => [vector(counts(x!.data, even(-1, 1, 4))), vector(even(-1, 1, 4))],
      },
      {
        ...common,
        name: 'edges and weights, as a density',
        inputs: [
          { shape: [5], values: [1, 2, 3, 2.5, 7] },
          { shape: [3], values: [1, 2, 4] },
          { shape: [5], values: [1, 2, 3, 0.5, 1] },
        ],
        run: (x, edges, weight) => Object.values(histogram(x!, edges!, { weight: weight!, density: true })),
        reference: () => [vector([1 / 6.5, 5.5 / 6.5 / 2]), vector([1, 2, 4])],
        without: ['broadcast'],
      },
      {
        ...common,
        name: 'one value',
        inputs: [{ shape: [1], values: [2] }],
        run: (x) => Object.values(x!.histogram(2)),
        reference: () => [vector([0, 1]), vector([1.5, 2, 2.5])],
      },
    ],
    errors: [
      {
        name: 'edges',
        run: () => histogram(ones([1]), ones([2, 2])),
        error: 'ShapeError',
        message: /^histogram: the edges must be 1-d, got \[2, 2\]$/,
      },
      {
        name: 'weights',
        run: () => histogram(ones([2]), 1, { weight: ones([3]) }),
        error: 'ShapeError',
        message: /^histogram: weights \[3\] for a tensor \[2\]$/,
      },
      {
        name: 'dtypes',
        run: () => histogram(ones([2]), ones([2], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^histogram: the tensor is float32, but .* float64$/,
      },
      {
        name: 'range',
        run: () => histogram(ones([2]), 2, { range: [1, 0] }),
        error: 'ValueError',
        message: /^histogram: the range \[1, 0\] is empty$/,
      },
      {
        name: 'range beside edges',
        run: () => histogram(ones([2]), ones([2]), { range: [0, 1] }),
        error: 'ValueError',
        message: /^histogram: the edges are given/,
      },
    ],
  },
  {
    op: 'bincount',
    samples: [
      {
        ...common,
        hostOnly: true,
        name: 'counts',
        inputs: [{ shape: [9], dtype: 'int64', low: 0, high: 5 }],
        run: (x) => bincount(x!, { minlength: 6 }),
        reference: (x) => vector(Array.from({ length: 6 }, (_, i) => x!.data.filter((v) => v === i).length)),
      },
      {
        ...common,
        hostOnly: true,
        name: 'weights',
        inputs: [{ shape: [4], dtype: 'int32', values: [0, 2, 2, 1] }, { shape: [4] }],
        run: (x, w) => x!.bincount(w!),
        reference: (_x, w) => vector([w!.data[0]!, w!.data[3]!, w!.data[1]! + w!.data[2]!]),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'floats',
        run: () => bincount(ones([2])),
        error: 'DTypeError',
        message: /^bincount: not defined for float32, only for integers$/,
      },
      {
        name: 'negative',
        run: () => bincount(integers(1, -1)),
        error: 'ValueError',
        message: /^bincount: the elements must not be negative, found -1$/,
      },
      {
        name: 'a matrix',
        run: () => bincount(zeros([1, 1], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /^bincount: expected a 1-d tensor, got \[1, 1\]$/,
      },
      {
        name: 'weights',
        run: () => bincount(integers(1), ones([2])),
        error: 'ShapeError',
        message: /^bincount: weights \[2\] for a tensor \[1\]$/,
      },
      {
        name: 'minlength',
        run: () => bincount(integers(1), null, { minlength: -1 }),
        error: 'ValueError',
        message: /^bincount: minlength must be .* got -1$/,
      },
    ],
  },
];
