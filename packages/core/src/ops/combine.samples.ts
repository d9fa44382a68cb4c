import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { addcdiv, addcmul } from './combine.ts';
import { each } from './elementwise.samples.ts';

export const combineElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'hypot',
    domain: [
      [0.7, 2],
      [-2, -0.7],
    ],
  },
  {
    op: 'copysign',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    avoid: [[0], [0]],
  },
  {
    op: 'heaviside',
    domain: [
      [-2, 2],
      [-1, 1],
    ],
    avoid: [[0], []],
  },
  {
    op: 'lerp',
    domain: [
      [-2, 2],
      [-2, 2],
      [-0.5, 1.5],
    ],
  },
  {
    op: 'addcmul',
    domain: [
      [-2, 2],
      [-2, 2],
      [-2, 2],
      [0.5, 2],
    ],
  },
  {
    op: 'addcdiv',
    domain: [
      [-2, 2],
      [-2, 2],
      [0.7, 2],
      [0.5, 2],
    ],
  },
];

const three = [{ shape: [2, 3] }, { shape: [3] }, { shape: [2, 3], low: 0.7, high: 2 }];

export const combineSamples: readonly OpSamples[] = [
  {
    op: 'addcmul of chosen values',
    samples: [
      {
        name: 'with a factor',
        inputs: [{ shape: [4] }, { shape: [4] }, { shape: [4] }],
        run: (x, a, b) => addcmul(x!, a!, b!, { value: -0.5 }),
        reference: each((x, a, b) => x! - 0.5 * a! * b!),
      },
      {
        name: 'broadcast, in place',
        inputs: three,
        run: (x, a, b) => x!.clone().addcmul_(a!, b!, { value: 2 }),
        reference: (x, a, b) => ({ shape: [2, 3], data: x!.data.map((v, i) => v + 2 * a!.data[i % 3]! * b!.data[i]!) }),
      },
    ],
  },
  {
    op: 'addcdiv of chosen values',
    samples: [
      {
        name: 'without a factor',
        inputs: three,
        run: (x, a, b) => addcdiv(x!, a!, b!),
        reference: (x, a, b) => ({ shape: [2, 3], data: x!.data.map((v, i) => v + a!.data[i % 3]! / b!.data[i]!) }),
      },
      {
        name: 'broadcast, in place',
        inputs: three,
        run: (x, a, b) => x!.clone().addcdiv_(a!, b!, { value: -3 }),
        reference: (x, a, b) => ({ shape: [2, 3], data: x!.data.map((v, i) => v - (3 * a!.data[i % 3]!) / b!.data[i]!) }),
      },
    ],
  },
];
