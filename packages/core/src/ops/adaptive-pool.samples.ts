import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import {
  type AdaptiveSize,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from './adaptive-pool.ts';
import { zeros } from './create.ts';

/** Calls `f` with the flat positions of every window, planes one after the other. */
function windows(x: NdArray, spatial: number, size: AdaptiveSize, f: (plane: number, cells: readonly number[]) => number): NdArray {
  const image = x.shape.slice(-spatial);
  const to = typeof size === 'number' ? image.map(() => size) : size.map((n, d) => n ?? image[d]!);
  const lead = x.shape.slice(0, -spatial);
  const planes = lead.reduce((p, n) => p * n, 1);
  const range = (d: number, i: number): number[] => {
    const start = Math.floor((i * image[d]!) / to[d]!);
    return Array.from({ length: Math.ceil(((i + 1) * image[d]!) / to[d]!) - start }, (_, k) => start + k);
  };
  const data: number[] = [];
  const walk = (plane: number, d: number, cells: readonly number[]): void => {
    if (d === spatial) {
      data.push(f(plane, cells));
      return;
    }
    for (let i = 0; i < to[d]!; i++)
      walk(
        plane,
        d + 1,
        cells.flatMap((at) => range(d, i).map((k) => at * image[d]! + k)),
      );
  };
  for (let p = 0; p < planes; p++) walk(p, 0, [0]);
  return { shape: [...lead, ...to], data };
}

const cellsIn = (x: NdArray, spatial: number): number => x.shape.slice(-spatial).reduce((p, n) => p * n, 1);

function mean(x: NdArray, spatial: number, size: AdaptiveSize): NdArray {
  const n = cellsIn(x, spatial);
  return windows(x, spatial, size, (p, cells) => cells.reduce((s, at) => s + x.data[p * n + at]!, 0) / cells.length);
}

function maximum(x: NdArray, spatial: number, size: AdaptiveSize): readonly [NdArray, NdArray] {
  const n = cellsIn(x, spatial);
  const best = (p: number, cells: readonly number[]): number => cells.reduce((a, b) => (x.data[p * n + b]! > x.data[p * n + a]! ? b : a));
  return [
    windows(x, spatial, size, (p, cells) => x.data[p * n + best(p, cells)]!),
    windows(x, spatial, size, (p, cells) => best(p, cells)),
  ];
}

type Average = (x: Tensor, size: AdaptiveSize) => Tensor;
type Maximum = (x: Tensor, size: AdaptiveSize, o: { returnIndices: true }) => { readonly values: Tensor; readonly indices: Tensor };

const average = (f: Average, spatial: number, name: string, shape: readonly number[], size: AdaptiveSize): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => f(x!, size),
  reference: (x) => mean(x!, spatial, size),
});

const largest = (f: Maximum, spatial: number, name: string, shape: readonly number[], size: AdaptiveSize): Sample => ({
  name,
  inputs: [{ shape, apart: 0.05 }],
  run: (x) => {
    const { values, indices } = f(x!, size, { returnIndices: true });
    return [values, indices];
  },
  reference: (x) => maximum(x!, spatial, size),
  without: ['broadcast'],
});

const errors = (
  op: string,
  run: (x: Tensor, size: AdaptiveSize) => unknown,
  shape: readonly number[],
): NonNullable<OpSamples['errors']> => [
  {
    name: 'size',
    run: () => run(zeros(shape), -1),
    error: 'ValueError',
    message: new RegExp(`^${op}: outputSize must be a non-negative integer.*, got -1`),
  },
  {
    name: 'empty',
    run: () => run(zeros([...shape.slice(0, -1), 0]), 1),
    error: 'ShapeError',
    message: new RegExp(`^${op}: input .* has size 0 \\(dimension ${shape.length - 1}\\); only the batch may be empty`),
  },
  {
    name: 'rank',
    run: () => run(zeros([4]), 1),
    error: 'ShapeError',
    message: new RegExp(`^${op}: input \\[4\\] has 1 dimensions`),
  },
  {
    name: 'integers',
    run: () => run(zeros(shape, { dtype: 'int64' }), 1),
    error: 'DTypeError',
    message: new RegExp(`^${op}: the input must be floating, got int64`),
  },
];

export const adaptivePoolSamples: readonly OpSamples[] = [
  {
    op: 'adaptiveAvgPool1d',
    samples: [average(adaptiveAvgPool1d, 1, 'unequal parts', [2, 2, 7], 3), average(adaptiveAvgPool1d, 1, 'one sequence', [2, 6], 2)],
    errors: errors('adaptiveAvgPool1d', adaptiveAvgPool1d, [1, 2, 3]),
  },
  {
    op: 'adaptiveAvgPool2d',
    samples: [
      average(adaptiveAvgPool2d, 2, 'one number per plane', [2, 3, 4, 5], 1),
      average(adaptiveAvgPool2d, 2, 'equal parts', [1, 2, 6, 4], [3, 2]),
      average(adaptiveAvgPool2d, 2, 'unequal parts', [2, 2, 5, 7], [3, 4]),
      average(adaptiveAvgPool2d, 2, 'more than there is', [1, 1, 2, 3], 5),
      average(adaptiveAvgPool2d, 2, 'one dimension as it is', [1, 2, 5, 4], [null, 3]),
      average(adaptiveAvgPool2d, 2, 'one image without a batch', [2, 4, 3], 2),
      average(adaptiveAvgPool2d, 2, 'no images', [0, 2, 4, 4], 3),
    ],
    errors: errors('adaptiveAvgPool2d', adaptiveAvgPool2d, [1, 2, 3, 4]),
  },
  {
    op: 'adaptiveAvgPool3d',
    samples: [
      average(adaptiveAvgPool3d, 3, 'unequal parts', [1, 2, 3, 4, 5], [2, 4, 3]),
      average(adaptiveAvgPool3d, 3, 'one volume', [2, 2, 4, 3], 2),
    ],
    errors: errors('adaptiveAvgPool3d', adaptiveAvgPool3d, [1, 2, 3, 4, 5]),
  },
  {
    op: 'adaptiveMaxPool1d',
    samples: [largest(adaptiveMaxPool1d, 1, 'unequal parts', [2, 2, 7], 3), largest(adaptiveMaxPool1d, 1, 'more than there is', [2, 3], 5)],
    errors: errors('adaptiveMaxPool1d', (x, size) => adaptiveMaxPool1d(x, size), [1, 2, 3]),
  },
  {
    op: 'adaptiveMaxPool2d',
    samples: [
      largest(adaptiveMaxPool2d, 2, 'unequal parts', [2, 2, 5, 7], [3, 4]),
      largest(adaptiveMaxPool2d, 2, 'one dimension as it is', [2, 5, 4], [null, 3]),
      largest(adaptiveMaxPool2d, 2, 'no images', [0, 2, 4, 4], 3),
      {
        name: 'the first of equals',
        inputs: [{ shape: [1, 2, 4], values: [1, 2, 2, 1, 2, 1, 1, 2] }],
        run: (x) => {
          const { values, indices } = adaptiveMaxPool2d(x!.detach(), [1, 2], { returnIndices: true });
          return [values, indices];
        },
        reference: () => [
          { shape: [1, 1, 2], data: [2, 2] },
          { shape: [1, 1, 2], data: [1, 2] },
        ],
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: errors('adaptiveMaxPool2d', (x, size) => adaptiveMaxPool2d(x, size), [1, 2, 3, 4]),
  },
  {
    op: 'adaptiveMaxPool3d',
    samples: [largest(adaptiveMaxPool3d, 3, 'unequal parts', [1, 2, 3, 4, 5], [2, 4, 3])],
    errors: errors('adaptiveMaxPool3d', (x, size) => adaptiveMaxPool3d(x, size), [1, 2, 3, 4, 5]),
  },
];
