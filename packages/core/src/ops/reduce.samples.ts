import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { reduced, reductionSamples } from '../parts/reduction.samples.ts';
import { tensor, zeros } from './create.ts';
import { all, amax, amin, aminmax, any, argmax, argmin, max, min } from './reduce.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Position of the first extreme element, NaN being the most extreme. */
function first(g: readonly number[], better: (a: number, b: number) => boolean): number {
  let at = 0;
  g.forEach((v, i) => {
    if (!Number.isNaN(g[at]) && (Number.isNaN(v) || better(v, g[at]!))) at = i;
  });
  return at;
}

const greater = (a: number, b: number): boolean => a > b;
const less = (a: number, b: number): boolean => a < b;
/** Values and indices along one dimension. */
const along = (x: NdArray, dim: number, keepdim: boolean, better: typeof greater): NdArray[] => [
  reduced(x, [dim], keepdim, (g) => g[first(g, better)]!),
  reduced(x, [dim], keepdim, (g) => first(g, better)),
];

const emptyErrors = (name: string, run: (t: ReturnType<typeof zeros>) => unknown): NonNullable<OpSamples['errors']> => [
  {
    name: 'no elements',
    run: () => run(zeros([0, 3]) as never),
    error: 'IndexError',
    message: new RegExp(`${name}: dimension 0 of \\[0, 3\\] has size 0`),
  },
];

function extremes(op: typeof max, better: typeof greater): Sample[] {
  const line = (name: string, shape: readonly number[], dim: number, keepdim: boolean): Sample => ({
    name,
    inputs: [{ shape, apart: 0.1 }],
    run: (x) => {
      const { values, indices } = op(x!, dim as number, { keepdim });
      return [values, indices];
    },
    reference: (x) => along(x!, shape.length === 0 ? 0 : (dim + shape.length) % shape.length, keepdim, better),
  });
  return [
    {
      name: 'all',
      inputs: [{ shape: [2, 3], apart: 0.1 }],
      run: (x) => op(x!),
      reference: (x) => reduced(x!, [0, 1], false, (g) => g[first(g, better)]!),
    },
    { name: '0-d', inputs: [{ shape: [] }], run: (x) => op(x!), reference: (x) => x! },
    line('last dimension', [2, 3], -1, false),
    line('first dimension, kept', [3, 2], 0, true),
    line('middle dimension', [2, 3, 2], 1, false),
    line('no results', [0, 3], 1, false),
    { ...line('0-d, dim 0', [], 0, false), reference: (x) => [x!, { shape: [], data: [0] }] },
    {
      name: 'another tensor',
      inputs: [
        { shape: [2, 3], low: -2, high: 0 },
        { shape: [3], low: 0.1, high: 2 },
      ],
      run: (a, b) => op(a!, b! as never) as never,
      reference: (a, b) => ({ shape: a!.shape, data: a!.data.map((v, k) => (better(v, b!.data[k % 3]!) ? v : b!.data[k % 3]!)) }),
    },
    {
      name: 'equal elements and NaN',
      inputs: [{ shape: [4, 3], values: [1, 1, 0, 0, nan, 2, -inf, -inf, -inf, inf, nan, nan] }],
      run: (x) => {
        const { values, indices } = op(x!.detach(), 1);
        return [values, indices] as never;
      },
      reference: (x) => along(x!, 1, false, better),
      differentiable: false,
    },
    {
      name: 'integers',
      inputs: [{ shape: [2, 3], dtype: 'int32', values: [3, -7, 3, 5, 9, 9] }],
      run: (x) => {
        const { values, indices } = op(x!, 1);
        return [values, indices] as never;
      },
      reference: (x) => along(x!, 1, false, better),
      differentiable: false,
    },
  ];
}

function positions(op: typeof argmax, better: typeof greater): Sample[] {
  const index = (g: number[]): number => first(g, better);
  return [
    ...reductionSamples(op as never, index, { single: true, apart: 0.1, differentiable: false, nonEmpty: true }),
    {
      name: 'all, kept',
      inputs: [{ shape: [2, 3], apart: 0.1 }],
      run: (x) => op(x!, null, { keepdim: true }),
      reference: (x) => reduced(x!, [0, 1], true, index),
      differentiable: false,
    },
    {
      name: 'equal elements and NaN',
      inputs: [{ shape: [3, 3], values: [1, 1, 0, 0, nan, nan, -inf, -inf, -inf] }],
      run: (x) => op(x!, 1),
      reference: (x) => reduced(x!, [1], false, index),
      differentiable: false,
    },
  ];
}

const truth = (op: typeof any, f: (g: number[]) => boolean): Sample[] => [
  ...reductionSamples(op as never, (g) => Number(f(g)), { differentiable: false }),
  {
    name: 'bools',
    inputs: [{ shape: [3, 2], dtype: 'bool', values: [1, 0, 1, 1, 0, 0] }],
    run: (x) => op(x!, 1),
    reference: (x) => reduced(x!, [1], false, (g) => Number(f(g))),
    differentiable: false,
  },
  {
    name: 'NaN is true',
    inputs: [{ shape: [2, 2], values: [nan, 0, nan, 1] }],
    run: (x) => op(x!, 1),
    reference: (x) => reduced(x!, [1], false, (g) => Number(f(g))),
    differentiable: false,
  },
];

const apart = { apart: 0.1, nonEmpty: true };

export const reduceSamples: readonly OpSamples[] = [
  {
    op: 'max',
    samples: extremes(max, greater),
    errors: [
      ...emptyErrors('max', (t) => t.max()),
      {
        name: 'no elements along a dim',
        run: () => zeros([2, 0]).max(1),
        error: 'IndexError',
        message: /max: dimension 1 of \[2, 0\] has size 0/,
      },
      {
        name: 'dim out of range',
        run: () => zeros([2]).max(1 as never),
        error: 'IndexError',
        message: /max: dim 1 is out of range for \[2\]/,
      },
    ],
  },
  { op: 'min', samples: extremes(min, less), errors: emptyErrors('min', (t) => t.min(0)) },
  {
    op: 'amax',
    samples: reductionSamples(amax as never, (g) => Math.max(...g), apart),
    errors: emptyErrors('amax', (t) => t.amax([0, 1])),
  },
  { op: 'amin', samples: reductionSamples(amin as never, (g) => Math.min(...g), apart), errors: emptyErrors('amin', (t) => t.amin(0)) },
  {
    op: 'argmax',
    samples: positions(argmax, greater),
    errors: [
      ...emptyErrors('argmax', (t) => t.argmax()),
      { name: 'bools', run: () => tensor([true, false]).argmax(), error: 'DTypeError', message: /argmax: not defined for bool/ },
    ],
  },
  { op: 'argmin', samples: positions(argmin, less), errors: emptyErrors('argmin', (t) => t.argmin(0)) },
  { op: 'any', samples: truth(any, (g) => g.some((v) => v !== 0)) },
  { op: 'all', samples: truth(all, (g) => g.every((v) => v !== 0)) },
  {
    op: 'aminmax',
    samples: [
      {
        name: 'all',
        inputs: [{ shape: [2, 3], apart: 0.1 }],
        run: (x) => Object.values(aminmax(x!)),
        reference: (x) => [[Math.min], [Math.max]].map(([f]) => reduced(x!, [0, 1], false, (g) => f!(...g))),
        without: ['broadcast'],
      },
      {
        name: 'a dimension, kept',
        inputs: [{ shape: [2, 3], apart: 0.1 }],
        run: (x) => Object.values(x!.aminmax({ dim: -1, keepdim: true })),
        reference: (x) => [[Math.min], [Math.max]].map(([f]) => reduced(x!, [1], true, (g) => f!(...g))),
        without: ['broadcast'],
      },
    ],
    errors: emptyErrors('aminmax', (t) => aminmax(t)),
  },
];
