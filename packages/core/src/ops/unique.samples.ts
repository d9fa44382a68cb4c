import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { unique, uniqueConsecutive } from './unique.ts';

/** Distinct numbers in ascending order, groups of the elements, sizes of the groups. */
function distinct(x: NdArray): NdArray[] {
  const values = [...new Set(x.data)].sort((a, b) => a - b);
  return [
    { shape: [values.length], data: values },
    { shape: x.shape, data: x.data.map((v) => values.indexOf(v)) },
    { shape: [values.length], data: values.map((v) => x.data.filter((w) => w === v).length) },
  ];
}

// Shapes that depend on values need a device that can be read at once.
const common = { differentiable: false, hostOnly: true, without: ['broadcast'] } as const;
const all = { returnInverse: true, returnCounts: true } as const;

const given = (
  name: string,
  run: Sample['run'],
  shape: readonly number[],
  values: readonly number[],
  wanted: readonly NdArray[],
): Sample => ({
  ...common,
  name,
  inputs: [{ shape, values }],
  run,
  reference: () => wanted,
});

const vector = (...data: number[]): NdArray => ({ shape: [data.length], data });

export const uniqueSamples: readonly OpSamples[] = [
  {
    op: 'unique',
    samples: [
      {
        ...common,
        name: 'integers',
        inputs: [{ shape: [4, 5], dtype: 'int64', low: 0, high: 8 }],
        run: (x) => Object.values(unique(x!, all)),
        reference: (x) => distinct(x!),
      },
      {
        ...common,
        name: 'values alone',
        inputs: [{ shape: [3, 3], dtype: 'int32' }],
        run: (x) => unique(x!),
        reference: (x) => distinct(x!)[0]!,
      },
      given(
        'NaN',
        (x) => Object.values(x!.unique({ returnCounts: true })),
        [4],
        [1, Number.NaN, 1, Number.NaN],
        [vector(1, Number.NaN, Number.NaN), vector(2, 1, 1)],
      ),
      given(
        'rows',
        (x) => Object.values(unique(x!, { ...all, dim: 0 })),
        [4, 2],
        [3, 1, 2, 5, 3, 1, 2, 4],
        [{ shape: [3, 2], data: [2, 4, 2, 5, 3, 1] }, vector(2, 1, 2, 0), vector(1, 1, 2)],
      ),
      given('columns', (x) => unique(x!, { dim: -1 }), [2, 3], [1, 0, 1, 2, 2, 2], [{ shape: [2, 2], data: [0, 1, 2, 2] }]),
      given('nothing', (x) => Object.values(unique(x!, all)), [0], [], [vector(), vector(), vector()]),
      given('no rows', (x) => unique(x!, { dim: 0 }), [0, 3], [], [{ shape: [0, 3], data: [] }]),
      given('0-d', (x) => unique(x!), [], [4], [vector(4)]),
    ],
    errors: [
      {
        name: 'empty slices',
        run: () => unique(zeros([0, 3]), { dim: 1 }),
        error: 'ShapeError',
        message: /^unique: dimension 0 of \[0, 3\] has size 0: slices along dim 1 have no elements$/,
      },
      { name: '0-d', run: () => unique(zeros([]), { dim: 0 }), error: 'IndexError', message: /^unique: a 0-d tensor has no dimension 0$/ },
      { name: 'dim', run: () => unique(zeros([2]), { dim: 1 }), error: 'IndexError', message: /^unique: dim 1 is out of range for \[2\]/ },
    ],
  },
  {
    op: 'uniqueConsecutive',
    samples: [
      given(
        'elements',
        (x) => Object.values(uniqueConsecutive(x!, all)),
        [2, 4],
        [1, 1, 2, 2, 2, 1, 1, 3],
        [vector(1, 2, 1, 3), { shape: [2, 4], data: [0, 0, 1, 1, 1, 2, 2, 3] }, vector(2, 3, 2, 1)],
      ),
      given(
        'columns',
        (x) => Object.values(x!.uniqueConsecutive({ returnInverse: true, dim: 1 })),
        [2, 4],
        [1, 1, 2, 1, 5, 5, 5, 5],
        [{ shape: [2, 3], data: [1, 2, 1, 5, 5, 5] }, vector(0, 0, 1, 2)],
      ),
      given('values alone', (x) => uniqueConsecutive(x!), [3], [4, 4, 3], [vector(4, 3)]),
    ],
  },
];
