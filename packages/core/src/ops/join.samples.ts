import type { NdArray, OpSamples } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones, zeros } from './create.ts';
import { blockDiag, cat, columnStack, concat, concatenate, dstack, hstack, rowStack, stack, vstack } from './join.ts';
import { at, build, replace, under } from './nd.samples.ts';

const joined = (dim: number, arrays: readonly NdArray[]): NdArray => {
  const total = arrays.reduce((sum, a) => sum + a.shape[dim]!, 0);
  return build(replace(arrays[0]!.shape, dim, total), (c) => {
    let k = c[dim]!;
    for (const a of arrays) {
      if (k < a.shape[dim]!) return at(a, replace(c, dim, k));
      k -= a.shape[dim]!;
    }
    return Number.NaN;
  });
};
const stacked = (dim: number, arrays: readonly NdArray[]): NdArray => {
  const { shape } = arrays[0]!;
  return build([...shape.slice(0, dim), arrays.length, ...shape.slice(dim)], (c) =>
    at(arrays[c[dim]!]!, [...c.slice(0, dim), ...c.slice(dim + 1)]),
  );
};
const catAny = cat as (tensors: readonly Tensor[], dim?: number) => Tensor;
const concatenateAny = concatenate as (tensors: readonly Tensor[], dim?: number) => Tensor;
const stackAny = stack as (tensors: readonly Tensor[], dim?: number) => Tensor;

/** Samples of ops that put tensors together. */
export const joinSamples: readonly OpSamples[] = [
  {
    op: 'cat',
    samples: [
      { name: 'rows', inputs: [{ shape: [2, 3] }, { shape: [1, 3] }], run: (a, b) => catAny([a!, b!]), reference: (...x) => joined(0, x) },
      {
        name: 'three along the middle',
        inputs: [{ shape: [2, 1, 2] }, { shape: [2, 2, 2] }, { shape: [2, 3, 2] }],
        run: (...x) => catAny(x, -2),
        reference: (...x) => joined(1, x),
      },
      { name: 'the same twice', inputs: [{ shape: [2, 2] }], run: (x) => catAny([x!, x!], 1), reference: (x) => joined(1, [x!, x!]) },
      { name: 'one', inputs: [{ shape: [2, 2] }], run: (x) => catAny([x!]), reference: (x) => x! },
      {
        name: 'under its other name',
        inputs: [{ shape: [2] }, { shape: [3] }],
        run: (a, b) => (concat as typeof catAny)([a!, b!]),
        reference: (...x) => joined(0, x),
      },
      {
        name: 'an empty vector joins anything',
        inputs: [{ shape: [2, 2] }, { shape: [0] }],
        run: (a, b) => catAny([b!, a!], 1),
        reference: (a) => a!,
      },
      { name: 'zero-size', inputs: [{ shape: [2, 0] }, { shape: [2, 3] }], run: (...x) => catAny(x, 1), reference: (...x) => joined(1, x) },
      { name: 'nothing', inputs: [{ shape: [0] }, { shape: [0] }], run: (...x) => catAny(x), reference: () => ({ shape: [0], data: [] }) },
      {
        name: 'integers are promoted',
        inputs: [{ shape: [2] }, { shape: [2], dtype: 'int64' }],
        run: (...x) => catAny(x),
        reference: (...x) => joined(0, x),
      },
      {
        name: 'integers',
        inputs: [
          { shape: [2], dtype: 'int64' },
          { shape: [1], dtype: 'bool' },
        ],
        run: (...x) => catAny(x),
        reference: (...x) => joined(0, x),
        differentiable: false,
      },
    ],
    errors: [
      { name: 'empty list', run: () => catAny([]), error: 'ValueError', message: /cat: the list of tensors is empty/ },
      {
        name: 'sizes',
        run: () => catAny([zeros([2, 3]), zeros([2, 4])]),
        error: 'ShapeError',
        message: /cat along dim 0: \[2, 3\] and tensor 1 of shape \[2, 4\] differ at dimension 1/,
      },
      {
        name: 'ranks',
        run: () => catAny([zeros([2, 3]), zeros([3])]),
        error: 'ShapeError',
        message: /cat: tensor 0 has 2 dimensions \[2, 3\] but tensor 1 has 1 \[3\]/,
      },
      { name: '0-d', run: () => catAny([zeros([1]), zeros([])]), error: 'ShapeError', message: /cat: tensor 1 is 0-d; use stack/ },
      { name: 'dim', run: () => catAny([zeros([2])], 1), error: 'IndexError', message: /cat: dim 1 is out of range for \[2\]/ },
    ],
  },
  {
    op: 'stack',
    samples: [
      { name: 'front', inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], run: (...x) => stackAny(x), reference: (...x) => stacked(0, x) },
      { name: 'middle', inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], run: (...x) => stackAny(x, 1), reference: (...x) => stacked(1, x) },
      { name: 'end', inputs: [{ shape: [2, 3] }, { shape: [2, 3] }], run: (...x) => stackAny(x, -1), reference: (...x) => stacked(2, x) },
      { name: '0-d', inputs: [{ shape: [] }, { shape: [] }], run: (...x) => stackAny(x), reference: (...x) => stacked(0, x) },
      { name: 'zero-size', inputs: [{ shape: [0] }, { shape: [0] }], run: (...x) => stackAny(x), reference: (...x) => stacked(0, x) },
    ],
    errors: [
      { name: 'empty list', run: () => stackAny([]), error: 'ValueError', message: /stack: the list of tensors is empty/ },
      {
        name: 'shapes',
        run: () => stackAny([zeros([2]), ones([3])]),
        error: 'ShapeError',
        message: /stack: shapes differ: \[2\] and tensor 1 of shape \[3\]/,
      },
      { name: 'dim', run: () => stackAny([zeros([2])], 2), error: 'IndexError', message: /stack: dim 2 is out of range/ },
    ],
  },
  {
    op: 'hstack',
    samples: [
      { name: 'matrices', inputs: [{ shape: [2, 1] }, { shape: [2, 2] }], run: (...x) => hstack(x), reference: (...x) => joined(1, x) },
      { name: 'vectors', inputs: [{ shape: [2] }, { shape: [1] }], run: (...x) => hstack(x), reference: (...x) => joined(0, x) },
      { name: '0-d', inputs: [{ shape: [] }, { shape: [] }], run: (...x) => hstack(x), reference: (...x) => stacked(0, x) },
      { name: 'zero-size', inputs: [{ shape: [0] }, { shape: [2] }], run: (...x) => hstack(x), reference: (_, b) => b! },
    ],
  },
  {
    op: 'vstack',
    samples: [
      { name: 'matrices', inputs: [{ shape: [2, 2] }, { shape: [1, 2] }], run: (...x) => vstack(x), reference: (...x) => joined(0, x) },
      { name: 'vectors', inputs: [{ shape: [2] }, { shape: [2] }], run: (...x) => vstack(x), reference: (...x) => stacked(0, x) },
      {
        name: '0-d',
        inputs: [{ shape: [] }, { shape: [] }],
        run: (...x) => vstack(x),
        reference: (...x) =>
          stacked(
            0,
            x.map((a) => under(a, [1])),
          ),
      },
      { name: 'zero-size', inputs: [{ shape: [0, 2] }, { shape: [1, 2] }], run: (...x) => vstack(x), reference: (_, b) => b! },
    ],
  },
  {
    op: 'concatenate',
    samples: [
      { name: 'rows', inputs: [{ shape: [1, 2] }, { shape: [2, 2] }], run: (...x) => concatenateAny(x), reference: (...x) => joined(0, x) },
    ],
  },
  {
    op: 'rowStack',
    samples: [
      { name: 'vectors', inputs: [{ shape: [2] }, { shape: [2] }], run: (...x) => rowStack(x), reference: (...x) => stacked(0, x) },
    ],
  },
  {
    op: 'dstack',
    samples: [
      { name: 'matrices', inputs: [{ shape: [2, 2] }, { shape: [2, 2] }], run: (...x) => dstack(x), reference: (...x) => stacked(2, x) },
      {
        name: 'vectors',
        inputs: [{ shape: [3] }, { shape: [3] }],
        run: (...x) => dstack(x),
        reference: (...x) =>
          stacked(
            2,
            x.map((a) => under(a, [1, 3])),
          ),
      },
    ],
    errors: [{ name: 'none', run: () => dstack([]), error: 'ValueError', message: /dstack: the list of tensors is empty/ }],
  },
  {
    op: 'columnStack',
    samples: [
      {
        name: 'a vector, a matrix and a row',
        inputs: [{ shape: [2] }, { shape: [2, 3] }],
        run: (...x) => columnStack(x),
        reference: (a, b) => joined(1, [under(a!, [2, 1]), b!]),
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, { shape: [] }],
        run: (...x) => columnStack(x),
        reference: (...x) =>
          joined(
            1,
            x.map((a) => under(a, [1, 1])),
          ),
      },
    ],
    errors: [{ name: 'none', run: () => columnStack([]), error: 'ValueError', message: /columnStack: the list of tensors is empty/ }],
  },
  {
    op: 'blockDiag',
    samples: [
      {
        name: 'a matrix, a vector and a 0-d tensor',
        inputs: [{ shape: [2, 1] }, { shape: [2] }, { shape: [] }],
        run: (...x) => blockDiag(...x),
        reference: (a, b, c) => ({
          shape: [4, 4],
          data: [a!.data[0]!, 0, 0, 0, a!.data[1]!, 0, 0, 0, 0, b!.data[0]!, b!.data[1]!, 0, 0, 0, 0, c!.data[0]!],
        }),
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [0, 2] }, { shape: [1, 1] }],
        run: (...x) => blockDiag(...x),
        reference: (_, b) => ({ shape: [1, 3], data: [0, 0, b!.data[0]!] }),
      },
    ],
    errors: [
      {
        name: 'rank',
        run: () => blockDiag(zeros([1]), zeros([1, 1, 1])),
        error: 'ShapeError',
        message: /blockDiag: tensor 1 of shape \[1, 1, 1\] has more than 2 dimensions/,
      },
    ],
  },
];
