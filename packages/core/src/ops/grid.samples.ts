import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { broadcastTensors, cartesianProd, combinations, type MeshgridOptions, meshgrid } from './grid.ts';
import { broadcast, build, one } from './nd.samples.ts';

/** Coordinates of a grid: `order` tells along which dimension each vector runs. */
const grid = (order: readonly number[], arrays: readonly NdArray[]): NdArray[] => {
  const shape = order.map((k) => arrays[k]!.data.length);
  return arrays.map((a, k) => build(shape, (c) => a.data[c[order.indexOf(k)]!]!));
};
const subsets = (n: number, r: number, gap: number, from = 0): number[][] => {
  if (r === 0) return [[]];
  const out: number[][] = [];
  for (let i = from; i < n; i++) for (const rest of subsets(n, r - 1, gap, i + gap)) out.push([i, ...rest]);
  return out;
};
const chosen = (x: NdArray, r: number, gap: number): NdArray => {
  const rows = subsets(x.data.length, r, gap);
  return { shape: [rows.length, r], data: rows.flat().map((i) => x.data[i]!) };
};

/** Samples of grids and choices. */
export const gridSamples: readonly OpSamples[] = [
  {
    op: 'broadcastTensors',
    samples: [
      {
        name: 'three',
        inputs: [{ shape: [3] }, { shape: [2, 1] }, { shape: [] }],
        run: (...x) => broadcastTensors(...x),
        reference: (...x) => x.map((a) => broadcast(a, [2, 3])),
      },
      { name: 'one', inputs: [{ shape: [2] }], run: (...x) => broadcastTensors(...x), reference: (a) => [a!] },
    ],
    errors: [
      {
        name: 'shapes',
        run: () => broadcastTensors(zeros([2]), zeros([3])),
        error: 'ShapeError',
        message: /broadcastTensors: cannot broadcast \[2\] with \[3\]/,
      },
    ],
  },
  {
    op: 'meshgrid',
    samples: [
      { name: 'ij', inputs: [{ shape: [2] }, { shape: [3] }], run: (...x) => meshgrid(x), reference: (...x) => grid([0, 1], x) },
      {
        name: 'xy',
        inputs: [{ shape: [2] }, { shape: [3] }, { shape: [2] }],
        run: (...x) => meshgrid(x, { indexing: 'xy' }),
        reference: (...x) => grid([1, 0, 2], x),
      },
      { name: 'one', inputs: [{ shape: [2] }], run: (...x) => meshgrid(x, { indexing: 'xy' }), reference: (a) => [a!] },
      { name: 'a 0-d one', inputs: [{ shape: [] }, { shape: [2] }], run: (...x) => meshgrid(x), reference: (...x) => grid([0, 1], x) },
      { name: 'zero-size', inputs: [{ shape: [0] }, { shape: [2] }], run: (...x) => meshgrid(x), reference: (...x) => grid([0, 1], x) },
    ],
    errors: [
      { name: 'none', run: () => meshgrid([]), error: 'ValueError', message: /meshgrid: the list of tensors is empty/ },
      {
        name: 'a matrix',
        run: () => meshgrid([zeros([2]), zeros([1, 1])]),
        error: 'ShapeError',
        message: /meshgrid: expected vectors or 0-d tensors, tensor 1 has shape \[1, 1\]/,
      },
      {
        name: 'dtypes',
        run: () => meshgrid([zeros([2]), zeros([2], { dtype: 'int64' })]),
        error: 'DTypeError',
        message: /meshgrid: dtypes differ: float32 and int64/,
      },
      {
        name: 'indexing',
        run: () => meshgrid([zeros([2])], { indexing: 'ji' as 'ij' } satisfies MeshgridOptions),
        error: 'ValueError',
        message: /meshgrid: unknown indexing 'ji'/,
      },
    ],
  },
  {
    op: 'cartesianProd',
    samples: [
      {
        name: 'two',
        inputs: [{ shape: [2] }, { shape: [3] }],
        run: (...x) => cartesianProd(...x),
        reference: (a, b) => build([6, 2], ([i, k]) => (k === 0 ? a!.data[Math.floor(i! / 3)]! : b!.data[i! % 3]!)),
      },
      one(
        'one',
        [3],
        (x) => cartesianProd(x!),
        (x) => x,
      ),
      {
        name: 'zero-size',
        inputs: [{ shape: [0] }, { shape: [2] }],
        run: (...x) => cartesianProd(...x),
        reference: () => ({ shape: [0, 2], data: [] }),
      },
    ],
    errors: [
      { name: 'none', run: () => cartesianProd(), error: 'ValueError', message: /cartesianProd: expected at least one vector/ },
      {
        name: 'a matrix',
        run: () => cartesianProd(zeros([1, 1])),
        error: 'ShapeError',
        message: /cartesianProd: expected vectors, got \[1, 1\]/,
      },
    ],
  },
  {
    op: 'combinations',
    samples: [
      one(
        'pairs',
        [4],
        (x) => combinations(x!),
        (x) => chosen(x, 2, 1),
      ),
      one(
        'three with replacement',
        [3],
        (x) => x!.combinations(3, { withReplacement: true }),
        (x) => chosen(x, 3, 0),
      ),
      one(
        'more than there are',
        [2],
        (x) => combinations(x!, 3),
        (x) => chosen(x, 3, 1),
      ),
      one(
        'of none',
        [0],
        (x) => combinations(x!, 2, { withReplacement: true }),
        (x) => chosen(x, 2, 0),
      ),
      one(
        'no elements',
        [2],
        (x) => combinations(x!, 0),
        () => ({ shape: [0], data: [] }),
      ),
    ],
    errors: [
      {
        name: 'a matrix',
        run: () => combinations(zeros([2, 2])),
        error: 'ShapeError',
        message: /combinations: expected a vector, got \[2, 2\]/,
      },
      { name: 'negative', run: () => combinations(zeros([2]), -1), error: 'ValueError', message: /combinations: r must be .* got -1/ },
    ],
  },
];
