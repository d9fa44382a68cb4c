import type { OpSamples, Sample } from '../op.samples.ts';
import { reduced, reductionSamples } from '../parts/reduction.samples.ts';
import { ones, zeros } from './create.ts';
import { mapLines } from './lines.samples.ts';
import { dist, norm, normalize, renorm } from './norm.ts';

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
        name: 'no elements',
        inputs: [{ shape: [2, 0] }],
        run: (x) => [x!.norm(inf, 1), x!.norm(-1, { keepdim: true })],
        reference: () => [
          { shape: [2], data: [0, 0] },
          { shape: [1, 1], data: [0] },
        ],
      },
      {
        name: 'nuclear, of a diagonal matrix',
        inputs: [{ shape: [2, 2], values: [3, 0, 0, -2] }],
        run: (x) => x!.norm('nuc'),
        reference: () => ({ shape: [], data: [5] }),
        without: ['broadcast'],
      },
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
        name: 'another word',
        run: () => zeros([2]).norm('l2' as never),
        error: 'ValueError',
        message: /^norm: p must be a number, 'fro' or 'nuc', got l2$/,
      },
      {
        name: 'fro of three dimensions',
        run: () => zeros([2, 2, 2]).norm('fro', [0, 1, 2]),
        error: 'ValueError',
        message: /^norm: 'fro' is the norm of matrices, over at most 2 dimensions, got \[0, 1, 2\]; use p = 2$/,
      },
      {
        name: 'dim out of range',
        run: () => zeros([2]).norm(2, 1 as never),
        error: 'IndexError',
        message: /norm: dim 1 is out of range for \[2\]/,
      },
    ],
  },
  {
    op: 'dist',
    samples: [
      {
        name: 'broadcast',
        inputs: [
          { shape: [2, 3], low: 1, high: 2 },
          { shape: [3], low: -1, high: 0.5 },
        ],
        run: (a, b) => dist(a!, b!, 3),
        reference: (a, b) => ({ shape: [], data: [normOf(3)(a!.data.map((v, i) => v - b!.data[i % 3]!))] }),
      },
      {
        name: 'of order 2',
        inputs: [
          { shape: [4], low: 1, high: 2 },
          { shape: [4], low: -1, high: 0.5 },
        ],
        run: (a, b) => a!.dist(b!),
        reference: (a, b) => ({ shape: [], data: [normOf(2)(a!.data.map((v, i) => v - b!.data[i]!))] }),
      },
    ],
    errors: [
      { name: 'shapes', run: () => dist(ones([2]), ones([3])), error: 'ShapeError', message: /cannot broadcast \[2\] with \[3\]/ },
      {
        name: 'integers',
        run: () => dist(ones([2], { dtype: 'int64' }), ones([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^dist: not defined for int64/,
      },
    ],
  },
  {
    op: 'renorm',
    samples: [
      {
        name: 'rows',
        inputs: [{ shape: [3, 2], values: [3, 4, 0.5, -0.25, -2, 1] }],
        run: (x) => renorm(x!, 2, 0, 1),
        reference: (x) => mapLines(x!, 1, (l) => (normOf(2)(l) > 1 ? l.map((v) => v / (normOf(2)(l) + 1e-7)) : l)),
        without: ['broadcast'],
      },
      {
        name: 'columns, by magnitude',
        inputs: [{ shape: [2, 3], values: [3, 0.5, -2, 4, -0.25, 1] }],
        run: (x) => x!.renorm(1, -1, 2),
        reference: (x) => mapLines(x!, 0, (l) => (normOf(1)(l) > 2 ? l.map((v) => (v * 2) / (normOf(1)(l) + 1e-7)) : l)),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => renorm(ones([2]), 2, 0, 1),
        error: 'ShapeError',
        message: /^renorm: needs at least 2 dimensions, got \[2\]$/,
      },
      { name: 'p', run: () => renorm(ones([2, 2]), 0, 0, 1), error: 'ValueError', message: /^renorm: p must be positive, got 0$/ },
      {
        name: 'maxnorm',
        run: () => renorm(ones([2, 2]), 1, 0, -1),
        error: 'ValueError',
        message: /^renorm: maxnorm must not be negative, got -1$/,
      },
    ],
  },
  {
    op: 'normalize',
    samples: [
      {
        name: 'rows',
        inputs: [{ shape: [3, 4], avoid: [0] }],
        run: (x) => normalize(x!),
        reference: (x) => mapLines(x!, 1, (l) => l.map((v) => v / normOf(2)(l))),
      },
      {
        name: 'columns, order 3',
        inputs: [{ shape: [3, 2], avoid: [0] }],
        run: (x) => normalize(x!, { p: 3, dim: 0 }),
        reference: (x) => mapLines(x!, 0, (l) => l.map((v) => v / normOf(3)(l))),
      },
      {
        name: 'shorter than eps',
        inputs: [{ shape: [2], values: [0.3, 0.4] }],
        run: (x) => normalize(x!, { dim: -1, eps: 2 }),
        reference: () => ({ shape: [2], data: [0.15, 0.2] }),
      },
    ],
    errors: [{ name: 'dim', run: () => normalize(ones([2])), error: 'IndexError', message: /^normalize: dim 1 is out of range for \[2\]/ }],
  },
];
