import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { type AvgPool3dOptions, avgPool3d, type MaxPool3dOptions, maxPool3d } from './pool3d.ts';

type Three = readonly [number, number, number];
const three = (n: number | readonly number[] | null | undefined, rest: Three): Three =>
  n == null ? rest : typeof n === 'number' ? [n, n, n] : (n as Three);

interface Cell {
  readonly at: Three;
  readonly inside: boolean;
  /** Whether it lies in the volume or its padding. */
  readonly counts: boolean;
}

/** Applies `f` to the cells of every window; `value` gives an element of the same plane. */
function pooled(
  x: NdArray,
  kernel: number | Three,
  o: MaxPool3dOptions,
  f: (cells: Cell[], value: (c: Cell) => number) => number,
): NdArray {
  const image = x.shape.slice(-3) as unknown as Three;
  const k = three(kernel, [1, 1, 1]);
  const s = three(o.stride as number, k);
  const p = three(o.padding as number, [0, 0, 0]);
  const d = three(o.dilation as number, [1, 1, 1]);
  const size = image.map((n, a) => {
    const free = n + 2 * p[a]! - (k[a]! - 1) * d[a]! - 1;
    let count = (o.ceilMode === true ? Math.ceil(free / s[a]!) : Math.floor(free / s[a]!)) + 1;
    if (o.ceilMode === true && (count - 1) * s[a]! >= n + p[a]!) count--;
    return count;
  }) as unknown as Three;
  const planes = x.shape.slice(0, -3).reduce((a, b) => a * b, 1);
  const data: number[] = [];
  for (let plane = 0; plane < planes; plane++) {
    const value = ({ at: [a, b, c] }: Cell): number => x.data[((plane * image[0] + a) * image[1] + b) * image[2] + c]!;
    for (let i = 0; i < size[0] * size[1] * size[2]; i++) {
      const out: Three = [Math.floor(i / (size[1] * size[2])), Math.floor(i / size[2]) % size[1], i % size[2]];
      const cells = Array.from({ length: k[0] * k[1] * k[2] }, (_, j): Cell => {
        const step: Three = [Math.floor(j / (k[1] * k[2])), Math.floor(j / k[2]) % k[1], j % k[2]];
        const at = out.map((n, a) => n * s[a]! - p[a]! + step[a]! * d[a]!) as unknown as Three;
        return { at, inside: at.every((n, a) => n >= 0 && n < image[a]!), counts: at.every((n, a) => n < image[a]! + p[a]!) };
      });
      data.push(f(cells, value));
    }
  }
  return { shape: [...x.shape.slice(0, -3), ...size], data };
}

function max(name: string, shape: readonly number[], kernel: number | Three, o: MaxPool3dOptions = {}): Sample {
  const [, h, w] = shape.slice(-3) as unknown as Three;
  return {
    name,
    inputs: [{ shape, apart: 0.05 }],
    run: (x) => {
      const { values, indices } = maxPool3d(x!, kernel, { ...o, returnIndices: true });
      return [values, indices];
    },
    reference: (x) => {
      const best = (cells: Cell[], value: (c: Cell) => number): Cell =>
        cells.filter((c) => c.inside).reduce((a, b) => (value(b) > value(a) ? b : a));
      return [
        pooled(x!, kernel, o, (cells, value) => value(best(cells, value))),
        pooled(x!, kernel, o, (cells, value) => {
          const { at } = best(cells, value);
          return (at[0] * h + at[1]) * w + at[2];
        }),
      ];
    },
    without: ['broadcast'],
  };
}

const average = (name: string, shape: readonly number[], kernel: number | Three, o: AvgPool3dOptions = {}): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => avgPool3d(x!, kernel, o),
  reference: (x) =>
    pooled(x!, kernel, o, (cells, value) => {
      const inside = cells.filter((c) => c.inside);
      const divisor = o.divisorOverride ?? (o.countIncludePad === false ? inside : cells.filter((c) => c.counts)).length;
      return inside.reduce((sum, c) => sum + value(c), 0) / divisor;
    }),
});

export const pool3dSamples: readonly OpSamples[] = [
  {
    op: 'maxPool3d',
    samples: [
      max('plain', [2, 2, 4, 4, 4], 2),
      max('every option', [1, 2, 5, 6, 5], [2, 3, 2], { stride: [2, 1, 2], padding: [1, 1, 0], dilation: [1, 2, 2], ceilMode: true }),
      max('one volume', [2, 3, 4, 3], [1, 2, 3]),
    ],
    errors: [
      {
        name: 'padding',
        run: () => maxPool3d(zeros([1, 1, 4, 4, 4]), 2, { padding: [0, 2, 0] }),
        error: 'ValueError',
        message: /^maxPool3d: padding 2 is more than half of the kernel 2 \(dimension 3\)/,
      },
      {
        name: 'window',
        run: () => maxPool3d(zeros([1, 1, 4, 4, 2]), 3),
        error: 'ShapeError',
        message: /^maxPool3d: a window of 3 does not fit in 2, padding included, of input \[1, 1, 4, 4, 2\] \(dimension 4\)/,
      },
      {
        name: 'rank',
        run: () => maxPool3d(zeros([4, 4, 4]), 2),
        error: 'ShapeError',
        message: /^maxPool3d: input \[4, 4, 4\] has 3 dimensions, expected \[N, C, D, H, W\] or \[C, D, H, W\]/,
      },
    ],
  },
  {
    op: 'avgPool3d',
    samples: [
      average('plain', [2, 2, 4, 4, 4], 2),
      average('padding counts', [1, 2, 4, 5, 4], [2, 3, 2], { stride: [2, 2, 1], padding: 1, ceilMode: true }),
      average('padding does not count', [1, 2, 4, 5, 4], [2, 3, 2], { stride: [2, 2, 1], padding: 1, countIncludePad: false }),
      average('another divisor', [2, 3, 4, 3], 2, { divisorOverride: 3 }),
    ],
    errors: [
      {
        name: 'divisor',
        run: () => avgPool3d(zeros([1, 1, 4, 4, 4]), 2, { divisorOverride: 0 }),
        error: 'ValueError',
        message: /^avgPool3d: divisorOverride must not be 0/,
      },
      {
        name: 'kernel',
        run: () => avgPool3d(zeros([1, 1, 4, 4, 4]), 0),
        error: 'ValueError',
        message: /^avgPool3d: kernel must be an integer of at least 1, or 3 of them, got 0/,
      },
    ],
  },
];
