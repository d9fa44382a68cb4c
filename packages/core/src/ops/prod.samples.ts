import type { OpSamples } from '../op.samples.ts';
import { reduced, reductionSamples } from '../parts/reduction.samples.ts';
import { zeros } from './create.ts';
import { prod } from './prod.ts';

const multiply = (g: readonly number[]): number => g.reduce((a, b) => a * b, 1);

export const prodSamples: readonly OpSamples[] = [
  {
    op: 'prod',
    samples: [
      ...reductionSamples(prod as never, multiply, { single: true }),
      {
        name: 'none, one and two zeros',
        inputs: [{ shape: [3, 5], values: [2, -3, 0.5, 4, 1, 2, 0, 0.5, 4, 3, 2, 0, 0.5, 0, -1] }],
        run: (x) => x!.prod(1),
        reference: (x) => reduced(x!, [1], false, multiply),
      },
      {
        name: 'integers',
        inputs: [{ shape: [2, 3], dtype: 'int32', low: 1, high: 5 }],
        run: (x) => x!.prod(0),
        reference: (x) => reduced(x!, [0], false, multiply),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'dim out of range',
        run: () => zeros([2]).prod(1 as never),
        error: 'IndexError',
        message: /prod: dim 1 is out of range for \[2\]/,
      },
    ],
  },
];
