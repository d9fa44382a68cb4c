import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { evened, jacobiEigen, matricesOf, type Rows, stacked } from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { square } from './arithmetic.ts';
import { eye, ones, tensor } from './create.ts';
import { eigh, eigvalsh } from './eigh.ts';
import { where } from './where.ts';

/** The symmetric part, with 3, 6, ... added on the diagonal, so that eigenvalues stay apart. */
function spread(x: Tensor): Tensor {
  const n = x.shape[x.ndim - 1]!;
  const steps = Array.from({ length: n }, (_, i) => 3 * (i + 1));
  const diagonal = where(eye(n, n, { dtype: 'bool', device: x.device }), tensor(steps, { dtype: x.dtype, device: x.device }), 0) as Tensor;
  return (x.add(x.mT as Tensor) as Tensor).mul(0.5).add(diagonal) as Tensor;
}

const spreadRows = (x: Rows): Rows => evened(x).map((row, i) => row.map((v, j) => v + (i === j ? 3 * (i + 1) : 0)));

const values = (a: NdArray): NdArray => ({
  shape: a.shape.slice(0, -1),
  data: matricesOf(a).flatMap((x) => jacobiEigen(spreadRows(x))[0]),
});
/** Squares of the eigenvectors, which have no sign. */
const squares = (a: NdArray): NdArray => {
  const n = a.shape[a.shape.length - 1]!;
  return stacked(
    a.shape.slice(0, -2),
    n,
    n,
    matricesOf(a).map((x) => jacobiEigen(spreadRows(x))[1].map((row) => row.map((v) => v * v))),
  );
};

const sample = (name: string, shape: readonly number[], UPLO: 'L' | 'U'): Sample => ({
  name,
  inputs: [{ shape, low: -1, high: 1 }],
  run: (x) => {
    const { eigenvalues, eigenvectors } = eigh(spread(x!), { UPLO });
    return [eigenvalues, square(eigenvectors) as Tensor];
  },
  reference: (x) => [values(x!), squares(x!)],
});

/** Samples of eigenvalues of symmetric matrices. */
export const eighSamples: readonly OpSamples[] = [
  {
    op: 'linalg.eigh',
    samples: [
      sample('from the lower triangle', [3, 3], 'L'),
      sample('from the upper triangle', [4, 4], 'U'),
      sample('a batch', [2, 2, 2], 'L'),
      {
        name: 'the other triangle is not read',
        inputs: [{ shape: [2, 2], values: [2, 55, 1, 2] }],
        run: (x) => eigh(x!.detach()).eigenvalues,
        reference: () => ({ shape: [2], data: [1, 3] }),
        differentiable: false,
      },
      {
        name: 'repeated eigenvalues',
        inputs: [{ shape: [3, 3], values: [2, 0, 0, 0, 2, 0, 0, 0, 2] }],
        run: (x) => {
          const { eigenvalues, eigenvectors } = eigh(x!.detach());
          return [eigenvalues, eigenvectors];
        },
        reference: () => [
          { shape: [3], data: [2, 2, 2] },
          { shape: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
        ],
        differentiable: false,
      },
      { name: 'empty', inputs: [{ shape: [0, 0] }], run: (x) => eigh(x!).eigenvectors, reference: (x) => x! },
    ],
    errors: [
      {
        name: 'not square',
        run: () => eigh(ones([2, 3])),
        error: 'ShapeError',
        message: /^linalg\.eigh: needs square matrices, got \[2, 3\] \(2 by 3\)$/,
      },
      {
        name: 'UPLO',
        run: () => eigh(eye(2), { UPLO: 'X' as never }),
        error: 'ValueError',
        message: /^linalg\.eigh: UPLO must be 'L' or 'U', got 'X'$/,
      },
      {
        name: 'infinite',
        run: () =>
          eigh(
            tensor([
              [
                [1, 0],
                [0, 1],
              ],
              [
                [1, 0],
                [Infinity, 1],
              ],
            ]),
          ),
        error: 'LinAlgError',
        message: /^linalg\.eigh: batch \[1\]: the matrix has values that are not finite$/,
      },
    ],
  },
  {
    op: 'linalg.eigvalsh',
    samples: [
      { name: 'a batch', inputs: [{ shape: [2, 3, 3], low: -1, high: 1 }], run: (x) => eigvalsh(spread(x!)), reference: (x) => values(x!) },
      {
        name: 'upper',
        inputs: [{ shape: [3, 3], low: -1, high: 1 }],
        run: (x) => eigvalsh(spread(x!), { UPLO: 'U' }),
        reference: (x) => values(x!),
      },
      {
        name: 'tiny and huge',
        inputs: [{ shape: [3, 3], values: [4, 0, 0, 0, 2 ** -120, 0, 0, 0, -2] }],
        run: (x) => eigvalsh(x!.detach().mul(1e300) as Tensor).div(1e300) as Tensor,
        reference: () => ({ shape: [3], data: [-2, 2 ** -120, 4] }),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'integers',
        run: () => eigvalsh(eye(2, 2, { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^linalg\.eigvalsh: needs float32 or float64, got int64/,
      },
    ],
  },
];
