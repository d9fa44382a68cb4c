import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { at, build, one } from './nd.samples.ts';
import { tril, triu } from './triangular.ts';

const cut = (x: NdArray, keep: (row: number, column: number) => boolean): NdArray =>
  build(x.shape, (c) => (keep(c[c.length - 2]!, c[c.length - 1]!) ? at(x, c) : 0));

/** Samples of triangles. */
export const triangularSamples: readonly OpSamples[] = [
  {
    op: 'tril',
    samples: [
      one(
        'square',
        [3, 3],
        (x) => x!.tril(),
        (x) => cut(x, (i, j) => j <= i),
      ),
      one(
        'wide, above',
        [2, 4],
        (x) => tril(x!, 1),
        (x) => cut(x, (i, j) => j <= i + 1),
      ),
      one(
        'batch, below',
        [2, 3, 2],
        (x) => tril(x!, -1),
        (x) => cut(x, (i, j) => j < i),
      ),
      one(
        'zero-size',
        [0, 3, 3],
        (x) => tril(x!),
        (x) => x,
      ),
      {
        name: 'what is cut off may be NaN',
        inputs: [{ shape: [2, 2], values: [1, Number.NaN, 2, 3] }],
        run: (x) => tril(x!.detach()),
        reference: (x) => cut(x!, (i, j) => j <= i),
        differentiable: false,
      },
      {
        name: 'bools',
        inputs: [{ shape: [2, 2], values: [1, 1, 1, 1], dtype: 'bool' }],
        run: (x) => tril(x!),
        reference: (x) => cut(x!, (i, j) => j <= i),
        differentiable: false,
      },
    ],
    errors: [
      { name: 'vector', run: () => tril(zeros([3])), error: 'ShapeError', message: /tril: needs at least 2 dimensions, got \[3\]/ },
      { name: 'fraction', run: () => tril(zeros([2, 2]), 0.5), error: 'ValueError', message: /tril: diagonal must be an integer, got 0.5/ },
    ],
  },
  {
    op: 'triu',
    samples: [
      one(
        'square',
        [3, 3],
        (x) => x!.triu(),
        (x) => cut(x, (i, j) => j >= i),
      ),
      one(
        'wide, above',
        [2, 4],
        (x) => triu(x!, 2),
        (x) => cut(x, (i, j) => j >= i + 2),
      ),
      one(
        'tall, below',
        [4, 2],
        (x) => triu(x!, -1),
        (x) => cut(x, (i, j) => j >= i - 1),
      ),
      one(
        'zero-size',
        [2, 0],
        (x) => triu(x!),
        (x) => x,
      ),
      {
        name: 'integers',
        inputs: [{ shape: [2, 2], dtype: 'int64' }],
        run: (x) => triu(x!),
        reference: (x) => cut(x!, (i, j) => j >= i),
        differentiable: false,
      },
    ],
    errors: [{ name: 'scalar', run: () => triu(zeros([])), error: 'ShapeError', message: /triu: needs at least 2 dimensions, got \[\]/ }],
  },
];
