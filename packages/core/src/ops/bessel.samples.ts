import type { ElementwiseSamples, NdArray, OpSamples } from '../op.samples.ts';
import { i0, i0e, i1, i1e } from './bessel.ts';

export const besselElementwiseSamples: readonly ElementwiseSamples[] = [
  { op: 'i0', domain: [[-3, 3]] },
  { op: 'i0e', domain: [[-3, 3]], avoid: [[0]] },
  { op: 'i1', domain: [[-3, 3]] },
  { op: 'i1e', domain: [[-3, 3]], avoid: [[0]] },
];

/** e^-shift times I_n(x) = 1/π ∫ e^(x cos θ) cos nθ dθ over a half turn, by the midpoint rule, which converges fast for a period. */
function integral(n: number, x: number, shift: number): number {
  const steps = 400;
  let sum = 0;
  for (let k = 0; k < steps; k++) {
    const angle = (Math.PI * (k + 0.5)) / steps;
    sum += Math.exp(x * Math.cos(angle) - shift) * Math.cos(n * angle);
  }
  return sum / steps;
}

const each =
  (f: (x: number) => number) =>
  (x: NdArray): NdArray => ({ shape: x.shape, data: x.data.map(f) });

// On both sides of where the power series gives way to the asymptotic one.
const values = [-40, -24, -3, 0.5, 2, 24.9, 26.5, 60];

export const besselSamples: readonly OpSamples[] = [
  {
    op: 'Bessel functions of chosen values',
    samples: [
      {
        name: 'i0',
        inputs: [{ shape: [5], values: [-20, -3, 0.5, 2, 12] }],
        run: (x) => i0(x!),
        reference: (x) => each((v) => integral(0, v, 0))(x!),
      },
      {
        name: 'i1',
        inputs: [{ shape: [5], values: [-20, -3, 0.5, 2, 12] }],
        run: (x) => i1(x!),
        reference: (x) => each((v) => integral(1, v, 0))(x!),
      },
      {
        name: 'i0e',
        inputs: [{ shape: [8], values }],
        run: (x) => i0e(x!),
        reference: (x) => each((v) => integral(0, v, Math.abs(v)))(x!),
      },
      {
        name: 'i1e',
        inputs: [{ shape: [8], values }],
        run: (x) => i1e(x!),
        reference: (x) => each((v) => integral(1, v, Math.abs(v)))(x!),
      },
    ],
  },
];
