import type { InputSpec, OpSamples } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones, tensor, zeros } from './create.ts';
import { indexCopy, indexFill, put } from './index-copy.ts';
import { at, build, replace, written } from './nd.samples.ts';

const int = (shape: readonly number[], values: readonly number[], dtype: 'int64' | 'int32' = 'int64'): InputSpec => ({
  shape,
  values,
  dtype,
});
const long = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });
const column = (...values: number[]): Tensor => tensor(values, { dtype: 'int64', shape: [values.length, 1] });

/** Samples of ops that overwrite entries along a dimension, or elements anywhere. */
export const indexCopySamples: readonly OpSamples[] = [
  {
    op: 'indexCopy',
    samples: [
      {
        name: 'rows',
        inputs: [{ shape: [4, 2] }, int([2], [3, 0]), { shape: [2, 2] }],
        run: (x, i, s) => indexCopy(x!, 0, i!, s!),
        reference: (x, i, s) => written(x!, s!.shape, (c) => [replace(c, 0, i!.data[c[0]!]!), () => at(s!, c)]),
      },
      {
        name: 'columns, repeated',
        inputs: [{ shape: [2, 3] }, int([4], [1, 0, 1, 1], 'int32'), { shape: [2, 4] }],
        run: (x, i, s) => x!.indexCopy(-1, i!, s!),
        reference: (x, i, s) => written(x!, s!.shape, (c) => [replace(c, 1, i!.data[c[1]!]!), () => at(s!, c)]),
      },
      {
        name: 'in place',
        inputs: [{ shape: [3] }, int([2], [2, 1]), { shape: [2] }],
        run: (x, i, s) => x!.clone().indexCopy_(0, i!, s!),
        reference: (x, _, s) => ({ shape: [3], data: [x!.data[0]!, s!.data[1]!, s!.data[0]!] }),
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, int([], [0]), { shape: [] }],
        run: (x, i, s) => indexCopy(x!, 0, i!, s!),
        reference: (_, __, s) => s!,
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [2, 3] }, int([0], []), { shape: [2, 0] }],
        run: (x, i, s) => indexCopy(x!, 1, i!, s!),
        reference: (x) => x!,
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => indexCopy(zeros([2]), 0, long(2), ones([1])),
        error: 'IndexError',
        message: /indexCopy: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'out of range beside nothing',
        run: () => indexCopy(zeros([2, 0]), 0, long(2), ones([1, 0])),
        error: 'IndexError',
        message: /indexCopy: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'source',
        run: () => indexCopy(zeros([2, 3]), 0, long(0, 1), ones([1, 3])),
        error: 'ShapeError',
        message: /indexCopy: the source \[1, 3\] must be \[2, 3\] for \[2, 3\] and 2 indices along dim 0/,
      },
      {
        name: 'dtype',
        run: () => indexCopy(zeros([2]), 0, long(0), long(1)),
        error: 'DTypeError',
        message: /indexCopy: the source is int64 but the tensor is float32/,
      },
    ],
  },
  {
    op: 'indexFill',
    samples: [
      {
        name: 'a number',
        inputs: [{ shape: [2, 3] }, int([2], [0, -1])],
        run: (x, i) => indexFill(x!, 1, i!, 7),
        reference: (x) => build([2, 3], (c) => (c[1] === 1 ? at(x!, c) : 7)),
      },
      {
        name: 'a tensor, repeated',
        inputs: [{ shape: [3, 2] }, int([3], [1, 1, 2], 'int32'), { shape: [] }],
        run: (x, i, v) => x!.indexFill(-2, i!, v!),
        reference: (x, _, v) => build([3, 2], (c) => (c[0] === 0 ? at(x!, c) : v!.data[0]!)),
      },
      {
        name: 'in place',
        inputs: [{ shape: [3] }, int([], [1])],
        run: (x, i) => x!.clone().indexFill_(0, i!, -1),
        reference: (x) => ({ shape: [3], data: [x!.data[0]!, -1, x!.data[2]!] }),
      },
      {
        name: 'integers stay integers',
        inputs: [{ shape: [2], dtype: 'int64' }, int([1], [0])],
        run: (x, i) => indexFill(x!, 0, i!, 2.5),
        reference: (x) => ({ shape: [2], data: [2, x!.data[1]!] }),
        differentiable: false,
      },
      {
        name: 'bools',
        inputs: [{ shape: [2], values: [0, 0], dtype: 'bool' }, int([1], [1])],
        run: (x, i) => indexFill(x!, 0, i!, true),
        reference: () => ({ shape: [2], data: [0, 1] }),
        differentiable: false,
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, int([1], [0]), { shape: [] }],
        run: (x, i, v) => indexFill(x!, 0, i!, v!),
        reference: (_, __, v) => v!,
      },
      { name: 'no indices', inputs: [{ shape: [2, 3] }, int([0], [])], run: (x, i) => indexFill(x!, 1, i!, 7), reference: (x) => x! },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => indexFill(zeros([2, 3]), 1, long(0, -4), 1),
        error: 'IndexError',
        message: /indexFill: index -4 is out of range for dim 1 of size 3/,
      },
      {
        name: 'rank',
        run: () => indexFill(zeros([2]), 0, column(0), 1),
        error: 'ShapeError',
        message: /indexFill: the index must be 1-d, got \[1, 1\]/,
      },
      {
        name: 'value with dimensions',
        run: () => indexFill(zeros([2]), 0, long(0), ones([1])),
        error: 'ShapeError',
        message: /indexFill: the value must be a number or a 0-d tensor, got shape \[1\]/,
      },
      {
        name: 'value beyond the dtype',
        run: () => indexFill(long(1, 2), 0, long(0), Number.POSITIVE_INFINITY),
        error: 'DTypeError',
        message: /indexFill: Infinity does not fit int64/,
      },
      {
        name: 'index dtype',
        run: () => indexFill(zeros([2]), 0, zeros([1]), 1),
        error: 'DTypeError',
        message: /indexFill: indices must be int64 or int32, got float32/,
      },
    ],
  },
  {
    op: 'put',
    samples: [
      {
        name: 'anywhere',
        inputs: [{ shape: [2, 3] }, int([3], [4, 0, -1]), { shape: [3] }],
        run: (x, i, s) => put(x!, i!, s!),
        reference: (x, _, s) => ({ shape: [2, 3], data: [s!.data[1]!, ...x!.data.slice(1, 4), s!.data[0]!, s!.data[2]!] }),
      },
      {
        name: 'repeated, in another shape',
        inputs: [{ shape: [4] }, int([2, 2], [1, 2, 1, 1], 'int32'), { shape: [4, 1] }],
        run: (x, i, s) => x!.put(i!, s!),
        reference: (x, _, s) => ({ shape: [4], data: [x!.data[0]!, s!.data[3]!, s!.data[1]!, x!.data[3]!] }),
      },
      {
        name: 'accumulate',
        inputs: [{ shape: [2, 2] }, int([3], [1, 1, -1]), { shape: [3] }],
        run: (x, i, s) => put(x!, i!, s!, { accumulate: true }),
        reference: (x, _, s) => ({
          shape: [2, 2],
          data: [x!.data[0]!, x!.data[1]! + s!.data[0]! + s!.data[1]!, x!.data[2]!, x!.data[3]! + s!.data[2]!],
        }),
      },
      {
        name: 'in place',
        inputs: [{ shape: [3] }, int([], [1]), { shape: [] }],
        run: (x, i, s) => x!.clone().put_(i!, s!),
        reference: (x, _, s) => ({ shape: [3], data: [x!.data[0]!, s!.data[0]!, x!.data[2]!] }),
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, int([1], [-1]), { shape: [1] }],
        run: (x, i, s) => put(x!, i!, s!, { accumulate: true }),
        reference: (x, _, s) => ({ shape: [], data: [x!.data[0]! + s!.data[0]!] }),
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [0, 2] }, int([0], []), { shape: [0] }],
        run: (x, i, s) => put(x!, i!, s!),
        reference: (x) => x!,
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => put(zeros([2, 2]), long(4), ones([1])),
        error: 'IndexError',
        message: /put: index 4 is out of range for dim 0 of size 4/,
      },
      {
        name: 'sizes',
        run: () => put(zeros([2]), long(0), ones([2])),
        error: 'ShapeError',
        message: /put: the index \[1\] has 1 elements and the source \[2\] has 2/,
      },
      {
        name: 'dtype',
        run: () => put(zeros([2]), long(0), long(1)),
        error: 'DTypeError',
        message: /put: the source is int64 but the tensor is float32/,
      },
    ],
  },
];
