import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts } from '../parts/products.samples.ts';
import { Generator } from '../random/generator.ts';
import { dropoutMask } from '../random/mask.ts';
import type { Tensor } from '../tensor.ts';
import { type AttentionOptions, scaledDotProductAttention } from './attention.ts';
import { fromBuffer, ones } from './create.ts';
import { at, broadcast, build, permuted } from './nd.samples.ts';

interface Plain {
  /** What is added to the scores; -Infinity forbids. */
  readonly bias?: (i: number, j: number) => number;
  readonly scale?: number;
  /** Factor of each weight. */
  readonly factor?: (place: number) => number;
}

/** Attention by its definition on [b, h, L, E]. */
function attend(q: NdArray, k: NdArray, v: NdArray, o: Plain): NdArray {
  const scale = o.scale ?? 1 / Math.sqrt(q.shape[3]!);
  const scores = sumOfProducts('bhqe,bhke->bhqk', q, k);
  const raw = build(scores.shape, (c) => Math.exp(at(scores, c) * scale + (o.bias?.(c[2]!, c[3]!) ?? 0)));
  const totals = sumOfProducts('bhqk->bhq', raw);
  let place = 0;
  const weights = build(raw.shape, (c) => (at(raw, c) / at(totals, c.slice(0, 3))) * (o.factor?.(place++) ?? 1));
  return sumOfProducts('bhqk,bhkv->bhqv', weights, v);
}

const [q, k, v]: InputSpec[] = [{ shape: [2, 2, 4, 3] }, { shape: [2, 2, 5, 3] }, { shape: [2, 2, 5, 2] }] as [
  InputSpec,
  InputSpec,
  InputSpec,
];

const sample = (name: string, options: (device: Tensor['device']) => AttentionOptions, plain: Plain = {}): Sample => ({
  name,
  inputs: [q!, k!, v!],
  run: (x, y, z) => scaledDotProductAttention(x!, y!, z!, options(x!.device)),
  reference: (x, y, z) => attend(x!, y!, z!, plain),
});

const allowed = (i: number, j: number): boolean => (i + 2 * j) % 3 !== 0;
const mask = (device: Tensor['device']): Tensor =>
  fromBuffer(
    Uint8Array.from({ length: 20 }, (_, t) => (allowed(Math.floor(t / 5), t % 5) ? 1 : 0)),
    'bool',
    [4, 5],
    { device },
  );
const shape = [2, 4, 3];
const [a, b] = [ones(shape), ones([2, 5, 3])];

/** Samples of attention. */
export const attentionSamples: readonly OpSamples[] = [
  {
    op: 'scaledDotProductAttention',
    samples: [
      sample('plain', () => ({})),
      sample('scaled', () => ({ scale: 0.5 }), { scale: 0.5 }),
      sample('causal', () => ({ isCausal: true }), { bias: (i, j) => (j <= i ? 0 : -Infinity) }),
      sample('a mask of bools', (device) => ({ attnMask: mask(device) }), { bias: (i, j) => (allowed(i, j) ? 0 : -Infinity) }),
      {
        name: 'a mask that is added',
        inputs: [q!, k!, v!, { shape: [4, 5] }],
        run: (x, y, z, m) => scaledDotProductAttention(x!, y!, z!, { attnMask: m! }),
        reference: (x, y, z, m) => attend(x!, y!, z!, { bias: (i, j) => at(m!, [i, j]) }),
      },
      sample('dropout', () => ({ dropoutP: 0.25, generator: new Generator(3) }), {
        factor: (() => {
          let kept: ArrayLike<number> | null = null;
          return (place: number): number => {
            kept ??= dropoutMask([2, 2, 4, 5], 0.25, { generator: new Generator(3), dtype: 'bool' }).dataSync();
            return kept[place % 80]! / 0.75;
          };
        })(),
      }),
      {
        name: 'heads that share keys',
        inputs: [{ shape: [1, 4, 2, 3] }, { shape: [1, 2, 3, 3] }, { shape: [1, 2, 3, 2] }],
        run: (x, y, z) => scaledDotProductAttention(x!, y!, z!, { enableGqa: true }),
        reference: (x, y, z) => {
          const repeated = (t: NdArray): NdArray =>
            build([1, 4, ...t.shape.slice(2)], (c) => at(t, [c[0]!, Math.floor(c[1]! / 2), c[2]!, c[3]!]));
          return attend(x!, repeated(y!), repeated(z!), {});
        },
      },
      {
        name: 'matrices, keys for all',
        inputs: [{ shape: [2, 1, 4, 3] }, { shape: [5, 3] }, { shape: [3, 5, 2] }],
        run: (x, y, z) => scaledDotProductAttention(x!, y!, z!),
        reference: (x, y, z) =>
          attend(broadcast(x!, [2, 3, 4, 3]), broadcast(y!, [2, 3, 5, 3]), broadcast(permuted(z!, [0, 1, 2]), [2, 3, 5, 2]), {}),
      },
      {
        name: 'no queries',
        inputs: [{ shape: [1, 1, 0, 3] }, { shape: [1, 1, 5, 3] }, { shape: [1, 1, 5, 2] }],
        run: (x, y, z) => scaledDotProductAttention(x!, y!, z!),
        reference: () => ({ shape: [1, 1, 0, 2], data: [] }),
      },
    ],
    errors: [
      {
        name: 'widths',
        run: () => scaledDotProductAttention(a, ones([2, 5, 4]), b),
        error: 'ShapeError',
        message: /^scaledDotProductAttention: \[2, 4, 3\] has size 3 at dimension 2 but \[2, 5, 4\] has size 4/,
      },
      {
        name: 'keys and values',
        run: () => scaledDotProductAttention(a, b, ones([2, 4, 3])),
        error: 'ShapeError',
        message: /^scaledDotProductAttention: \[2, 5, 3\] has size 5 at dimension 1 but \[2, 4, 3\] has size 4/,
      },
      {
        name: 'a vector',
        run: () => scaledDotProductAttention(ones([3]), b, b),
        error: 'ShapeError',
        message: /^scaledDotProductAttention: the query needs at least 2 dimensions, got \[3\]$/,
      },
      { name: 'batches', run: () => scaledDotProductAttention(ones([3, 4, 3]), b, b), error: 'ShapeError', message: /cannot broadcast/ },
      {
        name: 'two dtypes',
        run: () => scaledDotProductAttention(a, b.to('float64'), b),
        error: 'DTypeError',
        message: /^scaledDotProductAttention: dtypes differ: query float32 and key float64$/,
      },
      {
        name: 'integers',
        run: () => scaledDotProductAttention(a.to('int64'), b, b),
        error: 'DTypeError',
        message: /^scaledDotProductAttention: the query must be floating, got int64/,
      },
      {
        name: 'a mask of integers',
        run: () => scaledDotProductAttention(a, b, b, { attnMask: ones([4, 5], { dtype: 'int64' }) }),
        error: 'DTypeError',
        message: /^scaledDotProductAttention: the mask must be bool or float32, got int64$/,
      },
      {
        name: 'a mask that does not fit',
        run: () => scaledDotProductAttention(a, b, b, { attnMask: ones([5, 5]) }),
        error: 'ShapeError',
        message: /^scaledDotProductAttention: cannot broadcast \[5, 5\] with \[2, 4, 5\]/,
      },
      {
        name: 'a mask beside isCausal',
        run: () => scaledDotProductAttention(a, b, b, { attnMask: ones([4, 5]), isCausal: true }),
        error: 'ValueError',
        message: /^scaledDotProductAttention: give attnMask or isCausal, not both$/,
      },
      {
        name: 'a probability',
        run: () => scaledDotProductAttention(a, b, b, { dropoutP: 2 }),
        error: 'ValueError',
        message: /^scaledDotProductAttention: dropoutP must lie in \[0, 1\], got 2$/,
      },
      {
        name: 'heads',
        run: () => scaledDotProductAttention(ones([3, 4, 3]), b, b, { enableGqa: true }),
        error: 'ShapeError',
        message: /^scaledDotProductAttention: the heads \(dimension -3\) of query \[3, 4, 3\] are no multiple of those of key \[2, 5, 3\]$/,
      },
    ],
  },
];
