import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { indexPut, slice } from './indexing.ts';
import { at, broadcast, build, written } from './nd.samples.ts';

const int = (shape: readonly number[], values: readonly number[], dtype: 'int64' | 'int32' = 'int64'): InputSpec => ({
  shape,
  values,
  dtype,
});
const long = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });
const bools = (shape: readonly number[]): Tensor => zeros(shape, { dtype: 'bool' });
const wrap = (i: number, n: number): number => (i < 0 ? i + n : i);

const basic = (
  name: string,
  shape: readonly number[],
  run: (x: Tensor) => Tensor,
  to: readonly number[],
  from: (c: number[]) => number[],
): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => run(x!),
  reference: (x) => build(to, (c) => at(x!, from(c))),
});

/** Samples of indexing by entries, ranges, index tensors and masks. */
export const indexingSamples: readonly OpSamples[] = [
  {
    op: 'index',
    samples: [
      basic(
        'entry',
        [3, 2],
        (x) => x.index(-1),
        [2],
        ([j]) => [2, j!],
      ),
      basic(
        'entries',
        [3, 2],
        (x) => x.index(1, 0),
        [],
        () => [1, 0],
      ),
      basic(
        'ranges',
        [4, 5],
        (x) => x.index(slice(1, -1), slice(null, null, 2)),
        [2, 3],
        ([i, j]) => [i! + 1, 2 * j!],
      ),
      basic(
        'ellipsis',
        [2, 3, 4],
        (x) => x.index('...', slice(1, 3)),
        [2, 3, 2],
        ([i, j, k]) => [i!, j!, k! + 1],
      ),
      basic(
        'new dimensions',
        [2, 3],
        (x) => x.index(null, 1, null, slice(2)),
        [1, 1, 1],
        () => [1, 2],
      ),
      basic(
        'nothing',
        [2, 2],
        (x) => x.index('...'),
        [2, 2],
        (c) => c,
      ),
      basic(
        '0-d',
        [],
        (x) => x.index(null, '...'),
        [1],
        () => [],
      ),
      basic(
        'zero-size',
        [0, 3],
        (x) => x.index(slice(), 1),
        [0],
        ([i]) => [i!, 1],
      ),
      basic(
        'an array',
        [3, 2],
        (x) => x.index([2, 0, -1]),
        [3, 2],
        ([i, j]) => [[2, 0, 2][i!]!, j!],
      ),
      basic(
        'a nested array',
        [3, 2],
        (x) =>
          x.index([
            [2, 0],
            [1, -1],
          ]),
        [2, 2, 2],
        ([a, b, j]) => [
          [
            [2, 0],
            [1, 2],
          ][a!]![b!]!,
          j!,
        ],
      ),
      basic(
        'an array of booleans',
        [3, 2],
        (x) => x.index([true, false, true]),
        [2, 2],
        ([i, j]) => [2 * i!, j!],
      ),
      basic(
        'an empty array',
        [3, 2],
        (x) => x.index([]),
        [0, 2],
        (c) => c,
      ),
      basic(
        'true',
        [2, 2],
        (x) => x.index(true),
        [1, 2, 2],
        ([, i, j]) => [i!, j!],
      ),
      basic(
        'false',
        [2, 2],
        (x) => x.index(slice(), false),
        [2, 0, 2],
        () => [],
      ),
      {
        name: 'an index tensor',
        inputs: [{ shape: [3, 2] }, int([2, 2], [2, 0, -1, 2])],
        run: (x, i) => x!.index(i!),
        reference: (x, i) => build([2, 2, 2], ([a, b, c]) => at(x!, [wrap(at(i!, [a!, b!]), 3), c!])),
      },
      {
        name: 'adjacent index tensors broadcast in place',
        inputs: [{ shape: [2, 3, 4, 2] }, int([2, 1], [2, 0], 'int32'), int([3], [-1, 1, 3])],
        run: (x, i, j) => x!.index(slice(), i!, j!),
        reference: (x, i, j) => build([2, 2, 3, 2], ([a, b, c, d]) => at(x!, [a!, i!.data[b!]!, wrap(j!.data[c!]!, 4), d!])),
      },
      {
        name: 'separate index tensors come first',
        inputs: [{ shape: [2, 3, 4] }, int([3], [0, 1, 1]), int([3], [3, 0, 0])],
        run: (x, i, j) => x!.index(i!, slice(1), j!),
        reference: (x, i, j) => build([3, 2], ([a, b]) => at(x!, [i!.data[a!]!, b! + 1, j!.data[a!]!])),
      },
      {
        name: 'an entry beside an index tensor is not one',
        inputs: [{ shape: [2, 3, 4] }, int([2], [3, 3])],
        run: (x, i) => x!.index(1, slice(), i!),
        reference: (x, i) => build([3, 2], ([a, b]) => at(x!, [1, a!, i!.data[b!]!])),
      },
      {
        name: 'a 0-d index tensor',
        inputs: [{ shape: [3, 2] }, int([], [-2])],
        run: (x, i) => x!.index(i!),
        reference: (x) => build([2], ([j]) => at(x!, [1, j!])),
      },
      {
        name: 'a mask',
        inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3], values: [1, 0, 1, 0, 1, 0], dtype: 'bool' }],
        run: (x, m) => x!.index(m!),
        reference: (x) =>
          build([3, 2], ([a, b]) => {
            const [i, j] = [
              [0, 0],
              [0, 2],
              [1, 1],
            ][a!]!;
            return at(x!, [i!, j!, b!]);
          }),
        hostOnly: true,
      },
      {
        name: 'a mask and an index tensor',
        inputs: [{ shape: [3, 2, 3] }, { shape: [3], values: [1, 0, 1], dtype: 'bool' }, int([2], [2, 0])],
        run: (x, m, i) => x!.index(m!, slice(), i!),
        reference: (x) => build([2, 2], ([a, b]) => at(x!, [[0, 2][a!]!, b!, [2, 0][a!]!])),
        hostOnly: true,
      },
      {
        name: 'an empty index tensor',
        inputs: [{ shape: [3, 2] }, int([0], [])],
        run: (x, i) => x!.index(slice(), i!),
        reference: () => ({ shape: [3, 0], data: [] }),
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => zeros([2, 3]).index(slice(), 3),
        error: 'IndexError',
        message: /index: index 3 is out of range for dim 1 of size 3 in \[2, 3\]/,
      },
      {
        name: 'tensor out of range',
        run: () => zeros([2, 3]).index(1, long(0, -4)),
        error: 'IndexError',
        message: /index: index -4 is out of range for dim 1 of size 3/,
      },
      {
        name: 'too many',
        run: () => zeros([2]).index(0, 0),
        error: 'IndexError',
        message: /index: too many indices: 2 for \[2\] of rank 1/,
      },
      {
        name: 'two ellipses',
        run: () => zeros([2, 2]).index('...', '...'),
        error: 'IndexError',
        message: /index: '\.\.\.' can be given once/,
      },
      { name: 'fraction', run: () => zeros([2]).index(0.5), error: 'ValueError', message: /index: an index must be an integer, got 0.5/ },
      {
        name: 'negative step',
        run: () => zeros([2]).index(slice(1, 0, -1)),
        error: 'ValueError',
        message: /slice: step must be a positive integer, got -1/,
      },
      {
        name: 'mask shape',
        run: () => zeros([2, 3]).index(slice(), bools([2])),
        error: 'IndexError',
        message: /index: the mask \[2\] does not fit \[2, 3\] at dim 1: 2 vs 3/,
      },
      {
        name: 'shapes',
        run: () => zeros([2, 3]).index(long(0, 1), long(0, 1, 2)),
        error: 'IndexError',
        message: /index: the index tensors \[2\], \[3\] do not broadcast/,
      },
      {
        name: 'floating',
        run: () => zeros([2]).index(zeros([1])),
        error: 'DTypeError',
        message: /index: indices must be int64 or int32, got float32/,
      },
      {
        name: 'uint8',
        run: () => zeros([2]).index(zeros([2], { dtype: 'uint8' })),
        error: 'DTypeError',
        message: /index: indices must be int64 or int32, got uint8/,
      },
    ],
  },
  {
    op: 'indexPut',
    samples: [
      {
        name: 'an entry',
        inputs: [{ shape: [3, 2] }, { shape: [2] }],
        run: (x, v) => x!.indexPut([1], v!),
        reference: (x, v) => written(x!, [2], ([j]) => [[1, j!], () => v!.data[j!]!]),
      },
      {
        name: 'a range, broadcast',
        inputs: [{ shape: [4, 3] }, { shape: [2, 1] }],
        run: (x, v) => x!.indexPut([slice(0, null, 2), slice(1)], v!),
        reference: (x, v) => written(x!, [2, 2], ([i, j]) => [[2 * i!, j! + 1], () => v!.data[i!]!]),
      },
      {
        name: 'a number',
        inputs: [{ shape: [2, 3] }],
        run: (x) => x!.indexPut(['...', -1], 5),
        reference: (x) => written(x!, [2], ([i]) => [[i!, 2], () => 5]),
      },
      {
        name: 'an index tensor, the last one counts',
        inputs: [{ shape: [3, 2] }, int([3], [2, 0, -1]), { shape: [3, 2] }],
        run: (x, i, v) => x!.indexPut([i!], v!),
        reference: (x, i, v) => written(x!, [3, 2], ([a, b]) => [[wrap(i!.data[a!]!, 3), b!], () => at(v!, [a!, b!])]),
      },
      {
        name: 'accumulated',
        inputs: [{ shape: [3, 2] }, int([3], [2, 0, -1]), { shape: [2] }],
        run: (x, i, v) => x!.indexPut([i!], v!, { accumulate: true }),
        reference: (x, i, v) => written(x!, [3, 2], ([a, b]) => [[wrap(i!.data[a!]!, 3), b!], (old) => old + v!.data[b!]!]),
      },
      {
        name: 'a range, accumulated',
        inputs: [{ shape: [3, 2] }, { shape: [2] }],
        run: (x, v) => x!.indexPut([slice(1)], v!, { accumulate: true }),
        reference: (x, v) => written(x!, [2, 2], ([a, b]) => [[a! + 1, b!], (old) => old + v!.data[b!]!]),
      },
      {
        name: 'separate index tensors',
        inputs: [{ shape: [2, 3, 4] }, int([2], [1, 0]), int([2], [3, 3]), { shape: [2, 3] }],
        run: (x, i, j, v) => x!.indexPut([i!, slice(), j!], v!),
        reference: (x, i, j, v) => written(x!, [2, 3], ([a, b]) => [[i!.data[a!]!, b!, j!.data[a!]!], () => at(v!, [a!, b!])]),
      },
      {
        name: 'adjacent index tensors in a range',
        inputs: [{ shape: [3, 3, 2] }, int([2], [1, 0]), int([2], [1, 0]), { shape: [2, 2] }],
        run: (x, i, j, v) => x!.indexPut([slice(1), i!, j!], v!, { accumulate: true }),
        reference: (x, i, j, v) => written(x!, [2, 2], ([a, b]) => [[a! + 1, i!.data[b!]!, j!.data[b!]!], (old) => old + at(v!, [a!, b!])]),
      },
      {
        name: 'a mask and a number',
        inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3], values: [1, 0, 0, 0, 1, 1], dtype: 'bool' }],
        run: (x, m) => x!.indexPut([m!], -3),
        reference: (x, m) => build([2, 3, 2], (c) => (at(m!, c.slice(0, 2)) ? -3 : at(x!, c))),
      },
      {
        name: 'a mask and values',
        inputs: [{ shape: [2, 3] }, { shape: [2, 3], values: [1, 0, 0, 0, 1, 1], dtype: 'bool' }, { shape: [3] }],
        run: (x, m, v) => x!.indexPut([m!], v!),
        reference: (x, _, v) =>
          written(x!, [3], ([k]) => [
            [
              [0, 0],
              [1, 1],
              [1, 2],
            ][k!]!,
            () => v!.data[k!]!,
          ]),
        hostOnly: true,
      },
      {
        name: 'an empty index tensor',
        inputs: [{ shape: [2, 2] }, int([0], [])],
        run: (x, i) => x!.indexPut([i!], 1),
        reference: (x) => x!,
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [0, 2] }, { shape: [2] }],
        run: (x, v) => x!.indexPut([slice()], v!),
        reference: (x) => x!,
      },
      {
        name: 'the function',
        inputs: [{ shape: [3] }, int([2], [2, 0]), { shape: [2] }],
        run: (x, i, v) => indexPut(x!, [i!], v!),
        reference: (x, _, v) => ({ shape: [3], data: [v!.data[1]!, x!.data[1]!, v!.data[0]!] }),
      },
      {
        name: 'leading ones',
        inputs: [{ shape: [2, 3] }, { shape: [1, 1, 3] }],
        run: (x, v) => x!.indexPut([0], v!),
        reference: (x, v) => written(x!, [3], ([j]) => [[0, j!], () => at(broadcast(v!, [1, 1, 3]), [0, 0, j!])]),
      },
      {
        name: 'integers',
        inputs: [{ shape: [3], dtype: 'int64' }, int([2], [2, 0])],
        run: (x, i) => x!.indexPut([i!], 9),
        reference: (x): NdArray => ({ shape: [3], data: [9, x!.data[1]!, 9] }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'value shape',
        run: () => zeros([2, 3]).indexPut_([0], zeros([2])),
        error: 'ShapeError',
        message: /indexPut_: a value of shape \[2\] does not broadcast to the indexed shape \[3\]/,
      },
      {
        name: 'value shape beside a tensor',
        run: () => zeros([2, 3]).indexPut_([long(0, 1, 1)], zeros([2, 3])),
        error: 'ShapeError',
        message: /indexPut_: a value of shape \[2, 3\] does not broadcast to the indexed shape \[3, 3\]/,
      },
      {
        name: 'value dtype',
        run: () => zeros([3]).indexPut_([long(0)], zeros([1], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /indexPut_: the value is float64 but the tensor is float32/,
      },
      {
        name: 'out of range',
        run: () => zeros([3]).indexPut_([long(0, 3)], 1),
        error: 'IndexError',
        message: /indexPut_: index 3 is out of range for dim 0 of size 3/,
      },
      {
        name: 'mask shape',
        run: () => zeros([2, 3]).indexPut_([bools([3])], 1),
        error: 'IndexError',
        message: /indexPut_: the mask \[3\] does not fit \[2, 3\] at dim 0: 3 vs 2/,
      },
      {
        name: 'expanded',
        run: () => zeros([1]).expand([3]).indexPut_([0], 1) && zeros([1]).expand([3]).indexPut_([slice()], 1),
        error: 'InPlaceError',
        message: /several elements of this \[3\] tensor share one place in memory/,
      },
    ],
  },
];
