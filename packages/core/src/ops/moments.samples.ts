import type { OpSamples, Sample } from '../op.samples.ts';
import { reduced, reductionSamples } from '../parts/reduction.samples.ts';
import { zeros } from './create.ts';
import { std, stdMean, var as variance, varMean } from './moments.ts';

const meanOf = (g: readonly number[]): number => g.reduce((a, b) => a + b, 0) / g.length;

/** The average square of what is left without the mean. */
const varianceOf =
  (correction: number) =>
  (g: readonly number[]): number => {
    const m = meanOf(g);
    return g.reduce((a, b) => a + (b - m) ** 2, 0) / Math.max(g.length - correction, 0);
  };

/** Samples with at least two elements in each group: the spread of one has no derivative. */
function spread(op: typeof std, f: (correction: number) => (g: readonly number[]) => number): Sample[] {
  const one = new Set(['a dimension of size 1', '0-d', '0-d, dim 0']);
  const all = reductionSamples(op as never, f(1), { apart: 0.3 });
  return [
    ...all.filter((s) => !one.has(s.name)),
    ...all.filter((s) => one.has(s.name)).map((s): Sample => ({ ...s, run: (x) => s.run(x!.detach()), differentiable: false })),
    {
      name: 'population',
      inputs: [{ shape: [2, 3], apart: 0.3 }],
      run: (x) => op(x!, 1, { correction: 0 }),
      reference: (x) => reduced(x!, [1], false, f(0)),
    },
    {
      name: 'population in other words',
      inputs: [{ shape: [2, 3], apart: 0.3 }],
      run: (x) => [op(x!, false), op(x!, { unbiased: false, keepdim: true })],
      reference: (x) => [reduced(x!, [0, 1], false, f(0)), reduced(x!, [0, 1], true, f(0))],
    },
    {
      name: 'large and close',
      inputs: [{ shape: [4], values: [10000, 10001, 10002, 10003] }],
      run: (x) => op(x!),
      reference: (x) => reduced(x!, [0], false, f(1)),
      tolerance: 1e-4,
      hostOnly: true,
    },
  ];
}

export const momentSamples: readonly OpSamples[] = [
  {
    op: 'var',
    samples: spread(variance, varianceOf),
    errors: [
      { name: 'integers', run: () => zeros([2], { dtype: 'int64' }).var(), error: 'DTypeError', message: /var: not defined for int64/ },
      {
        name: 'dim out of range',
        run: () => zeros([2]).var(-2 as never),
        error: 'IndexError',
        message: /var: dim -2 is out of range for \[2\]/,
      },
      {
        name: 'two ways at once',
        run: () => zeros([2]).var(0, { unbiased: true, correction: 1 }),
        error: 'ValueError',
        message: /^var: unbiased and correction say the same thing; give one of them$/,
      },
    ],
  },
  { op: 'std', samples: spread(std, (c) => (g) => Math.sqrt(varianceOf(c)(g))) },
  {
    op: 'varMean',
    samples: [
      {
        name: 'both',
        inputs: [{ shape: [2, 3], apart: 0.3 }],
        run: (x) => varMean(x!, 0, { keepdim: true }),
        reference: (x) => [reduced(x!, [0], true, varianceOf(1)), reduced(x!, [0], true, meanOf)],
      },
    ],
  },
  {
    op: 'stdMean',
    samples: [
      {
        name: 'both',
        inputs: [{ shape: [2, 3], apart: 0.3 }],
        run: (x) => stdMean(x!, 1, { unbiased: false }),
        reference: (x) => [reduced(x!, [1], false, (g) => Math.sqrt(varianceOf(0)(g))), reduced(x!, [1], false, meanOf)],
      },
    ],
    errors: [
      {
        name: 'integers',
        run: () => stdMean(zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^stdMean: not defined for int64/,
      },
    ],
  },
];
