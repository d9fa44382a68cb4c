import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones, tensor } from './create.ts';
import { where } from './where.ts';

export const whereElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'where',
    domain: [
      [0, 1],
      [-2, 2],
      [-2, 2],
    ],
    errors: [
      {
        name: 'a condition that is not bool',
        run: () => where(ones([2]), ones([2]), ones([2])),
        error: 'DTypeError',
        message: /where: the condition must be bool, got a float32 tensor/,
      },
      {
        name: 'an integer condition, as a method',
        run: () => ones([2]).where(tensor(Int32Array.of(1, 0)), 0),
        error: 'DTypeError',
        message: /where: the condition must be bool, got a int32 tensor/,
      },
    ],
  },
];

export const whereSamples: readonly OpSamples[] = [
  {
    op: 'where of chosen values',
    samples: [
      {
        name: 'as a method',
        inputs: [{ shape: [2, 3] }, { shape: [3], dtype: 'bool', values: [1, 0, 1] }, { shape: [2, 1] }],
        run: (x, c, other) => x!.where(c!, other!),
        reference: (x, c, other) => ({
          shape: [2, 3],
          data: x!.data.map((v, i) => (c!.data[i % 3] === 1 ? v : other!.data[Math.floor(i / 3)]!)),
        }),
      },
      {
        name: 'numbers',
        inputs: [{ shape: [3], dtype: 'bool', values: [1, 0, 1] }],
        run: (c) => where(c!, 1.5, -2),
        reference: () => ({ shape: [3], data: [1.5, -2, 1.5] }),
        differentiable: false,
      },
    ],
  },
];
