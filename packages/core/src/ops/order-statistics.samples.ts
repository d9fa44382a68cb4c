import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { mapLines, stableOrder, without } from './lines.samples.ts';
import { kthvalue, median, mode, nanmedian } from './order-statistics.ts';
import type { ValuesAndIndices } from './reduce.ts';

const { NaN: nan } = Number;
const parts = ({ values, indices }: ValuesAndIndices): [ValuesAndIndices['values'], ValuesAndIndices['indices']] => [values, indices];

/** Place of the lower middle element; the first NaN unless they are passed over. */
function middle(line: readonly number[], skip: boolean): number {
  const missing = line.findIndex(Number.isNaN);
  if (missing >= 0 && !skip) return missing;
  const count = line.filter((v) => !Number.isNaN(v)).length;
  return stableOrder(line)[Math.max(Math.ceil(count / 2) - 1, 0)]!;
}

/** The chosen elements and their places. */
const chosen = (x: NdArray, dim: number, keepdim: boolean, choose: (line: readonly number[]) => number): NdArray[] =>
  [mapLines(x, dim, (line) => [line[choose(line)]!]), mapLines(x, dim, (line) => [choose(line)])].map((a) =>
    keepdim || x.shape.length === 0 ? a : without(a, dim),
  );

function medians(op: typeof median, skip: boolean): Sample[] {
  const line = (name: string, shape: readonly number[], dim: number, keepdim: boolean): Sample => ({
    name,
    inputs: [{ shape, apart: 0.1 }],
    run: (x) => parts(op(x!, dim as number, { keepdim })),
    reference: (x) => chosen(x!, dim, keepdim, (l) => middle(l, skip)),
    without: ['broadcast'],
  });
  return [
    line('last dimension, odd', [2, 5], -1, false),
    line('first dimension, even, kept', [4, 3], 0, true),
    line('middle dimension', [2, 6, 2], 1, false),
    line('0-d', [], 0, false),
    { ...line('long', [41], 0, false), without: ['broadcast'] },
    {
      name: 'all',
      inputs: [{ shape: [2, 3], apart: 0.1 }],
      run: (x) => op(x!),
      reference: (x) => ({ shape: [], data: [x!.data[middle(x!.data, skip)]!] }),
      without: ['broadcast'],
    },
    {
      name: 'ties and NaN',
      inputs: [{ shape: [4, 4], values: [1, 2, 2, 1, nan, 1, 0, 3, nan, nan, nan, nan, 3, 3, 3, 1] }],
      run: (x) => parts(op(x!.detach(), 1)),
      reference: (x) => chosen(x!, 1, false, (l) => middle(l, skip)),
      differentiable: false,
    },
    {
      name: 'no elements',
      inputs: [{ shape: [0] }],
      run: (x) => op(x!),
      reference: () => ({ shape: [], data: [nan] }),
      differentiable: false,
    },
  ];
}

const errorsOf = (name: string, run: (t: ReturnType<typeof zeros>) => unknown): NonNullable<OpSamples['errors']> => [
  {
    name: 'nothing to choose from',
    run: () => run(zeros([2, 0]) as never),
    error: 'IndexError',
    message: new RegExp(`^${name}: dimension 1 of \\[2, 0\\] has size 0`),
  },
];

/** The smallest of the most frequent elements, and the last place where it lies. */
function mostFrequent(line: readonly number[]): number {
  const count = (v: number): number => line.filter((w) => w === v).length;
  const best = Math.max(...line.map(count));
  return line.lastIndexOf(Math.min(...line.filter((v) => count(v) === best)));
}

export const orderStatisticsSamples: readonly OpSamples[] = [
  {
    op: 'median',
    samples: medians(median, false),
    errors: [
      ...errorsOf('median', (t) => median(t, 1)),
      { name: 'bools', run: () => median(zeros([3], { dtype: 'bool' })), error: 'DTypeError', message: /^median: not defined for bool$/ },
      { name: 'integers', run: () => median(zeros([0], { dtype: 'int64' })), error: 'IndexError', message: /^median: of no elements/ },
    ],
  },
  { op: 'nanmedian', samples: medians(nanmedian as typeof median, true), errors: errorsOf('nanmedian', (t) => nanmedian(t, 1)) },
  {
    op: 'mode',
    samples: [
      {
        name: 'integers',
        inputs: [{ shape: [3, 7], dtype: 'int64', low: 0, high: 4 }],
        run: (x) => parts(mode(x!)),
        reference: (x) => chosen(x!, 1, false, mostFrequent),
        differentiable: false,
      },
      {
        name: 'no element twice, kept',
        inputs: [{ shape: [5, 2], apart: 0.1 }],
        run: (x) => parts(mode(x!, 0, { keepdim: true })),
        reference: (x) => chosen(x!, 0, true, mostFrequent),
        without: ['broadcast'],
      },
      { name: '0-d', inputs: [{ shape: [] }], run: (x) => mode(x!).values, reference: (x) => x! },
    ],
    errors: errorsOf('mode', (t) => mode(t)),
  },
  {
    op: 'kthvalue',
    samples: [
      {
        name: 'third of seven',
        inputs: [{ shape: [2, 7], apart: 0.1 }],
        run: (x) => parts(kthvalue(x!, 3)),
        reference: (x) => chosen(x!, 1, false, (l) => stableOrder(l)[2]!),
        without: ['broadcast'],
      },
      {
        name: 'of many, kept',
        inputs: [{ shape: [60, 2], apart: 0.1 }],
        run: (x) => parts(kthvalue(x!, 41, 0, { keepdim: true })),
        reference: (x) => chosen(x!, 0, true, (l) => stableOrder(l)[40]!),
        without: ['broadcast'],
      },
      {
        name: 'NaN is the largest',
        inputs: [{ shape: [4], values: [nan, 1, 3, 2] }],
        run: (x) => kthvalue(x!.detach(), 4).values,
        reference: () => ({ shape: [], data: [nan] }),
        differentiable: false,
      },
      { name: '0-d', inputs: [{ shape: [] }], run: (x) => kthvalue(x!, 1).values, reference: (x) => x! },
    ],
    errors: [
      ...errorsOf('kthvalue', (t) => kthvalue(t, 1)),
      {
        name: 'k',
        run: () => kthvalue(zeros([3]), 4),
        error: 'IndexError',
        message: /^kthvalue: k = 4 is not among the 3 elements along dim 0 of \[3\], counted from 1$/,
      },
    ],
  },
];
