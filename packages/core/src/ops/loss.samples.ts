import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { binaryCrossEntropy, binaryCrossEntropyWithLogits, huberLoss, l1Loss, mseLoss, type Reduction, smoothL1Loss } from './loss.ts';

/** Reduces a list of losses as the option says. */
function reduced(each: NdArray, reduction: Reduction): NdArray {
  if (reduction === 'none') return each;
  const sum = each.data.reduce((p, v) => p + v, 0);
  return { shape: [], data: [reduction === 'sum' ? sum : sum / each.data.length] };
}

const reductions: readonly Reduction[] = ['mean', 'sum', 'none'];

/** A loss of two tensors of one shape, element by element, in every reduction. */
function pairwise(
  run: (...args: Parameters<typeof mseLoss>) => ReturnType<typeof mseLoss>,
  f: (x: number, t: number) => number,
  sets: Partial<Sample> = {},
): Sample[] {
  return reductions.map((reduction) => ({
    name: reduction,
    inputs: [{ shape: [3, 4] }, { shape: [3, 4] }],
    run: (x, t) => run(x!, t!, { reduction }),
    reference: (x, t) => reduced({ shape: x!.shape, data: x!.data.map((v, i) => f(v, t!.data[i]!)) }, reduction),
    ...sets,
  }));
}

/** Values whose differences stay away from the kinks at 0 and 1. */
const separate = {
  inputs: [
    { shape: [2, 3], values: [0.5, -1, 2, 0.25, -3, 1] },
    { shape: [2, 3], values: [0.125, 1.5, 2.375, 1.75, -0.5, 1.25] },
  ],
  without: ['broadcast'],
} satisfies Partial<Sample>;

/** Weights, into which no gradient flows. */
const weights = [0.5, 2, 1.25];
const factors = (like: Tensor): Tensor => tensor(weights, { dtype: like.dtype, device: like.device });

const smooth = (d: number, beta: number): number => (d < beta ? (0.5 * d * d) / beta : d - 0.5 * beta);
const huber = (d: number, delta: number): number => (d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta));

const probability = {
  inputs: [
    { shape: [2, 3], low: 0.1, high: 0.9 },
    { shape: [2, 3], low: 0, high: 1 },
  ],
} satisfies Partial<Sample>;
const bce = (x: number, t: number): number => -(t * Math.log(x) + (1 - t) * Math.log(1 - x));
/** The stable form: max(x, 0) - x t + ln(1 + e^-|x|), with the part of positive targets weighted. */
const bceLogits = (x: number, t: number, p = 1): number => {
  const tail = Math.log1p(Math.exp(-Math.abs(x)));
  return p * t * (tail + Math.max(-x, 0)) + (1 - t) * (tail + Math.max(x, 0));
};

const shapeError = (op: string, run: () => unknown): NonNullable<OpSamples['errors']>[number] => ({
  name: 'shapes',
  run,
  error: 'ShapeError',
  message: new RegExp(`^${op}: .*\\[2, 3\\].*\\[2, 4\\]|^${op}: .*\\[2, 4\\].*\\[2, 3\\]`),
});

const reductionError = (op: string, run: (reduction: Reduction) => unknown): NonNullable<OpSamples['errors']>[number] => ({
  name: 'reduction',
  run: () => run('max' as Reduction),
  error: 'ValueError',
  message: new RegExp(`^${op}: reduction must be 'none', 'mean' or 'sum', got "max"`),
});

export const lossSamples: readonly OpSamples[] = [
  {
    op: 'mseLoss',
    samples: [
      ...pairwise(mseLoss, (x, t) => (x - t) ** 2),
      {
        name: 'broadcast',
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        run: (x, t) => mseLoss(x!, t!),
        reference: (x, t) => reduced({ shape: [2, 3], data: x!.data.map((v, i) => (v - t!.data[i % 3]!) ** 2) }, 'mean'),
      },
      {
        name: 'of nothing',
        inputs: [{ shape: [0, 3] }, { shape: [0, 3] }],
        run: (x, t) => mseLoss(x!, t!),
        reference: () => ({ shape: [], data: [Number.NaN] }),
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, { shape: [] }],
        run: (x, t) => mseLoss(x!, t!),
        reference: (x, t) => ({ shape: [], data: [(x!.data[0]! - t!.data[0]!) ** 2] }),
      },
    ],
    errors: [
      shapeError('mseLoss', () => mseLoss(zeros([2, 3]), zeros([2, 4]))),
      reductionError('mseLoss', (reduction) => mseLoss(zeros([2]), zeros([2]), { reduction })),
      {
        name: 'integers',
        run: () => mseLoss(zeros([2], { dtype: 'int64' }), zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^mseLoss: not defined for int64 and int64/,
      },
    ],
  },
  {
    op: 'l1Loss',
    samples: pairwise(l1Loss, (x, t) => Math.abs(x - t), separate),
    errors: [shapeError('l1Loss', () => l1Loss(zeros([2, 3]), zeros([2, 4])))],
  },
  {
    op: 'smoothL1Loss',
    samples: [
      ...pairwise(smoothL1Loss, (x, t) => smooth(Math.abs(x - t), 1), separate),
      {
        ...pairwise(
          (x, t) => smoothL1Loss(x, t, { beta: 0.5 }),
          (x, t) => smooth(Math.abs(x - t), 0.5),
          separate,
        )[0]!,
        name: 'beta',
      },
      {
        ...pairwise(
          (x, t) => smoothL1Loss(x, t, { beta: 0 }),
          (x, t) => Math.abs(x - t),
          separate,
        )[0]!,
        name: 'beta 0',
      },
    ],
    errors: [
      shapeError('smoothL1Loss', () => smoothL1Loss(zeros([2, 3]), zeros([2, 4]))),
      {
        name: 'beta',
        run: () => smoothL1Loss(zeros([2]), zeros([2]), { beta: -1 }),
        error: 'ValueError',
        message: /^smoothL1Loss: beta .* got -1/,
      },
    ],
  },
  {
    op: 'huberLoss',
    samples: [
      ...pairwise(huberLoss, (x, t) => huber(Math.abs(x - t), 1), separate),
      {
        ...pairwise(
          (x, t) => huberLoss(x, t, { delta: 0.75 }),
          (x, t) => huber(Math.abs(x - t), 0.75),
          separate,
        )[0]!,
        name: 'delta',
      },
    ],
    errors: [
      shapeError('huberLoss', () => huberLoss(zeros([2, 3]), zeros([2, 4]))),
      {
        name: 'delta',
        run: () => huberLoss(zeros([2]), zeros([2]), { delta: 0 }),
        error: 'ValueError',
        message: /^huberLoss: delta .* got 0/,
      },
    ],
  },
  {
    op: 'binaryCrossEntropy',
    samples: [
      ...pairwise(binaryCrossEntropy, bce, probability),
      {
        name: 'weight',
        inputs: probability.inputs,
        run: (x, t) => binaryCrossEntropy(x!, t!, { weight: factors(x!), reduction: 'sum' }),
        reference: (x, t) => reduced({ shape: [2, 3], data: x!.data.map((v, i) => weights[i % 3]! * bce(v, t!.data[i]!)) }, 'sum'),
      },
      {
        name: 'certain and wrong',
        inputs: [
          { shape: [4], values: [0, 1, 0, 1] },
          { shape: [4], values: [1, 0, 0, 1] },
        ],
        run: (x, t) => binaryCrossEntropy(x!.detach(), t!.detach(), { reduction: 'none' }),
        reference: () => ({ shape: [4], data: [100, 100, 0, 0] }),
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: [
      shapeError('binaryCrossEntropy', () => binaryCrossEntropy(zeros([2, 3]), zeros([2, 4]))),
      {
        name: 'probability',
        run: () => binaryCrossEntropy(tensor([0.5, 1.5]), zeros([2])),
        error: 'ValueError',
        message: /^binaryCrossEntropy: every input must be a probability .* found 1\.5/,
      },
      { name: 'NaN', run: () => binaryCrossEntropy(tensor([Number.NaN]), zeros([1])), error: 'ValueError', message: /found NaN/ },
      {
        name: 'integers',
        run: () => binaryCrossEntropy(zeros([2]), zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^binaryCrossEntropy: the target must be floating, got int64/,
      },
      {
        name: 'weight',
        run: () => binaryCrossEntropy(zeros([2]), zeros([2]), { weight: zeros([2, 2]) }),
        error: 'ShapeError',
        message: /^binaryCrossEntropy: a weight of shape \[2, 2\] does not broadcast to the input \[2\]/,
      },
    ],
  },
  {
    op: 'binaryCrossEntropyWithLogits',
    samples: [
      ...pairwise(binaryCrossEntropyWithLogits, (x, t) => bceLogits(x, t)),
      ...(['weight', 'posWeight', 'both'] as const).map(
        (which): Sample => ({
          name: which,
          inputs: [{ shape: [2, 3] }, { shape: [2, 3], low: 0, high: 1 }],
          run: (x, t) =>
            binaryCrossEntropyWithLogits(x!, t!, {
              weight: which === 'posWeight' ? null : factors(x!),
              posWeight: which === 'weight' ? null : factors(x!),
            }),
          reference: (x, t) => {
            const each = x!.data.map((v, i) => {
              const f = weights[i % 3]!;
              return (which === 'posWeight' ? 1 : f) * bceLogits(v, t!.data[i]!, which === 'weight' ? 1 : f);
            });
            return reduced({ shape: [2, 3], data: each }, 'mean');
          },
        }),
      ),
      {
        name: 'far from 0',
        inputs: [
          { shape: [4], values: [1000, -1000, 1000, -1000] },
          { shape: [4], values: [1, 0, 0, 1] },
        ],
        run: (x, t) => binaryCrossEntropyWithLogits(x!, t!, { reduction: 'none' }),
        reference: () => ({ shape: [4], data: [0, 0, 1000, 1000] }),
        without: ['broadcast'],
      },
    ],
    errors: [
      shapeError('binaryCrossEntropyWithLogits', () => binaryCrossEntropyWithLogits(zeros([2, 3]), zeros([2, 4]))),
      {
        name: 'posWeight',
        run: () => binaryCrossEntropyWithLogits(zeros([2]), zeros([2]), { posWeight: zeros([3]) }),
        error: 'ShapeError',
        message: /^binaryCrossEntropyWithLogits: cannot broadcast \[3\] with \[2\]/,
      },
    ],
  },
];
