import type { ElementwiseSamples } from '../op.samples.ts';
import { ones } from './create.ts';

export const shrinkSamples: readonly ElementwiseSamples[] = [
  { op: 'softsign', domain: [[-2, 2]], avoid: [[0]] },
  { op: 'tanhshrink', domain: [[-2, 2]] },
  {
    op: 'softshrink',
    domain: [
      [-2, 2],
      [0.5, 0.5],
    ],
    avoid: [[-0.5, 0.5], []],
    errors: [
      {
        name: 'a negative bound',
        run: () => ones([2]).softshrink({ lambd: -0.5 }),
        error: 'ValueError',
        message: /softshrink: lambd must not be negative, got -0.5/,
      },
      {
        name: 'a negative bound, in place',
        run: () => ones([2]).softshrink_(-1),
        error: 'ValueError',
        message: /softshrink: lambd must not be negative, got -1/,
      },
    ],
  },
  {
    op: 'hardshrink',
    domain: [
      [-2, 2],
      [0.5, 0.5],
    ],
    avoid: [[-0.5, 0.5], []],
  },
  {
    op: 'threshold',
    domain: [
      [-2, 2],
      [0.25, 0.25],
      [3, 5],
    ],
    avoid: [[0.25], [], []],
  },
];
