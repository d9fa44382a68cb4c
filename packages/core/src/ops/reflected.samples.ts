import type { OpSamples } from '../op.samples.ts';
import { ones } from './create.ts';
import { radd, rdiv, rmod, rmul, rpow } from './reflected.ts';

export const reflectedSamples: readonly OpSamples[] = [
  {
    op: 'operators with their operands exchanged',
    samples: [
      {
        name: 'a tensor and a number',
        inputs: [{ shape: [2, 3], low: 0.7, high: 2 }],
        run: (x) => [radd(x!, 3), rmul(x!, 3), rdiv(x!, 3), x!.rpow(3), x!.radd(x!)],
        reference: (x) =>
          [(v: number) => 3 + v, (v: number) => 3 * v, (v: number) => 3 / v, (v: number) => 3 ** v, (v: number) => v + v].map((f) => ({
            shape: [2, 3],
            data: x!.data.map(f),
          })),
      },
      {
        name: 'remainders',
        inputs: [{ shape: [3], values: [2, -3, 0.7] }],
        run: (x) => [rmod(x!, 5), x!.rmod(-5)],
        reference: (x) => [5, -5].map((n) => ({ shape: [3], data: x!.data.map((v) => n - Math.floor(n / v) * v) })),
      },
      {
        name: 'the base has no gradient',
        inputs: [
          { shape: [3], dtype: 'int32', values: [1, 2, 3] },
          { shape: [3], low: 0.7, high: 2 },
        ],
        run: (a, x) => rpow(x!, a!),
        reference: (a, x) => ({ shape: [3], data: a!.data.map((v, i) => v ** x!.data[i]!) }),
      },
    ],
    errors: [
      {
        name: 'a number first',
        run: () => radd(2 as never, ones([2])),
        error: 'ValueError',
        message: /radd: the first operand must be a tensor/,
      },
    ],
  },
];
