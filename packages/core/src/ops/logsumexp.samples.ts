import type { OpSamples } from '../op.samples.ts';
import { reduced, reductionSamples } from '../parts/reduction.samples.ts';
import { zeros } from './create.ts';
import { logsumexp } from './logsumexp.ts';

const { POSITIVE_INFINITY: inf, NaN: nan } = Number;

function logSumExp(g: readonly number[]): number {
  const top = g.reduce((a, b) => Math.max(a, b), -inf);
  if (Math.abs(top) === inf) return top;
  return top + Math.log(g.reduce((a, b) => a + Math.exp(b - top), 0));
}

export const logsumexpSamples: readonly OpSamples[] = [
  {
    op: 'logsumexp',
    samples: [
      ...reductionSamples(logsumexp as never, logSumExp),
      {
        name: 'far apart',
        inputs: [{ shape: [2, 3], values: [1000, -1000, 0, 900, 900, 899] }],
        run: (x) => x!.logsumexp(1),
        reference: (x) => reduced(x!, [1], false, logSumExp),
      },
      {
        name: 'not finite',
        inputs: [{ shape: [5, 2], values: [-inf, -inf, -inf, 1, inf, 1, inf, -inf, nan, 1] }],
        run: (x) => x!.detach().logsumexp(1),
        reference: (x) => reduced(x!, [1], false, logSumExp),
        differentiable: false,
      },
    ],
    errors: [
      { name: 'repeated dim', run: () => zeros([2, 2]).logsumexp([0, -2]), error: 'ValueError', message: /logsumexp: dimension repeated/ },
    ],
  },
];
