import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import {
  cramer,
  dot,
  evened,
  flip,
  jacobiSVD,
  matricesOf,
  perMatrix,
  type Rows,
  regular,
  stacked,
} from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { cond } from './cond.ts';
import { eye, ones, tensor } from './create.ts';
import { type LstsqDriver, lstsq } from './lstsq.ts';
import { matrixRank, pinv } from './pinv.ts';

/** The Moore-Penrose inverse of a matrix of full rank, by normal equations. */
function normal(a: Rows): Rows {
  const t = flip(a);
  return a.length >= t.length ? dot(cramer(dot(t, a)), t) : dot(t, cramer(dot(a, t)));
}

const inverses = perMatrix(normal, (m, n) => [n, m]);

/** Twice the identity and the symmetric part: symmetric and regular. */
const even = (x: Tensor): Tensor =>
  (x.add(x.mT as Tensor) as Tensor)
    .mul(0.5)
    .add(eye(x.shape[x.ndim - 1]!, undefined, { dtype: x.dtype, device: x.device }).mul(5)) as Tensor;
const evenRows = (x: Rows): Rows => evened(x).map((row, i) => row.map((v, j) => v + (i === j ? 5 : 0)));

const solution = (a: NdArray, b: NdArray): NdArray => {
  const left = matricesOf(a).map(normal);
  const [n, k] = [a.shape[a.shape.length - 1]!, b.shape[b.shape.length - 1]!];
  return stacked(
    b.shape.slice(0, -2),
    n,
    k,
    matricesOf(b).map((x, i) => dot(left[i % left.length]!, x)),
  );
};

const residual = (a: NdArray, b: NdArray): NdArray => {
  const [x] = matricesOf(solution(a, b));
  const fit = dot(matricesOf(a)[0]!, x!);
  const gap = matricesOf(b)[0]!.map((row, i) => row.map((v, j) => (v - fit[i]![j]!) ** 2));
  return { shape: [b.shape[1]!], data: gap[0]!.map((_, j) => gap.reduce((sum, row) => sum + row[j]!, 0)) };
};

const fitSample = (name: string, a: readonly number[], b: readonly number[], driver: LstsqDriver): Sample =>
  regular({
    name,
    inputs: [{ shape: a, apart: 0.2 }, { shape: b }],
    run: (x, y) => lstsq(x!, y!, { driver }).solution,
    reference: (x, y) => solution(x!, y!),
    tolerance: 1e-4,
    ...(driver === 'gelsd' || driver === 'gelss' ? { hostOnly: true } : {}),
  });

const condSample = (name: string, shape: readonly number[], p: Parameters<typeof cond>[1], reference: (x: Rows) => number): Sample =>
  regular({
    name,
    inputs: [{ shape }],
    run: (a) => cond(a!, p),
    reference: (a) => ({ shape: a!.shape.slice(0, -2), data: matricesOf(a!).map(reference) }),
    tolerance: 1e-3,
  });

const columnSum = (a: Rows): number => Math.max(...flip(a).map((c) => c.reduce((sum, x) => sum + Math.abs(x), 0)));
const frobenius = (a: Rows): number => Math.sqrt(a.flat().reduce((sum, x) => sum + x * x, 0));
const bothNorms =
  (norm: (a: Rows) => number) =>
  (a: Rows): number =>
    norm(a) * norm(cramer(a));

/** Samples of pseudo-inverses, ranks, condition numbers and least squares. */
export const pinvSamples: readonly OpSamples[] = [
  {
    op: 'linalg.pinv',
    samples: [
      regular({ name: 'tall', inputs: [{ shape: [4, 2], apart: 0.3 }], run: (a) => pinv(a!), reference: (a) => inverses(a!) }),
      regular({
        name: 'wide, a batch',
        inputs: [{ shape: [2, 2, 3], apart: 0.3 }],
        run: (a) => pinv(a!),
        reference: (a) => inverses(a!),
        tolerance: 1e-4,
      }),
      regular({
        name: 'symmetric',
        inputs: [{ shape: [3, 3] }],
        run: (a) => pinv(even(a!), { hermitian: true }),
        reference: (a) => perMatrix((x) => cramer(evenRows(x)))(a!),
      }),
      {
        name: 'of rank 1',
        inputs: [{ shape: [2, 2], values: [1, 2, 2, 4] }],
        run: (a) => pinv(a!.detach()),
        reference: () => ({ shape: [2, 2], data: [1 / 25, 2 / 25, 2 / 25, 4 / 25] }),
        differentiable: false,
      },
      {
        name: 'tolerances',
        inputs: [{ shape: [2, 2, 2], values: [1, 0, 0, 0.1, 1, 0, 0, 0.1] }],
        run: (a) => pinv(a!.detach(), { atol: tensor([0.01, 0.5], { dtype: a!.dtype, device: a!.device }), rtol: 0 }),
        reference: () => ({ shape: [2, 2, 2], data: [1, 0, 0, 10, 1, 0, 0, 0] }),
        differentiable: false,
      },
      { name: 'empty', inputs: [{ shape: [2, 0] }], run: (a) => pinv(a!), reference: () => ({ shape: [0, 2], data: [] }) },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => pinv(ones([3])),
        error: 'ShapeError',
        message: /^linalg\.pinv: needs a matrix or a batch of them, got \[3\]$/,
      },
      {
        name: 'not square',
        run: () => pinv(ones([3, 2]), { hermitian: true }),
        error: 'ShapeError',
        message: /^linalg\.pinv: needs square matrices/,
      },
      {
        name: 'a tolerance with a gradient',
        run: () => pinv(eye(2), { atol: tensor(0.1, { requiresGrad: true }) }),
        error: 'AutogradError',
        message: /^linalg\.pinv: has no gradient for atol/,
      },
      {
        name: 'a tolerance of words',
        run: () => pinv(eye(2), { rtol: 'small' as never }),
        error: 'ValueError',
        message: /^linalg\.pinv: rtol must be a number or a tensor$/,
      },
      {
        name: 'infinite',
        run: () => pinv(tensor([[Infinity]])),
        error: 'LinAlgError',
        message: /^linalg\.pinv: the matrix has values that are not finite$/,
      },
    ],
  },
  {
    op: 'linalg.matrixRank',
    samples: [
      {
        name: 'full and not',
        inputs: [{ shape: [3, 2, 2], values: [1, 2, 3, 4, 1, 2, 2, 4, 0, 0, 0, 0] }],
        run: (a) => matrixRank(a!),
        reference: () => ({ shape: [3], data: [2, 1, 0] }),
        differentiable: false,
      },
      {
        name: 'tolerances, symmetric',
        inputs: [{ shape: [3, 3], values: [4, 0, 0, 0, -2, 0, 0, 0, 1] }],
        run: (a) => [matrixRank(a!, { hermitian: true, rtol: 0.3 }), matrixRank(a!, { atol: 3 }), matrixRank(a!, { hermitian: true })],
        reference: () => [2, 1, 3].map((rank) => ({ shape: [], data: [rank] })),
        differentiable: false,
      },
    ],
    errors: [{ name: 'a vector', run: () => matrixRank(ones([3])), error: 'ShapeError', message: /^linalg\.matrixRank: needs a matrix/ }],
  },
  {
    op: 'linalg.cond',
    samples: [
      condSample('of singular values', [3, 2], undefined, (a) => jacobiSVD(a).s[0]! / jacobiSVD(a).s[1]!),
      condSample('of singular values, the other way', [2, 2, 3], -2, (a) => jacobiSVD(a).s[1]! / jacobiSVD(a).s[0]!),
      condSample('of columns', [2, 2], 1, bothNorms(columnSum)),
      condSample(
        'of rows',
        [2, 2],
        Infinity,
        bothNorms((a) => columnSum(flip(a))),
      ),
      condSample('of all elements', [2, 2, 2], 'fro', bothNorms(frobenius)),
      condSample(
        'of sums of singular values',
        [2, 2],
        'nuc',
        bothNorms((a) => jacobiSVD(a).s.reduce((sum, x) => sum + x, 0)),
      ),
      {
        name: 'the smallest sums, and a singular matrix',
        inputs: [{ shape: [2, 2, 2], values: [1, 0, 0, 2, 1, 1, 1, 1] }],
        run: (a) => [cond(a!.detach(), -1), cond(a!.detach(), -Infinity)],
        reference: () => [0, 1].map(() => ({ shape: [2], data: [0.5, Infinity] })),
        differentiable: false,
      },
      {
        name: 'empty',
        inputs: [{ shape: [2, 0, 0] }],
        run: (a) => cond(a!.detach(), 'fro'),
        reference: () => ({ shape: [2], data: [0, 0] }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'order',
        run: () => cond(eye(2), 3),
        error: 'ValueError',
        message: /^linalg\.cond: p must be one of 2, -2, 1, -1, Infinity, -Infinity, fro, nuc, got 3$/,
      },
      { name: 'not square', run: () => cond(ones([2, 3]), 1), error: 'ShapeError', message: /^linalg\.cond: needs square matrices/ },
      {
        name: 'a vector',
        run: () => cond(ones([2])),
        error: 'ShapeError',
        message: /^linalg\.cond: needs a matrix or a batch of them, got \[2\]$/,
      },
    ],
  },
  {
    op: 'linalg.lstsq',
    samples: [
      fitSample('tall, pivoted', [4, 2], [4, 3], 'gelsy'),
      fitSample('wide, pivoted', [2, 4], [2, 1], 'gelsy'),
      fitSample('tall, plain', [4, 2], [4, 1], 'gels'),
      fitSample('wide, plain, a batch', [2, 2, 3], [2, 2, 1], 'gels'),
      fitSample('tall, by singular values', [3, 2], [3, 2], 'gelsd'),
      fitSample('one matrix for several right sides', [3, 2], [3, 2], 'gelsy'),
      {
        name: 'all results',
        inputs: [{ shape: [3, 2], values: [1, 2, 3, 4, 5, 7] }, { shape: [3, 1] }],
        run: (a, b) => {
          const { solution: x, residuals, rank, singularValues } = lstsq(a!.detach(), b!.detach(), { driver: 'gelss' });
          return [x, residuals, rank, singularValues];
        },
        reference: (a, b) => [
          solution(a!, b!),
          residual(a!, b!),
          { shape: [], data: [2] },
          { shape: [2], data: [...jacobiSVD(matricesOf(a!)[0]!).s] },
        ],
        differentiable: false,
        hostOnly: true,
      },
      {
        name: 'residuals of the plain method',
        inputs: [{ shape: [3, 2], values: [1, 2, 3, 4, 5, 7] }, { shape: [3, 1] }],
        run: (a, b) => {
          const { residuals, rank, singularValues } = lstsq(a!.detach(), b!.detach(), { driver: 'gels' });
          return [residuals, rank, singularValues];
        },
        reference: (a, b) => [residual(a!, b!), { shape: [0], data: [] }, { shape: [0], data: [] }],
        differentiable: false,
      },
      {
        name: 'of rank 1: the shortest solution',
        inputs: [
          { shape: [3, 2], values: [1, 2, 2, 4, 3, 6] },
          { shape: [3], values: [1, 2, 3] },
        ],
        run: (a, b) => {
          const { solution: x, rank } = lstsq(a!.detach(), b!.detach());
          return [x, rank];
        },
        reference: () => [
          { shape: [2], data: [0.2, 0.4] },
          { shape: [], data: [1] },
        ],
        differentiable: false,
      },
      {
        name: 'zeros',
        inputs: [{ shape: [2, 2], values: [0, 0, 0, 0] }, { shape: [2, 1] }],
        run: (a, b) => (['gels', 'gelsy'] as const).map((driver) => lstsq(a!.detach(), b!.detach(), { driver }).solution),
        reference: () => [0, 1].map(() => ({ shape: [2, 1], data: [0, 0] })),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'rows',
        run: () => lstsq(ones([3, 2]), ones([2, 1])),
        error: 'ShapeError',
        message: /^linalg\.lstsq: A \[3, 2\] does not fit B \[2, 1\]: 3 vs 2 rows$/,
      },
      {
        name: 'rank of B',
        run: () => lstsq(ones([2, 3, 2]), ones([3])),
        error: 'ShapeError',
        message: /^linalg\.lstsq: B \[3\] must have the rank of A \[2, 3, 2\], or one less$/,
      },
      {
        name: 'driver',
        run: () => lstsq(eye(2), eye(2), { driver: 'qr' as never }),
        error: 'ValueError',
        message: /^linalg\.lstsq: driver must be 'gels', 'gelsy', 'gelsd' or 'gelss', got 'qr'$/,
      },
      {
        name: 'no full rank',
        run: () =>
          lstsq(
            tensor([
              [
                [1, 0],
                [0, 0],
                [0, 0],
              ],
            ]),
            ones([1, 3, 1]),
            { driver: 'gels' },
          ),
        error: 'LinAlgError',
        message: /^linalg\.lstsq: batch \[0\]: the matrix has no full rank \(R\[1, 1\] is zero\); use another driver$/,
      },
      {
        name: 'a gradient of residuals',
        run: () =>
          lstsq(
            tensor(
              [
                [1, 0],
                [0, 1],
                [1, 1],
              ],
              { requiresGrad: true },
            ),
            ones([3, 1]),
            { driver: 'gels' },
          )
            .residuals.sum()
            .backward(),
        error: 'AutogradError',
        message: /^linalg\.lstsq: the residuals have no gradient; compute them from the solution$/,
      },
    ],
  },
];
