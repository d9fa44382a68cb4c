import type { ElementwiseSamples } from '../op.samples.ts';

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
