import type { OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { build, one } from './nd.samples.ts';
import { vander } from './vander.ts';

/** Samples of the Vandermonde matrix. */
export const vanderSamples: readonly OpSamples[] = [
  {
    op: 'vander',
    samples: [
      one(
        'square',
        [3],
        (x) => vander(x!),
        (x) => build([3, 3], ([i, k]) => x.data[i!]! ** (2 - k!)),
      ),
      one(
        'increasing',
        [2],
        (x) => vander(x!, 4, { increasing: true }),
        (x) => build([2, 4], ([i, k]) => x.data[i!]! ** k!),
      ),
      {
        ...one(
          'one column',
          [2],
          (x) => vander(x!, 1),
          (x) => build([2, 1], ([i, k]) => x.data[i!]! ** k!),
        ),
        differentiable: false,
      },
      {
        ...one(
          'no columns',
          [2],
          (x) => vander(x!, 0),
          () => ({ shape: [2, 0], data: [] }),
        ),
        differentiable: false,
      },
      {
        name: 'integers',
        inputs: [{ shape: [3], dtype: 'int32' }],
        run: (x) => vander(x!),
        reference: (x) => build([3, 3], ([i, k]) => x!.data[i!]! ** (2 - k!)),
        differentiable: false,
      },
    ],
    errors: [
      { name: 'a matrix', run: () => vander(zeros([2, 2])), error: 'ShapeError', message: /vander: expected a vector, got \[2, 2\]/ },
      {
        name: 'columns',
        run: () => vander(zeros([2]), -1),
        error: 'ValueError',
        message: /vander: the number of columns must be .* got -1/,
      },
    ],
  },
];
