import { grad } from '../autograd/engine.ts';
import { enableGrad } from '../autograd/modes.ts';
import type { NdArray, OpSamples } from '../op.samples.ts';
import {
  combined,
  cramer,
  dot,
  expansion,
  flip,
  matricesOf,
  perMatrix,
  type Rows,
  regular,
} from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { eye, ones, tensor } from './create.ts';
import { det, logdet, slogdet } from './determinant.ts';

const determinants = (a: NdArray): NdArray => ({ shape: a.shape.slice(0, -2), data: matricesOf(a).map(expansion) });
const mapped = (a: NdArray, f: (det: number) => number): NdArray => ({ shape: a.shape.slice(0, -2), data: determinants(a).data.map(f) });

/** Second derivatives of the determinant times a direction. */
function curvature(a: Tensor, h: Tensor): Tensor {
  return enableGrad(() => {
    const x = a.requiresGrad ? a : a.detach().requiresGrad_(true);
    const [first] = grad([det(x)], [x], { createGraph: true });
    return grad([first!], [x], { gradOutputs: [h], createGraph: true })[0]!;
  });
}

/** det(A) (tr(XH) Xᵀ - (XHX)ᵀ) with X the inverse of A. */
function curved(a: Rows, h: Rows): Rows {
  const x = cramer(a);
  const xh = dot(x, h);
  const trace = xh.reduce((sum, row, i) => sum + row[i]!, 0);
  const scaled = x.map((row) => row.map((v) => v * trace));
  return flip(combined(scaled, -1, dot(xh, x))).map((row) => row.map((v) => v * expansion(a)));
}

/** Samples of determinants. */
export const determinantSamples: readonly OpSamples[] = [
  {
    op: 'linalg.det',
    samples: [
      { name: 'one', inputs: [{ shape: [3, 3] }], run: (a) => det(a!), reference: (a) => determinants(a!) },
      { name: 'a method, batches', inputs: [{ shape: [2, 2, 2, 2] }], run: (a) => a!.det(), reference: (a) => determinants(a!) },
      {
        name: 'of rank 2',
        inputs: [{ shape: [3, 3], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
        run: (a) => det(a!),
        reference: (a) => determinants(a!),
      },
      {
        name: 'of rank 1',
        inputs: [{ shape: [3, 3], values: [1, 2, 3, 2, 4, 6, -1, -2, -3] }],
        run: (a) => det(a!),
        reference: (a) => determinants(a!),
      },
      { name: 'zeros', inputs: [{ shape: [2, 2], values: [0, 0, 0, 0] }], run: (a) => det(a!), reference: (a) => determinants(a!) },
      { name: 'a number', inputs: [{ shape: [1, 1] }], run: (a) => det(a!), reference: (a) => determinants(a!) },
      { name: 'empty', inputs: [{ shape: [2, 0, 0] }], run: (a) => det(a!), reference: () => ({ shape: [2], data: [1, 1] }) },
    ],
    errors: [
      {
        name: 'not square',
        run: () => det(ones([2, 3])),
        error: 'ShapeError',
        message: /^linalg\.det: needs square matrices, got \[2, 3\] \(2 by 3\)$/,
      },
      {
        name: 'integers',
        run: () => det(eye(2, 2, { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^linalg\.det: needs float32 or float64, got int64/,
      },
    ],
  },
  {
    op: 'linalg.cofactorsAlong',
    samples: [
      regular({
        name: 'second derivatives of the determinant',
        inputs: [{ shape: [3, 3] }, { shape: [3, 3] }],
        run: (a, h) => curvature(a!.add(eye(3, 3, { dtype: a!.dtype, device: a!.device }).mul(4)) as Tensor, h!),
        reference: (a, h) => {
          const rows = matricesOf(a!)[0]!.map((row, i) => row.map((v, j) => v + (i === j ? 4 : 0)));
          return { shape: [3, 3], data: curved(rows, matricesOf(h!)[0]!).flat() };
        },
      }),
    ],
  },
  {
    op: 'linalg.slogdet',
    samples: [
      regular({
        name: 'both signs',
        inputs: [{ shape: [2, 2, 2], values: [1, 2, 3, 4, 2, 1, 0.5, 3] }],
        run: (a) => {
          const { sign, logabsdet } = slogdet(a!);
          return [sign.detach(), logabsdet];
        },
        reference: (a) => [mapped(a!, Math.sign), mapped(a!, (d) => Math.log(Math.abs(d)))],
      }),
      {
        name: 'singular, a method',
        inputs: [{ shape: [2, 2], values: [0, 0, 0, 0] }],
        run: (a) => {
          const { sign, logabsdet } = a!.detach().slogdet();
          return [sign, logabsdet];
        },
        reference: () => [
          { shape: [], data: [0] },
          { shape: [], data: [-Infinity] },
        ],
        differentiable: false,
      },
      {
        name: 'beyond the range of numbers',
        inputs: [{ shape: [2, 2], values: [1e-200, 0, 0, -1e-200] }],
        run: (a) => {
          const { sign, logabsdet } = slogdet(a!.detach());
          return [sign, logabsdet];
        },
        reference: () => [
          { shape: [], data: [-1] },
          { shape: [], data: [2 * Math.log(1e-200)] },
        ],
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      { name: 'not square', run: () => slogdet(ones([3, 2])), error: 'ShapeError', message: /^linalg\.slogdet: needs square matrices/ },
    ],
  },
  {
    op: 'logdet',
    samples: [
      regular({
        name: 'positive',
        inputs: [{ shape: [3, 3], low: 0.1, high: 1 }],
        run: (a) => logdet(a!.add(eye(3, 3, { dtype: a!.dtype, device: a!.device }).mul(3)) as Tensor),
        reference: (a) => mapped(perMatrix((x) => x.map((row, i) => row.map((v, j) => v + (i === j ? 3 : 0))))(a!), Math.log),
      }),
      {
        name: 'negative and zero, a method',
        inputs: [{ shape: [2, 1, 1], values: [-1, 0] }],
        run: (a) => a!.detach().logdet(),
        reference: () => ({ shape: [2], data: [Number.NaN, -Infinity] }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'not square',
        run: () => logdet(tensor([[1, 2]])),
        error: 'ShapeError',
        message: /^linalg\.slogdet: needs square matrices, got \[1, 2\]/,
      },
    ],
  },
];
