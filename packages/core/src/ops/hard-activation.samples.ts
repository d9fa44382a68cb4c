import type { ElementwiseSamples } from '../op.samples.ts';
import { tensor } from './create.ts';
import { hardtanh } from './hard-activation.ts';

export const hardActivationSamples: readonly ElementwiseSamples[] = [
  { op: 'relu6', domain: [[-1, 7]], avoid: [[0, 6]] },
  {
    op: 'hardtanh',
    domain: [
      [-2, 2],
      [-1.3, -0.7],
      [0.7, 1.3],
    ],
    distinct: true,
    errors: [
      { name: 'bytes', run: () => hardtanh(tensor(Uint8Array.of(1))), error: 'DTypeError', message: /hardtanh: not defined for uint8/ },
    ],
  },
  { op: 'hardswish', domain: [[-4, 4]], avoid: [[-3, 3]] },
  { op: 'hardsigmoid', domain: [[-4, 4]], avoid: [[-3, 3]] },
];
