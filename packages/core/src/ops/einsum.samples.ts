import type { ErrorCase, OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts } from '../parts/products.samples.ts';
import { ones } from './create.ts';
import { einsum } from './einsum.ts';

/** The equation itself, and what it means in full where it has `...` or no output. */
const sample = (equation: string, shapes: readonly (readonly number[])[], meaning: string = equation): Sample => ({
  name: `${equation} of ${shapes.map((s) => `[${s.join(', ')}]`).join(' ')}`,
  inputs: shapes.map((shape) => ({ shape })),
  run: (...operands) => einsum(equation, ...operands),
  reference: (...operands) => sumOfProducts(meaning, ...operands),
});

const bad = (name: string, run: () => unknown, error: string, message: RegExp): ErrorCase => ({ name, run, error, message });
const [v, m] = [ones([2]), ones([2, 3])];

/** Samples of einsum. */
export const einsumSamples: readonly OpSamples[] = [
  {
    op: 'einsum',
    samples: [
      sample('i->', [[3]]),
      sample('ij->ji', [[2, 3]]),
      sample('i->i', [[3]]),
      sample('ij->j', [[2, 3]]),
      sample('ii', [[3, 3]], 'ii->'),
      sample('ii->i', [[3, 3]]),
      sample('iji->j', [[2, 3, 2]]),
      sample('iii->i', [[2, 2, 2]]),
      sample('iijj->ij', [[2, 2, 3, 3]]),
      sample('ba', [[2, 3]], 'ba->ab'),
      sample('bA', [[2, 3]], 'bA->Ab'),
      sample(
        ' i j , j k ',
        [
          [2, 3],
          [3, 4],
        ],
        'ij,jk->ik',
      ),
      sample('ij,jk->ik', [
        [2, 3],
        [3, 4],
      ]),
      sample('ij,jk->ki', [
        [2, 3],
        [3, 4],
      ]),
      sample('ij,ij->ij', [
        [2, 3],
        [2, 3],
      ]),
      sample('ij,ij->', [
        [2, 3],
        [2, 3],
      ]),
      sample('i,j->ij', [[2], [3]]),
      sample('i,j->ji', [[2], [3]]),
      sample('ij,k->kj', [[2, 3], [4]]),
      sample('bij,bjk->bik', [
        [2, 2, 3],
        [2, 3, 4],
      ]),
      sample('bhqd,bhkd->bhqk', [
        [2, 2, 3, 2],
        [2, 2, 4, 2],
      ]),
      sample('abc,cbd->ad', [
        [2, 3, 4],
        [4, 3, 2],
      ]),
      sample('ii,i->i', [[3, 3], [3]]),
      sample('i,', [[2], []], 'i,->i'),
      sample(
        'ij,ij',
        [
          [1, 3],
          [2, 1],
        ],
        'ij,ij->',
      ),
      sample('ij,jk->ik', [
        [2, 1],
        [3, 4],
      ]),
      sample('ij,ij->ij', [
        [1, 3],
        [2, 1],
      ]),
      sample('ij->ij', [[1, 3]]),
      sample('...i,...i', [[2, 3], [3]], 'ai,i->a'),
      sample(
        '...ij,...jk->...ik',
        [
          [2, 1, 2, 3],
          [4, 3, 2],
        ],
        'abij,bjk->abik',
      ),
      sample('i...->...', [[2, 3]], 'ia->a'),
      sample('i...->i', [[2, 3, 2]], 'iab->i'),
      sample('...ii->...i', [[2, 3, 3]], 'aii->ai'),
      sample('i->...', [[2]], 'i->'),
      sample('ij,jk,kl->il', [
        [2, 3],
        [3, 4],
        [4, 2],
      ]),
      sample('bn,anm,bm->ba', [
        [2, 3],
        [4, 3, 5],
        [2, 5],
      ]),
      sample('i,j,k->kji', [[2], [3], [2]]),
      sample('ij,ij,ij->i', [
        [2, 3],
        [2, 3],
        [2, 3],
      ]),
      sample('ab,bc,cd,da->', [
        [2, 3],
        [3, 2],
        [2, 4],
        [4, 2],
      ]),
      sample('ab,bc,c,d->ad', [[2, 3], [3, 2], [2], [3]]),
      sample('ij,jk->ik', [
        [2, 0],
        [0, 3],
      ]),
      sample('ij,jk->ik', [
        [0, 2],
        [2, 3],
      ]),
      {
        name: 'operands as a list',
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        run: (x, y) => einsum('ij,j', [x!, y!]),
        reference: (x, y) => sumOfProducts('ij,j->i', x!, y!),
      },
      {
        name: 'sublists',
        inputs: [{ shape: [2, 3] }, { shape: [3, 4] }],
        run: (x, y) => einsum(x!, [0, 1], y!, [1, 2], [0, 2]),
        reference: (x, y) => sumOfProducts('ij,jk->ik', x!, y!),
      },
      {
        name: 'sublists without a result',
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        run: (x, y) => einsum(x!, [30, 2], y!, [2]),
        reference: (x, y) => sumOfProducts('ij,j->i', x!, y!),
      },
      {
        name: 'sublists with an ellipsis',
        inputs: [{ shape: [2, 3] }, { shape: [3, 4] }],
        run: (x, y) => einsum(x!, ['...', 1], y!, [1, 2], ['...', 2]),
        reference: (x, y) => sumOfProducts('ij,jk->ik', x!, y!),
      },
      {
        name: 'integers',
        inputs: [
          { shape: [2, 3], dtype: 'int32' },
          { shape: [3], dtype: 'int32' },
        ],
        run: (x, y) => einsum('ij,j->i', x!, y!),
        reference: (x, y) => sumOfProducts('ij,j->i', x!, y!),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: 'bools, counted',
        inputs: [{ shape: [3, 4], dtype: 'bool' }],
        run: (x) => einsum('ij->i', x!),
        reference: (x) => sumOfProducts('ij->i', x!),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      bad('no letter', () => einsum('i1', m), 'ValueError', /^einsum: '1' in 'i1' \(operand 0\) is no letter a-z or A-Z$/),
      bad('a lone dot', () => einsum('i.', v), 'ValueError', /^einsum: a '\.' in 'i\.' \(operand 0\) that is no part of '\.\.\.'$/),
      bad('two ellipses', () => einsum('...i...', m), 'ValueError', /^einsum: '\.\.\.' stands twice/),
      bad(
        'two in the output',
        () => einsum('i->......', v),
        'ValueError',
        /^einsum: '\.\.\.' stands twice in '\.\.\.\.\.\.' \(the output\)$/,
      ),
      bad('too few operands', () => einsum('i,j', v), 'ValueError', /^einsum: the equation has 2 terms, but there are 1 operands$/),
      bad('too many operands', () => einsum('i', v, v), 'ValueError', /^einsum: the equation has 1 terms, but there are 2 operands$/),
      bad('no operand', () => einsum('i'), 'ValueError', /^einsum: at least one operand is needed$/),
      bad('nothing at all', () => einsum(), 'ValueError', /^einsum: at least one operand is needed$/),
      bad('too few letters', () => einsum('i', m), 'ShapeError', /^einsum: operand 0 \[2, 3\] has 2 dimensions, but its term names 1$/),
      bad('too many letters', () => einsum('ijk...', m), 'ShapeError', /has 2 dimensions, but its term names 3 or more$/),
      bad('an unknown output', () => einsum('i->j', v), 'ValueError', /^einsum: the output has j, which no operand has$/),
      bad('a repeated output', () => einsum('i->ii', v), 'ValueError', /^einsum: i stands twice in the output$/),
      bad(
        'no diagonal',
        () => einsum('ii', m),
        'ShapeError',
        /^einsum: i stands twice for operand 0 \[2, 3\], where it has sizes 2 and 3$/,
      ),
      bad('sizes', () => einsum('ij,jk', m, m), 'ShapeError', /^einsum: j has size 2 for operand 1 \[2, 3\], but 3 for one before$/),
      bad(
        'sizes under an ellipsis',
        () => einsum('...,...', v, ones([3])),
        'ShapeError',
        /^einsum: dimension 0 of the ellipsis has size 3/,
      ),
      bad('two dtypes', () => einsum('i,i', v, ones([2], { dtype: 'int64' })), 'DTypeError', /^einsum: dtypes differ: float32 and int64/),
      bad('sums of bools', () => einsum('i,i', v.to('bool'), v.to('bool')), 'DTypeError', /^einsum: not defined for bool/),
      bad('not a tensor', () => einsum('i', 3 as never), 'ValueError', /^einsum: after the equation, only tensors are expected$/),
      bad('a sublist alone', () => einsum([0] as never, v), 'ValueError', /^einsum: expected an equation, or tensors/),
      bad('a result that is no list', () => einsum(v, [0], v), 'ValueError', /^einsum: the subscripts of the result must be a list$/),
      bad('subscript 52', () => einsum(v, [52]), 'ValueError', /^einsum: subscript 52 of operand 0 is neither '\.\.\.' nor from 0 to 51$/),
      bad(
        'two ellipses in a sublist',
        () => einsum(m, ['...', '...']),
        'ValueError',
        /^einsum: '\.\.\.' stands twice in the subscripts of operand 0$/,
      ),
    ],
  },
];
