import type { OpSamples } from '../op.samples.ts';
import { absolute, clip, divide, expit, greater, multigammaln, multiply, subtract } from './aliases.ts';

export const aliasesSamples: readonly OpSamples[] = [
  {
    op: 'second names',
    samples: [
      {
        name: 'functions',
        inputs: [
          { shape: [2, 3], avoid: [0, 1, -1], low: 1.6 },
          { shape: [3], low: 0.5 },
        ],
        run: (a, b) => [
          absolute(a!),
          clip(a!, -1, 1.8),
          divide(a!, b!),
          expit(a!),
          multiply(a!, b!),
          subtract(a!, b!, { alpha: 2 }),
          multigammaln(a!, 2),
        ],
      },
      {
        name: 'methods',
        inputs: [
          { shape: [2, 3], avoid: [0, 1, -1] },
          { shape: [3], low: 0.5 },
        ],
        run: (a, b) => [
          a!.negative(),
          a!.clip(-1, 1),
          a!.divide(b!),
          a!.clone().multiply_(b!),
          a!.clone().subtract_(b!),
          a!.arctan(),
          a!.sgn(),
        ],
        reference: (a, b) => {
          const with2 = (f: (x: number, y: number) => number) => ({ shape: [2, 3], data: a!.data.map((v, i) => f(v, b!.data[i % 3]!)) });
          return [
            with2((x) => -x),
            with2((x) => Math.min(Math.max(x, -1), 1)),
            with2((x, y) => x / y),
            with2((x, y) => x * y),
            with2((x, y) => x - y),
            with2(Math.atan),
            with2(Math.sign),
          ];
        },
      },
      {
        name: 'comparisons',
        inputs: [{ shape: [4] }, { shape: [4] }],
        run: (a, b) => [greater(a!, b!), a!.lessEqual(b!), a!.notEqual(a!)],
        reference: (a, b) => [
          { shape: [4], data: a!.data.map((v, i) => Number(v > b!.data[i]!)) },
          { shape: [4], data: a!.data.map((v, i) => Number(v <= b!.data[i]!)) },
          { shape: [4], data: [0, 0, 0, 0] },
        ],
        differentiable: false,
      },
    ],
  },
];
