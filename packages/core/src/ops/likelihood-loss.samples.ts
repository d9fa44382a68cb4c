import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { gaussianNllLoss, klDiv, poissonNllLoss } from './likelihood-loss.ts';
import type { Reduction } from './loss.ts';

function reduced(each: NdArray, reduction: Reduction | 'batchmean'): NdArray {
  if (reduction === 'none') return each;
  const sum = each.data.reduce((p, v) => p + v, 0);
  const divisor = reduction === 'mean' ? each.data.length : reduction === 'batchmean' ? each.shape[0]! : 1;
  return { shape: [], data: [sum / divisor] };
}

const reductions: readonly Reduction[] = ['mean', 'sum', 'none'];
const pairOf = (x: NdArray, t: NdArray, f: (x: number, t: number) => number): NdArray => ({
  shape: x.shape,
  data: x.data.map((v, i) => f(v, t.data[i]!)),
});

const logs: Sample['inputs'] = [
  { shape: [2, 3], low: -3, high: -0.1 },
  { shape: [2, 3], low: 0.1, high: 0.9 },
];
const counts: Sample['inputs'] = [
  { shape: [2, 3], low: 0.2, high: 2 },
  { shape: [2, 3], values: [0.5, 2.5, 3, 1.5, 0.25, 4] },
];
const poisson = (x: number, t: number, logInput: boolean, full: boolean): number => {
  const base = logInput ? Math.exp(x) - t * x : x - t * Math.log(x + 1e-8);
  return full && t > 1 ? base + t * Math.log(t) - t + 0.5 * Math.log(2 * Math.PI * t) : base;
};
const gaussian = (x: number, t: number, v: number, full: boolean): number => {
  const kept = Math.max(v, 1e-6);
  return 0.5 * (Math.log(kept) + (x - t) ** 2 / kept) + (full ? 0.5 * Math.log(2 * Math.PI) : 0);
};

export const likelihoodLossSamples: readonly OpSamples[] = [
  {
    op: 'klDiv',
    samples: [
      ...([...reductions, 'batchmean'] as const).map(
        (reduction): Sample => ({
          name: reduction,
          inputs: logs,
          run: (x, t) => klDiv(x!, t!, { reduction }),
          reference: (x, t) =>
            reduced(
              pairOf(x!, t!, (v, p) => p * (Math.log(p) - v)),
              reduction,
            ),
        }),
      ),
      {
        name: 'logTarget',
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
        run: (x, t) => klDiv(x!, t!, { logTarget: true, reduction: 'sum' }),
        reference: (x, t) =>
          reduced(
            pairOf(x!, t!, (v, p) => Math.exp(p) * (p - v)),
            'sum',
          ),
      },
      {
        name: 'a class that cannot be',
        inputs: [
          { shape: [2], values: [-1, -2] },
          { shape: [2], values: [0, 1] },
        ],
        run: (x, t) => klDiv(x!.detach(), t!.detach(), { reduction: 'none' }),
        reference: () => ({ shape: [2], data: [0, 2] }),
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: [
      { name: 'shapes', run: () => klDiv(zeros([2, 3]), zeros([2, 4])), error: 'ShapeError', message: /^klDiv: .*\[2, 3\].*\[2, 4\]/ },
      {
        name: 'reduction',
        run: () => klDiv(zeros([2]), zeros([2]), { reduction: 'max' as Reduction }),
        error: 'ValueError',
        message: /^klDiv: reduction must be 'none', 'mean' or 'sum', got "max"/,
      },
    ],
  },
  {
    op: 'poissonNllLoss',
    samples: [true, false].flatMap((logInput) =>
      [true, false].flatMap((full) =>
        reductions.map(
          (reduction): Sample => ({
            name: `${logInput ? 'logarithms' : 'rates'}${full ? ', full' : ''}, ${reduction}`,
            inputs: counts,
            run: (x, t) => poissonNllLoss(x!, t!, { logInput, full, reduction }),
            reference: (x, t) =>
              reduced(
                pairOf(x!, t!, (v, n) => poisson(v, n, logInput, full)),
                reduction,
              ),
          }),
        ),
      ),
    ),
    errors: [
      {
        name: 'reduction',
        run: () => poissonNllLoss(zeros([2]), zeros([2]), { reduction: 'abc' as Reduction }),
        error: 'ValueError',
        message: /^poissonNllLoss: reduction must be/,
      },
    ],
  },
  {
    op: 'gaussianNllLoss',
    samples: [
      ...reductions.map(
        (reduction): Sample => ({
          name: reduction,
          inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [2, 3], low: 0.2, high: 2 }],
          run: (x, t, v) => gaussianNllLoss(x!, t!, v!, { reduction }),
          reference: (x, t, v) =>
            reduced({ shape: [2, 3], data: x!.data.map((m, i) => gaussian(m, t!.data[i]!, v!.data[i]!, false)) }, reduction),
        }),
      ),
      {
        name: 'one variance a row, full',
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [2], low: 0.2, high: 2 }],
        run: (x, t, v) => gaussianNllLoss(x!, t!, v!, { full: true, reduction: 'none' }),
        reference: (x, t, v) => ({
          shape: [2, 3],
          data: x!.data.map((m, i) => gaussian(m, t!.data[i]!, v!.data[Math.floor(i / 3)]!, true)),
        }),
      },
      {
        name: 'no variance',
        inputs: [
          { shape: [2], values: [1, 2] },
          { shape: [2], values: [1, 2.001] },
          { shape: [2], values: [0, 0] },
        ],
        run: (x, t, v) => gaussianNllLoss(x!.detach(), t!.detach(), v!.detach(), { reduction: 'sum' }),
        reference: () => ({ shape: [], data: [Math.log(1e-6) + 0.5] }),
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'variance',
        run: () => gaussianNllLoss(zeros([2, 3]), zeros([2, 3]), zeros([3])),
        error: 'ShapeError',
        message: /^gaussianNllLoss: the variance has shape \[3\], expected that of the input \[2, 3\]/,
      },
      {
        name: 'negative variance',
        run: () => gaussianNllLoss(zeros([2]), zeros([2]), tensor([1, -1])),
        error: 'ValueError',
        message: /^gaussianNllLoss: a variance must not be negative, found -1/,
      },
      {
        name: 'integers',
        run: () => klDiv(zeros([2], { dtype: 'int64' }), zeros([2]) as Tensor),
        error: 'DTypeError',
        message: /^klDiv: the input must be floating, got int64/,
      },
    ],
  },
];
