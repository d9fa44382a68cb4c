import type { NdArray, OpSamples } from '../op.samples.ts';
import { atleast1d, atleast2d, atleast3d } from './atleast.ts';
import { one, under } from './nd.samples.ts';

const to =
  (...shape: number[]) =>
  (x: NdArray): NdArray =>
    under(x, shape);

/** Samples of views with a least number of dimensions. */
export const atleastSamples: readonly OpSamples[] = [
  {
    op: 'atleast1d',
    samples: [
      one('0-d', [], (x) => atleast1d(x!), to(1)),
      one('enough', [2, 3], (x) => atleast1d(x!), to(2, 3)),
      {
        name: 'a list',
        inputs: [{ shape: [] }, { shape: [2] }],
        run: (...x) => atleast1d(x),
        reference: (a, b) => [under(a!, [1]), b!],
      },
    ],
  },
  {
    op: 'atleast2d',
    samples: [
      one('0-d', [], (x) => atleast2d(x!), to(1, 1)),
      one('a vector', [3], (x) => atleast2d(x!), to(1, 3)),
      one('enough', [2, 0], (x) => atleast2d(x!), to(2, 0)),
      {
        name: 'a list',
        inputs: [{ shape: [2] }, { shape: [1, 2] }],
        run: (...x) => atleast2d(x),
        reference: (a, b) => [under(a!, [1, 2]), b!],
      },
    ],
  },
  {
    op: 'atleast3d',
    samples: [
      one('0-d', [], (x) => atleast3d(x!), to(1, 1, 1)),
      one('a vector', [3], (x) => atleast3d(x!), to(1, 3, 1)),
      one('a matrix', [2, 3], (x) => atleast3d(x!), to(2, 3, 1)),
      one('enough', [1, 2, 1], (x) => atleast3d(x!), to(1, 2, 1)),
      { name: 'a list', inputs: [{ shape: [2] }], run: (...x) => atleast3d(x), reference: (a) => [under(a!, [1, 2, 1])] },
    ],
  },
];
