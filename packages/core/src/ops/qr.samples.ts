import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import {
  combined,
  dot,
  flip,
  gramSchmidt,
  matricesOf,
  perMatrix,
  type Rows,
  regular,
  stacked,
  unit,
} from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { sign } from './arithmetic.ts';
import { eye, ones } from './create.ts';
import { matmul } from './matmul.ts';
import { geqrf, householderProduct, ormqr, qr } from './qr.ts';
import { tril, triu } from './triangular.ts';

/** Q and R with a positive diagonal: the form in which they are unique. */
function positive({ Q, R }: { Q: Tensor; R: Tensor }): Tensor[] {
  const k = Q.shape[Q.ndim - 1]!;
  const d = eye(k, k, { dtype: R.dtype, device: R.device });
  const signs = (sign(R.detach().narrow(-1, 0, k)) as Tensor).mul(d) as Tensor;
  return [matmul(Q, signs), matmul(signs, R)];
}

const factors = (a: NdArray): NdArray[] => {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const all = matricesOf(a).map((x) => {
    const [q] = gramSchmidt(flip(flip(x).slice(0, k)));
    return [q, dot(flip(q), x)] as const;
  });
  const batch = a.shape.slice(0, -2);
  const clean = (r: Rows): Rows => r.map((row, i) => row.map((v, j) => (j < i ? 0 : v)));
  return [
    stacked(
      batch,
      m,
      k,
      all.map(([q]) => q),
    ),
    stacked(
      batch,
      k,
      n,
      all.map(([, r]) => clean(r)),
    ),
  ];
};

const qrSample = (name: string, shape: readonly number[], mode: 'reduced' | 'complete' = 'reduced'): Sample =>
  regular({ name, inputs: [{ shape }], run: (a) => positive(qr(a!, { mode })), reference: (a) => factors(a!) });

/** The product of all reflections of one matrix, m × m. */
function reflections(a: Rows, tau: readonly number[]): Rows {
  const m = a.length;
  return tau.reduce<Rows>((q, t, j) => {
    const v = a.map((row, i) => [i < j ? 0 : i === j ? 1 : row[j]!]);
    return dot(q, combined(unit(m), -t, dot(v, flip(v))));
  }, unit(m));
}

const columns = (a: Rows, n: number): Rows => a.map((row) => row.slice(0, n));

/** Samples of QR factorizations and of Householder reflections. */
export const qrSamples: readonly OpSamples[] = [
  {
    op: 'linalg.qr',
    samples: [
      qrSample('square', [3, 3]),
      qrSample('tall, a batch', [2, 4, 2]),
      qrSample('wide', [2, 4]),
      qrSample('wide, complete', [2, 3], 'complete'),
      {
        name: 'tall, complete',
        inputs: [{ shape: [3, 2] }],
        run: (a) => {
          const { Q, R } = qr(a!.detach(), { mode: 'complete' });
          return [matmul(Q, R), matmul(Q.mT as Tensor, Q), tril(R, -1)];
        },
        reference: (a) => [a!, { shape: [3, 3], data: unit(3).flat() }, { shape: [3, 2], data: new Array<number>(6).fill(0) }],
        differentiable: false,
      },
      {
        name: 'R alone',
        inputs: [{ shape: [3, 2] }],
        run: (a) => {
          const { Q, R } = qr(a!.detach(), { mode: 'r' });
          return [Q, matmul(R.mT as Tensor, R)];
        },
        reference: (a) => [
          { shape: [0], data: [] },
          perMatrix(
            (x) => dot(flip(x), x),
            (_m, n) => [n, n],
          )(a!),
        ],
        differentiable: false,
      },
      {
        name: 'signs of the diagonal',
        inputs: [{ shape: [2, 2], values: [3, 1, 4, 2] }],
        run: (a) => qr(a!.detach()).R,
        reference: () => ({ shape: [2, 2], data: [-5, -2.2, 0, 0.4] }),
        differentiable: false,
      },
      { name: 'no columns', inputs: [{ shape: [2, 0] }], run: (a) => qr(a!).Q, reference: (a) => a! },
    ],
    errors: [
      {
        name: 'mode',
        run: () => qr(ones([2, 2]), { mode: 'full' as never }),
        error: 'ValueError',
        message: /^linalg\.qr: mode must be 'reduced', 'complete' or 'r', got 'full'$/,
      },
      {
        name: 'a vector',
        run: () => qr(ones([2])),
        error: 'ShapeError',
        message: /^linalg\.qr: needs a matrix or a batch of them, got \[2\]$/,
      },
      {
        name: 'a gradient of R alone',
        run: () =>
          qr(ones([2, 2], { requiresGrad: true }), { mode: 'r' })
            .R.sum()
            .backward(),
        error: 'AutogradError',
        message: /^linalg\.qr: mode 'r' has no gradient/,
      },
      {
        name: 'a gradient of added columns',
        run: () =>
          qr(ones([3, 2], { requiresGrad: true }), { mode: 'complete' })
            .Q.sum()
            .backward(),
        error: 'AutogradError',
        message: /^linalg\.qr: mode 'complete' has no gradient for more rows than columns \(3 by 2\)/,
      },
    ],
  },
  {
    op: 'geqrf',
    samples: [
      {
        name: 'what it means',
        inputs: [{ shape: [2, 4, 3] }],
        run: (x) => {
          const { a, tau } = geqrf(x!.detach());
          return matmul(householderProduct(a, tau), triu(a.narrow(-2, 0, 3)));
        },
        reference: (x) => x!,
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'a gradient',
        run: () =>
          geqrf(ones([2, 2], { requiresGrad: true }))
            .a.sum()
            .backward(),
        error: 'AutogradError',
        message: /^geqrf: has no gradient/,
      },
      { name: 'a vector', run: () => geqrf(ones([2])), error: 'ShapeError', message: /^geqrf: needs a matrix/ },
    ],
  },
  {
    op: 'linalg.householderProduct',
    samples: [
      {
        name: 'tall',
        inputs: [{ shape: [4, 3] }, { shape: [2] }],
        run: (a, tau) => householderProduct(a!, tau!),
        reference: (a, tau) => ({ shape: [4, 3], data: columns(reflections(matricesOf(a!)[0]!, tau!.data), 3).flat() }),
      },
      {
        name: 'a batch',
        inputs: [{ shape: [2, 3, 3] }, { shape: [2, 3] }],
        run: (a, tau) => householderProduct(a!, tau!),
        reference: (a, tau) =>
          stacked(
            [2],
            3,
            3,
            matricesOf(a!).map((x, b) => reflections(x, tau!.data.slice(3 * b, 3 * b + 3))),
          ),
      },
      {
        name: 'no reflections',
        inputs: [{ shape: [3, 2] }, { shape: [0] }],
        run: (a, tau) => householderProduct(a!, tau!),
        reference: () => ({ shape: [3, 2], data: [1, 0, 0, 1, 0, 0] }),
      },
    ],
    errors: [
      {
        name: 'wide',
        run: () => householderProduct(ones([2, 3]), ones([2])),
        error: 'ShapeError',
        message: /^linalg\.householderProduct: needs at least as many rows as columns, got \[2, 3\]$/,
      },
      {
        name: 'tau',
        run: () => householderProduct(ones([3, 2]), ones([3])),
        error: 'ShapeError',
        message: /^linalg\.householderProduct: tau \[3\] does not fit the vectors \[3, 2\]$/,
      },
    ],
  },
  {
    op: 'ormqr',
    samples: [true, false].flatMap((left) =>
      [true, false].map(
        (transpose): Sample => ({
          name: `${left ? 'left' : 'right'}${transpose ? ', transposed' : ''}`,
          inputs: [{ shape: [3, 2] }, { shape: [2] }, { shape: left ? [3, 2] : [2, 3] }],
          run: (a, tau, other) => ormqr(a!.detach(), tau!.detach(), other!.detach(), { left, transpose }),
          reference: (a, tau, other) => {
            const whole = reflections(matricesOf(a!)[0]!, tau!.data);
            const q = transpose ? flip(whole) : whole;
            const x = matricesOf(other!)[0]!;
            return { shape: other!.shape, data: (left ? dot(q, x) : dot(x, q)).flat() };
          },
          differentiable: false,
        }),
      ),
    ),
    errors: [
      {
        name: 'sides',
        run: () => ormqr(ones([3, 2]), ones([2]), ones([2, 2])),
        error: 'ShapeError',
        message: /^ormqr: reflections \[3, 2\] do not fit \[2, 2\] on the left$/,
      },
      {
        name: 'a gradient',
        run: () =>
          ormqr(ones([2, 2]), ones([2]), ones([2, 2], { requiresGrad: true }))
            .sum()
            .backward(),
        error: 'AutogradError',
        message: /^ormqr: has no gradient/,
      },
    ],
  },
];
