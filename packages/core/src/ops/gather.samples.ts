import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { gather, indexSelect, take, takeAlongDim } from './gather.ts';
import { at, broadcast, build, replace } from './nd.samples.ts';

const int = (shape: readonly number[], values: readonly number[], dtype: 'int64' | 'int32' = 'int64'): InputSpec => ({
  shape,
  values,
  dtype,
});
const long = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });

const gathered = (x: NdArray, dim: number, index: NdArray): NdArray => build(index.shape, (c) => at(x, replace(c, dim, at(index, c))));
const selected = (x: NdArray, dim: number, index: NdArray): NdArray =>
  build(replace(x.shape, dim, index.data.length), (c) => at(x, replace(c, dim, index.data[c[dim]!]!)));

function gathering(name: string, shape: readonly number[], dim: number, index: InputSpec): Sample {
  return {
    name,
    inputs: [{ shape }, index],
    run: (x, i) => gather(x!, dim, i!),
    reference: (x, i) => gathered(x!, dim < 0 ? dim + shape.length : dim, i!),
  };
}

function selecting(name: string, shape: readonly number[], dim: number, index: InputSpec): Sample {
  return {
    name,
    inputs: [{ shape }, index],
    run: (x, i) => x!.indexSelect(dim, i!),
    reference: (x, i) => selected(x!, dim < 0 ? dim + shape.length : dim, i!),
  };
}

/** Samples of ops that pick elements by index tensors. */
export const gatherSamples: readonly OpSamples[] = [
  {
    op: 'gather',
    samples: [
      gathering('rows', [3, 2], 0, int([2, 2], [2, 0, 2, 1])),
      gathering('columns, repeated', [2, 3], 1, int([2, 4], [0, 0, 2, 1, 1, 1, 1, 0])),
      gathering('middle', [2, 3, 2], -2, int([2, 1, 2], [2, 0, 1, 1])),
      gathering('a smaller index', [3, 3], 1, int([2, 1], [2, 0])),
      gathering('int32', [3], 0, int([4], [2, 2, 0, 1], 'int32')),
      {
        name: 'an index that repeats rows',
        inputs: [{ shape: [4, 40] }, int([3, 1], [3, 0, 3])],
        run: (x, i) => gather(x!, 0, i!.expand([3, 40])),
        reference: (x, i) => gathered(x!, 0, broadcast(i!, [3, 40])),
      },
      { name: '0-d', inputs: [{ shape: [] }, int([], [0])], run: (x, i) => gather(x!, 0, i!), reference: (x) => x! },
      {
        name: '0-d by a vector',
        inputs: [{ shape: [] }, int([2], [0, 0])],
        run: (x, i) => gather(x!, 0, i!),
        reference: (x) => ({ shape: [2], data: [x!.data[0]!, x!.data[0]!] }),
      },
      gathering('zero-size index', [3, 2], 0, int([0, 2], [])),
      gathering('zero-size', [0, 2], 1, int([0, 3], [])),
      {
        name: 'an empty index of any shape',
        inputs: [{ shape: [2, 3] }, int([0], [])],
        run: (x, i) => gather(x!, 1, i!),
        reference: () => ({ shape: [0], data: [] }),
      },
      {
        name: 'integers',
        inputs: [{ shape: [3], dtype: 'int64' }, int([2], [2, 0])],
        run: (x, i) => x!.gather(0, i!),
        reference: (x, i) => gathered(x!, 0, i!),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => zeros([2, 3]).gather(1, long(3).reshape([1, 1]) as Tensor),
        error: 'IndexError',
        message: /gather: index 3 is out of range for dim 1 of size 3/,
      },
      {
        name: 'negative',
        run: () => gather(zeros([3]), 0, long(0, -1)),
        error: 'IndexError',
        message: /gather: index -1 is out of range for dim 0 of size 3/,
      },
      {
        name: 'of nothing',
        run: () => gather(zeros([0]), 0, long(0)),
        error: 'IndexError',
        message: /gather: index 0 is out of range for dim 0 of size 0/,
      },
      {
        name: 'floating index',
        run: () => gather(zeros([3]), 0, zeros([1])),
        error: 'DTypeError',
        message: /gather: indices must be int64 or int32, got float32/,
      },
      {
        name: 'uint8 index',
        run: () => gather(zeros([3]), 0, zeros([1], { dtype: 'uint8' })),
        error: 'DTypeError',
        message: /gather: indices must be int64 or int32, got uint8; a mask is a bool tensor/,
      },
      {
        name: 'rank',
        run: () => gather(zeros([2, 3]), 0, long(0)),
        error: 'ShapeError',
        message: /gather: the index \[1\] must have as many dimensions as the tensor \[2, 3\]/,
      },
      {
        name: 'larger',
        run: () => gather(zeros([2, 3]), 1, zeros([3, 1], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /gather: the index \[3, 1\] is larger than the tensor \[2, 3\] at dimension 0/,
      },
      { name: 'dim', run: () => gather(zeros([2]), 1, long(0)), error: 'IndexError', message: /gather: dim 1 is out of range/ },
    ],
  },
  {
    op: 'takeAlongDim',
    samples: [
      {
        name: 'broadcast index',
        inputs: [{ shape: [2, 3] }, int([1, 2], [2, 0])],
        run: (x, i) => takeAlongDim(x!, i!, 1),
        reference: (x, i) => gathered(x!, 1, broadcast(i!, [2, 2])),
      },
      {
        name: 'broadcast tensor',
        inputs: [{ shape: [3, 1] }, int([2, 2], [2, 0, 1, 1])],
        run: (x, i) => x!.takeAlongDim(i!, 0),
        reference: (x, i) => gathered(broadcast(x!, [3, 2]), 0, i!),
      },
      {
        name: 'flat',
        inputs: [{ shape: [2, 3] }, int([2, 2], [5, 0, 3, 3])],
        run: (x, i) => takeAlongDim(x!, i!),
        reference: (x, i) => ({ shape: [4], data: i!.data.map((k) => x!.data[k]!) }),
      },
      { name: '0-d', inputs: [{ shape: [] }, int([], [0])], run: (x, i) => takeAlongDim(x!, i!, 0), reference: (x) => x! },
      {
        name: 'zero-size',
        inputs: [{ shape: [2, 3] }, int([2, 0], [])],
        run: (x, i) => takeAlongDim(x!, i!, 1),
        reference: () => ({ shape: [2, 0], data: [] }),
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => takeAlongDim(zeros([2, 3]), zeros([2, 1], { dtype: 'int64' }).add(3) as Tensor, 1),
        error: 'IndexError',
        message: /takeAlongDim: index 3 is out of range for dim 1 of size 3/,
      },
      {
        name: 'rank',
        run: () => takeAlongDim(zeros([2, 3]), long(0), 1),
        error: 'ShapeError',
        message: /takeAlongDim: the index \[1\] must have as many dimensions as the tensor \[2, 3\]/,
      },
      {
        name: 'shapes',
        run: () => takeAlongDim(zeros([2, 3]), zeros([3, 1], { dtype: 'int64' }), 1),
        error: 'ShapeError',
        message: /takeAlongDim: cannot broadcast/,
      },
      { name: 'dtype', run: () => takeAlongDim(zeros([2]), zeros([2]), 0), error: 'DTypeError', message: /takeAlongDim: indices must be/ },
    ],
  },
  {
    op: 'indexSelect',
    samples: [
      selecting('rows', [4, 3], 0, int([3], [2, 2, 0])),
      selecting('columns', [2, 3, 2], 1, int([2], [1, 0])),
      selecting('last', [2, 3], -1, int([4], [2, 1, 1, 0], 'int32')),
      selecting('0-d index', [3, 2], 0, int([], [1])),
      { name: '0-d', inputs: [{ shape: [] }, int([1], [0])], run: (x, i) => indexSelect(x!, 0, i!), reference: (x) => x! },
      selecting('zero-size index', [2, 3], 1, int([0], [])),
      selecting('zero-size', [0, 3], 1, int([2], [1, 1])),
    ],
    errors: [
      {
        name: 'out of range',
        run: () => indexSelect(zeros([2, 3]), 0, long(0, 2)),
        error: 'IndexError',
        message: /indexSelect: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'rank',
        run: () => indexSelect(zeros([2]), 0, zeros([1, 1], { dtype: 'int64' })),
        error: 'ShapeError',
        message: /indexSelect: the index must be 1-d, got \[1, 1\]/,
      },
      {
        name: 'dtype',
        run: () => indexSelect(zeros([2]), 0, zeros([1])),
        error: 'DTypeError',
        message: /indexSelect: indices must be int64 or int32/,
      },
      {
        name: 'out of range beside nothing',
        run: () => indexSelect(zeros([0, 2]), 1, long(0, 2)),
        error: 'IndexError',
        message: /indexSelect: index 2 is out of range for dim 1 of size 2/,
      },
      {
        name: 'no index for a 0-d tensor',
        run: () => indexSelect(zeros([]), 0, zeros([0], { dtype: 'int64' })),
        error: 'IndexError',
        message: /indexSelect: a 0-d tensor has an element, for which there is no index/,
      },
    ],
  },
  {
    op: 'take',
    samples: [
      {
        name: 'places',
        inputs: [{ shape: [2, 3] }, int([2, 2], [5, 0, -1, -6])],
        run: (x, i) => x!.take(i!),
        reference: (x, i) => ({ shape: [2, 2], data: i!.data.map((k) => x!.data.at(k)!) }),
      },
      {
        name: '0-d',
        inputs: [{ shape: [3] }, int([], [1])],
        run: (x, i) => take(x!, i!),
        reference: (x) => ({ shape: [], data: [x!.data[1]!] }),
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [3] }, int([0, 2], [])],
        run: (x, i) => take(x!, i!),
        reference: () => ({ shape: [0, 2], data: [] }),
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => take(zeros([2, 3]), long(6)),
        error: 'IndexError',
        message: /take: index 6 is out of range for dim 0 of size 6/,
      },
      { name: 'below range', run: () => take(zeros([2, 3]), long(-7)), error: 'IndexError', message: /take: index -7 is out of range/ },
      { name: 'dtype', run: () => take(zeros([2]), zeros([1])), error: 'DTypeError', message: /take: indices must be int64 or int32/ },
    ],
  },
];
