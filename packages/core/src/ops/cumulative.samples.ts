import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { cummax, cummin, cumprod, cumsum, logcumsumexp } from './cumulative.ts';
import { mapLines } from './lines.samples.ts';

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

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** The place of the latest extreme so far; a NaN is the extreme from then on. */
function latest(line: readonly number[], better: (a: number, b: number) => boolean): number[] {
  let at = 0;
  return line.map((v, i) => {
    if (Number.isNaN(v) || (!Number.isNaN(line[at]) && better(v, line[at]!))) at = i;
    return at;
  });
}

function extremes(op: typeof cummax, better: (a: number, b: number) => boolean): Sample[] {
  const parts = (x: NdArray, dim: number): NdArray[] => [
    mapLines(x, dim, (line) => latest(line, better).map((i) => line[i]!)),
    mapLines(x, dim, (line) => latest(line, better)),
  ];
  const plain = (name: string, shape: readonly number[], dim: number): Sample => ({
    name,
    inputs: [{ shape, apart: 0.1 }],
    run: (x) => Object.values(op(x!, dim)),
    reference: (x) => parts(x!, dim),
    // Repeated elements tie: there is no derivative.
    without: ['broadcast'],
  });
  return [
    plain('last dimension', [2, 5], -1),
    plain('first dimension', [5, 2], 0),
    plain('middle dimension', [2, 3, 2], 1),
    plain('0-d', [], 0),
    plain('no elements', [2, 0], 1),
    {
      name: 'ties and NaN',
      inputs: [{ shape: [2, 6], values: [1, 1, 0, 1, 2, 2, 3, nan, 5, nan, -inf, inf] }],
      run: (x) => Object.values(op(x!.detach(), 1)),
      reference: (x) => parts(x!, 1),
      differentiable: false,
    },
    {
      name: 'integers',
      inputs: [{ shape: [7], dtype: 'int64' }],
      run: (x) => Object.values(op(x!, 0)),
      reference: (x) => parts(x!, 0),
      differentiable: false,
    },
  ];
}

const logTotals = (line: readonly number[]): number[] =>
  line.map((_, i) => {
    const top = Math.max(...line.slice(0, i + 1));
    return top + Math.log(line.slice(0, i + 1).reduce((a, v) => a + Math.exp(v - top), 0));
  });

const logged = (name: string, shape: readonly number[], dim: number): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => logcumsumexp(x!, dim),
  reference: (x) => mapLines(x!, dim, logTotals),
});

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
      { name: 'bool', run: () => zeros([2]).cumsum(0, { dtype: 'bool' }), error: 'DTypeError', message: /^cumsum: not defined for bool$/ },
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
  {
    op: 'logcumsumexp',
    samples: [
      logged('last dimension', [2, 5], -1),
      logged('first dimension', [4, 2], 0),
      logged('0-d', [], 0),
      logged('no elements', [2, 0], 1),
      {
        name: 'far apart',
        inputs: [{ shape: [5], values: [-900, 900, 900, -inf, 901] }],
        run: (x) => logcumsumexp(x!.detach(), 0),
        reference: (x) => mapLines(x!, 0, logTotals),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'integers',
        run: () => logcumsumexp(zeros([2], { dtype: 'int64' }), 0),
        error: 'DTypeError',
        message: /^logcumsumexp: not defined for int64/,
      },
    ],
  },
  {
    op: 'cummax',
    samples: extremes(cummax, (a, b) => a >= b),
    errors: [{ name: 'dim', run: () => zeros([2]).cummax(1), error: 'IndexError', message: /^cummax: dim 1 is out of range for \[2\]/ }],
  },
  { op: 'cummin', samples: extremes(cummin, (a, b) => a <= b) },
];
