import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { diag, diagEmbed, diagflat, diagonal as diagonalOf } from './diagonal.ts';
import { at, build, one, under } from './nd.samples.ts';

/** The diagonal of the last two dimensions. */
const diagonal =
  (offset: number) =>
  (x: NdArray): NdArray => {
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    let n = 0;
    while (n - Math.min(offset, 0) < rows && n + Math.max(offset, 0) < columns) n++;
    return build([...x.shape.slice(0, -2), n], (c) => {
      const k = c[c.length - 1]!;
      return at(x, [...c.slice(0, -1), k - Math.min(offset, 0), k + Math.max(offset, 0)]);
    });
  };

/** The last dimension on a diagonal of matrices. */
const embedded =
  (offset: number) =>
  (x: NdArray): NdArray => {
    const n = x.shape[x.shape.length - 1]! + Math.abs(offset);
    return build([...x.shape.slice(0, -1), n, n], (c) => {
      const [i, j] = c.slice(-2) as [number, number];
      return j - i === offset ? at(x, [...c.slice(0, -2), Math.min(i, j)]) : 0;
    });
  };

/** Samples of ops on diagonals. */
export const diagonalSamples: readonly OpSamples[] = [
  {
    op: 'diagonal',
    samples: [
      one('square', [3, 3], (x) => x!.diagonal(), diagonal(0)),
      one('wide', [2, 4], (x) => diagonalOf(x!, 1), diagonal(1)),
      one('tall, below', [4, 3], (x) => x!.diagonal(-2), diagonal(-2)),
      one('batch', [2, 3, 4], (x) => x!.diagonal(1, 1, 2), diagonal(1)),
      one(
        'other dims',
        [3, 2, 4],
        (x) => x!.diagonal(-1, -1, 0),
        (x) => build([2, 3], ([b, k]) => at(x, [k!, b!, k! + 1])),
      ),
      one('outside', [2, 3], (x) => x!.diagonal(3), diagonal(3)),
      one('zero-size', [0, 3], (x) => x!.diagonal(), diagonal(0)),
    ],
    errors: [
      {
        name: 'vector',
        run: () => zeros([3]).diagonal(),
        error: 'ShapeError',
        message: /diagonal: needs at least 2 dimensions, got \[3\]/,
      },
      {
        name: 'same dim',
        run: () => zeros([3, 3]).diagonal(0, 1, -1),
        error: 'ValueError',
        message: /diagonal: dim1 and dim2 are the same dimension 1/,
      },
      { name: 'fraction', run: () => zeros([3, 3]).diagonal(0.5), error: 'ValueError', message: /diagonal: offset must be an integer/ },
    ],
  },
  {
    op: 'diagEmbed',
    samples: [
      one('a vector', [3], (x) => diagEmbed(x!), embedded(0)),
      one('above, of a batch', [2, 2], (x) => x!.diagEmbed(1), embedded(1)),
      one('below', [2], (x) => diagEmbed(x!, -2), embedded(-2)),
      one(
        'other dims',
        [2, 3],
        (x) => diagEmbed(x!, 1, 0, 2),
        (x) => build([4, 2, 4], ([i, b, j]) => (j === i! + 1 ? at(x, [b!, i!]) : 0)),
      ),
      one('zero-size', [2, 0], (x) => diagEmbed(x!), embedded(0)),
    ],
    errors: [
      { name: '0-d', run: () => diagEmbed(zeros([])), error: 'ShapeError', message: /diagEmbed: needs at least 1 dimension/ },
      {
        name: 'same dim',
        run: () => diagEmbed(zeros([2]), 0, 1, -1),
        error: 'ValueError',
        message: /diagEmbed: dim1 and dim2 are the same dimension 1/,
      },
    ],
  },
  {
    op: 'diag',
    samples: [
      one('of a vector', [2], (x) => diag(x!, -1), embedded(-1)),
      one('of a matrix', [3, 4], (x) => x!.diag(2), diagonal(2)),
      one('at the end of a matrix', [2, 3], (x) => diag(x!, 3), diagonal(3)),
    ],
    errors: [
      {
        name: 'rank',
        run: () => diag(zeros([2, 2, 2])),
        error: 'ShapeError',
        message: /diag: expected a vector or a matrix, got \[2, 2, 2\]/,
      },
      {
        name: 'outside',
        run: () => diag(zeros([2, 3]), -3),
        error: 'IndexError',
        message: /diag: there is no diagonal -3 in a matrix of shape/,
      },
    ],
  },
  {
    op: 'diagflat',
    samples: [
      one(
        'of a matrix',
        [2, 2],
        (x) => diagflat(x!),
        (x) => embedded(0)(under(x, [4])),
      ),
      one(
        '0-d, above',
        [],
        (x) => x!.diagflat(1),
        (x) => embedded(1)(under(x, [1])),
      ),
    ],
  },
];
