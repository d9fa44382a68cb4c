import type { OpSamples, Sample } from '../op.samples.ts';
import { reduced, reductionSamples } from '../parts/reduction.samples.ts';
import { zeros } from './create.ts';
import { countNonzero, mean, nanmean, nansum, sum } from './sum.ts';

const add = (g: readonly number[]): number => g.reduce((a, b) => a + b, 0);
const numbers = (g: readonly number[]): number[] => g.filter((v) => !Number.isNaN(v));
const someNaN = [1, Number.NaN, 3, Number.NaN, Number.NaN, -2];

/** NaN among the elements; every slice keeps a number unless `run` says otherwise. */
const withNaN = (run: typeof nansum, f: (g: number[]) => number): Sample => ({
  name: 'NaN among the elements',
  inputs: [{ shape: [2, 3], values: someNaN }],
  run: (x) => run(x!, 1),
  reference: (x) => reduced(x!, [1], false, f),
});

export const sumSamples: readonly OpSamples[] = [
  {
    op: 'sum',
    samples: [
      ...reductionSamples(sum as never, add),
      { name: 'dtype', inputs: [{ shape: [2, 3], dtype: 'float32' }], run: (x) => x!.sum(0, { dtype: 'float64' }), hostOnly: true },
      {
        name: 'integers',
        inputs: [{ shape: [2, 3], dtype: 'int32' }],
        run: (x) => x!.sum(1),
        reference: (x) => reduced(x!, [1], false, add),
        differentiable: false,
      },
      {
        name: 'bools',
        inputs: [{ shape: [2, 3], dtype: 'bool' }],
        run: (x) => x!.sum(),
        reference: (x) => reduced(x!, [0, 1], false, add),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'dim out of range',
        run: () => zeros([2, 3]).sum(2 as never),
        error: 'IndexError',
        message: /sum: dim 2 is out of range for \[2, 3\]/,
      },
      { name: 'repeated dim', run: () => zeros([2, 3]).sum([1, -1]), error: 'ValueError', message: /sum: dimension repeated in \[1, -1\]/ },
    ],
  },
  {
    op: 'mean',
    samples: reductionSamples(mean as never, (g) => add(g) / g.length),
    errors: [
      { name: 'integers', run: () => zeros([2], { dtype: 'int64' }).mean(), error: 'DTypeError', message: /mean: not defined for int64/ },
    ],
  },
  {
    op: 'nansum',
    samples: [...reductionSamples(nansum as never, add), withNaN(nansum, (g) => add(numbers(g)))],
  },
  {
    op: 'nanmean',
    samples: [
      ...reductionSamples(nanmean as never, (g) => add(g) / g.length),
      withNaN(nanmean, (g) => add(numbers(g)) / numbers(g).length),
      {
        name: 'only NaN',
        inputs: [{ shape: [2], values: [Number.NaN, Number.NaN] }],
        run: (x) => x!.detach().nanmean(),
        reference: () => ({ shape: [], data: [Number.NaN] }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'integers',
        run: () => zeros([2], { dtype: 'int64' }).nanmean(),
        error: 'DTypeError',
        message: /nanmean: not defined for int64/,
      },
    ],
  },
  {
    op: 'countNonzero',
    samples: [
      ...reductionSamples(countNonzero as never, (g) => g.filter((v) => v !== 0).length, { differentiable: false }),
      {
        name: 'zeros and NaN',
        inputs: [{ shape: [5], values: [0, -0, 1, Number.NaN, 0] }],
        run: (x) => x!.countNonzero(),
        reference: () => ({ shape: [], data: [2] }),
        differentiable: false,
      },
    ],
  },
];
