import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { Generator } from '../random/generator.ts';
import { zeros } from './create.ts';
import { type GumbelSoftmaxOptions, gumbelSoftmax } from './gumbel-softmax.ts';
import './random-fill.ts';

/** Softmax of (x - log of exponentially distributed numbers) / tau over lines of `n` elements that lie `stride` apart. */
function soft(x: NdArray, n: number, stride: number, tau: number): number[] {
  const times = zeros(x.shape, { dtype: 'float64' })
    .exponential_(1, { generator: new Generator(5) })
    .dataSync();
  const e = x.data.map((v, i) => Math.exp((v - Math.log(times[i]!)) / tau));
  const line = (i: number): number[] => {
    const start = i - (Math.floor(i / stride) % n) * stride;
    return Array.from({ length: n }, (_, k) => e[start + k * stride]!);
  };
  return e.map((v, i) => v / line(i).reduce((a, b) => a + b, 0));
}

function sample(name: string, shape: readonly number[], n: number, stride: number, options: GumbelSoftmaxOptions): Sample {
  return {
    name,
    inputs: [{ shape }],
    run: (x) => gumbelSoftmax(x!, { ...options, generator: new Generator(5) }),
    reference: (x) => ({ shape, data: soft(x!, n, stride, options.tau ?? 1) }),
  };
}

export const gumbelSoftmaxSamples: readonly OpSamples[] = [
  {
    op: 'gumbelSoftmax',
    samples: [
      sample('rows', [3, 4], 4, 1, {}),
      sample('columns, hot', [3, 4], 3, 4, { dim: 0, tau: 2.5 }),
      {
        name: 'hard',
        inputs: [{ shape: [5, 4], low: -1, high: 1 }],
        run: (x) => gumbelSoftmax(x!.detach(), { hard: true, generator: new Generator(5) }),
        reference: (x) => {
          const y = soft(x!, 4, 1, 1);
          const top = (i: number): number => Math.max(...y.slice(i - (i % 4), i - (i % 4) + 4));
          return { shape: x!.shape, data: y.map((v, i) => (v === top(i) ? 1 : 0)) };
        },
        // The gradient is that of another function: the record of PyTorch's checks it.
        differentiable: false,
      },
      sample('zero-size', [0, 4], 4, 1, {}),
    ],
    errors: [
      {
        name: 'temperature',
        run: () => gumbelSoftmax(zeros([2]), { tau: 0 }),
        error: 'ValueError',
        message: /^gumbelSoftmax: tau must be positive, got 0$/,
      },
      {
        name: 'dimension',
        run: () => gumbelSoftmax(zeros([2]), { dim: 1 }),
        error: 'IndexError',
        message: /dim 1/,
      },
      {
        name: 'integers',
        run: () => gumbelSoftmax(zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^gumbelSoftmax: the input must be floating, got int64/,
      },
    ],
  },
];
