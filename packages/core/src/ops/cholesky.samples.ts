import type { NdArray, OpSamples } from '../op.samples.ts';
import { combined, cramer, dot, evened, flip, perMatrix, type Rows, regular, unit } from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { cholesky, choleskyEx, choleskyInverse, choleskySolve } from './cholesky.ts';
import { eye, ones, tensor, zeros } from './create.ts';
import { matmul } from './matmul.ts';
import { tril, triu } from './triangular.ts';

/** x xᵀ + identity, which is positive-definite. */
function definite(x: Tensor): Tensor {
  const n = x.shape[x.ndim - 1]!;
  return matmul(x, x.mT as Tensor).add(eye(n, n, { dtype: x.dtype, device: x.device })) as Tensor;
}

const definiteRows = (x: Rows): Rows => combined(dot(x, flip(x)), 1, unit(x.length));

/** Column by column, from A = L Lᵀ. */
function factor(a: Rows): Rows {
  const l = a.map((row) => row.map(() => 0));
  for (let j = 0; j < a.length; j++) {
    for (let i = j; i < a.length; i++) {
      const rest = a[i]![j]! - l[i]!.reduce((sum, x, k) => (k < j ? sum + x * l[j]![k]! : sum), 0);
      l[i]![j] = i === j ? Math.sqrt(rest) : rest / l[j]![j]!;
    }
  }
  return l;
}

const lower = (a: Rows): Rows => a.map((row, i) => row.map((x, j) => (j <= i ? x : 0)));
/** A factor with a diagonal away from zero. */
const sound = (x: Tensor): Tensor =>
  tril(x).add(eye(x.shape[x.ndim - 1]!, undefined, { dtype: x.dtype, device: x.device }).mul(4)) as Tensor;
const soundRows = (x: Rows): Rows => combined(lower(x), 4, unit(x.length));
const product = (l: Rows): Rows => dot(l, flip(l));

const solved = (b: NdArray, l: NdArray): NdArray => ({
  shape: b.shape,
  data: dot(cramer(product(soundRows(perMatrixRows(l)))), perMatrixRows(b)).flat(),
});
const perMatrixRows = (a: NdArray): Rows => {
  const n = a.shape[1]!;
  return Array.from({ length: a.shape[0]! }, (_, i) => a.data.slice(i * n, (i + 1) * n));
};

/** Samples of Cholesky factors. */
export const choleskySamples: readonly OpSamples[] = [
  {
    op: 'linalg.cholesky',
    samples: [
      {
        name: 'one',
        inputs: [{ shape: [3, 3] }],
        run: (x) => cholesky(definite(x!)),
        reference: (x) => perMatrix((a) => factor(definiteRows(a)))(x!),
      },
      {
        name: 'upper, a batch',
        inputs: [{ shape: [2, 3, 3] }],
        run: (x) => cholesky(definite(x!), { upper: true }),
        reference: (x) => perMatrix((a) => flip(factor(definiteRows(a))))(x!),
      },
      {
        name: 'the upper triangle is not read',
        inputs: [{ shape: [2, 2], values: [4, 77, 2, 5] }],
        run: (x) => cholesky(x!.detach()),
        reference: () => ({ shape: [2, 2], data: [2, 0, 1, 2] }),
        differentiable: false,
      },
      { name: 'no matrices', inputs: [{ shape: [0, 2, 2] }], run: (x) => cholesky(x!), reference: (x) => x! },
      { name: 'empty matrices', inputs: [{ shape: [2, 0, 0] }], run: (x) => cholesky(x!), reference: (x) => x! },
    ],
    errors: [
      {
        name: 'not square',
        run: () => cholesky(ones([2, 3])),
        error: 'ShapeError',
        message: /^linalg\.cholesky: needs square matrices, got \[2, 3\] \(2 by 3\)$/,
      },
      {
        name: 'a vector',
        run: () => cholesky(ones([2])),
        error: 'ShapeError',
        message: /^linalg\.cholesky: needs a matrix or a batch of them, got \[2\]$/,
      },
      {
        name: 'integers',
        run: () => cholesky(eye(2, 2, { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^linalg\.cholesky: needs float32 or float64, got int64/,
      },
      {
        name: 'an indefinite matrix of a batch',
        run: () =>
          cholesky(
            tensor([
              [
                [1, 0],
                [0, 1],
              ],
              [
                [1, 2],
                [2, 1],
              ],
            ]),
          ),
        error: 'LinAlgError',
        message: /^linalg\.cholesky: batch \[1\]: the matrix is not positive-definite: the leading minor of order 2 is not$/,
      },
      {
        name: 'NaN',
        run: () => cholesky(tensor([[Number.NaN]])),
        error: 'LinAlgError',
        message: /^linalg\.cholesky: the matrix has values that are not finite$/,
      },
    ],
  },
  {
    op: 'linalg.choleskyEx',
    samples: [
      {
        name: 'a good and a bad matrix',
        inputs: [{ shape: [2, 2, 2], values: [4, 2, 2, 5, 1, 2, 2, 1] }],
        run: (x) => {
          const { L, info } = choleskyEx(x!.detach());
          return [(L as Tensor).narrow(0, 0, 1), info];
        },
        reference: () => [
          { shape: [1, 2, 2], data: [2, 0, 1, 2] },
          { shape: [2], data: [0, 2] },
        ],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'asked to check',
        run: () => choleskyEx(tensor([[-1]]), { checkErrors: true }),
        error: 'LinAlgError',
        message: /the leading minor of order 1 is not$/,
      },
    ],
  },
  {
    op: 'choleskySolve',
    samples: [
      regular({
        name: 'lower',
        inputs: [{ shape: [3, 2] }, { shape: [3, 3] }],
        run: (b, l) => choleskySolve(b!, sound(l!)),
        reference: (b, l) => solved(b!, l!),
      }),
      regular({
        name: 'upper, a method',
        inputs: [{ shape: [3, 2] }, { shape: [3, 3] }],
        run: (b, l) => b!.choleskySolve(sound(l!).mT as Tensor, { upper: true }),
        reference: (b, l) => solved(b!, l!),
      }),
      regular({
        name: 'one factor for several right sides',
        inputs: [{ shape: [2, 1, 2] }, { shape: [1, 1], values: [2] }],
        run: (b, l) => choleskySolve(b!, l!),
        reference: (b, l) => ({ shape: b!.shape, data: b!.data.map((x) => x / l!.data[0]! ** 2) }),
      }),
      { name: 'empty', inputs: [{ shape: [0, 2] }, { shape: [0, 0] }], run: (b, l) => choleskySolve(b!, l!), reference: (b) => b! },
    ],
    errors: [
      {
        name: 'sides',
        run: () => choleskySolve(ones([2, 1]), eye(3)),
        error: 'ShapeError',
        message: /^choleskySolve: B \[2, 1\] does not fit the factor \[3, 3\]: 2 vs 3 rows$/,
      },
      {
        name: 'a vector',
        run: () => choleskySolve(ones([3]), eye(3)),
        error: 'ShapeError',
        message: /^choleskySolve: needs a matrix or a batch of them, got \[3\]$/,
      },
      {
        name: 'two dtypes',
        run: () => choleskySolve(ones([3, 1], { dtype: 'float64' }), eye(3)),
        error: 'DTypeError',
        message: /^choleskySolve: dtypes differ: float64 and float32$/,
      },
    ],
  },
  {
    op: 'choleskyInverse',
    samples: [
      regular({
        name: 'lower',
        inputs: [{ shape: [3, 3] }],
        run: (l) => choleskyInverse(sound(l!)),
        reference: (l) => perMatrix((a) => cramer(product(soundRows(a))))(l!),
      }),
      regular({
        name: 'upper, a batch',
        inputs: [{ shape: [2, 2, 2] }],
        run: (l) => choleskyInverse(triu(sound(l!).mT as Tensor), { upper: true }),
        reference: (l) => perMatrix((a) => evened(cramer(product(soundRows(a)))))(l!),
      }),
      { name: 'empty', inputs: [{ shape: [0, 0] }], run: (l) => choleskyInverse(l!), reference: (l) => l! },
    ],
    errors: [
      {
        name: 'not square',
        run: () => choleskyInverse(zeros([2, 3])),
        error: 'ShapeError',
        message: /^choleskyInverse: needs square matrices/,
      },
      {
        name: 'singular',
        run: () =>
          choleskyInverse(
            tensor([
              [
                [1, 0],
                [1, 0],
              ],
            ]),
          ),
        error: 'LinAlgError',
        message: /^choleskyInverse: batch \[0\]: the matrix is singular: element 1 of the factor's diagonal is zero$/,
      },
    ],
  },
];
