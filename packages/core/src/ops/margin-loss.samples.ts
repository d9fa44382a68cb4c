import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import type { Reduction } from './loss.ts';
import { multilabelMarginLoss, multilabelSoftMarginLoss, multiMarginLoss, softMarginLoss } from './margin-loss.ts';

function reduced(each: NdArray, reduction: Reduction): NdArray {
  if (reduction === 'none') return each;
  const sum = each.data.reduce((p, v) => p + v, 0);
  return { shape: [], data: [reduction === 'sum' ? sum : sum / each.data.length] };
}

const reductions: readonly Reduction[] = ['mean', 'sum', 'none'];
const softplus = (x: number): number => Math.log1p(Math.exp(x));
const weights = [0.5, 2, 1.25];

/** Scores whose violations stay away from 0. */
const scores: Sample['inputs'][number] = { shape: [3, 3], values: [0.5, 0.25, 1, -1, 2, 0.75, 3, 0.125, -0.5] };
const classes = [2, 0, 1];

function multi(x: NdArray, targets: readonly number[], p: number, margin: number, weight: readonly number[] | null): NdArray {
  const data = targets.map((y, n) => {
    let sum = 0;
    for (let c = 0; c < 3; c++) if (c !== y) sum += Math.max(0, margin - x.data[n * 3 + y]! + x.data[n * 3 + c]!) ** p;
    return ((weight?.[y] ?? 1) * sum) / 3;
  });
  return { shape: [targets.length], data };
}

const lists = [
  [2, 0, -1],
  [1, -1, 0],
  [-1, 0, 1],
];

function multilabel(x: NdArray): NdArray {
  const data = lists.map((list, n) => {
    const end = list.indexOf(-1);
    const own = list.slice(0, end < 0 ? 3 : end);
    let sum = 0;
    for (const y of own) for (let i = 0; i < 3; i++) if (!own.includes(i)) sum += Math.max(0, 1 - x.data[n * 3 + y]! + x.data[n * 3 + i]!);
    return sum / 3;
  });
  return { shape: [3], data };
}

const indices = (shape: readonly number[], values: readonly number[]): Sample['inputs'][number] => ({ shape, dtype: 'int64', values });

export const marginLossSamples: readonly OpSamples[] = [
  {
    op: 'softMarginLoss',
    samples: reductions.map((reduction) => ({
      name: reduction,
      inputs: [{ shape: [2, 3] }, { shape: [2, 3], values: [1, -1, 1, -1, 1, -1] }],
      run: (x, t) => softMarginLoss(x!, t!, { reduction }),
      reference: (x, t) => reduced({ shape: [2, 3], data: x!.data.map((v, i) => softplus(-v * t!.data[i]!)) }, reduction),
    })),
    errors: [
      {
        name: 'reduction',
        run: () => softMarginLoss(zeros([2]), zeros([2]), { reduction: 'abc' as Reduction }),
        error: 'ValueError',
        message: /^softMarginLoss: reduction must be/,
      },
    ],
  },
  {
    op: 'multilabelSoftMarginLoss',
    samples: reductions.map((reduction) => ({
      name: reduction,
      inputs: [{ shape: [2, 3] }, { shape: [2, 3], low: 0, high: 1 }],
      run: (x, t) =>
        multilabelSoftMarginLoss(x!, t!, {
          reduction,
          weight: reduction === 'sum' ? null : tensor(weights, { dtype: x!.dtype, device: x!.device }),
        }),
      reference: (x, t) => {
        const each = [0, 1].map((n) => {
          let sum = 0;
          for (let c = 0; c < 3; c++) {
            const [v, p] = [x!.data[n * 3 + c]!, t!.data[n * 3 + c]!];
            sum += (reduction === 'sum' ? 1 : weights[c]!) * (p * softplus(-v) + (1 - p) * softplus(v));
          }
          return sum / 3;
        });
        return reduced({ shape: [2], data: each }, reduction);
      },
    })),
    errors: [
      {
        name: 'scalar',
        run: () => multilabelSoftMarginLoss(zeros([]), zeros([])),
        error: 'ShapeError',
        message: /^multilabelSoftMarginLoss: the input is a scalar/,
      },
    ],
  },
  {
    op: 'multiMarginLoss',
    samples: [
      ...reductions.map(
        (reduction): Sample => ({
          name: reduction,
          inputs: [scores, indices([3], classes)],
          run: (x, t) => multiMarginLoss(x!, t!, { reduction }),
          reference: (x) => reduced(multi(x!, classes, 1, 1, null), reduction),
          without: ['broadcast'],
        }),
      ),
      {
        name: 'squares, weight and margin',
        inputs: [scores, indices([3], classes)],
        run: (x, t) =>
          multiMarginLoss(x!, t!, {
            p: 2,
            margin: 0.6,
            weight: tensor(weights, { dtype: x!.dtype, device: x!.device }),
            reduction: 'none',
          }),
        reference: (x) => multi(x!, classes, 2, 0.6, weights),
        without: ['broadcast'],
      },
      {
        name: 'one sample',
        inputs: [{ shape: [3], values: [0.5, 0.25, 1] }, indices([], [1])],
        run: (x, t) => multiMarginLoss(x!, t!, { reduction: 'none' }),
        reference: (x) => ({ shape: [], data: multi(x!, [1], 1, 1, null).data }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'p',
        run: () => multiMarginLoss(zeros([2, 3]), tensor([0, 1], { dtype: 'int64' }), { p: 3 }),
        error: 'ValueError',
        message: /^multiMarginLoss: p must be 1 or 2, got 3/,
      },
      {
        name: 'class',
        run: () => multiMarginLoss(zeros([2, 3]), tensor([0, 3], { dtype: 'int64' })),
        error: 'IndexError',
        message: /^multiMarginLoss: .*3/,
      },
      {
        name: 'target',
        run: () => multiMarginLoss(zeros([2, 3]), tensor([0, 1, 2], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /^multiMarginLoss: input \[2, 3\] takes a target of shape \[2\], got \[3\]/,
      },
      {
        name: 'weight',
        run: () => multiMarginLoss(zeros([2, 3]), tensor([0, 1], { dtype: 'int64' }), { weight: zeros([2]) }),
        error: 'ShapeError',
        message: /^multiMarginLoss: the weight has shape \[2\], expected \[3\]/,
      },
    ],
  },
  {
    op: 'multilabelMarginLoss',
    samples: [
      ...reductions.map(
        (reduction): Sample => ({
          name: reduction,
          inputs: [scores, indices([3, 3], lists.flat())],
          run: (x, t) => multilabelMarginLoss(x!, t!, { reduction }),
          reference: (x) => reduced(multilabel(x!), reduction),
          without: ['broadcast'],
        }),
      ),
      {
        name: 'one sample',
        inputs: [{ shape: [4], values: [0.1, 0.2, 0.4, 0.8] }, indices([4], [3, 0, -1, 1])],
        run: (x, t) => multilabelMarginLoss(x!, t!),
        reference: () => ({ shape: [], data: [0.85] }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'target',
        run: () => multilabelMarginLoss(zeros([2, 3]), tensor([0, 1], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /^multilabelMarginLoss: input \[2, 3\] takes a target of shape \[2, 3\], got \[2\]/,
      },
      {
        name: 'floating target',
        run: () => multilabelMarginLoss(zeros([2, 3]), zeros([2, 3])),
        error: 'DTypeError',
        message: /^multilabelMarginLoss: class numbers must be integers, got float32/,
      },
    ],
  },
];
