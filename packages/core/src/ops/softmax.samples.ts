import type { ErrorCase, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { logSoftmax, softmax, softmin } from './softmax.ts';

/** Applies `f` to every line of `x` along `dim`. */
function lines(x: NdArray, dim: number, f: (line: number[]) => number[]): NdArray {
  const n = x.shape[dim] ?? 1;
  const inner = x.shape.slice(dim + 1).reduce((p, k) => p * k, 1);
  const data = [...x.data];
  for (let start = 0; start < data.length; start++) {
    if (n === 0 || Math.floor(start / inner) % n !== 0) continue;
    const line = f(Array.from({ length: n }, (_, i) => x.data[start + i * inner]!));
    for (let i = 0; i < n; i++) data[start + i * inner] = line[i]!;
  }
  return { shape: x.shape, data };
}

function soft(line: number[]): number[] {
  const top = Math.max(...line);
  const e = line.map((v) => Math.exp(v - top));
  const sum = e.reduce((p, v) => p + v, 0);
  return e.map((v) => v / sum);
}

function logSoft(line: number[]): number[] {
  const top = Math.max(...line);
  const sum = line.reduce((p, v) => p + Math.exp(v - top), 0);
  return line.map((v) => v - top - Math.log(sum));
}

function samples(op: typeof softmax, f: (line: number[]) => number[]): Sample[] {
  const plain = (name: string, shape: readonly number[], dim: number): Sample => ({
    name,
    inputs: [{ shape }],
    run: (x) => op(x!, dim),
    reference: (x) => lines(x!, dim < 0 ? dim + Math.max(shape.length, 1) : dim, f),
  });
  const special = (name: string, values: readonly number[]): Sample => ({
    name,
    inputs: [{ shape: [2, values.length / 2], values }],
    run: (x) => op(x!, 1),
    reference: (x) => lines(x!, 1, f),
  });
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
  return [
    plain('last dimension', [3, 4], -1),
    plain('first dimension', [3, 4], 0),
    plain('middle dimension', [2, 3, 4], 1),
    plain('one element', [2, 1], 1),
    plain('0-d', [], 0),
    plain('zero-size', [0, 3], 1),
    plain('over nothing', [3, 0], 1),
    special('far apart', [1000, -1000, 0, 900, 900, 899]),
    {
      name: 'not finite',
      inputs: [{ shape: [4, 3], values: [-inf, -inf, -inf, 0, 0, -inf, inf, 1, 2, nan, 2, 3] }],
      run: (x) => op(x!.detach(), 1),
      reference: (x) => lines(x!, 1, f),
      differentiable: false,
    },
    {
      name: 'from integers',
      inputs: [{ shape: [2, 3], dtype: 'int64' }],
      run: (x) => op(x!, 1, { dtype: 'float64' }),
      reference: (x) => lines(x!, 1, f),
      differentiable: false,
      hostOnly: true,
    },
  ];
}

const errors = (name: 'softmax' | 'logSoftmax', op: typeof softmax): ErrorCase[] => [
  {
    name: 'dim',
    run: () => op(zeros([2, 3]), 2),
    error: 'IndexError',
    message: new RegExp(`^${name}: dim 2 is out of range for \\[2, 3\\]`),
  },
  {
    name: 'integers',
    run: () => op(zeros([2, 3], { dtype: 'int64' }), 1),
    error: 'DTypeError',
    message: new RegExp(`^${name}: not defined for int64`),
  },
];

export const softmaxSamples: readonly OpSamples[] = [
  { op: 'softmax', samples: samples(softmax, soft), errors: errors('softmax', softmax) },
  { op: 'logSoftmax', samples: samples(logSoftmax, logSoft), errors: errors('logSoftmax', logSoftmax) },
  {
    op: 'softmin',
    samples: [
      {
        name: 'rows',
        inputs: [{ shape: [2, 3] }],
        run: (x) => softmin(x!, 1),
        reference: (x) => lines(x!, 1, (line) => soft(line.map((v) => -v))),
      },
      {
        name: 'columns of integers',
        inputs: [{ shape: [3, 2], dtype: 'int64' }],
        run: (x) => softmin(x!, 0, { dtype: 'float64' }),
        reference: (x) => lines(x!, 0, (line) => soft(line.map((v) => -v))),
        differentiable: false,
        hostOnly: true,
      },
    ],
  },
];
