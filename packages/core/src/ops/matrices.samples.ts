import type { OpSamples } from '../op.samples.ts';
import { cramer, dot, flip, matricesOf, type Rows, regular } from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { eye, ones } from './create.ts';
import { matmul } from './matmul.ts';
import { cholesky, inverse, lu, luSolve, orgqr, pinverse, qr, triangularSolve } from './matrices.ts';

const sound = (x: Tensor): Tensor => x.add(eye(x.shape[x.ndim - 1]!, undefined, { dtype: x.dtype, device: x.device }).mul(4)) as Tensor;
const soundRows = (x: Rows): Rows => x.map((row, i) => row.map((v, j) => v + (i === j ? 4 : 0)));
const upper = (x: Rows): Rows => x.map((row, i) => row.map((v, j) => (j >= i ? v : 0)));

/** Samples of the functions of matrices that stand outside of `linalg`. */
export const matricesSamples: readonly OpSamples[] = [
  {
    op: 'inverse',
    samples: [
      regular({
        name: 'one',
        inputs: [{ shape: [2, 2] }],
        run: (a) => inverse(sound(a!)),
        reference: (a) => ({ shape: [2, 2], data: cramer(soundRows(matricesOf(a!)[0]!)).flat() }),
      }),
    ],
    errors: [
      {
        name: 'singular',
        run: () => inverse(ones([2, 2])),
        error: 'LinAlgError',
        message: /^linalg\.inv: the matrix is singular: pivot 1 is zero$/,
      },
    ],
  },
  {
    op: 'pinverse',
    samples: [
      regular({
        name: 'tall, a method',
        inputs: [{ shape: [3, 2], apart: 0.3 }],
        run: (a) => a!.pinverse(),
        reference: (a) => {
          const x = matricesOf(a!)[0]!;
          return { shape: [2, 3], data: dot(cramer(dot(flip(x), x)), flip(x)).flat() };
        },
      }),
      {
        name: 'small values count as zero',
        inputs: [{ shape: [2, 2], values: [1, 0, 0, 0.1] }],
        run: (a) => pinverse(a!.detach(), 0.2),
        reference: () => ({ shape: [2, 2], data: [1, 0, 0, 0] }),
        differentiable: false,
      },
    ],
  },
  {
    op: 'cholesky',
    samples: [
      {
        name: 'a function and a method',
        inputs: [{ shape: [2, 2], values: [4, 2, 2, 5] }],
        run: (a) => [cholesky(a!.detach()), a!.detach().cholesky({ upper: true })],
        reference: () => [
          { shape: [2, 2], data: [2, 0, 1, 2] },
          { shape: [2, 2], data: [2, 1, 0, 2] },
        ],
        differentiable: false,
      },
    ],
  },
  {
    op: 'qr',
    samples: [
      {
        name: 'some and all',
        inputs: [{ shape: [3, 2] }],
        run: (a) => {
          const [some, all] = [a!.detach().qr(), qr(a!.detach(), { some: false })];
          return [matmul(some.Q, some.R), matmul(all.Q, all.R), matmul(all.Q.mT as Tensor, all.Q)];
        },
        reference: (a) => [a!, a!, { shape: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] }],
        differentiable: false,
      },
    ],
  },
  {
    op: 'lu',
    samples: [
      {
        name: 'factors and pivots',
        inputs: [{ shape: [2, 2], values: [1, 2, 4, 6] }],
        run: (a) => {
          const { LU, pivots, info } = lu(a!.detach());
          return [LU, pivots, info];
        },
        reference: () => [
          { shape: [2, 2], data: [4, 6, 0.25, 0.5] },
          { shape: [2], data: [2, 2] },
          { shape: [], data: [0] },
        ],
        differentiable: false,
      },
    ],
  },
  {
    op: 'luSolve',
    samples: [
      regular({
        name: 'the right side first',
        inputs: [{ shape: [2, 1] }, { shape: [2, 2] }],
        run: (b, a) => {
          const { LU, pivots } = sound(a!).lu();
          return luSolve(b!, LU, pivots);
        },
        reference: (b, a) => ({ shape: [2, 1], data: dot(cramer(soundRows(matricesOf(a!)[0]!)), matricesOf(b!)[0]!).flat() }),
      }),
    ],
  },
  {
    op: 'triangularSolve',
    samples: [
      regular({
        name: 'upper',
        inputs: [{ shape: [2, 2] }, { shape: [2, 2] }],
        run: (b, a) => {
          const { solution, clonedCoefficient } = triangularSolve(b!, sound(a!));
          return [solution, clonedCoefficient];
        },
        reference: (b, a) => [
          { shape: [2, 2], data: dot(cramer(upper(soundRows(matricesOf(a!)[0]!))), matricesOf(b!)[0]!).flat() },
          { shape: [2, 2], data: soundRows(matricesOf(a!)[0]!).flat() },
        ],
      }),
      regular({
        name: 'transposed, a method',
        inputs: [{ shape: [2, 1] }, { shape: [2, 2] }],
        run: (b, a) => b!.triangularSolve(sound(a!), { transpose: true }).solution,
        reference: (b, a) => ({ shape: [2, 1], data: dot(cramer(flip(upper(soundRows(matricesOf(a!)[0]!)))), matricesOf(b!)[0]!).flat() }),
      }),
    ],
    errors: [
      {
        name: 'sides',
        run: () => triangularSolve(ones([3, 1]), eye(2)),
        error: 'ShapeError',
        message: /^triangularSolve: A \[2, 2\] does not fit B \[3, 1\]: 2 vs 3 rows$/,
      },
    ],
  },
  {
    op: 'orgqr',
    samples: [
      {
        name: 'one reflection',
        inputs: [{ shape: [2, 1] }, { shape: [1] }],
        run: (a, tau) => orgqr(a!, tau!),
        reference: (a, tau) => ({ shape: [2, 1], data: [1 - tau!.data[0]!, -tau!.data[0]! * a!.data[1]!] }),
      },
    ],
  },
];
