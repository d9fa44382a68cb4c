import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones } from './create.ts';
import { matrixExp } from './matrix-exp.ts';

/** The series by its definition, of a matrix scaled down until 40 terms are more than enough. */
function exponential(a: number[], n: number): number[] {
  const times = (x: readonly number[], y: readonly number[]): number[] =>
    x.map((_, k) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += x[Math.floor(k / n) * n + j]! * y[j * n + (k % n)]!;
      return sum;
    });
  const scaled = a.map((v) => v / 64);
  let term: number[] = a.map((_, k) => (k % (n + 1) === 0 ? 1 : 0));
  let total = [...term];
  for (let k = 1; k < 40; k++) {
    term = times(term, scaled).map((v) => v / k);
    total = total.map((v, i) => v + term[i]!);
  }
  for (let k = 0; k < 6; k++) total = times(total, total);
  return total;
}

function reference(x: NdArray): NdArray {
  const n = x.shape[x.shape.length - 1]!;
  const data: number[] = [];
  for (let i = 0; i < x.data.length; i += n * n) data.push(...exponential(x.data.slice(i, i + n * n), n));
  return { shape: x.shape, data };
}

/** One sample for each degree of polynomial, and for scaling. */
const sample = (name: string, shape: readonly number[], size: number): Sample => ({
  name,
  inputs: [{ shape, low: -size, high: size }],
  run: (x) => matrixExp(x!),
  reference: (x) => reference(x!),
});

/** Samples of the matrix exponential. */
export const matrixExpSamples: readonly OpSamples[] = [
  {
    op: 'matrixExp',
    samples: [
      sample('degree 1', [2, 2], 1e-16),
      sample('degree 2', [2, 2], 1e-8),
      sample('degree 4', [2, 2], 1e-4),
      sample('degree 8', [3, 3], 0.015),
      sample('degree 12', [3, 3], 0.09),
      sample('degree 18', [3, 3], 0.35),
      sample('scaled', [3, 3], 3),
      sample('one by one', [1, 1], 2),
      sample('a batch of several sizes', [2, 2, 2, 2], 2),
      sample('nothing', [0, 0], 1),
      sample('an empty batch', [0, 2, 2], 1),
      { name: 'the method', inputs: [{ shape: [2, 2] }], run: (x) => x!.matrixExp(), reference: (x) => reference(x!) },
      {
        name: 'what is not finite',
        inputs: [{ shape: [2, 2, 2], values: [Number.NaN, 0, 0, 0, 0, Infinity, 0, 0] }],
        run: (x) => matrixExp(x!.detach()),
        reference: () => ({ shape: [2, 2, 2], data: new Array<number>(8).fill(Number.NaN) }),
        differentiable: false,
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'not square',
        run: () => matrixExp(ones([2, 3])),
        error: 'ShapeError',
        message: /^matrixExp: needs square matrices, got \[2, 3\] \(2 by 3\)$/,
      },
      { name: 'a vector', run: () => matrixExp(ones([2])), error: 'ShapeError', message: /^matrixExp: / },
      {
        name: 'integers',
        run: () => matrixExp(ones([2, 2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^matrixExp: needs float32 or float64, got int64/,
      },
    ],
  },
];
