import { grad } from '../autograd/engine.ts';
import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones } from './create.ts';
import { cdist, cosineSimilarity, pairwiseDistance, pdist } from './distance.ts';
import { at, broadcast, build } from './nd.samples.ts';

/** A norm by its definition. */
function norm(v: readonly number[], p: number): number {
  if (p === 0) return v.filter((x) => x !== 0).length;
  if (p === Infinity) return Math.max(0, ...v.map(Math.abs));
  return v.reduce((s, x) => s + Math.abs(x) ** p, 0) ** (1 / p);
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function distancesOf(a: NdArray, b: NdArray, p: number): NdArray {
  const m = a.shape[a.shape.length - 1]!;
  const rank = Math.max(a.shape.length, b.shape.length) - 2;
  const lead = (x: NdArray): number[] => [...new Array<number>(rank - (x.shape.length - 2)).fill(1), ...x.shape.slice(0, -2)];
  const batch = lead(a).map((n, d) => (n === 1 ? lead(b)[d]! : n));
  const [x, y] = [a, b].map((t) => broadcast(t, [...batch, ...t.shape.slice(-2)])) as [NdArray, NdArray];
  return build([...batch, a.shape[a.shape.length - 2]!, b.shape[b.shape.length - 2]!], (c) => {
    const [i, j] = c.slice(-2) as [number, number];
    const head = c.slice(0, -2);
    return norm(
      range(m).map((k) => at(x, [...head, i, k]) - at(y, [...head, j, k])),
      p,
    );
  });
}

// Values of the two sets lie apart, so that no difference is near 0, where most norms have a kink.
const sets = (a: readonly number[], b: readonly number[]): InputSpec[] => [
  { shape: a, low: -2, high: -0.5 },
  { shape: b, low: 0.5, high: 2 },
];

const cdistSample = (name: string, a: readonly number[], b: readonly number[], p: number, more: Partial<Sample> = {}): Sample => ({
  name,
  inputs: sets(a, b),
  run: (x, y) => cdist(x!, y!, p),
  reference: (x, y) => distancesOf(x!, y!, p),
  ...more,
});

function pairs(x: NdArray, p: number): NdArray {
  const [n, m] = x.shape as [number, number];
  const data = range(n).flatMap((i) =>
    range(n)
      .filter((j) => j > i)
      .map((j) =>
        norm(
          range(m).map((k) => at(x, [i, k]) - at(x, [j, k])),
          p,
        ),
      ),
  );
  return { shape: [data.length], data };
}

const pdistSample = (name: string, shape: readonly number[], p?: number): Sample => ({
  name,
  inputs: [{ shape, apart: 0.2 }],
  run: (x) => pdist(x!, p),
  reference: (x) => pairs(x!, p ?? 2),
  without: ['broadcast'],
  // What counts has no slope.
  ...(p === 0 ? { differentiable: true } : {}),
});

const pairwise = (
  name: string,
  a: readonly number[],
  b: readonly number[],
  options: { p?: number; eps?: number; keepdim?: boolean },
): Sample => ({
  name,
  inputs: sets(a, b),
  run: (x, y) => pairwiseDistance(x!, y!, options),
  reference: (x, y) => {
    const rank = Math.max(a.length, b.length);
    const padded = (s: readonly number[]): number[] => [...new Array<number>(rank - s.length).fill(1), ...s];
    const shape = padded(a).map((n, d) => (n === 1 ? padded(b)[d]! : n));
    const [u, v] = [broadcast(x!, shape), broadcast(y!, shape)];
    const out = build(shape.slice(0, -1), (c) =>
      norm(
        range(shape[rank - 1]!).map((k) => at(u, [...c, k]) - at(v, [...c, k]) + (options.eps ?? 1e-6)),
        options.p ?? 2,
      ),
    );
    return options.keepdim === true ? { shape: [...out.shape, 1], data: out.data } : out;
  },
});

function cosines(x: NdArray, y: NdArray, dim: number, eps: number): NdArray {
  const axis = dim < 0 ? dim + x.shape.length : dim;
  const length = (v: readonly number[]): number => Math.max(Math.sqrt(v.reduce((s, k) => s + k * k, 0)), eps);
  return build(
    x.shape.filter((_, d) => d !== axis),
    (c) => {
      const line = (t: NdArray): number[] =>
        range(x.shape[axis] ?? 1).map((k) => at(t, x.shape.length === 0 ? [] : [...c.slice(0, axis), k, ...c.slice(axis)]));
      const [u, v] = [line(x), line(y)];
      return u.reduce((s, k, i) => s + k * v[i]!, 0) / (length(u) * length(v));
    },
  );
}

const cosineSample = (
  name: string,
  a: readonly number[],
  b: readonly number[],
  dim: number | undefined,
  shape: readonly number[],
): Sample => ({
  name,
  inputs: sets(a, b),
  run: (x, y) => cosineSimilarity(x!, y!, dim === undefined ? {} : { dim }),
  reference: (x, y) => cosines(broadcast(x!, shape), broadcast(y!, shape), dim ?? 1, 1e-8),
});

const order = [0, 0.5, 1, 1.5, 2, 3, Infinity];

/** Samples of distances and similarities. */
export const distanceSamples: readonly OpSamples[] = [
  {
    op: 'cdist',
    samples: [
      // The largest difference must not be one of two that are equal.
      ...order.map((p) => cdistSample(`p = ${p}`, [3, 4], [2, 4], p, p === Infinity ? { without: ['broadcast'] } : {})),
      cdistSample('batches that repeat', [2, 1, 3, 2], [4, 2, 2], 2),
      cdistSample('batches that repeat, the largest', [2, 1, 3, 2], [4, 2, 2], Infinity, { without: ['broadcast'] }),
      cdistSample('no points', [0, 3], [2, 3], 2),
      cdistSample('no elements', [3, 0], [2, 0], 2, { differentiable: true }),
      cdistSample('no elements, the largest', [3, 0], [2, 0], Infinity),
      cdistSample('an empty batch', [4, 5], [0, 3, 5], 1.5),
      {
        name: 'in every mode',
        inputs: sets([3, 2], [3, 2]),
        run: (x, y) => cdist(x!, y!, 2, { computeMode: 'use_mm_for_euclid_dist' }),
        reference: (x, y) => distancesOf(x!, y!, 2),
      },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => cdist(ones([2]), ones([2, 2])),
        error: 'ShapeError',
        message: /^cdist: expected \[\.\.\., points, M\], got \[2\]$/,
      },
      {
        name: 'sizes',
        run: () => cdist(ones([2, 2]), ones([2, 3])),
        error: 'ShapeError',
        message: /^cdist: the points of \[2, 2\] and \[2, 3\] have 2 and 3 elements \(dimension -1\)$/,
      },
      {
        name: 'batches',
        run: () => cdist(ones([2, 2, 2]), ones([3, 2, 2])),
        error: 'ShapeError',
        message: /^cdist: cannot broadcast \[2\] with \[3\]/,
      },
      {
        name: 'integers',
        run: () => cdist(ones([2, 2], { dtype: 'int64' }), ones([2, 2])),
        error: 'DTypeError',
        message: /^cdist: not defined for int64/,
      },
      {
        name: 'two dtypes',
        run: () => cdist(ones([2, 2]), ones([2, 2], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^cdist: dtypes differ: float32 and float64$/,
      },
      {
        name: 'a negative order',
        run: () => cdist(ones([2, 2]), ones([2, 2]), -1),
        error: 'ValueError',
        message: /^cdist: p must be at least 0, got -1$/,
      },
      {
        name: 'no order',
        run: () => cdist(ones([2, 2]), ones([2, 2]), Number.NaN),
        error: 'ValueError',
        message: /^cdist: p must be at least 0, got NaN$/,
      },
      {
        name: 'a mode',
        run: () => cdist(ones([2, 2]), ones([2, 2]), 2, { computeMode: 'fast' as never }),
        error: 'ValueError',
        message: /^cdist: computeMode must be one of .*, got fast$/,
      },
    ],
  },
  {
    op: 'pdist',
    samples: [
      ...order.map((p) => pdistSample(`p = ${p}`, [4, 3], p)),
      pdistSample('one point', [1, 3]),
      pdistSample('no points', [0, 3]),
      pdistSample('no elements', [3, 0]),
    ],
    errors: [
      { name: 'a vector', run: () => pdist(ones([2])), error: 'ShapeError', message: /^pdist: expected \[N, M\], got \[2\]$/ },
      {
        name: 'integers',
        run: () => pdist(ones([2, 2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^pdist: not defined for int64/,
      },
      {
        name: 'a negative order',
        run: () => pdist(ones([2, 2]), -2),
        error: 'ValueError',
        message: /^pdist: p must be at least 0, got -2$/,
      },
    ],
  },
  {
    op: 'pairwiseDistance',
    samples: [
      pairwise('rows', [3, 4], [3, 4], {}),
      pairwise('kept', [3, 4], [3, 4], { keepdim: true }),
      pairwise('vectors', [4], [4], { p: 1 }),
      pairwise('one for all', [3, 4], [4], { p: 3, eps: 0.5 }),
      pairwise('no rows', [0, 4], [0, 4], {}),
      {
        name: 'integers',
        inputs: [
          { shape: [2], dtype: 'int32', values: [1, 5] },
          { shape: [2], dtype: 'int32', values: [4, 1] },
        ],
        run: (x, y) => pairwiseDistance(x!, y!, { eps: 0 }),
        reference: () => ({ shape: [], data: [5] }),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'shapes',
        run: () => pairwiseDistance(ones([3, 3]), ones([3, 2])),
        error: 'ShapeError',
        message: /cannot broadcast \[3, 3\] with \[3, 2\]/,
      },
      {
        name: 'bool',
        run: () => pairwiseDistance(ones([2], { dtype: 'bool' }), ones([2], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /not defined for bool/,
      },
    ],
  },
  {
    op: 'cosineSimilarity',
    samples: [
      cosineSample('rows', [3, 4], [3, 4], undefined, [3, 4]),
      cosineSample('columns', [3, 4], [3, 4], 0, [3, 4]),
      cosineSample('repeated', [1, 2, 3], [2, 1, 3], -2, [2, 2, 3]),
      cosineSample('vectors', [4], [4], -1, [4]),
      cosineSample('numbers', [], [], 0, []),
      cosineSample('a size of 1 along the vectors', [3, 1], [3, 2], 1, [3, 2]),
      cosineSample('none', [0, 3], [0, 3], 1, [0, 3]),
      {
        name: 'shorter than eps',
        inputs: [
          { shape: [1, 2], values: [0.3, 0.4] },
          { shape: [1, 2], values: [3, 4] },
        ],
        run: (x, y) => cosineSimilarity(x!.detach(), y!.detach(), { eps: 1 }),
        reference: () => ({ shape: [1], data: [0.5] }),
        differentiable: false,
        without: ['broadcast'],
      },
      {
        // As in PyTorch, the slope of a length below eps is that of the length, though its value is cut off: with the
        // length 1 for x, y / 5 - (x . y / 5) x.
        name: 'the gradient below eps',
        inputs: [
          { shape: [1, 2], values: [0.3, 0.4] },
          { shape: [1, 2], values: [3, 4] },
        ],
        run: (x, y) => {
          const leaf = x!.detach().requiresGrad_();
          return grad([cosineSimilarity(leaf, y!.detach(), { eps: 1 }).sum()], [leaf])[0]!;
        },
        reference: () => ({ shape: [1, 2], data: [0.6 - 0.5 * 0.3, 0.8 - 0.5 * 0.4] }),
        differentiable: false,
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'shapes',
        run: () => cosineSimilarity(ones([3]), ones([3, 2])),
        error: 'ShapeError',
        message: /^cosineSimilarity: cannot broadcast/,
      },
      {
        name: 'vectors',
        run: () => cosineSimilarity(ones([3]), ones([3])),
        error: 'IndexError',
        message: /^cosineSimilarity: dim 1 is out of range for \[3\]/,
      },
      {
        name: 'integers',
        run: () => cosineSimilarity(ones([2, 2], { dtype: 'int64' }), ones([2, 2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^cosineSimilarity: not defined for int64/,
      },
    ],
  },
];
