import type { ErrorCase, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones } from './create.ts';
import { bmm, dot, matmul, mm, mv, vdot } from './matmul.ts';

/** The product by its definition: vectors become matrices, batch dimensions repeat, the added dimensions vanish again. */
function reference(a: NdArray, b: NdArray): NdArray {
  const left = a.shape.length === 1 ? [1, ...a.shape] : [...a.shape];
  const right = b.shape.length === 1 ? [...b.shape, 1] : [...b.shape];
  const rank = Math.max(left.length, right.length);
  const padded = (s: number[]): number[] => [...new Array<number>(rank - s.length).fill(1), ...s];
  const [l, r] = [padded(left), padded(right)];
  const [m, k, n] = [l[rank - 2]!, l[rank - 1]!, r[rank - 1]!];
  const batch = l.slice(0, -2).map((x, d) => (x === 1 ? r[d]! : x));
  const count = batch.reduce((p, x) => p * x, 1);
  /** Where the matrix of batch entry `i` starts in an operand. */
  const start = (i: number, shape: readonly number[], size: number): number => {
    let at = 0;
    let step = size;
    for (let d = rank - 3, rest = i; d >= 0; d--) {
      if (shape[d] !== 1) at += (rest % batch[d]!) * step;
      rest = Math.floor(rest / batch[d]!);
      step *= shape[d]!;
    }
    return at;
  };
  const data: number[] = [];
  for (let i = 0; i < count; i++) {
    const [p, q] = [start(i, l, m * k), start(i, r, k * n)];
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let j = 0; j < k; j++) sum += a.data[p + row * k + j]! * b.data[q + j * n + column]!;
        data.push(sum);
      }
    }
  }
  return { shape: [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])], data };
}

const sample = (name: string, a: readonly number[], b: readonly number[]): Sample => ({
  name,
  inputs: [{ shape: a }, { shape: b }],
  run: (x, y) => matmul(x!, y!),
  reference: (x, y) => reference(x!, y!),
});

/** A product that takes operands of certain ranks only: the function and the method, and nothing to sum over. */
function strictSamples(
  name: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  a: readonly number[],
  b: readonly number[],
  none: readonly [readonly number[], readonly number[]],
  more: readonly ErrorCase[] = [],
): OpSamples {
  const method = (x: Tensor): Record<string, (y: Tensor) => Tensor> => x as never;
  const one = (title: string, x: readonly number[], y: readonly number[]): Sample => ({
    ...sample(title, x, y),
    run: (p, q) => run(p!, q!),
  });
  const integers = [a, b].map((shape) => ({ shape, dtype: 'int32' as const, low: -9, high: 9 }));
  return {
    op: name,
    samples: [
      one('plain', a, b),
      { ...sample('the method', a, b), run: (p, q) => method(p!)[name]!(q!) },
      one('nothing to sum over', none[0], none[1]),
      { ...one('integers', a, b), inputs: integers, differentiable: false, hostOnly: true },
    ],
    errors: [
      {
        name: 'another rank',
        run: () => run(ones([...a, 2]), ones(b)),
        error: 'ShapeError',
        message: new RegExp(`^${name}: the first operand must be `),
      },
      {
        name: 'another rank on the right',
        run: () => run(ones(a), ones([...b, 2])),
        error: 'ShapeError',
        message: new RegExp(`^${name}: the second operand must be `),
      },
      {
        name: 'inner dimensions',
        run: () => run(ones([...a.slice(0, -1), 9]), ones(b)),
        error: 'ShapeError',
        message: new RegExp(`^${name}: .* has size 9 at dimension ${a.length - 1} but .* has size `),
      },
      {
        name: 'two dtypes',
        run: () => run(ones(a), ones(b, { dtype: 'float64' })),
        error: 'DTypeError',
        message: new RegExp(`^${name}: dtypes differ: float32 and float64`),
      },
      {
        name: 'bool',
        run: () => run(ones(a, { dtype: 'bool' }), ones(b, { dtype: 'bool' })),
        error: 'DTypeError',
        message: new RegExp(`^${name}: not defined for bool`),
      },
      ...more,
    ],
  };
}

/** Samples of the matrix product. */
export const matmulSamples: readonly OpSamples[] = [
  {
    op: 'matmul',
    samples: [
      sample('matrices', [2, 3], [3, 4]),
      sample('one by one', [1, 1], [1, 1]),
      sample('a column by a row', [3, 1], [1, 2]),
      sample('larger than a block', [37, 70], [70, 33]),
      sample('two vectors', [5], [5]),
      sample('a vector by a matrix', [3], [3, 4]),
      sample('a matrix by a vector', [2, 3], [3]),
      sample('a vector by a batch', [3], [2, 3, 4]),
      sample('a batch by a vector', [2, 4, 3], [3]),
      sample('batches', [2, 2, 3], [2, 3, 2]),
      sample('a batch by a matrix', [2, 2, 3], [3, 2]),
      sample('batches of batches by a matrix', [2, 2, 2, 3], [3, 4]),
      sample('an empty batch of batches by a vector', [2, 0, 2, 3], [3]),
      sample('a matrix by a batch', [2, 3], [2, 3, 2]),
      sample('batches that repeat', [2, 1, 2, 3], [4, 3, 2]),
      sample('no rows', [0, 3], [3, 2]),
      sample('nothing to sum over', [2, 0], [0, 3]),
      sample('an empty batch', [0, 2, 3], [3, 2]),
      {
        name: 'the method, on a transposed view',
        inputs: [{ shape: [3, 2] }, { shape: [4, 3] }],
        run: (x, y) => x!.mT.matmul(y!.mT),
        reference: (x, y) => {
          const turned = (t: NdArray): NdArray => {
            const [rows, columns] = t.shape as [number, number];
            return { shape: [columns, rows], data: t.data.map((_, i) => t.data[(i % rows) * columns + Math.floor(i / rows)]!) };
          };
          return reference(turned(x!), turned(y!));
        },
      },
      {
        name: 'integers',
        inputs: [
          { shape: [2, 3], dtype: 'int32', low: -9, high: 9 },
          { shape: [3, 2], dtype: 'int32', low: -9, high: 9 },
        ],
        run: (x, y) => matmul(x!, y!),
        reference: (x, y) => reference(x!, y!),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'inner dimensions',
        run: () => matmul(ones([2, 3]), ones([4, 2])),
        error: 'ShapeError',
        message: /^matmul \[2, 3\] @ \[4, 2\]: inner dimensions 3 and 4 differ$/,
      },
      {
        name: 'batch dimensions',
        run: () => matmul(ones([2, 2, 3]), ones([3, 3, 2])),
        error: 'ShapeError',
        message: /^matmul \[2, 2, 3\] @ \[3, 3, 2\]: batch dimensions do not broadcast$/,
      },
      { name: 'a scalar', run: () => matmul(ones([]), ones([2])), error: 'ShapeError', message: /^matmul: the left operand is a scalar$/ },
      {
        name: 'a scalar on the right',
        run: () => matmul(ones([2]), ones([])),
        error: 'ShapeError',
        message: /^matmul: the right operand is a scalar$/,
      },
      {
        name: 'two dtypes',
        run: () => matmul(ones([2, 2]), ones([2, 2], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^matmul: dtypes differ: float32 and float64$/,
      },
      {
        name: 'bool',
        run: () => matmul(ones([2, 2], { dtype: 'bool' }), ones([2, 2], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /^matmul: not defined for bool$/,
      },
    ],
  },
  strictSamples(
    'mm',
    mm as never,
    [2, 3],
    [3, 4],
    [
      [2, 0],
      [0, 3],
    ],
  ),
  strictSamples(
    'bmm',
    bmm as never,
    [2, 2, 3],
    [2, 3, 4],
    [
      [2, 2, 0],
      [2, 0, 3],
    ],
    [
      {
        name: 'batches',
        run: () => bmm(ones([1, 2, 3]), ones([2, 3, 2]) as never),
        error: 'ShapeError',
        message: /^bmm: the batches differ: 1 in \[1, 2, 3\] and 2 in \[2, 3, 2\] \(dimension 0\)$/,
      },
    ],
  ),
  strictSamples('mv', mv as never, [2, 3], [3], [[2, 0], [0]]),
  strictSamples('dot', dot as never, [3], [3], [[0], [0]]),
  strictSamples('vdot', vdot as never, [3], [3], [[0], [0]]),
];
