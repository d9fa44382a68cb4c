import type { OpSamples, Sample } from '../op.samples.ts';
import { reduced, reductionSamples } from '../reduction.samples.ts';
import { zeros } from './create.ts';
import { norm } from './norm.ts';

const { POSITIVE_INFINITY: inf } = Number;

function normOf(p: number): (g: readonly number[]) => number {
  if (p === inf) return (g) => g.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (p === -inf) return (g) => g.reduce((a, b) => Math.min(a, Math.abs(b)), inf);
  if (p === 0) return (g) => g.filter((v) => v !== 0).length;
  return (g) => g.reduce((a, b) => a + Math.abs(b) ** p, 0) ** (1 / p);
}

/** Away from 0, where magnitudes are not differentiable, and without ties. */
const magnitudes = [1.5, -0.5, 2, -1.25, 0.75, 1];

const order = (p: number): Sample => ({
  name: `order ${p}`,
  inputs: [{ shape: [2, 3], values: magnitudes }],
  run: (x) => x!.norm(p, 1),
  reference: (x) => reduced(x!, [1], false, normOf(p)),
});

export const normSamples: readonly OpSamples[] = [
  {
    op: 'norm',
    samples: [
      ...reductionSamples((x, dim, options) => norm(x, 2, dim as never, options as never) as never, normOf(2), { avoid: [0] }),
      ...[0, 0.5, 1, 1.5, 2.5, 3, 4, -1, inf, -inf].map(order),
      {
        name: 'a zero among the elements',
        inputs: [{ shape: [3], values: [0, 1.5, -2] }],
        run: (x) => x!.norm('fro'),
        reference: (x) => reduced(x!, [0], false, normOf(2)),
      },
    ],
    errors: [
      { name: 'integers', run: () => zeros([2], { dtype: 'int64' }).norm(), error: 'DTypeError', message: /norm: not defined for int64/ },
      {
        name: 'NaN order',
        run: () => zeros([2]).norm(Number.NaN),
        error: 'ValueError',
        message: /norm: p must be a number or 'fro', got NaN/,
      },
      {
        name: 'dim out of range',
        run: () => zeros([2]).norm(2, 1 as never),
        error: 'IndexError',
        message: /norm: dim 1 is out of range for \[2\]/,
      },
    ],
  },
];
