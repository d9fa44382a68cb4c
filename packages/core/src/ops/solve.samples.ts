import type { NdArray, OpSamples } from '../op.samples.ts';
import { cramer, dot, flip, matricesOf, perMatrix, type Rows, regular, stacked } from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { eye, ones, tensor, zeros } from './create.ts';
import { inv, invEx, solve, solveEx } from './solve.ts';
import { solveTriangular } from './solve-triangular.ts';
import { tensorinv, tensorsolve } from './tensor-solve.ts';

/** x + 4 times the identity: far from singular. */
const sound = (x: Tensor): Tensor => x.add(eye(x.shape[x.ndim - 1]!, undefined, { dtype: x.dtype, device: x.device }).mul(4)) as Tensor;
const soundRows = (x: Rows): Rows => x.map((row, i) => row.map((v, j) => v + (i === j ? 4 : 0)));

/** The solution for every pair of matrices, the second ones as they are. */
const solved = (a: NdArray, b: NdArray, change: (a: Rows) => Rows = soundRows): NdArray => {
  const left = matricesOf(a);
  const [m, n] = b.shape.slice(-2) as [number, number];
  return stacked(
    b.shape.slice(0, -2),
    m,
    n,
    matricesOf(b).map((x, i) => dot(cramer(change(left[i % left.length]!)), x)),
  );
};

const triangle =
  (upper: boolean, one: boolean) =>
  (a: Rows): Rows =>
    soundRows(a).map((row, i) => row.map((x, j) => (i === j ? (one ? 1 : x) : j > i === upper ? x : 0)));

const transposedMatrices = perMatrix(flip, (m, n) => [n, m]);

/** Samples of systems of equations. */
export const solveSamples: readonly OpSamples[] = [
  {
    op: 'linalg.solve',
    samples: [
      regular({
        name: 'one right side',
        inputs: [{ shape: [3, 3] }, { shape: [3] }],
        run: (a, b) => solve(sound(a!), b!),
        reference: (a, b) => ({ ...solved(a!, { shape: [3, 1], data: b!.data }), shape: [3] }),
      }),
      regular({
        name: 'a matrix',
        inputs: [{ shape: [3, 3] }, { shape: [3, 2] }],
        run: (a, b) => solve(sound(a!), b!),
        reference: (a, b) => solved(a!, b!),
      }),
      regular({
        name: 'rows must be exchanged',
        inputs: [{ shape: [2, 2], values: [0, 2, 3, 0.5] }, { shape: [2, 1] }],
        run: (a, b) => solve(a!, b!),
        reference: (a, b) => solved(a!, b!, (x) => x),
      }),
      regular({
        name: 'from the right',
        inputs: [{ shape: [3, 3] }, { shape: [2, 3] }],
        run: (a, b) => solve(sound(a!), b!, { left: false }),
        reference: (a, b) => transposedMatrices(solved(transposedMatrices(a!), transposedMatrices(b!))),
      }),
      regular({
        name: 'one matrix for a batch',
        inputs: [{ shape: [2, 2] }, { shape: [3, 2, 1] }],
        run: (a, b) => solve(sound(a!), b!),
        reference: (a, b) => solved(a!, b!),
      }),
      regular({
        name: 'a batch of vectors',
        inputs: [{ shape: [2, 2, 2] }, { shape: [2, 2] }],
        run: (a, b) => solve(sound(a!), b!),
        reference: (a, b) => ({ ...solved(a!, { shape: [2, 2, 1], data: b!.data }), shape: [2, 2] }),
      }),
      { name: 'empty', inputs: [{ shape: [0, 0] }, { shape: [0, 2] }], run: (a, b) => solve(a!, b!), reference: (_a, b) => b! },
    ],
    errors: [
      {
        name: 'singular',
        run: () =>
          solve(
            tensor([
              [
                [1, 0],
                [0, 1],
              ],
              [
                [1, 2],
                [2, 4],
              ],
            ]),
            ones([2]),
          ),
        error: 'LinAlgError',
        message: /^linalg\.solve: batch \[1\]: the matrix is singular: pivot 1 is zero$/,
      },
      {
        name: 'sides',
        run: () => solve(eye(3), ones([2, 2])),
        error: 'ShapeError',
        message: /^linalg\.solve: A \[3, 3\] does not fit B \[2, 2\]: 3 vs 2 rows$/,
      },
      {
        name: 'a vector from the right',
        run: () => solve(eye(3), ones([3]), { left: false }),
        error: 'ShapeError',
        message: /^linalg\.solve: a vector \[3\] has no right side/,
      },
      { name: 'a number', run: () => solve(eye(1), ones([])), error: 'ShapeError', message: /^linalg\.solve: the right side is a scalar$/ },
      {
        name: 'dtypes',
        run: () => solve(eye(3), ones([3], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^linalg\.solve: dtypes differ: float32 and float64$/,
      },
    ],
  },
  {
    op: 'linalg.solveEx',
    samples: [
      {
        name: 'a good and a bad matrix',
        inputs: [{ shape: [2, 1, 1], values: [2, 0] }],
        run: (a) => {
          const { result, info } = solveEx(a!.detach(), ones([1, 1], { dtype: a!.dtype, device: a!.device }));
          return [result, info];
        },
        reference: () => [
          { shape: [2, 1, 1], data: [0.5, Infinity] },
          { shape: [2], data: [0, 1] },
        ],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'asked to check',
        run: () => solveEx(zeros([2, 2]), ones([2]), { checkErrors: true }),
        error: 'LinAlgError',
        message: /^linalg\.solveEx: the matrix is singular: pivot 0 is zero$/,
      },
    ],
  },
  {
    op: 'linalg.inv',
    samples: [
      regular({
        name: 'one',
        inputs: [{ shape: [3, 3] }],
        run: (a) => inv(sound(a!)),
        reference: (a) => perMatrix((x) => cramer(soundRows(x)))(a!),
      }),
      regular({
        name: 'a method, a batch',
        inputs: [{ shape: [2, 2, 2] }],
        run: (a) => sound(a!).inverse(),
        reference: (a) => perMatrix((x) => cramer(soundRows(x)))(a!),
      }),
      { name: 'no matrices', inputs: [{ shape: [0, 2, 2] }], run: (a) => inv(a!), reference: (a) => a! },
    ],
    errors: [
      {
        name: 'singular',
        run: () => inv(zeros([2, 1, 2, 2])),
        error: 'LinAlgError',
        message: /^linalg\.inv: batch \[0, 0\]: the matrix is singular: pivot 0 is zero$/,
      },
      {
        name: 'not square',
        run: () => inv(ones([2, 3])),
        error: 'ShapeError',
        message: /^linalg\.inv: needs square matrices, got \[2, 3\] \(2 by 3\)$/,
      },
      {
        name: 'bools',
        run: () => inv(ones([2, 2], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /^linalg\.inv: needs float32 or float64, got bool/,
      },
    ],
  },
  {
    op: 'linalg.invEx',
    samples: [
      {
        name: 'info',
        inputs: [{ shape: [2, 2, 2], values: [2, 0, 0, 4, 1, 1, 1, 1] }],
        run: (a) => {
          const { inverse, info } = invEx(a!.detach());
          return [inverse.narrow(0, 0, 1), info];
        },
        reference: () => [
          { shape: [1, 2, 2], data: [0.5, 0, 0, 0.25] },
          { shape: [2], data: [0, 2] },
        ],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'asked to check',
        run: () => invEx(zeros([2, 2]), { checkErrors: true }),
        error: 'LinAlgError',
        message: /^linalg\.invEx: the matrix is singular/,
      },
    ],
  },
  {
    op: 'linalg.solveTriangular',
    samples: [
      ...[true, false].flatMap((upper) =>
        [true, false].map((unitriangular) =>
          regular({
            name: `${upper ? 'upper' : 'lower'}${unitriangular ? ', ones on the diagonal' : ''}`,
            inputs: [{ shape: [3, 3] }, { shape: [3, 2] }],
            run: (a, b) => solveTriangular(sound(a!), b!, { upper, unitriangular }),
            reference: (a, b) => solved(a!, b!, triangle(upper, unitriangular)),
          }),
        ),
      ),
      regular({
        name: 'from the right, broadcast',
        inputs: [{ shape: [2, 1, 2, 2] }, { shape: [3, 2] }],
        run: (a, b) => solveTriangular(sound(a!), b!, { upper: true, left: false }),
        reference: (a, b) => {
          const repeated: NdArray = { shape: [2, 1, 3, 2], data: [...b!.data, ...b!.data] };
          return transposedMatrices(solved(a!, transposedMatrices(repeated), (x) => flip(triangle(true, false)(x))));
        },
      }),
      {
        name: 'empty',
        inputs: [{ shape: [0, 0] }, { shape: [0, 2] }],
        run: (a, b) => solveTriangular(a!, b!, { upper: true }),
        reference: (_a, b) => b!,
      },
    ],
    errors: [
      {
        name: 'sides',
        run: () => solveTriangular(eye(3), ones([2, 3]), { upper: true }),
        error: 'ShapeError',
        message: /^linalg\.solveTriangular: A \[3, 3\] does not fit B \[2, 3\]: 3 vs 2 rows$/,
      },
      {
        name: 'columns',
        run: () => solveTriangular(eye(3), ones([3, 2]), { upper: true, left: false }),
        error: 'ShapeError',
        message: /: 3 vs 2 columns$/,
      },
      {
        name: 'batches',
        run: () => solveTriangular(ones([2, 3, 3]), ones([3, 3, 1]), { upper: true }),
        error: 'ShapeError',
        message: /^linalg\.solveTriangular: cannot broadcast/,
      },
    ],
  },
  {
    op: 'linalg.tensorinv',
    samples: [
      regular({
        name: 'two and one',
        inputs: [{ shape: [2, 2, 4] }],
        run: (a) => tensorinv(sound(a!.reshape([4, 4]) as Tensor).reshape([2, 2, 4]) as Tensor),
        reference: (a) => ({ ...perMatrix((x) => cramer(soundRows(x)))({ shape: [4, 4], data: a!.data }), shape: [4, 2, 2] }),
      }),
      regular({
        name: 'one and two',
        inputs: [{ shape: [4, 2, 2] }],
        run: (a) => tensorinv(sound(a!.reshape([4, 4]) as Tensor).reshape([4, 2, 2]) as Tensor, { ind: 1 }),
        reference: (a) => ({ ...perMatrix((x) => cramer(soundRows(x)))({ shape: [4, 4], data: a!.data }), shape: [2, 2, 4] }),
      }),
    ],
    errors: [
      {
        name: 'no map',
        run: () => tensorinv(ones([2, 3, 5])),
        error: 'ShapeError',
        message: /^linalg\.tensorinv: \[2, 3, 5\] is no square map with ind 2: 6 and 5 elements$/,
      },
      {
        name: 'ind',
        run: () => tensorinv(ones([2, 2]), { ind: 0 }),
        error: 'ValueError',
        message: /^linalg\.tensorinv: ind must be a positive integer, got 0$/,
      },
    ],
  },
  {
    op: 'linalg.tensorsolve',
    samples: [
      regular({
        name: 'two dimensions from one',
        inputs: [{ shape: [4, 2, 2] }, { shape: [4] }],
        run: (a, b) => tensorsolve(sound(a!.reshape([4, 4]) as Tensor).reshape([4, 2, 2]) as Tensor, b!),
        reference: (a, b) => ({ ...solved({ shape: [4, 4], data: a!.data }, { shape: [4, 1], data: b!.data }), shape: [2, 2] }),
      }),
      regular({
        name: 'a dimension moved',
        inputs: [{ shape: [3, 3] }, { shape: [3] }],
        run: (a, b) => tensorsolve(sound(a!), b!, { dims: [0] }),
        reference: (a, b) => ({ ...solved(transposedMatrices(a!), { shape: [3, 1], data: b!.data }), shape: [3] }),
      }),
    ],
    errors: [
      {
        name: 'no map',
        run: () => tensorsolve(ones([2, 3]), ones([2])),
        error: 'ShapeError',
        message: /^linalg\.tensorsolve: \[2, 3\] is no square map for \[2\]/,
      },
      {
        name: 'dims',
        run: () => tensorsolve(eye(2), ones([2]), { dims: [2] }),
        error: 'IndexError',
        message: /^linalg\.tensorsolve: dim 2 is out of range/,
      },
    ],
  },
];
