import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { mapLines, stableOrder } from './lines.samples.ts';
import { argsort, msort, sort, topk } from './sort.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const sorted = (x: NdArray, dim: number, descending: boolean): NdArray[] => [
  mapLines(x, dim, (line) => stableOrder(line, descending).map((i) => line[i]!)),
  mapLines(x, dim, (line) => stableOrder(line, descending)),
];

const along = (name: string, shape: readonly number[], dim: number, descending: boolean): Sample => ({
  name,
  inputs: [{ shape, apart: 0.1 }],
  run: (x) => {
    const { values, indices } = sort(x!, dim, { descending });
    return [values, indices];
  },
  reference: (x) => sorted(x!, dim, descending),
  // Repeated elements tie: there is no derivative.
  without: ['broadcast'],
});

const special: readonly number[] = [2, nan, -inf, 2, inf, 0, nan, -0, 2, 1, -3, 1, 7, 1, 2, 5, 4, 2, 0, 3];

const ties = (name: string, descending: boolean): Sample => ({
  name,
  inputs: [{ shape: [20], values: special }],
  run: (x) => {
    const { values, indices } = x!.detach().sort({ descending });
    return [values.add(0), indices];
  },
  reference: (x) => sorted(x!, 0, descending),
  differentiable: false,
});

const top = (name: string, shape: readonly number[], k: number, dim: number, largest: boolean): Sample => ({
  name,
  inputs: [{ shape, apart: 0.1 }],
  run: (x) => {
    const { values, indices } = topk(x!, k, dim, { largest });
    return [values, indices];
  },
  reference: (x) => sorted(x!, dim, largest).map((a) => mapLines(a, dim, (line) => line.slice(0, k))),
  without: ['broadcast'],
});

export const sortSamples: readonly OpSamples[] = [
  {
    op: 'sort',
    samples: [
      along('last dimension', [2, 5], -1, false),
      along('first dimension, descending', [4, 3], 0, true),
      along('middle dimension', [2, 4, 2], 1, false),
      along('long lines', [2, 70], 1, false),
      along('long lines, descending', [70, 2], 0, true),
      along('one element', [1], 0, false),
      along('0-d', [], 0, false),
      along('no elements', [2, 0], 1, false),
      along('no lines', [0, 3], 1, true),
      ties('ties and NaN', false),
      ties('ties and NaN, descending', true),
    ],
    errors: [
      { name: 'dim', run: () => zeros([2]).sort(1), error: 'IndexError', message: /^sort: dim 1 is out of range for \[2\]/ },
      { name: 'no tensor', run: () => sort([1] as never), error: 'ValueError', message: /^sort: expected a tensor, got an array$/ },
    ],
  },
  {
    op: 'argsort',
    samples: [
      {
        name: 'bools',
        inputs: [{ shape: [5], dtype: 'bool', values: [1, 0, 1, 0, 1] }],
        run: (x) => argsort(x!),
        reference: (x) => mapLines(x!, 0, (line) => stableOrder(line)),
        differentiable: false,
      },
      {
        name: 'integers, descending',
        inputs: [{ shape: [3, 4], dtype: 'int64' }],
        run: (x) => x!.argsort(0, { descending: true, stable: true }),
        reference: (x) => mapLines(x!, 0, (line) => stableOrder(line, true)),
        differentiable: false,
      },
    ],
  },
  {
    op: 'msort',
    samples: [
      {
        name: 'columns',
        inputs: [{ shape: [4, 2], apart: 0.1 }],
        run: (x) => msort(x!),
        reference: (x) => sorted(x!, 0, false)[0]!,
        without: ['broadcast'],
      },
    ],
  },
  {
    op: 'topk',
    samples: [
      top('last dimension', [2, 5], 2, -1, true),
      top('first dimension, smallest', [5, 2], 3, 0, false),
      top('a few of many', [130, 2], 2, 0, true),
      top('many of many', [2, 40], 30, 1, false),
      top('all', [4], 4, 0, true),
      top('none', [3, 2], 0, 0, true),
      top('0-d', [], 1, 0, true),
      {
        name: 'not in order',
        inputs: [{ shape: [9], apart: 0.1 }],
        run: (x) => topk(x!, 4, { sorted: false }).values.sum(),
        reference: (x) => ({
          shape: [],
          data: [
            [...x!.data]
              .sort((a, b) => b - a)
              .slice(0, 4)
              .reduce((a, b) => a + b),
          ],
        }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'k',
        run: () => zeros([2, 3]).topk(4),
        error: 'IndexError',
        message: /^topk: k = 4 of the 3 elements along dim 1 of \[2, 3\]$/,
      },
      { name: 'bools', run: () => zeros([3], { dtype: 'bool' }).topk(1), error: 'DTypeError', message: /^topk: not defined for bool$/ },
    ],
  },
];
