import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones, zeros } from './create.ts';
import { cumulativeTrapezoid, diff, trapezoid, trapz } from './integrate.ts';
import { mapLines, without } from './lines.samples.ts';

const differences = (line: readonly number[]): number[] => line.slice(1).map((v, i) => v - line[i]!);
const areas = (line: readonly number[], x: (i: number) => number): number[] =>
  line.slice(1).map((v, i) => ((v + line[i]!) / 2) * (x(i + 1) - x(i)));
const running = (line: readonly number[]): number[] => line.map((_, i) => line.slice(0, i + 1).reduce((a, b) => a + b, 0));
const total = (line: readonly number[]): number[] => [line.reduce((a, b) => a + b, 0)];

const ofLines = (name: string, shape: readonly number[], dim: number, n: number): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => diff(x!, n, dim),
  reference: (x) => Array.from({ length: n }).reduce<NdArray>((a) => mapLines(a, dim, differences), x!),
});

const points = { shape: [4], values: [0, 0.5, 2, 2.25] } as const;

export const integrateSamples: readonly OpSamples[] = [
  {
    op: 'diff',
    samples: [
      ofLines('last dimension', [2, 4], -1, 1),
      ofLines('first dimension, twice', [4, 2], 0, 2),
      ofLines('more often than there are', [2, 2], 1, 3),
      ofLines('not at all', [3], 0, 0),
      {
        name: 'joined',
        inputs: [{ shape: [2, 2] }, { shape: [2, 1] }, { shape: [2, 2] }],
        run: (x, a, b) => x!.diff(1, 1, { prepend: a!, append: b! }),
        reference: (x, a, b) => ({
          shape: [2, 4],
          data: [0, 1].flatMap((r) => differences([a!.data[r]!, ...x!.data.slice(2 * r, 2 * r + 2), ...b!.data.slice(2 * r, 2 * r + 2)])),
        }),
      },
      {
        name: 'bools',
        inputs: [{ shape: [4], dtype: 'bool', values: [1, 0, 0, 1] }],
        run: (x) => diff(x!),
        reference: () => ({ shape: [3], data: [1, 0, 1] }),
        differentiable: false,
      },
    ],
    errors: [
      { name: '0-d', run: () => diff(ones([])), error: 'ShapeError', message: /^diff: the tensor must have at least 1 dimension$/ },
      {
        name: 'joined',
        run: () => diff(ones([2, 2]), 1, 0, { append: ones([1, 3]) }),
        error: 'ShapeError',
        message: /^diff: prepend and append must fit \[2, 2\] in all dimensions but 0, got \[1, 3\]$/,
      },
    ],
  },
  {
    op: 'trapezoid',
    samples: [
      {
        name: 'unit distance',
        inputs: [{ shape: [2, 4] }],
        run: (y) => trapezoid(y!),
        reference: (y) =>
          without(
            mapLines(y!, 1, (l) => total(areas(l, (i) => i))),
            1,
          ),
      },
      {
        name: 'distance',
        inputs: [{ shape: [4, 2] }],
        run: (y) => trapz(y!, { dx: 0.5, dim: 0 }),
        reference: (y) =>
          without(
            mapLines(y!, 0, (l) => total(areas(l, (i) => i / 2))),
            0,
          ),
      },
      {
        name: 'points',
        inputs: [{ shape: [2, 4] }, points],
        run: (y, x) => trapezoid(y!, x!),
        reference: (y, x) =>
          without(
            mapLines(y!, 1, (l) => total(areas(l, (i) => x!.data[i]!))),
            1,
          ),
      },
      { name: 'no points', inputs: [{ shape: [2, 0] }], run: (y) => trapezoid(y!), reference: () => ({ shape: [2], data: [0, 0] }) },
    ],
    errors: [
      {
        name: 'points',
        run: () => trapezoid(ones([3]), ones([2])),
        error: 'ShapeError',
        message: /^trapezoid: 2 points for 3 values along dim 0 of \[3\]$/,
      },
      { name: '0-d', run: () => trapezoid(ones([])), error: 'IndexError', message: /^trapezoid: a 0-d tensor has no dimension/ },
      {
        name: 'bools',
        run: () => trapezoid(zeros([2], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /^trapezoid: not defined for bool$/,
      },
      {
        name: 'both',
        run: () => trapezoid(ones([2]), ones([2]), { dx: 1 }),
        error: 'ValueError',
        message: /^trapezoid: give the points x or their distance dx, not both$/,
      },
    ],
  },
  {
    op: 'cumulativeTrapezoid',
    samples: [
      {
        name: 'points',
        inputs: [{ shape: [2, 4] }, points],
        run: (y, x) => cumulativeTrapezoid(y!, x!),
        reference: (y, x) => mapLines(y!, 1, (l) => running(areas(l, (i) => x!.data[i]!))),
      },
      {
        name: 'distance',
        inputs: [{ shape: [3, 2] }],
        run: (y) => cumulativeTrapezoid(y!, { dx: 2, dim: 0 }),
        reference: (y) => mapLines(y!, 0, (l) => running(areas(l, (i) => 2 * i))),
      },
    ],
  },
];
