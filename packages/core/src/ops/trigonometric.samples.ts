import type { ElementwiseSamples } from '../op.samples.ts';

export const trigonometricSamples: readonly ElementwiseSamples[] = [
  { op: 'sin', domain: [[-3, 3]] },
  { op: 'cos', domain: [[-3, 3]] },
  { op: 'tan', domain: [[-1, 1]] },
  { op: 'asin', domain: [[-0.7, 0.7]] },
  { op: 'acos', domain: [[-0.7, 0.7]] },
  { op: 'atan', domain: [[-2, 2]] },
  {
    op: 'atan2',
    domain: [
      [-2, 2],
      [0.7, 2],
    ],
  },
  { op: 'sinh', domain: [[-2, 2]] },
  { op: 'cosh', domain: [[-2, 2]] },
  { op: 'tanh', domain: [[-2, 2]] },
  { op: 'asinh', domain: [[-2, 2]] },
  { op: 'acosh', domain: [[1.5, 4]] },
  { op: 'atanh', domain: [[-0.7, 0.7]] },
  { op: 'deg2rad', domain: [[-90, 90]] },
  { op: 'rad2deg', domain: [[-2, 2]] },
  { op: 'angle', domain: [[-2, 2]], avoid: [[0]] },
];
