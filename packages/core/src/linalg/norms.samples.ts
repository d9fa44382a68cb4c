import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones, zeros } from '../ops/create.ts';
import { mapLines, without } from '../ops/lines.samples.ts';
import { matrixNorm, norm, vectorNorm } from './norms.ts';

const { POSITIVE_INFINITY: inf } = Number;
const sum = (l: readonly number[]): number => l.reduce((a, v) => a + Math.abs(v), 0);
const length = (l: readonly number[]): number => Math.sqrt(l.reduce((a, v) => a + v * v, 0));

/** Sums of magnitudes along `dim`, then an extreme of them along the other: of matrices in the last two dimensions. */
const ofSums = (x: NdArray, dim: -1 | -2, pick: (...v: number[]) => number): NdArray =>
  without(
    without(
      mapLines(
        mapLines(x, dim, (l) => [sum(l)]),
        dim === -1 ? -2 : -1,
        (l) => [pick(...l)],
      ),
      -1,
    ),
    -1,
  );

const order = (ord: number, dim: -1 | -2, pick: (...v: number[]) => number): Sample => ({
  name: `order ${ord}`,
  inputs: [{ shape: [2, 3, 2], values: [1, -2, 3.5, 0.25, -0.75, 1.5, 2, 0.5, -1.25, -4, 0.3, 1] }],
  run: (x) => matrixNorm(x!, ord),
  reference: (x) => ofSums(x!, dim, pick),
  without: ['broadcast'],
});

export const linalgNormSamples: readonly OpSamples[] = [
  {
    op: 'linalg.vectorNorm',
    samples: [
      {
        name: 'all',
        inputs: [{ shape: [2, 3], avoid: [0] }],
        run: (x) => vectorNorm(x!),
        reference: (x) => ({ shape: [], data: [length(x!.data)] }),
      },
      {
        name: 'rows, kept',
        inputs: [{ shape: [2, 3], avoid: [0] }],
        run: (x) => vectorNorm(x!, 1, 1, { keepdim: true }),
        reference: (x) => mapLines(x!, 1, (l) => [sum(l)]),
      },
    ],
    errors: [
      {
        name: 'nothing',
        run: () => vectorNorm(zeros([2, 0]), inf, 1),
        error: 'IndexError',
        message: /^vectorNorm: dimension 1 of \[2, 0\] has size 0, .* order Infinity$/,
      },
      {
        name: 'integers',
        run: () => vectorNorm(zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^vectorNorm: not defined for int64/,
      },
      {
        name: 'narrower',
        run: () => vectorNorm(zeros([2], { dtype: 'float64' }), 2, { dtype: 'float32' }),
        error: 'DTypeError',
        message: /^vectorNorm: float64 does not fit the dtype float32/,
      },
      {
        name: 'order',
        run: () => vectorNorm(zeros([2]), Number.NaN),
        error: 'ValueError',
        message: /^vectorNorm: ord must be a number, got NaN$/,
      },
    ],
  },
  {
    op: 'linalg.matrixNorm',
    samples: [
      order(1, -2, Math.max),
      order(-1, -2, Math.min),
      order(inf, -1, Math.max),
      order(-inf, -1, Math.min),
      {
        name: 'Frobenius, first dimensions',
        inputs: [{ shape: [2, 3, 2], avoid: [0] }],
        run: (x) => matrixNorm(x!, 'fro', [1, 0], { keepdim: true }),
        reference: (x) => ({ shape: [1, 1, 2], data: [0, 1].map((k) => length(x!.data.filter((_, i) => i % 2 === k))) }),
      },
      {
        name: 'of singular values',
        inputs: [{ shape: [2, 2], values: [3, 0, 0, -2] }],
        run: (x) => [matrixNorm(x!, 2), matrixNorm(x!, -2, { keepdim: true }), matrixNorm(x!, 'nuc')],
        reference: () => [
          { shape: [], data: [3] },
          { shape: [1, 1], data: [2] },
          { shape: [], data: [5] },
        ],
        without: ['broadcast'],
      },
    ],
    errors: [
      { name: 'a vector', run: () => matrixNorm(ones([2])), error: 'ShapeError', message: /^matrixNorm: expected a matrix, got \[2\]$/ },
      { name: 'order', run: () => matrixNorm(ones([2, 2]), 3), error: 'ValueError', message: /^matrixNorm: ord must be 'fro', .* got 3$/ },
      {
        name: 'equal dimensions',
        run: () => matrixNorm(ones([2, 2]), 'fro', [0, -2]),
        error: 'ValueError',
        message: /^matrixNorm: the two dimensions must differ, got \[0, -2\]$/,
      },
      {
        name: 'one dimension',
        run: () => matrixNorm(ones([2, 2]), 'fro', [0]),
        error: 'ValueError',
        message: /^matrixNorm: dim must name two dimensions, got \[0\]$/,
      },
      {
        name: 'nothing',
        run: () => matrixNorm(ones([0, 2]), inf),
        error: 'IndexError',
        message: /^matrixNorm: dimension 0 of \[0, 2\] has size 0/,
      },
    ],
  },
  {
    op: 'linalg.norm',
    samples: [
      {
        name: 'all',
        inputs: [{ shape: [2, 2, 2], avoid: [0] }],
        run: (x) => norm(x!),
        reference: (x) => ({ shape: [], data: [length(x!.data)] }),
      },
      {
        name: 'a vector',
        inputs: [{ shape: [3], avoid: [0] }],
        run: (x) => norm(x!, 1),
        reference: (x) => ({ shape: [], data: [sum(x!.data)] }),
      },
      {
        name: 'a matrix',
        inputs: [{ shape: [2, 3], values: [1, -2, 3.5, 0.25, -0.75, 1.5] }],
        run: (x) => norm(x!, 1),
        reference: (x) => ofSums(x!, -2, Math.max),
        without: ['broadcast'],
      },
      {
        name: 'vectors',
        inputs: [{ shape: [2, 3], avoid: [0] }],
        run: (x) => norm(x!, null, -1),
        reference: (x) =>
          without(
            mapLines(x!, -1, (l) => [length(l)]),
            -1,
          ),
      },
      {
        name: 'matrices, Frobenius',
        inputs: [{ shape: [2, 3], avoid: [0] }],
        run: (x) => norm(x!, 'fro', { keepdim: true }),
        reference: (x) => ({ shape: [1, 1], data: [length(x!.data)] }),
      },
    ],
    errors: [
      {
        name: 'three dimensions',
        run: () => norm(ones([2, 2, 2]), 2),
        error: 'ShapeError',
        message: /^linalg.norm: with an order and no dim .* got \[2, 2, 2\]$/,
      },
      {
        name: 'dims',
        run: () => norm(ones([2, 2, 2]), 2, [0, 1, 2]),
        error: 'ValueError',
        message: /^linalg.norm: dim must name 1 or 2 dimensions, got \[0, 1, 2\]$/,
      },
    ],
  },
];
