import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones } from './create.ts';
import { each } from './elementwise.samples.ts';
import { gelu } from './gelu.ts';

export const geluElementwiseSamples: readonly ElementwiseSamples[] = [
  { op: 'gelu', domain: [[-3, 3]] },
  { op: 'geluTanh', domain: [[-3, 3]] },
];

const approximation = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export const geluSamples: readonly OpSamples[] = [
  {
    op: 'gelu of chosen values',
    samples: [
      {
        name: 'approximated',
        inputs: [{ shape: [2, 3] }],
        run: (x) => gelu(x!, { approximate: 'tanh' }),
        reference: each((x) => approximation(x!)),
      },
      {
        name: 'approximated, in place',
        inputs: [{ shape: [2, 3] }],
        run: (x) => x!.clone().gelu_({ approximate: 'tanh' }),
        reference: each((x) => approximation(x!)),
      },
    ],
    errors: [
      {
        name: 'an unknown approximation',
        run: () => gelu(ones([2]), { approximate: 'sigmoid' as never }),
        error: 'ValueError',
        message: /gelu: approximate must be 'none' or 'tanh', got 'sigmoid'/,
      },
    ],
  },
];
