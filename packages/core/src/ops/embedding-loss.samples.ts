import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { zeros } from './create.ts';
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './embedding-loss.ts';
import type { Reduction } from './loss.ts';

const reductions: readonly Reduction[] = ['mean', 'sum', 'none'];

function reduced(each: NdArray, reduction: Reduction): NdArray {
  if (reduction === 'none') return each;
  const sum = each.data.reduce((p, v) => p + v, 0);
  return { shape: [], data: [reduction === 'sum' ? sum : sum / each.data.length] };
}

/** One sample per reduction. */
function all(
  name: string,
  inputs: Sample['inputs'],
  run: (reduction: Reduction, ...t: Tensor[]) => Tensor,
  reference: (...t: NdArray[]) => NdArray,
  sets: Partial<Sample> = {},
): Sample[] {
  return reductions.map((reduction) => ({
    name: `${name}${reduction}`,
    inputs,
    run: (...t) => run(reduction, ...t),
    reference: (...t) => reduced(reference(...t), reduction),
    ...sets,
  }));
}

/** Targets 1 and -1. */
const signs = (shape: readonly number[], values: readonly number[]): Sample['inputs'][number] => ({ shape, dtype: 'int64', values });
const row = (t: NdArray, i: number): readonly number[] =>
  t.data.slice(i * t.shape[t.shape.length - 1]!, (i + 1) * t.shape[t.shape.length - 1]!);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((p, v, i) => p + v * b[i]!, 0);
const distance = (a: readonly number[], b: readonly number[], p = 2, eps = 1e-6): number =>
  a.reduce((s, v, i) => s + Math.abs(v - b[i]! + eps) ** p, 0) ** (1 / p);

const cosine = (margin: number, a: readonly number[], b: readonly number[], t: number): number => {
  const c = dot(a, b) / Math.sqrt((dot(a, a) + 1e-12) * (dot(b, b) + 1e-12));
  return t === 1 ? 1 - c : Math.max(0, c - margin);
};
const triplet = (a: readonly number[], p: readonly number[], n: readonly number[], margin = 1, order = 2, swap = false): number => {
  const far = distance(a, n, order);
  return Math.max(0, distance(a, p, order) - (swap ? Math.min(far, distance(p, n, order)) : far) + margin);
};
const rows = (f: (i: number) => number, count: number): NdArray => ({
  shape: [count],
  data: Array.from({ length: count }, (_, i) => f(i)),
});

const vectors = [
  { shape: [4, 3], low: 0.5, high: 2 },
  { shape: [4, 3], low: 0.5, high: 2 },
] as const;
/** Triples whose losses stay away from 0, with distances away from each other. */
const triples: Sample['inputs'] = [
  { shape: [3, 2], values: [0, 0, 1, 1, 2, -1] },
  { shape: [3, 2], values: [1, 0.5, 1.5, 2, 0, 0.25] },
  { shape: [3, 2], values: [0.5, -0.75, 3, 4, 1, 0.5] },
];

export const embeddingLossSamples: readonly OpSamples[] = [
  {
    op: 'hingeEmbeddingLoss',
    samples: all(
      '',
      [{ shape: [2, 3], values: [0.5, 0.25, 2, 1.5, 0.75, 3] }, signs([2, 3], [1, -1, -1, 1, -1, 1])],
      (reduction, x, t) => hingeEmbeddingLoss(x!, t!, { reduction, margin: 1.25 }),
      (x, t) => ({ shape: [2, 3], data: x!.data.map((v, i) => (t!.data[i] === 1 ? v : Math.max(0, 1.25 - v))) }),
    ),
    errors: [
      {
        name: 'shapes',
        run: () => hingeEmbeddingLoss(zeros([2, 3]), zeros([2, 4])),
        error: 'ShapeError',
        message: /^hingeEmbeddingLoss: .*\[2, 3\].*\[2, 4\]/,
      },
    ],
  },
  {
    op: 'marginRankingLoss',
    samples: all(
      '',
      [{ shape: [4], values: [1, 2, 0.5, -1] }, { shape: [4], values: [0.5, 1, 2, 0.25] }, signs([4], [1, -1, -1, 1])],
      (reduction, a, b, t) => marginRankingLoss(a!, b!, t!, { reduction, margin: 0.25 }),
      (a, b, t) => ({ shape: [4], data: a!.data.map((v, i) => Math.max(0, -t!.data[i]! * (v - b!.data[i]!) + 0.25)) }),
    ),
    errors: [
      {
        name: 'dimensions',
        run: () => marginRankingLoss(zeros([2, 3]), zeros([3]), zeros([2, 3])),
        error: 'ShapeError',
        message: /^marginRankingLoss: the inputs must have as many dimensions, got \[2, 3\], \[3\], \[2, 3\]/,
      },
      {
        name: 'reduction',
        run: () => marginRankingLoss(zeros([2]), zeros([2]), zeros([2]), { reduction: 'abc' as Reduction }),
        error: 'ValueError',
        message: /^marginRankingLoss: reduction must be 'none', 'mean' or 'sum', got "abc"/,
      },
    ],
  },
  {
    op: 'cosineEmbeddingLoss',
    samples: [
      ...all(
        '',
        [...vectors, signs([4], [1, -1, -1, 1])],
        (reduction, a, b, t) => cosineEmbeddingLoss(a!, b!, t!, { reduction, margin: 0.2 }),
        (a, b, t) => rows((i) => cosine(0.2, row(a!, i), row(b!, i), t!.data[i]!), 4),
      ),
      {
        name: 'single vectors',
        inputs: [{ shape: [3], low: 0.5, high: 2 }, { shape: [3], low: 0.5, high: 2 }, signs([], [-1])],
        run: (a, b, t) => cosineEmbeddingLoss(a!, b!, t!),
        reference: (a, b) => ({ shape: [], data: [cosine(0, a!.data, b!.data, -1)] }),
      },
    ],
    errors: [
      {
        name: 'target',
        run: () => cosineEmbeddingLoss(zeros([2, 3]), zeros([2, 3]), zeros([2, 3])),
        error: 'ShapeError',
        message: /^cosineEmbeddingLoss: expected inputs \[N, D\] with a target \[N\]/,
      },
    ],
  },
  {
    op: 'tripletMarginLoss',
    samples: [
      ...all(
        '',
        triples,
        (reduction, a, p, n) => tripletMarginLoss(a!, p!, n!, { reduction }),
        (a, p, n) => rows((i) => triplet(row(a!, i), row(p!, i), row(n!, i)), 3),
        { without: ['broadcast'] },
      ),
      {
        name: 'swap and p',
        inputs: triples,
        run: (a, p, n) => tripletMarginLoss(a!, p!, n!, { swap: true, p: 3, margin: 2, reduction: 'none' }),
        reference: (a, p, n) => rows((i) => triplet(row(a!, i), row(p!, i), row(n!, i), 2, 3, true), 3),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'dimensions',
        run: () => tripletMarginLoss(zeros([2, 3]), zeros([3]), zeros([2, 3])),
        error: 'ShapeError',
        message: /^tripletMarginLoss: the inputs must have as many dimensions/,
      },
    ],
  },
  {
    op: 'tripletMarginWithDistanceLoss',
    samples: [
      {
        name: 'euclidean',
        inputs: triples,
        run: (a, p, n) => tripletMarginWithDistanceLoss(a!, p!, n!, { reduction: 'none', margin: 1.5 }),
        reference: (a, p, n) => rows((i) => triplet(row(a!, i), row(p!, i), row(n!, i), 1.5), 3),
        without: ['broadcast'],
      },
      {
        name: 'of one s own',
        inputs: triples,
        run: (a, p, n) =>
          tripletMarginWithDistanceLoss(a!, p!, n!, {
            reduction: 'none',
            distanceFunction: (x, y) => (x.sub(y) as Tensor).square().sum(-1) as unknown as Tensor,
          }),
        reference: (a, p, n) =>
          rows((i) => Math.max(0, distance(row(a!, i), row(p!, i), 2, 0) ** 2 - distance(row(a!, i), row(n!, i), 2, 0) ** 2 + 1), 3),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'margin',
        run: () => tripletMarginWithDistanceLoss(zeros([2, 3]), zeros([2, 3]), zeros([2, 3]), { margin: -1 }),
        error: 'ValueError',
        message: /^tripletMarginWithDistanceLoss: the margin must not be negative, got -1/,
      },
    ],
  },
];
