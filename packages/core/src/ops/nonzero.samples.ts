import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { at, broadcast, coordinates } from './nd.samples.ts';
import { argwhere, maskedSelect, nonzero } from './nonzero.ts';

const hits = (x: NdArray): number[][] => coordinates(x.shape).filter((c) => at(x, c) !== 0);
const rows = (x: NdArray): NdArray => ({ shape: [hits(x).length, x.shape.length], data: hits(x).flat() });

// Shapes that depend on values need a device that can be read at once.
const flat = (name: string, shape: readonly number[], values: readonly number[]): Sample => ({
  name,
  inputs: [{ shape, values }],
  run: (x) => nonzero(x!),
  reference: (x) => rows(x!),
  differentiable: false,
  hostOnly: true,
});

/** Samples of ops whose shape depends on values. */
export const nonzeroSamples: readonly OpSamples[] = [
  {
    op: 'nonzero',
    samples: [
      flat('matrix', [2, 3], [0, 1, -2, 0.5, 0, 0]),
      flat('three dimensions', [2, 2, 2], [0, 1, 0, 0, 1, 1, 0, Number.NaN]),
      flat('nothing', [2, 2], [0, 0, 0, 0]),
      flat('0-d', [], [3]),
      flat('zero-size', [0, 2], []),
      {
        name: 'as a tuple',
        inputs: [{ shape: [2, 3], values: [1, 0, 1, 0, 0, 1], dtype: 'bool' }],
        run: (x) => x!.nonzero({ asTuple: true }),
        reference: (x) => [0, 1].map((d) => ({ shape: [3], data: hits(x!).map((c) => c[d]!) })),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: '0-d as a tuple',
        inputs: [{ shape: [], values: [2], dtype: 'int64' }],
        run: (x) => nonzero(x!, { asTuple: true }),
        reference: () => [{ shape: [1], data: [0] }],
        differentiable: false,
        hostOnly: true,
      },
    ],
  },
  {
    op: 'argwhere',
    samples: [
      {
        name: 'matrix',
        inputs: [{ shape: [2, 3], values: [0, 1, -2, 0.5, 0, 0] }],
        run: (x) => argwhere(x!),
        reference: (x) => rows(x!),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: '0-d',
        inputs: [{ shape: [], values: [1], dtype: 'bool' }],
        run: (x) => x!.argwhere(),
        reference: () => ({ shape: [1, 0], data: [] }),
        differentiable: false,
        hostOnly: true,
      },
    ],
  },
  {
    op: 'maskedSelect',
    samples: [
      {
        name: 'matrix',
        inputs: [{ shape: [2, 3] }, { shape: [2, 3], values: [1, 0, 1, 1, 0, 0], dtype: 'bool' }],
        run: (x, m) => x!.maskedSelect(m!),
        reference: (x, m) => ({ shape: [3], data: hits(m!).map((c) => at(x!, c)) }),
        hostOnly: true,
      },
      {
        name: 'broadcast both ways',
        inputs: [{ shape: [2, 1] }, { shape: [3], values: [1, 0, 1], dtype: 'bool' }],
        run: (x, m) => maskedSelect(x!, m!),
        reference: (x, m) => ({ shape: [4], data: hits(broadcast(m!, [2, 3])).map(([i]) => x!.data[i!]!) }),
        hostOnly: true,
      },
      {
        name: 'nothing',
        inputs: [{ shape: [3] }, { shape: [3], values: [0, 0, 0], dtype: 'bool' }],
        run: (x, m) => maskedSelect(x!, m!),
        reference: () => ({ shape: [0], data: [] }),
        hostOnly: true,
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, { shape: [], values: [1], dtype: 'bool' }],
        run: (x, m) => maskedSelect(x!, m!),
        reference: (x) => ({ shape: [1], data: x!.data }),
        hostOnly: true,
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [0, 2] }, { shape: [2], values: [1, 0], dtype: 'bool' }],
        run: (x, m) => maskedSelect(x!, m!),
        reference: () => ({ shape: [0], data: [] }),
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'mask dtype',
        run: () => maskedSelect(zeros([2]), zeros([2], { dtype: 'uint8' })),
        error: 'DTypeError',
        message: /maskedSelect: the mask must be bool, got uint8/,
      },
      {
        name: 'shapes',
        run: () => maskedSelect(zeros([2]), zeros([3], { dtype: 'bool' })),
        error: 'ShapeError',
        message: /maskedSelect: cannot broadcast \[2\] with \[3\]/,
      },
    ],
  },
];
