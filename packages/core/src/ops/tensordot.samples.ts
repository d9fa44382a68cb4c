import type { OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts } from '../parts/products.samples.ts';
import { ones } from './create.ts';
import { type ContractedDims, tensordot } from './tensordot.ts';

const sample = (name: string, a: readonly number[], b: readonly number[], dims: ContractedDims | undefined, equation: string): Sample => ({
  name,
  inputs: [{ shape: a }, { shape: b }],
  run: (x, y) => tensordot(x!, y!, dims),
  reference: (x, y) => sumOfProducts(equation, x!, y!),
});

const [a, b] = [ones([2, 3]), ones([3, 4])];

/** Samples of tensordot. */
export const tensordotSamples: readonly OpSamples[] = [
  {
    op: 'tensordot',
    samples: [
      sample('two dimensions', [2, 3, 4], [3, 4, 2], undefined, 'abc,bcd->ad'),
      sample('one dimension', [2, 3], [3, 4], 1, 'ab,bc->ac'),
      sample('none', [2, 3], [4], 0, 'ab,c->abc'),
      sample(
        'lists',
        [2, 3, 4],
        [4, 2, 3],
        [
          [1, 2],
          [2, 0],
        ],
        'abc,cdb->ad',
      ),
      sample('from the end', [2, 3, 4], [5, 3], [[-2], [-1]], 'abc,db->acd'),
      sample('empty lists', [2], [3], [[], []], 'a,b->ab'),
      sample('everything', [2, 3], [2, 3], 2, 'ab,ab->'),
      sample('a size of 1 on the right', [2, 3], [1, 4], 1, 'ab,bc->ac'),
      sample('a size of 1 on the left', [2, 1], [3, 4], [[1], [0]], 'ab,bc->ac'),
      sample('nothing to sum over', [2, 0], [0, 3], 1, 'ab,bc->ac'),
    ],
    errors: [
      {
        name: 'sizes',
        run: () => tensordot(a, b, [[0], [0]]),
        error: 'ShapeError',
        message: /^tensordot: \[2, 3\] has size 2 at dimension 0 but \[3, 4\] has size 3 at dimension 0; /,
      },
      {
        name: 'a negative number',
        run: () => tensordot(a, b, -1),
        error: 'ValueError',
        message: /^tensordot: dims must be a whole number/,
      },
      {
        name: 'too many dimensions',
        run: () => tensordot(a, b, 3),
        error: 'ShapeError',
        message: /^tensordot: \[2, 3\] and \[3, 4\] have not both 3 dimensions to sum over$/,
      },
      {
        name: 'lists of two lengths',
        run: () => tensordot(a, b, [[0, 1], [0]]),
        error: 'ValueError',
        message: /^tensordot: the lists of dimensions \[0, 1\] and \[0\] have different lengths$/,
      },
      {
        name: 'a repeated dimension',
        run: () =>
          tensordot(ones([2, 2]), ones([2, 2]), [
            [0, -2],
            [0, 1],
          ]),
        error: 'ValueError',
        message: /^tensordot: a dimension is repeated in \[0, -2\]$/,
      },
      { name: 'out of range', run: () => tensordot(a, b, [[2], [0]]), error: 'IndexError', message: /^tensordot: dim 2 is out of range/ },
      {
        name: 'no lists',
        run: () => tensordot(a, b, [0, 1] as never),
        error: 'ValueError',
        message: /^tensordot: dims must be a number or two lists/,
      },
      {
        name: 'two dtypes',
        run: () => tensordot(a, ones([3], { dtype: 'int64' }), 1),
        error: 'DTypeError',
        message: /^tensordot: dtypes differ: float32 and int64/,
      },
    ],
  },
];
