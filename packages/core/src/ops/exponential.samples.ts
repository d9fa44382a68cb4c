import type { ElementwiseSamples } from '../op.samples.ts';

export const exponentialSamples: readonly ElementwiseSamples[] = [
  { op: 'exp', domain: [[-2, 2]] },
  { op: 'exp2', domain: [[-2, 2]] },
  { op: 'expm1', domain: [[-2, 2]] },
  { op: 'log', domain: [[0.5, 4]] },
  { op: 'log2', domain: [[0.5, 4]] },
  { op: 'log10', domain: [[0.5, 4]] },
  { op: 'log1p', domain: [[-0.5, 3]] },
  {
    op: 'logaddexp',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
  },
  {
    op: 'logaddexp2',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
  },
  {
    op: 'xlogy',
    domain: [
      [-2, 2],
      [0.5, 3],
    ],
    avoid: [[0], []],
  },
  {
    op: 'xlog1py',
    domain: [
      [-2, 2],
      [-0.5, 3],
    ],
    avoid: [[0], []],
  },
];
