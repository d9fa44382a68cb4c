import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones, zeros } from './create.ts';
import { bucketize, searchsorted } from './search.ts';

/** How many elements of a line lie before a value. */
const before = (line: readonly number[], v: number, right: boolean): number => line.filter((e) => (right ? e <= v : e < v)).length;

const lines = (x: NdArray): number[][] => {
  const n = x.shape[x.shape.length - 1]!;
  return Array.from({ length: x.data.length / n }, (_, i) => x.data.slice(i * n, i * n + n));
};

const sequence = [-2, -1, -1, 0, 0.5, 0.5, 0.5, 2, 3];

const one = (right: boolean): Sample => ({
  name: right ? 'one line, behind' : 'one line, before',
  inputs: [
    { shape: [9], values: sequence },
    { shape: [2, 4], values: [-3, -1, 0.5, 1, 2, 3, 4, -0.5] },
  ],
  run: (s, v) => searchsorted(s!, v!, { right }),
  reference: (s, v) => ({ shape: v!.shape, data: v!.data.map((e) => before(s!.data, e, right)) }),
  differentiable: false,
  without: ['broadcast'],
});

export const searchSamples: readonly OpSamples[] = [
  {
    op: 'searchsorted',
    samples: [
      one(false),
      one(true),
      {
        name: 'a line each',
        inputs: [
          { shape: [2, 3], values: [1, 3, 5, 2, 2, 9] },
          { shape: [2, 2], values: [3, 6, 2, 1] },
        ],
        run: (s, v) => searchsorted(s!, v!, { side: 'right', outInt32: true }),
        reference: (s, v) => ({ shape: [2, 2], data: lines(v!).flatMap((l, i) => l.map((e) => before(lines(s!)[i]!, e, true))) }),
        differentiable: false,
        without: ['broadcast'],
      },
      {
        name: 'with a sorter',
        inputs: [
          { shape: [3], values: [5, 1, 3] },
          { shape: [2], values: [3, 4] },
          { shape: [3], dtype: 'int64', values: [1, 2, 0] },
        ],
        run: (s, v, sorter) => searchsorted(s!, v!, { sorter: sorter! }),
        reference: (s, v) => ({ shape: [2], data: v!.data.map((e) => before(s!.data, e, false)) }),
        differentiable: false,
        without: ['broadcast'],
      },
      {
        name: 'a number',
        inputs: [{ shape: [3], dtype: 'int64', values: [1, 3, 5] }],
        run: (s) => searchsorted(s!, 2.5),
        reference: () => ({ shape: [], data: [1] }),
        differentiable: false,
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'lines',
        run: () => searchsorted(ones([2, 3]), ones([3, 1])),
        error: 'ShapeError',
        message: /^searchsorted: lines \[2, 3\] and values \[3, 1\]/,
      },
      { name: '0-d', run: () => searchsorted(ones([]), 1), error: 'ShapeError', message: /^searchsorted: the sorted sequence is 0-d$/ },
      {
        name: 'sides',
        run: () => searchsorted(ones([2]), 1, { side: 'left', right: true }),
        error: 'ValueError',
        message: /^searchsorted: side is 'left' but right is true$/,
      },
      {
        name: 'side',
        run: () => searchsorted(ones([2]), 1, { side: 'top' as never }),
        error: 'ValueError',
        message: /^searchsorted: side must be 'left' or 'right', got 'top'$/,
      },
      {
        name: 'shape of the sorter',
        run: () => searchsorted(ones([2]), 1, { sorter: zeros([3], { dtype: 'int64' }) }),
        error: 'ShapeError',
        message: /^searchsorted: the sorter \[3\] must have the shape \[2\]$/,
      },
      {
        name: 'dtype of the sorter',
        run: () => searchsorted(ones([2]), 1, { sorter: zeros([2]) }),
        error: 'DTypeError',
        message: /^searchsorted: the sorter must be int64, got float32$/,
      },
      {
        name: 'bools',
        run: () => searchsorted(zeros([2], { dtype: 'bool' }), zeros([2], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /^searchsorted: not defined for bool$/,
      },
    ],
  },
  {
    op: 'bucketize',
    samples: [
      {
        name: 'boundaries',
        inputs: [
          { shape: [2, 3], values: [3, 6, 9, 1, 0, 5] },
          { shape: [3], values: [1, 3, 5] },
        ],
        run: (x, b) => bucketize(x!, b!),
        reference: (x, b) => ({ shape: x!.shape, data: x!.data.map((e) => before(b!.data, e, false)) }),
        differentiable: false,
        without: ['broadcast'],
      },
      {
        name: 'NaN, behind',
        inputs: [
          { shape: [2], values: [Number.NaN, 3] },
          { shape: [3], values: [1, 3, 5] },
        ],
        run: (x, b) => x!.bucketize(b!, { right: true }),
        reference: () => ({ shape: [2], data: [3, 2] }),
        differentiable: false,
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'boundaries',
        run: () => bucketize(ones([2]), ones([1, 2])),
        error: 'ShapeError',
        message: /^bucketize: the boundaries must be 1-d, got \[1, 2\]$/,
      },
    ],
  },
];
