import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { isneginf, isposinf, isreal, signbit } from './compare.ts';
import { columns, each } from './elementwise.samples.ts';

const pair = [
  [-2, 2],
  [-2, 2],
] as const;

export const compareElementwiseSamples: readonly ElementwiseSamples[] = [
  { op: 'eq', domain: pair },
  { op: 'ne', domain: pair },
  { op: 'lt', domain: pair },
  { op: 'le', domain: pair },
  { op: 'gt', domain: pair },
  { op: 'ge', domain: pair },
  { op: 'logicalAnd', domain: pair },
  { op: 'logicalOr', domain: pair },
  { op: 'logicalXor', domain: pair },
  { op: 'logicalNot', domain: [[-2, 2]] },
  { op: 'isnan', domain: [[-2, 2]] },
  { op: 'isinf', domain: [[-2, 2]] },
  { op: 'isfinite', domain: [[-2, 2]] },
  { op: 'isposinf', domain: [[-2, 2]] },
  { op: 'isneginf', domain: [[-2, 2]] },
  { op: 'signbit', domain: [[-2, 2]] },
];

const special = [-Infinity, -1.5, -0, 0, 2, Infinity, Number.NaN];

export const compareSamples: readonly OpSamples[] = [
  {
    op: 'conditions of chosen values',
    samples: [
      {
        name: 'floating',
        inputs: columns('float64', special),
        run: (x) => [isposinf(x!), isneginf(x!), signbit(x!), isreal(x!)],
        reference: () => [
          { shape: [7], data: [0, 0, 0, 0, 0, 1, 0] },
          { shape: [7], data: [1, 0, 0, 0, 0, 0, 0] },
          { shape: [7], data: [1, 1, 1, 0, 0, 0, 0] },
          { shape: [7], data: [1, 1, 1, 1, 1, 1, 1] },
        ],
        differentiable: false,
      },
      {
        name: 'integers',
        inputs: columns('int32', [-2, 0, 3]),
        run: (x) => signbit(x!),
        reference: each((x) => Number(x! < 0)),
        differentiable: false,
      },
    ],
  },
];
