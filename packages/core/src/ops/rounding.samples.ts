import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones, tensor } from './create.ts';
import { columns, each, onIntegers } from './elementwise.samples.ts';
import { round } from './rounding.ts';

export const roundingElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'floor',
    domain: [[-2, 2]],
    avoid: [[-2, -1, 0, 1, 2]],
    errors: [{ name: 'bools', run: () => tensor([true]).floor(), error: 'DTypeError', message: /floor: not defined for bool/ }],
  },
  { op: 'ceil', domain: [[-2, 2]], avoid: [[-2, -1, 0, 1, 2]] },
  { op: 'trunc', domain: [[-2, 2]], avoid: [[-2, -1, 0, 1, 2]] },
  { op: 'round', domain: [[-2, 2]], avoid: [[-1.5, -0.5, 0.5, 1.5]] },
  { op: 'frac', domain: [[-2, 2]], avoid: [[-2, -1, 0, 1, 2]] },
];

export const roundingSamples: readonly OpSamples[] = [
  {
    op: 'round of chosen values',
    samples: [
      {
        name: 'halves to even',
        inputs: columns('float64', [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 0.49999999999999994, 2 ** 52 + 1]),
        run: (x) => round(x!.detach()),
        reference: () => ({ shape: [10], data: [-4, -2, -2, -0, 0, 2, 2, 4, 0, 2 ** 52 + 1] }),
        differentiable: false,
      },
      {
        name: 'one decimal',
        inputs: columns('float64', [1.22, -7.68, 0.01]),
        run: (x) => round(x!, { decimals: 1 }),
        reference: each((x) => Math.round(x! * 10) / 10),
      },
      {
        name: 'hundreds, in place',
        inputs: columns('float64', [1234, -7656, 49]),
        run: (x) => x!.clone().round_({ decimals: -2 }),
        reference: each((x) => Math.round(x! / 100) * 100),
      },
      onIntegers(
        'integers stay',
        'int64',
        [[-3, 0, 7]],
        (x) => round(x!),
        (x) => x!,
      ),
    ],
    errors: [
      {
        name: 'decimals of integers',
        run: () => round(tensor(Int32Array.of(1)), { decimals: 1 }),
        error: 'DTypeError',
        message: /round: decimals are not defined for int32/,
      },
      {
        name: 'half a decimal',
        run: () => round(ones([2]), { decimals: 0.5 }),
        error: 'ValueError',
        message: /round: decimals must be an integer, got 0.5/,
      },
    ],
  },
];
