import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { columns, each } from './elementwise.samples.ts';
import { logit, nanToNum } from './logit.ts';

export const logitElementwiseSamples: readonly ElementwiseSamples[] = [
  { op: 'logit', domain: [[0.25, 0.75]] },
  {
    op: 'logitEps',
    domain: [
      [0, 1],
      [0.25, 0.25],
    ],
    avoid: [[0.25, 0.75], []],
  },
  {
    op: 'nanToNum',
    domain: [
      [-2, 2],
      [-1, 1],
      [-1, 1],
      [-1, 1],
    ],
  },
];

const corners = [NaN, Infinity, -Infinity, 1.5];

export const logitSamples: readonly OpSamples[] = [
  {
    op: 'logit of chosen values',
    samples: [
      {
        name: 'limited',
        inputs: [{ shape: [2, 3], low: 0, high: 1, avoid: [0.25, 0.75] }],
        run: (x) => logit(x!, { eps: 0.25 }),
        reference: each((x) => Math.log(Math.min(Math.max(x!, 0.25), 0.75) / (1 - Math.min(Math.max(x!, 0.25), 0.75)))),
      },
      {
        name: 'limited, in place',
        inputs: [{ shape: [2, 3], low: 0.3, high: 0.7 }],
        run: (x) => x!.clone().logit_({ eps: 0.25 }),
        reference: each((x) => Math.log(x! / (1 - x!))),
      },
    ],
  },
  {
    op: 'nanToNum of chosen values',
    samples: [
      {
        name: 'given numbers',
        inputs: columns('float64', corners),
        run: (x) => nanToNum(x!.detach(), { nan: 1, posinf: 2, neginf: 3 }),
        reference: () => ({ shape: [4], data: [1, 2, 3, 1.5] }),
        differentiable: false,
      },
      {
        name: 'in place',
        inputs: columns('float64', corners),
        run: (x) => x!.detach().clone().nanToNum_({ nan: -1, posinf: 9, neginf: 8 }),
        reference: () => ({ shape: [4], data: [-1, 9, 8, 1.5] }),
        differentiable: false,
      },
      {
        name: 'integers stay',
        inputs: columns('int64', [-3, 0, 7]),
        run: (x) => nanToNum(x!),
        reference: each((x) => x!),
        differentiable: false,
      },
    ],
  },
];
