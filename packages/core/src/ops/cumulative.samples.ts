import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { cumprod, cumsum } from './cumulative.ts';

/** Running totals along `dim`. */
function running(x: NdArray, dim: number, f: (a: number, b: number) => number): NdArray {
  const inner = x.shape.slice(dim + 1).reduce((p, n) => p * n, 1);
  const n = x.shape[dim] ?? 1;
  const data = [...x.data];
  data.forEach((v, k) => {
    if (Math.floor(k / inner) % n > 0) data[k] = f(data[k - inner]!, v);
  });
  return { shape: x.shape, data };
}

function samples(op: typeof cumsum, f: (a: number, b: number) => number): Sample[] {
  const plain = (name: string, shape: readonly number[], dim: number): Sample => ({
    name,
    inputs: [{ shape }],
    run: (x) => op(x!, dim),
    reference: (x) => running(x!, dim < 0 ? dim + Math.max(shape.length, 1) : dim, f),
  });
  return [
    plain('last dimension', [2, 5], -1),
    plain('first dimension', [4, 2], 0),
    plain('middle dimension', [2, 3, 2], 1),
    plain('one element', [2, 1], 1),
    plain('0-d', [], 0),
    plain('no rows', [0, 3], 1),
    plain('no elements', [2, 0], 1),
    {
      name: 'zeros',
      inputs: [{ shape: [2, 5], values: [2, 0, 3, 0.5, 4, 0, 1, 0, -2, 3] }],
      run: (x) => op(x!, 1),
      reference: (x) => running(x!, 1, f),
    },
    {
      name: 'integers',
      inputs: [{ shape: [5], dtype: 'int32', low: 1, high: 5 }],
      run: (x) => op(x!, 0),
      reference: (x) => running(x!, 0, f),
      differentiable: false,
    },
  ];
}

export const cumulativeSamples: readonly OpSamples[] = [
  {
    op: 'cumsum',
    samples: samples(cumsum, (a, b) => a + b),
    errors: [
      {
        name: 'dim out of range',
        run: () => zeros([2]).cumsum(1),
        error: 'IndexError',
        message: /cumsum: dim 1 is out of range for \[2\]/,
      },
    ],
  },
  {
    op: 'cumprod',
    samples: samples(cumprod, (a, b) => a * b),
    errors: [
      {
        name: 'dim out of range',
        run: () => zeros([2]).cumprod(-2),
        error: 'IndexError',
        message: /cumprod: dim -2 is out of range for \[2\]/,
      },
    ],
  },
];
