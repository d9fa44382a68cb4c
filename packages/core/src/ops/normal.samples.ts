import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { columns, each } from './elementwise.samples.ts';
import { entr, erfcx, logNdtr, ndtr, ndtri } from './normal.ts';

export const normalElementwiseSamples: readonly ElementwiseSamples[] = [
  { op: 'ndtr', domain: [[-2, 2]] },
  { op: 'ndtri', domain: [[0.15, 0.85]] },
  { op: 'logNdtr', domain: [[-3, 2]] },
  { op: 'erfcx', domain: [[-1.5, 3]] },
  { op: 'entr', domain: [[0.3, 3]] },
];

/** The normal distribution function by Simpson's rule from far left. */
function area(x: number): number {
  const from = Math.min(x, 0) - 12;
  const steps = 20000;
  const h = (x - from) / steps;
  let sum = 0;
  for (let k = 0; k <= steps; k++) {
    const t = from + k * h;
    sum += (k === 0 || k === steps ? 1 : k % 2 === 1 ? 4 : 2) * Math.exp(-t * t * 0.5);
  }
  return (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}

/** Where {@link area} is p, by bisection. */
function quantile(p: number): number {
  let low = -10;
  let high = 10;
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (area(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const points = [-8, -3, -1, -0.4, 0.2, 1.5, 4];

export const normalSamples: readonly OpSamples[] = [
  {
    op: 'normal distribution',
    samples: [
      {
        name: 'ndtr',
        inputs: columns('float64', points),
        run: (x) => ndtr(x!),
        reference: each((x) => area(x!)),
      },
      {
        name: 'logNdtr',
        inputs: columns('float64', points),
        run: (x) => logNdtr(x!),
        reference: each((x) => Math.log(area(x!))),
      },
      {
        name: 'ndtri',
        inputs: columns('float64', [0.15, 0.2, 0.45, 0.6, 0.85]),
        run: (x) => ndtri(x!),
        reference: each((x) => quantile(x!)),
      },
      {
        name: 'tails of ndtri',
        inputs: columns('float64', [0.0001, 0.01, 0.999]),
        run: (x) => ndtri(x!.detach()),
        reference: each((x) => quantile(x!)),
        differentiable: false,
      },
      {
        name: 'erfcx',
        inputs: columns('float64', [-2, -0.3, 0.2, 1, 5]),
        run: (x) => erfcx(x!),
        reference: each((x) => 2 * Math.exp(x! * x!) * area(-x! * Math.SQRT2)),
      },
      {
        name: 'entr',
        inputs: columns('float64', [0.25, 1, 3]),
        run: (x) => entr(x!),
        reference: each((x) => Math.log(x! ** -x!)),
      },
      {
        name: 'bounds',
        inputs: columns('float64', [0, 1, -1, 2]),
        run: (x) => ndtri(x!.detach()),
        reference: () => ({ shape: [4], data: [-Infinity, Infinity, Number.NaN, Number.NaN] }),
        differentiable: false,
      },
    ],
  },
];
