import type { OpSamples } from '../op.samples.ts';
import { ones } from './create.ts';
import { isin } from './isin.ts';

export const isinSamples: readonly OpSamples[] = [
  {
    op: 'isin',
    samples: [
      {
        name: 'integers',
        inputs: [
          { shape: [3, 4], dtype: 'int64', low: 0, high: 9 },
          { shape: [2, 2], dtype: 'int64', low: 0, high: 9 },
        ],
        run: (x, t) => isin(x!, t!),
        reference: (x, t) => ({ shape: x!.shape, data: x!.data.map((v) => Number(t!.data.includes(v))) }),
        differentiable: false,
      },
      {
        name: 'NaN, not among',
        inputs: [
          { shape: [3], values: [1, Number.NaN, 2] },
          { shape: [2], values: [Number.NaN, 2] },
        ],
        run: (x, t) => isin(x!, t!, { invert: true }),
        reference: () => ({ shape: [3], data: [1, 1, 0] }),
        differentiable: false,
      },
      {
        name: 'numbers',
        inputs: [{ shape: [2], values: [0.5, 2] }],
        run: (x) => [isin(x!, 2), isin(0.5, x!), isin(1, x!)],
        reference: () => [
          { shape: [2], data: [0, 1] },
          { shape: [], data: [1] },
          { shape: [], data: [0] },
        ],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'numbers alone',
        run: () => isin(1, 2 as never),
        error: 'ValueError',
        message: /^isin: one of the operands must be a tensor$/,
      },
      { name: 'bools', run: () => isin(ones([1], { dtype: 'bool' }), 1), error: 'DTypeError', message: /^isin: not defined for bool$/ },
    ],
  },
];
