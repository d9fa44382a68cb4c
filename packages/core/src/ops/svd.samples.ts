import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import {
  dot,
  flip,
  jacobiSVD,
  matricesOf,
  perMatrix,
  type Rows,
  regular,
  stacked,
  unit,
} from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { square } from './arithmetic.ts';
import { eye, ones, tensor } from './create.ts';
import { matmul } from './matmul.ts';
import { spectralNorm, svd, svdvals } from './svd.ts';

const squared = (rows: Rows): Rows => rows.map((row) => row.map((x) => x * x));

/** U and Vh squared, which have no signs, and the singular values. */
const parts = (a: NdArray): NdArray[] => {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const batch = a.shape.slice(0, -2);
  const all = matricesOf(a).map(jacobiSVD);
  return [
    stacked(
      batch,
      m,
      k,
      all.map(({ u }) => squared(u)),
    ),
    { shape: [...batch, k], data: all.flatMap(({ s }) => s) },
    stacked(
      batch,
      k,
      n,
      all.map(({ vt }) => squared(vt)),
    ),
  ];
};

const values = (a: NdArray, f: (s: readonly number[]) => number): NdArray => ({
  shape: a.shape.slice(0, -2),
  data: matricesOf(a).map((x) => f(jacobiSVD(x).s)),
});

const sample = (name: string, shape: readonly number[]): Sample =>
  regular({
    name,
    inputs: [{ shape, apart: 0.25 }],
    run: (a) => {
      const { U, S, Vh } = svd(a!, { fullMatrices: false });
      return [square(U) as Tensor, S, square(Vh) as Tensor];
    },
    reference: (a) => parts(a!),
    tolerance: 1e-4,
  });

const gram = (rows: Rows): Rows => dot(rows, flip(rows));

/** Samples of singular values. */
export const svdSamples: readonly OpSamples[] = [
  {
    op: 'linalg.svd',
    samples: [
      sample('square', [3, 3]),
      sample('tall', [4, 2]),
      sample('nearly square', [4, 3]),
      sample('wide, a batch', [2, 2, 3]),
      sample('very wide', [2, 5]),
      {
        name: 'all vectors',
        inputs: [{ shape: [2, 4, 3] }],
        run: (a) => {
          const { U, S, Vh } = svd(a!.detach());
          return [
            matmul(U.narrow(-1, 0, 3).mul(S.unsqueeze(-2) as Tensor) as Tensor, Vh),
            matmul(U.mT as Tensor, U),
            matmul(Vh, Vh.mT as Tensor),
          ];
        },
        reference: (a) => [a!, stacked([2], 4, 4, [unit(4), unit(4)]), stacked([2], 3, 3, [unit(3), unit(3)])],
        differentiable: false,
      },
      {
        name: 'of rank 1, wide',
        inputs: [{ shape: [3, 4], values: [1, 2, 3, 4, 2, 4, 6, 8, -1, -2, -3, -4] }],
        run: (a) => {
          const { U, S, Vh } = svd(a!.detach(), { fullMatrices: false });
          return [matmul(U.mul(S.unsqueeze(-2) as Tensor) as Tensor, Vh), matmul(U.mT as Tensor, U), matmul(Vh, Vh.mT as Tensor)];
        },
        reference: (a) => [a!, { shape: [3, 3], data: unit(3).flat() }, { shape: [3, 3], data: unit(3).flat() }],
        differentiable: false,
      },
      {
        name: 'empty',
        inputs: [{ shape: [2, 0] }],
        run: (a) => svd(a!.detach()).U,
        reference: () => ({ shape: [2, 2], data: [1, 0, 0, 1] }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => svd(ones([2])),
        error: 'ShapeError',
        message: /^linalg\.svd: needs a matrix or a batch of them, got \[2\]$/,
      },
      {
        name: 'integers',
        run: () => svd(eye(2, 2, { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^linalg\.svd: needs float32 or float64, got int64/,
      },
      {
        name: 'NaN',
        run: () => svd(tensor([[Number.NaN, 1]])),
        error: 'LinAlgError',
        message: /^linalg\.svd: the matrix has values that are not finite$/,
      },
    ],
  },
  {
    op: 'linalg.svdvals',
    samples: [
      regular({
        name: 'tall',
        inputs: [{ shape: [4, 2], apart: 0.25 }],
        run: (a) => svdvals(a!),
        reference: (a) => parts(a!)[1]!,
        tolerance: 1e-4,
      }),
      regular({
        name: 'wide, a batch',
        inputs: [{ shape: [2, 2, 3], apart: 0.25 }],
        run: (a) => svdvals(a!),
        reference: (a) => parts(a!)[1]!,
        tolerance: 1e-4,
      }),
      {
        name: 'tiny and huge',
        inputs: [{ shape: [3, 3], values: [4, 0, 0, 0, -(2 ** -120), 0, 0, 0, 2] }],
        run: (a) => svdvals(a!.detach().mul(1e300) as Tensor).div(1e300) as Tensor,
        reference: () => ({ shape: [3], data: [4, 2, 2 ** -120] }),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: 'all of them tiny',
        inputs: [{ shape: [2, 2], values: [3, 0, 0, -4] }],
        run: (a) => svdvals(a!.detach().mul(2 ** -1040) as Tensor).div(2 ** -1040) as Tensor,
        reference: () => ({ shape: [2], data: [4, 3] }),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [{ name: 'a number', run: () => svdvals(ones([])), error: 'ShapeError', message: /^linalg\.svdvals: needs a matrix/ }],
  },
  {
    op: 'linalg.spectralNorm',
    samples: [
      regular({
        name: 'the largest',
        inputs: [{ shape: [3, 2], apart: 0.3 }],
        run: (a) => spectralNorm(a!, 2),
        reference: (a) => values(a!, (s) => s[0]!),
        tolerance: 1e-4,
      }),
      regular({
        name: 'the smallest',
        inputs: [{ shape: [2, 2, 3], apart: 0.2 }],
        run: (a) => spectralNorm(a!, -2),
        reference: (a) => values(a!, (s) => s[1]!),
        tolerance: 1e-4,
      }),
      regular({
        name: 'the sum',
        inputs: [{ shape: [3, 2], apart: 0.3 }],
        run: (a) => spectralNorm(a!, 'nuc'),
        reference: (a) => values(a!, (s) => s[0]! + s[1]!),
        tolerance: 1e-4,
      }),
    ],
  },
  {
    op: 'svd',
    samples: [
      regular({
        name: 'a method',
        inputs: [{ shape: [2, 4], apart: 0.25 }],
        run: (a) => {
          const { U, S, V } = a!.svd();
          return [square(U) as Tensor, S, square(V.mT as Tensor) as Tensor];
        },
        reference: (a) => parts(a!),
        tolerance: 1e-4,
      }),
      {
        name: 'all vectors',
        inputs: [{ shape: [3, 2] }],
        run: (a) => {
          const { U, S, V } = a!.detach().svd({ some: false });
          return [matmul(U, U.mT as Tensor), matmul(U.narrow(-1, 0, 2).mul(S) as Tensor, V.mT as Tensor)];
        },
        reference: (a) => [{ shape: [3, 3], data: unit(3).flat() }, a!],
        differentiable: false,
      },
      regular({
        name: 'values alone',
        inputs: [{ shape: [2, 3, 2], apart: 0.2 }],
        run: (a) => {
          const { U, S, V } = a!.svd({ computeUv: false });
          return [U, S, V];
        },
        reference: (a) => [
          perMatrix(
            () => gram([[0], [0], [0]]),
            () => [3, 3],
          )(a!),
          parts(a!)[1]!,
          perMatrix(
            () => gram([[0], [0]]),
            () => [2, 2],
          )(a!),
        ],
        tolerance: 1e-4,
      }),
    ],
  },
];
