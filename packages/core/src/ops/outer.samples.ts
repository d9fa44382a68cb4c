import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts } from '../parts/products.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones } from './create.ts';
import { at, build } from './nd.samples.ts';
import { ger, inner, kron, outer, trace } from './outer.ts';

const two = (
  name: string,
  a: readonly number[],
  b: readonly number[],
  run: (x: Tensor, y: Tensor) => Tensor,
  reference: (x: NdArray, y: NdArray) => NdArray,
): Sample => ({ name, inputs: [{ shape: a }, { shape: b }], run: (x, y) => run(x!, y!), reference: (x, y) => reference(x!, y!) });

/** By its definition: element (.., i, ..) is a[i div m] b[i mod m] along each dimension. */
function kronecker(a: NdArray, b: NdArray): NdArray {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = (x: NdArray): NdArray => ({ shape: [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape], data: x.data });
  const [x, y] = [padded(a), padded(b)];
  return build(
    x.shape.map((n, d) => n * y.shape[d]!),
    (c) =>
      at(
        x,
        c.map((i, d) => Math.floor(i / y.shape[d]!)),
      ) *
      at(
        y,
        c.map((i, d) => i % y.shape[d]!),
      ),
  );
}

const outerOf = (x: NdArray, y: NdArray): NdArray => sumOfProducts('i,j->ij', x, y);
const diagonalSum = (x: NdArray): NdArray => {
  let sum = 0;
  for (let i = 0; i < Math.min(x.shape[0]!, x.shape[1]!); i++) sum += at(x, [i, i]);
  return { shape: [], data: [sum] };
};

/** Samples of outer, inner and Kronecker products and of the trace. */
export const outerSamples: readonly OpSamples[] = [
  {
    op: 'outer',
    samples: [
      two('vectors', [3], [4], outer, outerOf),
      two('one element', [1], [1], outer, outerOf),
      two('nothing', [0], [4], outer, outerOf),
      two('the method', [2], [3], (x, y) => x.outer(y), outerOf),
      {
        name: 'promoted',
        inputs: [{ shape: [3], dtype: 'int32' }, { shape: [2] }],
        run: (x, y) => outer(x!, y!),
        reference: (x, y) => outerOf(x!, y!),
        hostOnly: true,
      },
      {
        name: 'bools',
        inputs: [
          { shape: [3], dtype: 'bool' },
          { shape: [2], dtype: 'bool' },
        ],
        run: (x, y) => outer(x!, y!),
        reference: (x, y) => outerOf(x!, y!),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'a matrix',
        run: () => outer(ones([2, 2]), ones([2])),
        error: 'ShapeError',
        message: /^outer: the first operand must be a vector \(1 dimension\), got \[2, 2\]$/,
      },
    ],
  },
  {
    op: 'ger',
    samples: [two('vectors', [3], [4], ger, outerOf), two('the method', [2], [3], (x, y) => x.ger(y), outerOf)],
    errors: [
      { name: 'a scalar', run: () => ger(ones([2]), ones([])), error: 'ShapeError', message: /^ger: the second operand must be a vector/ },
    ],
  },
  {
    op: 'inner',
    samples: [
      two('vectors', [4], [4], inner, (x, y) => sumOfProducts('i,i->', x, y)),
      two('matrices', [2, 3], [4, 3], inner, (x, y) => sumOfProducts('ik,jk->ij', x, y)),
      two('a tensor and a vector', [2, 3, 4], [4], inner, (x, y) => sumOfProducts('abk,k->ab', x, y)),
      two('a number', [], [2, 3], inner, (x, y) => sumOfProducts(',ij->ij', x, y)),
      two('numbers', [], [], inner, (x, y) => sumOfProducts(',->', x, y)),
      two('nothing to sum over', [2, 0], [3, 0], inner, (x, y) => sumOfProducts('ik,jk->ij', x, y)),
      two(
        'the method',
        [2, 3],
        [2, 3],
        (x, y) => x.inner(y),
        (x, y) => sumOfProducts('ik,jk->ij', x, y),
      ),
    ],
    errors: [
      {
        name: 'last dimensions',
        run: () => inner(ones([2, 3]), ones([3, 2])),
        error: 'ShapeError',
        message: /^inner: the last dimensions of \[2, 3\] and \[3, 2\] differ: 3 and 2$/,
      },
      {
        name: 'two dtypes',
        run: () => inner(ones([2]), ones([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /dtypes differ: float32 and int64/,
      },
    ],
  },
  {
    op: 'kron',
    samples: [
      two('matrices', [2, 3], [3, 2], kron, kronecker),
      two('vectors', [3], [2], kron, kronecker),
      two('two ranks', [2], [3, 1, 2], kron, kronecker),
      two('a number', [], [2, 3], kron, kronecker),
      two('numbers', [], [], kron, kronecker),
      two('nothing', [2, 0], [3, 2], kron, kronecker),
      two('the method', [2, 2], [2], (x, y) => x.kron(y), kronecker),
    ],
  },
  {
    op: 'trace',
    samples: [
      { name: 'square', inputs: [{ shape: [3, 3] }], run: (x) => trace(x!), reference: (x) => diagonalSum(x!) },
      { name: 'wide', inputs: [{ shape: [2, 4] }], run: (x) => trace(x!), reference: (x) => diagonalSum(x!) },
      { name: 'tall, the method', inputs: [{ shape: [4, 2] }], run: (x) => x!.trace(), reference: (x) => diagonalSum(x!) },
      { name: 'empty', inputs: [{ shape: [0, 3] }], run: (x) => trace(x!), reference: (x) => diagonalSum(x!) },
      {
        name: 'integers',
        inputs: [{ shape: [3, 3], dtype: 'int32' }],
        run: (x) => trace(x!),
        reference: (x) => diagonalSum(x!),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => trace(ones([3])),
        error: 'ShapeError',
        message: /^trace: the input must be a matrix \(2 dimensions\), got \[3\]$/,
      },
      { name: 'bool', run: () => trace(ones([2, 2], { dtype: 'bool' })), error: 'DTypeError', message: /^trace: not defined for bool/ },
    ],
  },
];
