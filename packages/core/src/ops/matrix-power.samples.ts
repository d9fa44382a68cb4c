import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts } from '../parts/products.samples.ts';
import { eye, ones, zeros } from './create.ts';
import { matrixPower } from './matrix-power.ts';
import { build } from './nd.samples.ts';

const isDiagonal = (c: readonly number[]): number => (c[c.length - 1] === c[c.length - 2] ? 1 : 0);

/** The inverse of 2 by 2 matrices in a batch, by its formula. */
function inverse(x: NdArray): NdArray {
  const data: number[] = [];
  for (let i = 0; i < x.data.length; i += 4) {
    const [a, b, c, d] = x.data.slice(i, i + 4) as [number, number, number, number];
    const det = a * d - b * c;
    data.push(d / det, -b / det, -c / det, a / det);
  }
  return { shape: x.shape, data };
}

function power(x: NdArray, n: number): NdArray {
  const factor = n < 0 ? inverse(x) : x;
  let out = build(x.shape, isDiagonal);
  for (let i = 0; i < Math.abs(n); i++)
    out = x.shape.length === 2 ? sumOfProducts('ij,jk->ik', out, factor) : sumOfProducts('bij,bjk->bik', out, factor);
  return out;
}

const sample = (name: string, shape: readonly number[], n: number): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => matrixPower(x!, n),
  reference: (x) => power(x!, n),
});

/** A matrix whose inverse is no larger than itself. */
const invertible = [2, 0.5, -0.5, 1.5];

const negative = (name: string, shape: readonly number[], n: number): Sample => ({
  ...sample(name, shape, n),
  inputs: [{ shape, values: shape.length === 2 ? invertible : [...invertible, 1, 2, -1, 1] }],
  without: ['broadcast'],
});

/** Samples of powers of matrices. */
export const matrixPowerSamples: readonly OpSamples[] = [
  {
    op: 'matrixPower',
    samples: [
      sample('1', [3, 3], 1),
      sample('2', [3, 3], 2),
      sample('3', [3, 3], 3),
      sample('5, a batch', [2, 2, 2], 5),
      sample('6', [2, 2], 6),
      sample('of nothing', [0, 0], 3),
      negative('-1', [2, 2], -1),
      negative('-3, a batch', [2, 2, 2], -3),
      { ...sample('0', [2, 2, 2], 0), run: (x) => matrixPower(x!.detach(), 0), differentiable: false },
      { name: 'the method', inputs: [{ shape: [2, 2] }], run: (x) => x!.matrixPower(2), reference: (x) => power(x!, 2) },
      {
        name: 'integers',
        inputs: [{ shape: [2, 2], dtype: 'int32' }],
        run: (x) => matrixPower(x!, 3),
        reference: (x) => power(x!, 3),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'not square',
        run: () => matrixPower(ones([2, 3]), 2),
        error: 'ShapeError',
        message: /^matrixPower: needs square matrices, got \[2, 3\]$/,
      },
      {
        name: 'a fraction',
        run: () => matrixPower(eye(2), 0.5),
        error: 'ValueError',
        message: /^matrixPower: n must be a whole number, got 0\.5$/,
      },
      {
        name: 'bool',
        run: () => matrixPower(ones([2, 2], { dtype: 'bool' }), 2),
        error: 'DTypeError',
        message: /^matrixPower: not defined for bool/,
      },
      { name: 'an inverse of integers', run: () => matrixPower(eye(2, { dtype: 'int64' }), -1), error: 'DTypeError', message: /int64/ },
      { name: 'no inverse', run: () => matrixPower(zeros([2, 2]), -1), error: 'LinAlgError', message: /singular/ },
    ],
  },
];
