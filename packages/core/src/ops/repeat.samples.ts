import type { NdArray, OpSamples } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import { at, build, one, replace, under } from './nd.samples.ts';
import { repeatInterleave, tile } from './repeat.ts';

/** Copies one after the other: coordinates modulo the sizes. */
function repeated(x: NdArray, sizes: readonly number[]): NdArray {
  const shape = [...new Array<number>(sizes.length - x.shape.length).fill(1), ...x.shape];
  return build(
    shape.map((n, d) => n * sizes[d]!),
    (c) =>
      at(
        under(x, shape),
        c.map((i, d) => i % shape[d]!),
      ),
  );
}

/** Entry i of the result along `dim` is entry `from(i)`. */
const reordered = (x: NdArray, dim: number, from: readonly number[]): NdArray =>
  build(replace(x.shape, dim, from.length), (c) => at(x, replace(c, dim, from[c[dim]!]!)));

/** Samples of ops that repeat entries. */
export const repeatSamples: readonly OpSamples[] = [
  {
    op: 'repeat',
    samples: [
      one(
        'two dimensions',
        [2, 3],
        (x) => x!.repeat([2, 2]),
        (x) => repeated(x, [2, 2]),
      ),
      one(
        'new dimensions',
        [3],
        (x) => x!.repeat([2, 1, 2]),
        (x) => repeated(x, [2, 1, 2]),
      ),
      one(
        '0-d',
        [],
        (x) => x!.repeat([3]),
        (x) => repeated(x, [3]),
      ),
      one(
        '0-d once',
        [],
        (x) => x!.repeat([]),
        (x) => x,
      ),
      one(
        'to nothing',
        [2],
        (x) => x!.repeat([0]),
        () => ({ shape: [0], data: [] }),
      ),
      one(
        'zero-size',
        [0, 2],
        (x) => x!.repeat([3, 1]),
        (x) => x,
      ),
    ],
    errors: [
      {
        name: 'too few',
        run: () => zeros([2, 3]).repeat([2]),
        error: 'ShapeError',
        message: /repeat: 1 sizes \[2\] for \[2, 3\] of rank 2/,
      },
      { name: 'negative', run: () => zeros([2]).repeat([-1]), error: 'ShapeError', message: /repeat: invalid size -1/ },
    ],
  },
  {
    op: 'tile',
    samples: [
      one(
        'fewer sizes',
        [2, 3],
        (x) => x!.tile([2]),
        (x) => repeated(x, [1, 2]),
      ),
      one(
        'more sizes',
        [2],
        (x) => tile(x!, [2, 2]),
        (x) => repeated(x, [2, 2]),
      ),
      one(
        '0-d',
        [],
        (x) => tile(x!, [2]),
        (x) => repeated(x, [2]),
      ),
      one(
        'zero-size',
        [0],
        (x) => tile(x!, [2]),
        (x) => x,
      ),
    ],
  },
  {
    op: 'repeatInterleave',
    samples: [
      {
        name: 'repeats alone',
        inputs: [{ shape: [3], dtype: 'int64', values: [1, 0, 2] }],
        run: (x) => repeatInterleave(x!),
        reference: () => ({ shape: [3], data: [0, 2, 2] }),
        differentiable: false,
        without: ['transposed', 'broadcast'],
        hostOnly: true,
      },
      one(
        'with the size',
        [2],
        (x) => repeatInterleave(x!, [2, 1], 0, { outputSize: 3 }),
        (x) => ({ shape: [3], data: [x.data[0]!, x.data[0]!, x.data[1]!] }),
      ),
      one(
        'a number',
        [2, 3],
        (x) => x!.repeatInterleave(2, 1),
        (x) => reordered(x, 1, [0, 0, 1, 1, 2, 2]),
      ),
      one(
        'flat',
        [2, 2],
        (x) => repeatInterleave(x!, 2),
        (x) => reordered(under(x, [4]), 0, [0, 0, 1, 1, 2, 2, 3, 3]),
      ),
      one(
        'a list',
        [3, 2],
        (x) => repeatInterleave(x!, [2, 0, 1], 0),
        (x) => reordered(x, 0, [0, 0, 2]),
      ),
      {
        name: 'a tensor',
        inputs: [{ shape: [3, 2] }, { shape: [2], values: [1, 2], dtype: 'int64' }],
        run: (x, n) => repeatInterleave(x!, n!, -1),
        reference: (x) => reordered(x!, 1, [0, 1, 1]),
        hostOnly: true,
      },
      one(
        '0-d',
        [],
        (x) => repeatInterleave(x!, 3, 0),
        (x) => reordered(under(x, [1]), 0, [0, 0, 0]),
      ),
      one(
        'never',
        [2, 2],
        (x) => repeatInterleave(x!, 0, 0),
        () => ({ shape: [0, 2], data: [] }),
      ),
      one(
        'zero-size',
        [0, 2],
        (x) => repeatInterleave(x!, 2, 0),
        (x) => x,
      ),
    ],
    errors: [
      {
        name: 'size',
        run: () => repeatInterleave(zeros([2]), 2, 0, { outputSize: 3 }),
        error: 'ValueError',
        message: /repeatInterleave: outputSize is 3, but the repeats make 4 entries/,
      },
      {
        name: 'repeats of two dimensions',
        run: () => repeatInterleave(zeros([1, 1], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /repeatInterleave: repeats alone must be 1-d, got \[1, 1\]/,
      },
      {
        name: 'length',
        run: () => repeatInterleave(zeros([3, 2]), [1, 2], 0),
        error: 'ShapeError',
        message: /repeatInterleave: 2 repeats for dim 0 of size 3 in \[3, 2\]/,
      },
      {
        name: 'negative',
        run: () => repeatInterleave(zeros([3]), -1),
        error: 'ValueError',
        message: /repeats must be non-negative integers, got -1/,
      },
      {
        name: 'dtype',
        run: () => repeatInterleave(zeros([3]), tensor([1, 1, 1])),
        error: 'DTypeError',
        message: /repeatInterleave: indices must be int64 or int32, got float32/,
      },
      {
        name: 'rank',
        run: () => repeatInterleave(zeros([3]), zeros([1, 1], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /repeatInterleave: repeats must be 0-d or 1-d, got \[1, 1\]/,
      },
    ],
  },
];
