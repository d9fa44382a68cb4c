import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones } from './create.ts';
import { polygamma } from './special.ts';

export const specialElementwiseSamples: readonly ElementwiseSamples[] = [
  { op: 'erf', domain: [[-2, 2]] },
  { op: 'erfc', domain: [[-2, 2]] },
  { op: 'erfinv', domain: [[-0.7, 0.7]] },
  { op: 'lgamma', domain: [[0.7, 4]] },
  { op: 'digamma', domain: [[0.7, 4]] },
  { op: 'trigamma', domain: [[0.7, 4]] },
  { op: 'sinc', domain: [[-2, 2]] },
];

/** The n-th derivative of digamma at x > 0, summed term by term: (-1)^(n+1) n! Σ (x + k)^-(n+1), with an integral for the rest. */
function direct(n: number, x: number): number {
  const terms = 20000;
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  let sum = 0;
  for (let k = terms - 1; k >= 0; k--) sum += (x + k) ** -(n + 1);
  const end = x + terms;
  const rest = end ** -n / n + end ** -(n + 1) / 2 + ((n + 1) * end ** -(n + 2)) / 12;
  return (n % 2 === 1 ? 1 : -1) * factorial * (sum + rest);
}

export const specialSamples: readonly OpSamples[] = [
  {
    op: 'polygamma',
    samples: [1, 2, 3].map((n) => ({
      name: `order ${n}`,
      inputs: [{ shape: [2, 3], low: 0.8, high: 4 }],
      run: (x) => polygamma(n, x!),
      reference: (x) => ({ shape: x!.shape, data: x!.data.map((v) => direct(n, v)) }),
    })),
    errors: [
      {
        name: 'a negative order',
        run: () => polygamma(-1, ones([2])),
        error: 'ValueError',
        message: /polygamma: the order must be an integer of at least 0, got -1/,
      },
    ],
  },
];
