import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import { type EmbeddingBagOptions, embedding, embeddingBag } from './embedding.ts';

const index = (shape: readonly number[], values: readonly number[]): InputSpec => ({ shape, dtype: 'int64', values });
const ints = (values: readonly number[]): ReturnType<typeof tensor> => tensor(values, { dtype: 'int64' });

function rowsOf(w: NdArray, at: readonly number[]): readonly (readonly number[])[] {
  const n = w.shape[1]!;
  return at.map((i) => w.data.slice(i * n, (i + 1) * n));
}

interface Bags extends EmbeddingBagOptions {
  readonly bags: readonly (readonly number[])[];
}

/** Each bag reduced row by row. */
function bagged(w: NdArray, call: Bags, factors?: readonly number[]): NdArray {
  const n = w.shape[1]!;
  let place = 0;
  const data = call.bags.flatMap((bag) => {
    const weighted = bag.map((i) => ({ i, f: factors?.[place++] ?? 1 }));
    const rows = weighted.filter(({ i }) => i !== call.paddingIdx).map(({ i, f }) => rowsOf(w, [i])[0]!.map((v) => v * f));
    return Array.from({ length: n }, (_, c) => {
      if (rows.length === 0) return 0;
      const column = rows.map((r) => r[c]!);
      if (call.mode === 'max') return Math.max(...column);
      const sum = column.reduce((p, v) => p + v, 0);
      return call.mode === 'sum' ? sum : sum / rows.length;
    });
  });
  return { shape: [call.bags.length, n], data };
}

/** A weight whose values are apart, so that no two nearly tie in a maximum. */
const weight: InputSpec = { shape: [5, 3], apart: 0.1 };
const ragged = [[0, 2, 2], [], [4, 1], [3]] as const;
const starts = [0, 3, 3, 5];

function bag(name: string, call: Bags): Sample {
  const { bags, ...options } = call;
  return {
    name,
    inputs: [index([bags.flat().length], bags.flat()), weight],
    run: (x, w) => embeddingBag(x!, w!, ints(starts).to(w!.device), options),
    reference: (_x, w) => bagged(w!, call),
    without: ['broadcast'],
  };
}

export const embeddingSamples: readonly OpSamples[] = [
  {
    op: 'embedding',
    samples: [
      {
        name: 'rows',
        inputs: [index([2, 3], [0, 2, 2, 4, 1, 0]), weight],
        run: (x, w) => embedding(x!, w!),
        reference: (x, w) => ({ shape: [2, 3, 3], data: rowsOf(w!, x!.data).flat() }),
      },
      {
        name: 'int32, 0-d',
        inputs: [{ shape: [], dtype: 'int32', values: [3] }, weight],
        run: (x, w) => embedding(x!, w!),
        reference: (_x, w) => ({ shape: [3], data: rowsOf(w!, [3]).flat() }),
      },
      {
        name: 'nothing',
        inputs: [index([0], []), weight],
        run: (x, w) => embedding(x!, w!),
        reference: () => ({ shape: [0, 3], data: [] }),
      },
      {
        name: 'norms are limited in place',
        inputs: [index([2], [1, 3]), { shape: [4, 2], values: [3, 4, 3, 4, 30, 40, 0.3, 0.4] }],
        run: (x, w) => {
          const own = w!.detach().clone();
          return [embedding(x!, own, { maxNorm: 1 }), own];
        },
        reference: () => [
          { shape: [2, 2], data: [3 / (5 + 1e-7), 4 / (5 + 1e-7), 0.3, 0.4] },
          { shape: [4, 2], data: [3, 4, 3 / (5 + 1e-7), 4 / (5 + 1e-7), 30, 40, 0.3, 0.4] },
        ],
        without: ['broadcast'],
        differentiable: false,
        tolerance: 1e-6,
      },
    ],
    errors: [
      {
        name: 'dtype',
        run: () => embedding(zeros([2]), zeros([3, 2])),
        error: 'DTypeError',
        message: /^embedding: indices must be int64 or int32, got float32/,
      },
      {
        name: 'weight',
        run: () => embedding(ints([0]), zeros([3])),
        error: 'ShapeError',
        message: /^embedding: the weight has shape \[3\], expected \[rows, size\]/,
      },
      { name: 'row', run: () => embedding(ints([3]), zeros([3, 2])), error: 'IndexError', message: /^embedding: index 3 is out of range/ },
      {
        name: 'padding',
        run: () => embedding(ints([0]), zeros([3, 2]), { paddingIdx: 3 }),
        error: 'ValueError',
        message: /^embedding: paddingIdx 3 is out of range for a weight of 3 rows/,
      },
    ],
  },
  {
    op: 'embeddingBag',
    samples: [
      bag('mean', { bags: ragged }),
      bag('sum', { bags: ragged, mode: 'sum' }),
      bag('max', { bags: ragged, mode: 'max' }),
      {
        ...bag('padding counts nothing', { bags: ragged, paddingIdx: 2 }),
        differentiable: true,
      },
      {
        name: 'rows of a matrix',
        inputs: [index([2, 3], [0, 2, 2, 4, 1, 0]), weight],
        run: (x, w) => embeddingBag(x!, w!, null, { mode: 'max' }),
        reference: (_x, w) =>
          bagged(w!, {
            bags: [
              [0, 2, 2],
              [4, 1, 0],
            ],
            mode: 'max',
          }),
        without: ['broadcast'],
      },
      {
        name: 'factors',
        inputs: [index([6], ragged.flat()), weight, { shape: [6] }],
        run: (x, w, f) => embeddingBag(x!, w!, ints(starts).to(w!.device), { mode: 'sum', perSampleWeights: f! }),
        reference: (_x, w, f) => bagged(w!, { bags: ragged, mode: 'sum' }, f!.data),
        without: ['broadcast'],
      },
      {
        name: 'the last offset',
        inputs: [index([6], ragged.flat()), weight],
        run: (x, w) => embeddingBag(x!, w!, ints([...starts, 6]).to(w!.device), { mode: 'sum', includeLastOffset: true }),
        reference: (_x, w) => bagged(w!, { bags: ragged, mode: 'sum' }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'no offsets',
        run: () => embeddingBag(ints([0]), zeros([3, 2])),
        error: 'ValueError',
        message: /^embeddingBag: an input \[1\] takes offsets/,
      },
      {
        name: 'offsets of a matrix',
        run: () => embeddingBag(ints([0]).reshape([1, 1]), zeros([3, 2]), ints([0])),
        error: 'ValueError',
        message: /^embeddingBag: an input \[1, 1\] has a bag per row and takes no offsets/,
      },
      {
        name: 'first offset',
        run: () => embeddingBag(ints([0, 1]), zeros([3, 2]), ints([1])),
        error: 'ValueError',
        message: /^embeddingBag: the first offset must be 0, got 1/,
      },
      {
        name: 'order of offsets',
        run: () => embeddingBag(ints([0, 1]), zeros([3, 2]), ints([0, 2, 1])),
        error: 'ValueError',
        message: /^embeddingBag: offsets must ascend to at most 2, got 2 before 1/,
      },
      {
        name: 'factors of a mean',
        run: () => embeddingBag(ints([0, 1]), zeros([3, 2]), ints([0]), { perSampleWeights: zeros([2]) }),
        error: 'ValueError',
        message: /^embeddingBag: perSampleWeights are for mode 'sum', not 'mean'/,
      },
      {
        name: 'mode',
        run: () => embeddingBag(ints([0, 1]), zeros([3, 2]), ints([0]), { mode: 'min' as 'max' }),
        error: 'ValueError',
        message: /^embeddingBag: mode must be 'sum', 'mean' or 'max', got "min"/,
      },
    ],
  },
];
