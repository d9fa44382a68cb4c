import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { chainMatmul } from '../ops/chain.ts';
import { ones } from '../ops/create.ts';
import { cross as crossOrFirst } from '../ops/cross.ts';
import { at, broadcast, build } from '../ops/nd.samples.ts';
import { sumOfProducts } from '../parts/products.samples.ts';
import { cross, multiDot, vecdot } from './products.ts';

function crossed(a: NdArray, b: NdArray, dim: number): NdArray {
  const shape = a.shape.map((n, d) => Math.max(n, b.shape[d]!) * Math.min(1, Math.min(n, b.shape[d]!)));
  const [x, y] = [broadcast(a, shape), broadcast(b, shape)];
  const axis = dim < 0 ? dim + shape.length : dim;
  return build(shape, (c) => {
    const to = (i: number): number[] => c.map((v, d) => (d === axis ? i % 3 : v));
    const i = c[axis]!;
    return at(x, to(i + 1)) * at(y, to(i + 2)) - at(x, to(i + 2)) * at(y, to(i + 1));
  });
}

const crossSample = (name: string, a: readonly number[], b: readonly number[], dim?: number): Sample => ({
  name,
  inputs: [{ shape: a }, { shape: b }],
  run: (x, y) => cross(x!, y!, dim === undefined ? {} : { dim }),
  reference: (x, y) => crossed(x!, y!, dim ?? -1),
});

const firstSample = (name: string, a: readonly number[], dim: number | undefined, expected: number): Sample => ({
  name,
  inputs: [{ shape: a }, { shape: a }],
  run: (x, y) => crossOrFirst(x!, y!, dim),
  reference: (x, y) => crossed(x!, y!, expected),
});

const dotSample = (name: string, a: readonly number[], b: readonly number[], dim: number | undefined, equation: string): Sample => ({
  name,
  inputs: [{ shape: a }, { shape: b }],
  run: (x, y) => vecdot(x!, y!, dim === undefined ? {} : { dim }),
  reference: (x, y) => sumOfProducts(equation, x!, y!),
});

const chainSample = (name: string, shapes: readonly (readonly number[])[], equation: string): Sample => ({
  name,
  inputs: shapes.map((shape) => ({ shape, low: -1, high: 1 })),
  run: (...tensors) => multiDot(tensors),
  reference: (...tensors) => sumOfProducts(equation, ...tensors),
});

/** Samples of products that belong to linear algebra. */
export const linalgProductSamples: readonly OpSamples[] = [
  {
    op: 'linalg.cross',
    samples: [
      crossSample('vectors', [3], [3]),
      crossSample('rows', [2, 3], [2, 3]),
      crossSample('columns', [3, 2], [3, 2], 0),
      crossSample('in the middle', [2, 3, 4], [2, 3, 4], -2),
      crossSample('repeated', [1, 3], [4, 3]),
      crossSample('none', [0, 3], [0, 3]),
    ],
    errors: [
      {
        name: 'ranks',
        run: () => cross(ones([3]), ones([2, 3])),
        error: 'ShapeError',
        message: /^cross: the operands must have as many dimensions \(at least 1\), got \[3\] and \[2, 3\]$/,
      },
      {
        name: 'not 3',
        run: () => cross(ones([5, 3]), ones([5, 1])),
        error: 'ShapeError',
        message: /^cross: \[5, 1\] has size 1 at dimension 1, expected 3$/,
      },
      { name: 'batches', run: () => cross(ones([5, 3]), ones([4, 3])), error: 'ShapeError', message: /^cross: cannot broadcast/ },
      {
        name: 'out of range',
        run: () => cross(ones([3]), ones([3]), { dim: 1 }),
        error: 'IndexError',
        message: /^cross: dim 1 is out of range/,
      },
      {
        name: 'two dtypes',
        run: () => cross(ones([3]), ones([3], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^cross: dtypes differ/,
      },
      {
        name: 'bool',
        run: () => cross(ones([3], { dtype: 'bool' }), ones([3], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /^cross: not defined for bool/,
      },
    ],
  },
  {
    op: 'cross',
    samples: [
      firstSample('the first dimension of size 3', [3, 2, 3], undefined, 0),
      firstSample('not the first dimension', [2, 3], undefined, 1),
      firstSample('a given dimension', [3, 3], 1, 1),
      {
        name: 'the method',
        inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
        run: (x, y) => x!.cross(y!, -1),
        reference: (x, y) => crossed(x!, y!, -1),
      },
    ],
    errors: [
      {
        name: 'no 3',
        run: () => crossOrFirst(ones([2, 2]), ones([2, 2])),
        error: 'ShapeError',
        message: /^cross: no dimension of \[2, 2\] has size 3$/,
      },
    ],
  },
  {
    op: 'linalg.vecdot',
    samples: [
      dotSample('vectors', [4], [4], undefined, 'i,i->'),
      dotSample('rows', [2, 3], [2, 3], undefined, 'bi,bi->b'),
      dotSample('columns', [2, 3], [2, 3], 0, 'ib,ib->b'),
      dotSample('one for all', [3], [2, 3], undefined, 'i,bi->b'),
      dotSample('a size of 1', [2, 1], [2, 3], undefined, 'bi,bi->b'),
      dotSample('numbers', [], [], undefined, ',->'),
      dotSample('nothing', [0], [0], undefined, 'i,i->'),
    ],
    errors: [
      {
        name: 'integers',
        run: () => vecdot(ones([2]), ones([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^vecdot: dtypes differ/,
      },
      {
        name: 'integers first',
        run: () => vecdot(ones([2], { dtype: 'int64' }), ones([2])),
        error: 'DTypeError',
        message: /^vecdot: the first operand must be floating, got int64/,
      },
      { name: 'shapes', run: () => vecdot(ones([2]), ones([3])), error: 'ShapeError', message: /^vecdot: cannot broadcast/ },
      {
        name: 'out of range',
        run: () => vecdot(ones([2]), ones([2]), { dim: 1 }),
        error: 'IndexError',
        message: /^vecdot: dim 1 is out of range/,
      },
    ],
  },
  {
    op: 'linalg.multiDot',
    samples: [
      chainSample(
        'two',
        [
          [2, 3],
          [3, 4],
        ],
        'ab,bc->ac',
      ),
      chainSample(
        'three, the last two first',
        [
          [4, 3],
          [3, 5],
          [5, 1],
        ],
        'ab,bc,cd->ad',
      ),
      chainSample(
        'three, the first two first',
        [
          [1, 5],
          [5, 3],
          [3, 4],
        ],
        'ab,bc,cd->ad',
      ),
      chainSample(
        'five',
        [
          [2, 4],
          [4, 3],
          [3, 5],
          [5, 3],
          [3, 2],
        ],
        'ab,bc,cd,de,ef->af',
      ),
      chainSample('a row first', [[3], [3, 2], [2, 4]], 'a,ab,bc->c'),
      chainSample('a column last', [[4, 3], [3, 2], [2]], 'ab,bc,c->a'),
      chainSample('a row and a column', [[3], [3, 2], [2]], 'a,ab,b->'),
      chainSample('vectors', [[3], [3]], 'a,a->'),
      chainSample(
        'nothing inside',
        [
          [2, 0],
          [0, 3],
          [3, 2],
        ],
        'ab,bc,cd->ad',
      ),
    ],
    errors: [
      {
        name: 'one',
        run: () => multiDot([ones([2, 2])]),
        error: 'ValueError',
        message: /^multiDot: at least two tensors are needed, got 1$/,
      },
      {
        name: 'a vector inside',
        run: () => multiDot([ones([2, 2]), ones([2]), ones([2, 2])]),
        error: 'ShapeError',
        message: /^multiDot: tensor 1 must be a matrix, got \[2\]$/,
      },
      {
        name: 'a scalar at the end',
        run: () => multiDot([ones([2, 2]), ones([])]),
        error: 'ShapeError',
        message: /^multiDot: tensor 1 must be a matrix or a vector, got \[\]$/,
      },
      {
        name: 'inner dimensions',
        run: () => multiDot([ones([2, 3]), ones([2, 2])]),
        error: 'ShapeError',
        message: /^multiDot: tensors 0 and 1 have shapes \[2, 3\] and \[2, 2\]: inner dimensions 3 and 2 differ$/,
      },
      {
        name: 'two dtypes',
        run: () => multiDot([ones([2, 2]), ones([2, 2], { dtype: 'int64' })]),
        error: 'DTypeError',
        message: /^multiDot: dtypes differ: float32 and int64 \(tensor 1\)$/,
      },
      {
        name: 'bool',
        run: () => multiDot([ones([2, 2], { dtype: 'bool' }), ones([2, 2], { dtype: 'bool' })]),
        error: 'DTypeError',
        message: /^multiDot: not defined for bool/,
      },
    ],
  },
  {
    op: 'chainMatmul',
    samples: [
      { name: 'one', inputs: [{ shape: [2, 3] }], run: (x) => chainMatmul(x!), reference: (x) => x! },
      {
        name: 'three',
        inputs: [{ shape: [2, 3] }, { shape: [3, 4] }, { shape: [4, 1] }],
        run: (x, y, z) => chainMatmul(x!, y!, z!),
        reference: (x, y, z) => sumOfProducts('ab,bc,cd->ad', x!, y!, z!),
      },
    ],
    errors: [
      { name: 'none', run: () => chainMatmul(), error: 'ValueError', message: /^chainMatmul: at least one matrix is needed$/ },
      {
        name: 'a vector',
        run: () => chainMatmul(ones([2]), ones([2, 2])),
        error: 'ShapeError',
        message: /^chainMatmul: operand 0 must be a matrix, got \[2\]$/,
      },
    ],
  },
];
