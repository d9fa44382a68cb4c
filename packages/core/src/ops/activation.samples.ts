import type { ElementwiseSamples } from '../op.samples.ts';
import { leakyRelu } from './activation.ts';
import { ones, tensor } from './create.ts';

export const activationSamples: readonly ElementwiseSamples[] = [
  { op: 'sigmoid', domain: [[-3, 3]] },
  { op: 'logsigmoid', domain: [[-3, 3]] },
  {
    op: 'softplus',
    domain: [
      [-3, 3],
      [0.5, 1.5],
      [20, 25],
    ],
  },
  {
    op: 'relu',
    domain: [[-2, 2]],
    avoid: [[0]],
    errors: [{ name: 'bools', run: () => tensor([true]).relu(), error: 'DTypeError', message: /relu: not defined for bool/ }],
  },
  {
    op: 'leakyRelu',
    domain: [
      [-2, 2],
      [0.05, 0.5],
    ],
    avoid: [[0], []],
    errors: [
      {
        name: 'an unknown option',
        run: () => leakyRelu(ones([2]), { slope: 0.1 } as never),
        error: 'ValueError',
        message: /leakyRelu has no option 'slope', only negativeSlope/,
      },
    ],
  },
  {
    op: 'elu',
    domain: [
      [-2, 2],
      [0.5, 1.5],
    ],
    avoid: [[0], []],
  },
  {
    op: 'celu',
    domain: [
      [-2, 2],
      [0.7, 2],
    ],
    avoid: [[0], []],
    errors: [{ name: 'alpha 0', run: () => ones([2]).celu({ alpha: 0 }), error: 'ValueError', message: /celu: alpha must not be 0/ }],
  },
  { op: 'selu', domain: [[-2, 2]], avoid: [[0]] },
  { op: 'silu', domain: [[-3, 3]] },
  { op: 'mish', domain: [[-3, 3]] },
];
