import type { NdArray, OpSamples } from '../op.samples.ts';
import { cramer, dot, flip, matricesOf, type Rows, regular, stacked } from '../parts/linear-algebra/reference.samples.ts';
import type { Tensor } from '../tensor.ts';
import { eye, ones, tensor, zeros } from './create.ts';
import { lu, luFactor, luFactorEx, luSolve, luUnpack } from './lu.ts';

/** P, L and U by elimination, with the largest pivot of each column. */
function eliminate(a: Rows): readonly [p: Rows, l: Rows, u: Rows] {
  const [m, n] = [a.length, a[0]!.length];
  const k = Math.min(m, n);
  let rows = a.map((row, i) => ({ row: [...row], factors: [] as number[], from: i }));
  for (let j = 0; j < k; j++) {
    let best = j;
    for (let i = j + 1; i < m; i++) if (Math.abs(rows[i]!.row[j]!) > Math.abs(rows[best]!.row[j]!)) best = i;
    const order = rows.map((_, i) => (i === j ? best : i === best ? j : i));
    rows = order.map((i) => rows[i]!);
    const pivot = rows[j]!.row;
    for (const { row, factors } of rows.slice(j + 1)) {
      const f = row[j]! / pivot[j]!;
      factors.push(f);
      for (let c = 0; c < n; c++) row[c]! -= f * pivot[c]!;
      row[j] = 0;
    }
  }
  const l = rows.map(({ factors }, i) => Array.from({ length: k }, (_, j) => (i === j ? 1 : ((j < i ? factors[j] : 0) ?? 0))));
  const p = rows.map((_, i) => rows.map(({ from }) => (from === i ? 1 : 0)));
  return [p, l, rows.slice(0, k).map(({ row }) => row)];
}

const plu = (a: NdArray): NdArray[] => {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const all = matricesOf(a).map(eliminate);
  const batch = a.shape.slice(0, -2);
  return [
    stacked(
      batch,
      m,
      m,
      all.map(([p]) => p),
    ),
    stacked(
      batch,
      m,
      k,
      all.map(([, l]) => l),
    ),
    stacked(
      batch,
      k,
      n,
      all.map(([, , u]) => u),
    ),
  ];
};

const parts = ({ P, L, U }: { P: Tensor; L: Tensor; U: Tensor }): Tensor[] => [P, L, U];
const sound = (x: Tensor): Tensor => x.add(eye(x.shape[x.ndim - 1]!, undefined, { dtype: x.dtype, device: x.device }).mul(4)) as Tensor;
const soundRows = (x: Rows): Rows => x.map((row, i) => row.map((v, j) => v + (i === j ? 4 : 0)));

const solveSample = (name: string, left: boolean, adjoint: boolean): OpSamples['samples'][number] =>
  regular({
    name,
    inputs: [{ shape: [3, 3] }, { shape: left ? [3, 2] : [2, 3] }],
    run: (a, b) => {
      const { LU, pivots } = luFactor(sound(a!));
      return luSolve(LU, pivots, b!, { left, adjoint });
    },
    reference: (a, b) => {
      const x = cramer(soundRows(matricesOf(a!)[0]!));
      const inverse = adjoint ? flip(x) : x;
      const right = matricesOf(b!)[0]!;
      return { shape: b!.shape, data: (left ? dot(inverse, right) : dot(right, inverse)).flat() };
    },
  });

/** Samples of LU factorizations. */
export const luSamples: readonly OpSamples[] = [
  {
    op: 'linalg.lu',
    samples: [
      regular({ name: 'square', inputs: [{ shape: [3, 3] }], run: (a) => parts(lu(a!)), reference: (a) => plu(a!) }),
      regular({ name: 'tall, a batch', inputs: [{ shape: [2, 4, 2] }], run: (a) => parts(lu(a!)), reference: (a) => plu(a!) }),
      regular({ name: 'wide', inputs: [{ shape: [2, 4] }], run: (a) => parts(lu(a!)), reference: (a) => plu(a!) }),
      {
        name: 'empty',
        inputs: [{ shape: [2, 0] }],
        run: (a) => parts(lu(a!)),
        reference: () => [
          { shape: [2, 2], data: [1, 0, 0, 1] },
          { shape: [2, 0], data: [] },
          { shape: [0, 0], data: [] },
        ],
      },
    ],
    errors: [
      {
        name: 'no exchanges',
        run: () => lu(ones([2, 2]), { pivot: false }),
        error: 'ValueError',
        message: /^linalg\.lu: LU without pivoting is not possible/,
      },
      { name: 'a vector', run: () => lu(ones([2])), error: 'ShapeError', message: /^linalg\.luFactor: needs a matrix/ },
    ],
  },
  {
    op: 'linalg.luFactor',
    samples: [
      {
        name: 'pivots',
        inputs: [{ shape: [3, 2], values: [1, 2, 4, 6, 2, 8] }],
        run: (a) => {
          const { LU, pivots } = luFactor(a!);
          return [LU, pivots];
        },
        reference: () => [
          { shape: [3, 2], data: [4, 6, 0.5, 5, 0.25, 0.1] },
          { shape: [2], data: [2, 3] },
        ],
      },
    ],
    errors: [
      {
        name: 'singular',
        run: () =>
          luFactor(
            tensor([
              [
                [1, 2],
                [2, 4],
              ],
            ]),
          ),
        error: 'LinAlgError',
        message: /^linalg\.luFactor: batch \[0\]: U\[1, 1\] is zero$/,
      },
    ],
  },
  {
    op: 'linalg.luFactorEx',
    samples: [
      {
        name: 'singular',
        inputs: [{ shape: [2, 2], values: [1, 2, 2, 4] }],
        run: (a) => {
          const { LU, pivots, info } = luFactorEx(a!.detach());
          return [LU, pivots, info];
        },
        reference: () => [
          { shape: [2, 2], data: [2, 4, 0.5, 0] },
          { shape: [2], data: [2, 2] },
          { shape: [], data: [2] },
        ],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'asked to check',
        run: () => luFactorEx(zeros([1, 1]), { checkErrors: true }),
        error: 'LinAlgError',
        message: /U\[0, 0\] is zero$/,
      },
    ],
  },
  {
    op: 'linalg.luSolve',
    samples: [
      solveSample('left', true, false),
      solveSample('right', false, false),
      solveSample('transposed', true, true),
      solveSample('right, transposed', false, true),
    ],
    errors: [
      {
        name: 'sides',
        run: () => luSolve(eye(2), tensor(Int32Array.of(1, 2)), ones([3, 1])),
        error: 'ShapeError',
        message: /^linalg\.luSolve: LU \[2, 2\] does not fit B \[3, 1\]: 2 vs 3 rows$/,
      },
      {
        name: 'pivots of another dtype',
        run: () => luSolve(eye(2), ones([2]), ones([2, 1])),
        error: 'DTypeError',
        message: /^linalg\.luSolve: the pivots must be int32, got float32$/,
      },
      {
        name: 'too few pivots',
        run: () => luSolve(eye(2), tensor(Int32Array.of(1)), ones([2, 1])),
        error: 'ShapeError',
        message: /^linalg\.luSolve: pivots of shape \[2\] belong to \[2, 2\], got \[1\]$/,
      },
      {
        name: 'a pivot out of range',
        run: () => luSolve(eye(2), tensor(Int32Array.of(1, 3)), ones([2, 1])),
        error: 'ValueError',
        message: /^linalg\.luUnpack: pivot 3 is out of range for 2 rows$/,
      },
    ],
  },
  {
    op: 'luUnpack',
    samples: [
      regular({
        name: 'all',
        inputs: [{ shape: [3, 2] }],
        run: (a) => {
          const { LU, pivots } = luFactor(a!);
          return parts(luUnpack(LU, pivots));
        },
        reference: (a) => plu(a!),
      }),
      regular({
        name: 'one part at a time',
        inputs: [{ shape: [2, 2] }],
        run: (a) => {
          const { LU, pivots } = luFactor(a!);
          const [data, permutation] = [luUnpack(LU, pivots, { unpackPivots: false }), luUnpack(LU, pivots, { unpackData: false })];
          return [permutation.P, data.L, data.U, data.P.detach(), permutation.L.detach(), permutation.U.detach()];
        },
        reference: (a) => [...plu(a!), ...Array.from({ length: 3 }, () => ({ shape: [0], data: [] }))],
      }),
    ],
    errors: [
      { name: 'pivots', run: () => luUnpack(eye(2), ones([2])), error: 'DTypeError', message: /^luUnpack: the pivots must be int32/ },
    ],
  },
];
