import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { diagonal as diagonalOf } from './diagonal.ts';
import { at, build, one } from './nd.samples.ts';

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
];
