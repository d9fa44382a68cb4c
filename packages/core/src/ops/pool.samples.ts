import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Pair } from '../parts/windows.ts';
import { ones, zeros } from './create.ts';
import { type AvgPool2dOptions, avgPool1d, avgPool2d, type MaxPool2dOptions, maxPool1d, maxPool2d } from './pool.ts';

type Two = readonly [number, number];
const two = (n: Pair | readonly [] | null | undefined, rest: Two): Two => {
  if (n == null) return rest;
  if (typeof n === 'number') return [n, n];
  return n.length === 0 ? rest : n.length === 1 ? [n[0], n[0]] : n;
};

/** The windows of a call, one list of image positions for each (-1 is padding, -2 lies beyond it). */
function windows(
  height: number,
  width: number,
  kernel: number | Two,
  o: MaxPool2dOptions,
): { size: Two; at: (i: number, j: number) => Two[] } {
  const k = two(kernel, [1, 1]);
  const s = two(o.stride, k);
  const p = two(o.padding, [0, 0]);
  const d = two(o.dilation, [1, 1]);
  const count = (n: number, axis: 0 | 1): number => {
    let starts = 0;
    for (let at = -p[axis]; ; at += s[axis]) {
      const last = at + (k[axis] - 1) * d[axis];
      const fits = last < n + p[axis];
      // A window that overhangs counts when it is asked for, starts inside, and the one before it left something over.
      const overhangs = o.ceilMode === true && at < n && at - s[axis] + (k[axis] - 1) * d[axis] < n + p[axis] - 1;
      if (!fits && !overhangs) return starts;
      starts++;
    }
  };
  const at = (i: number, j: number): Two[] => {
    const cells: Two[] = [];
    for (let a = 0; a < k[0]; a++) for (let b = 0; b < k[1]; b++) cells.push([i * s[0] - p[0] + a * d[0], j * s[1] - p[1] + b * d[1]]);
    return cells;
  };
  return { size: [count(height, 0), count(width, 1)], at };
}

/** Applies `f` to the cells of every window. */
function pooled(x: NdArray, kernel: number | Two, o: MaxPool2dOptions, f: (cells: Two[], value: (c: Two) => number) => number): NdArray {
  const [height, width] = x.shape.slice(-2) as unknown as Two;
  const planes = x.shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const { size, at } = windows(height, width, kernel, o);
  const data: number[] = [];
  for (let p = 0; p < planes; p++) {
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++) data.push(f(at(i, j), ([h, w]) => x.data[(p * height + h) * width + w]!));
    }
  }
  return { shape: [...x.shape.slice(0, -2), ...size], data };
}

function maxima(x: NdArray, kernel: number | Two, o: MaxPool2dOptions): readonly [NdArray, NdArray] {
  const [height, width] = x.shape.slice(-2) as unknown as Two;
  const best = (cells: Two[], value: (c: Two) => number): Two => {
    const here = cells.filter(([h, w]) => h >= 0 && h < height && w >= 0 && w < width);
    const nan = here.filter((c) => Number.isNaN(value(c)));
    if (nan.length > 0) return nan[nan.length - 1]!;
    return here.reduce((a, b) => (value(b) > value(a) ? b : a));
  };
  return [
    pooled(x, kernel, o, (cells, value) => value(best(cells, value))),
    pooled(x, kernel, o, (cells, value) => best(cells, value)[0] * width + best(cells, value)[1]),
  ];
}

function means(x: NdArray, kernel: number | Two, o: AvgPool2dOptions): NdArray {
  const [height, width] = x.shape.slice(-2) as unknown as Two;
  const p = two(o.padding, [0, 0]);
  return pooled(x, kernel, o, (cells, value) => {
    const inside = cells.filter(([h, w]) => h >= 0 && h < height && w >= 0 && w < width);
    const padded = cells.filter(([h, w]) => h < height + p[0] && w < width + p[1]);
    const divisor = o.divisorOverride ?? (o.countIncludePad === false ? inside : padded).length;
    return inside.reduce((sum, c) => sum + value(c), 0) / divisor;
  });
}

function max(name: string, shape: readonly number[], kernel: number | Two, o: MaxPool2dOptions = {}, values?: readonly number[]): Sample {
  const spec: InputSpec = values === undefined ? { shape, apart: 0.1 } : { shape, values };
  return {
    name,
    inputs: [spec],
    run: (x) => {
      const { values, indices } = maxPool2d(x!, kernel, { ...o, returnIndices: true });
      return [values, indices];
    },
    reference: (x) => maxima(x!, kernel, o),
    without: ['broadcast'],
  };
}

const average = (name: string, shape: readonly number[], kernel: number | Two, o: AvgPool2dOptions = {}): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => avgPool2d(x!, kernel, o),
  reference: (x) => means(x!, kernel, o),
});

const { NEGATIVE_INFINITY: ninf, NaN: nan } = Number;

/** A reference of images, applied to sequences as images of height 1. */
function asImages(x: NdArray, f: (image: NdArray) => readonly NdArray[]): NdArray[] {
  const flat = (t: NdArray): NdArray => ({ shape: [...t.shape.slice(0, -2), t.shape[t.shape.length - 1]!], data: t.data });
  return f({ shape: [...x.shape.slice(0, -1), 1, x.shape[x.shape.length - 1]!], data: x.data }).map(flat);
}

const fit = (op: 'maxPool2d' | 'avgPool2d', run: typeof avgPool2d): NonNullable<OpSamples['errors']> => [
  {
    name: 'kernel',
    run: () => run(zeros([1, 1, 1, 4]), 2),
    error: 'ShapeError',
    message: new RegExp(`^${op}: a window of 2 does not fit in 1, padding included, of input \\[1, 1, 1, 4\\] \\(dimension 2\\)`),
  },
  {
    name: 'padding',
    run: () => run(zeros([1, 1, 4, 4]), 2, { padding: 2 }),
    error: 'ValueError',
    message: new RegExp(`^${op}: padding 2 is more than half of the kernel 2`),
  },
  {
    name: 'stride',
    run: () => run(zeros([1, 1, 4, 4]), 2, { stride: [1, 0] }),
    error: 'ValueError',
    message: new RegExp(`^${op}: stride .* got \\[1,0\\]`),
  },
  { name: 'rank', run: () => run(zeros([4, 4]), 2), error: 'ShapeError', message: new RegExp(`^${op}: input \\[4, 4\\] has 2 dimensions`) },
  {
    name: 'integers',
    run: () => run(zeros([1, 4, 4], { dtype: 'int32' }), 2),
    error: 'DTypeError',
    message: new RegExp(`^${op}: the input must be floating, got int32`),
  },
];

export const poolSamples: readonly OpSamples[] = [
  {
    op: 'maxPool2d',
    samples: [
      max('2 x 2', [2, 2, 4, 6], 2),
      max('what is left over', [1, 2, 5, 7], [2, 3]),
      max('overlap and padding', [1, 2, 5, 4], 3, { stride: [2, 1], padding: 1 }),
      max('dilation', [1, 1, 7, 6], [3, 2], { stride: 1, dilation: [2, 3], padding: [1, 0] }),
      max('gaps', [1, 1, 7, 6], 2, { stride: 3 }),
      max('ceilMode', [1, 2, 5, 6], 3, { stride: 2, ceilMode: true }),
      max('ceilMode and padding', [1, 1, 4, 5], 3, { stride: 2, padding: 1, ceilMode: true }),
      max('one image without a batch', [2, 4, 4], 2),
      max('no images', [0, 2, 4, 4], 2),
      {
        name: 'ties and NaN',
        inputs: [{ shape: [1, 4, 2, 2], values: [1, 1, 0, 1, nan, 1, nan, 2, nan, 1, 3, 2, ninf, ninf, ninf, ninf] }],
        run: (x) => {
          const { values, indices } = maxPool2d(x!.detach(), 2, { padding: 1, stride: 1, returnIndices: true });
          return [values, indices];
        },
        reference: (x) => maxima(x!, 2, { padding: 1, stride: 1 }),
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: fit('maxPool2d', (x, kernel, options) => maxPool2d(x, kernel, options as MaxPool2dOptions & { returnIndices?: false })),
  },
  {
    op: 'avgPool2d',
    samples: [
      average('2 x 2', [2, 2, 4, 6], 2),
      average('overlap and padding', [1, 2, 5, 4], 3, { stride: [2, 1], padding: 1 }),
      average('without padding', [1, 2, 5, 4], [3, 2], { stride: [2, 1], padding: 1, countIncludePad: false }),
      average('ceilMode', [1, 1, 6, 5], [3, 2], { stride: 2, padding: [1, 1], ceilMode: true }),
      average('ceilMode without padding', [1, 1, 6, 5], [3, 2], { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
      average('another divisor', [1, 2, 4, 4], 2, { divisorOverride: 3 }),
      average('gaps', [1, 1, 7, 6], 2, { stride: 3 }),
      average('one image without a batch', [2, 4, 4], 2),
      average('no images', [0, 2, 4, 4], 2),
      {
        name: 'integers',
        inputs: [{ shape: [1, 2, 4, 4], dtype: 'int64', low: -9, high: 9 }],
        run: (x) => avgPool2d(x!, [3, 2], { stride: 1 }),
        reference: (x) => {
          const { shape, data } = means(x!, [3, 2], { stride: 1 });
          return { shape, data: data.map(Math.trunc) };
        },
        differentiable: false,
      },
    ],
    errors: [
      ...fit('avgPool2d', avgPool2d),
      {
        name: 'divisor',
        run: () => avgPool2d(ones([1, 2, 2]), 2, { divisorOverride: 0 }),
        error: 'ValueError',
        message: /^avgPool2d: divisorOverride must not be 0/,
      },
    ],
  },
  {
    op: 'maxPool1d',
    samples: [
      {
        name: 'everything at once',
        inputs: [{ shape: [2, 2, 8], apart: 0.1 }],
        run: (x) => {
          const { values, indices } = maxPool1d(x!, 3, { stride: 2, padding: 1, dilation: [2], ceilMode: true, returnIndices: true });
          return [values, indices];
        },
        reference: (x) =>
          asImages(x!, (image) => maxima(image, [1, 3], { stride: [1, 2], padding: [0, 1], dilation: [1, 2], ceilMode: true })),
        without: ['broadcast'],
      },
      {
        name: 'one sequence',
        inputs: [{ shape: [2, 7], apart: 0.1 }],
        run: (x) => maxPool1d(x!, [2]),
        reference: (x) => asImages(x!, (image) => maxima(image, [1, 2], {}).slice(0, 1)),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'kernel',
        run: () => maxPool1d(zeros([1, 2, 3]), 4),
        error: 'ShapeError',
        message: /^maxPool1d: a window of 4 does not fit in 3, padding included, of input \[1, 2, 3\] \(dimension 2\)/,
      },
      {
        name: 'no kernel',
        run: () => maxPool1d(zeros([1, 2, 3]), 0),
        error: 'ValueError',
        message: /^maxPool1d: kernel must be an integer of at least 1, got 0/,
      },
      {
        name: 'stride',
        run: () => maxPool1d(zeros([1, 2, 3]), 2, { stride: 0 }),
        error: 'ValueError',
        message: /^maxPool1d: stride .* got 0/,
      },
      {
        name: 'padding',
        run: () => maxPool1d(zeros([1, 2, 3]), 2, { padding: 2 }),
        error: 'ValueError',
        message: /^maxPool1d: padding 2 is more than half of the kernel 2 \(dimension 2\)/,
      },
      {
        name: 'rank',
        run: () => maxPool1d(zeros([3]), 2),
        error: 'ShapeError',
        message: /^maxPool1d: input \[3\] has 1 dimensions, expected \[N, C, L\] or \[C, L\]/,
      },
    ],
  },
  {
    op: 'avgPool1d',
    samples: [
      {
        name: 'everything at once',
        inputs: [{ shape: [2, 2, 8] }],
        run: (x) => avgPool1d(x!, 3, { stride: [2], padding: 1, ceilMode: true, countIncludePad: false }),
        reference: (x) =>
          asImages(x!, (image) => [means(image, [1, 3], { stride: [1, 2], padding: [0, 1], ceilMode: true, countIncludePad: false })]),
      },
      {
        name: 'one sequence',
        inputs: [{ shape: [2, 7] }],
        run: (x) => avgPool1d(x!, 2),
        reference: (x) => asImages(x!, (image) => [means(image, [1, 2], {})]),
      },
    ],
    errors: [
      {
        name: 'rank',
        run: () => avgPool1d(zeros([1, 1, 2, 2]), 2),
        error: 'ShapeError',
        message: /^avgPool1d: input \[1, 1, 2, 2\] has 4 dimensions/,
      },
    ],
  },
];
