import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { type InterpolateOptions, interpolate, upsample, upsampleBilinear, upsampleNearest } from './interpolate.ts';
import { at, build, coordinates } from './nd.samples.ts';

const hat = (x: number): number => Math.max(1 - Math.abs(x), 0);

/** Keys' kernel, piece by piece. */
function keys(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

/** What one output entry takes from each input entry. */
function weights(i: number, from: number, to: number, scale: number | null, o: InterpolateOptions): number[] {
  const row = new Array<number>(from).fill(0);
  const align = o.alignCorners === true;
  const ratio = align ? (to > 1 ? (from - 1) / (to - 1) : 0) : scale === null ? from / to : 1 / scale;
  const position = align ? ratio * i : ratio * (i + 0.5) - 0.5;
  const inside = (k: number): number => Math.min(Math.max(k, 0), from - 1);
  const kernel = o.mode === 'bicubic' ? (x: number): number => keys(x, -0.5) : hat;
  switch (o.mode ?? 'nearest') {
    case 'nearest':
      row[inside(Math.floor(i * ratio))] = 1;
      return row;
    case 'nearest-exact':
      row[inside(Math.floor((i + 0.5) * ratio))] = 1;
      return row;
    case 'area': {
      const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
      return row.map((_, k) => (k >= start && k < end ? 1 / (end - start) : 0));
    }
    default:
  }
  if (o.antialias === true) {
    const widened = row.map((_, k) => kernel((k + 0.5 - ratio * (i + 0.5)) / Math.max(ratio, 1)));
    const total = widened.reduce((a, b) => a + b, 0);
    return widened.map((w) => w / total);
  }
  if (o.mode !== 'bicubic') return row.map((_, k) => hat(inside(from === to ? i : position) - k));
  for (let k = Math.floor(position) - 1; k <= Math.floor(position) + 2; k++) row[inside(k)]! += keys(position - k, -0.75);
  return row;
}

function reference(x: NdArray, o: InterpolateOptions): NdArray {
  const image = x.shape.slice(2);
  const each = (v: number | readonly number[]): readonly number[] => (typeof v === 'number' ? image.map(() => v) : v);
  const given = o.scaleFactor == null ? null : each(o.scaleFactor);
  const sizes = given === null ? each(o.size!) : image.map((n, d) => Math.floor(n * given[d]!));
  const scales = o.recomputeScaleFactor === true ? null : given;
  const rows = sizes.map((to, d) => Array.from({ length: to }, (_, i) => weights(i, image[d]!, to, scales?.[d] ?? null, o)));
  const entries = coordinates(image);
  return build([...x.shape.slice(0, 2), ...sizes], ([n, c, ...to]) =>
    entries.reduce((sum, k) => sum + to.reduce((w, i, d) => w * rows[d]![i]![k[d]!]!, 1) * at(x, [n!, c!, ...k]), 0),
  );
}

const sample = (name: string, shape: readonly number[], o: InterpolateOptions): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => interpolate(x!, o),
  reference: (x) => reference(x!, o),
});

export const interpolateSamples: readonly OpSamples[] = [
  {
    op: 'interpolate',
    samples: [
      sample('nearest, larger', [2, 1, 3], { size: 7 }),
      sample('nearest, smaller', [1, 2, 7, 5], { size: [3, 2], mode: 'nearest' }),
      sample('nearest, scales', [1, 1, 2, 3, 2], { scaleFactor: [1.5, 2, 0.5] }),
      sample('nearest-exact', [1, 1, 5, 4], { size: [3, 9], mode: 'nearest-exact' }),
      sample('nearest-exact, scale', [1, 2, 5], { scaleFactor: 1.7, mode: 'nearest-exact' }),
      sample('linear', [2, 2, 4], { size: 7, mode: 'linear' }),
      sample('linear, corners', [1, 1, 4], { size: [6], mode: 'linear', alignCorners: true }),
      sample('linear, the same size with a scale', [1, 1, 4], { scaleFactor: 1.1, mode: 'linear' }),
      sample('bilinear', [1, 2, 3, 4], { size: [5, 2], mode: 'bilinear' }),
      sample('bilinear, corners, one row', [1, 1, 3, 3], { size: [1, 4], mode: 'bilinear', alignCorners: true }),
      sample('bilinear, scale as given', [1, 1, 3, 4], { scaleFactor: [1.7, 0.6], mode: 'bilinear' }),
      sample('bilinear, scale recomputed', [1, 1, 3, 4], { scaleFactor: [1.7, 0.6], mode: 'bilinear', recomputeScaleFactor: true }),
      sample('bilinear, antialias', [1, 1, 7, 5], { size: [3, 8], mode: 'bilinear', antialias: true }),
      sample('bicubic', [1, 1, 3, 4], { size: [5, 3], mode: 'bicubic' }),
      sample('bicubic, corners', [1, 1, 3, 2], { size: [4, 5], mode: 'bicubic', alignCorners: true }),
      sample('bicubic, antialias', [1, 1, 7, 3], { scaleFactor: [0.4, 1.5], mode: 'bicubic', antialias: true }),
      sample('trilinear', [1, 1, 2, 3, 2], { size: [3, 2, 5], mode: 'trilinear' }),
      sample('trilinear, corners', [1, 1, 2, 2, 3], { scaleFactor: 1.5, mode: 'trilinear', alignCorners: true }),
      sample('area', [1, 2, 5], { size: 3, mode: 'area' }),
      sample('area, scale', [1, 1, 5, 3], { scaleFactor: [0.7, 2], mode: 'area', recomputeScaleFactor: true }),
      sample('area of volumes', [1, 1, 3, 4, 2], { size: [2, 2, 3], mode: 'area' }),
      sample('area of nothing', [1, 2, 4, 3], { size: [0, 2], mode: 'area' }),
      sample('no images', [0, 2, 3, 3], { size: 2, mode: 'bicubic' }),
      {
        name: 'bytes',
        inputs: [{ shape: [1, 1, 2, 3], dtype: 'uint8' }],
        run: (x) => interpolate(x!, { scaleFactor: 2 }),
        reference: (x) => reference(x!, { scaleFactor: 2 }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'nothing',
        run: () => interpolate(zeros([1, 1, 3])),
        error: 'ValueError',
        message: /^interpolate: size or scaleFactor must be given$/,
      },
      {
        name: 'both',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2, scaleFactor: 2 }),
        error: 'ValueError',
        message: /only one of size and scaleFactor/,
      },
      {
        name: 'rank',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2, mode: 'bilinear' }),
        error: 'ShapeError',
        message: /^interpolate: input \[1, 1, 3\] does not fit mode 'bilinear', expected \[N, C, H, W\]$/,
      },
      {
        name: 'matrix',
        run: () => interpolate(zeros([3, 3]), { size: 2 }),
        error: 'ShapeError',
        message: /input \[3, 3\] does not fit mode 'nearest'/,
      },
      {
        name: 'numbers',
        run: () => interpolate(zeros([1, 1, 3, 3]), { size: [2] }),
        error: 'ValueError',
        message: /size \[2\] has 1 numbers, but \[1, 1, 3, 3\] has 2 spatial dimensions/,
      },
      {
        name: 'mode',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2, mode: 'cubic' as never }),
        error: 'ValueError',
        message: /unknown mode 'cubic'/,
      },
      {
        name: 'alignCorners',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2, alignCorners: false }),
        error: 'ValueError',
        message: /alignCorners means nothing for mode 'nearest'/,
      },
      {
        name: 'recomputeScaleFactor',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2, recomputeScaleFactor: true }),
        error: 'ValueError',
        message: /recomputeScaleFactor means nothing with a size/,
      },
      {
        name: 'antialias',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2, mode: 'linear', antialias: true }),
        error: 'ValueError',
        message: /antialias is for modes 'bilinear' and 'bicubic', got 'linear'/,
      },
      {
        name: 'size',
        run: () => interpolate(zeros([1, 1, 3]), { size: 0 }),
        error: 'ShapeError',
        message: /cannot make size 0 of input \[1, 1, 3\] \(dimension 2\)/,
      },
      {
        name: 'fraction',
        run: () => interpolate(zeros([1, 1, 3]), { size: 2.5 }),
        error: 'ValueError',
        message: /sizes must be integers, got 2.5/,
      },
      {
        name: 'empty',
        run: () => interpolate(zeros([1, 1, 0]), { size: 2 }),
        error: 'ShapeError',
        message: /cannot make size 2 of input \[1, 1, 0\]/,
      },
      {
        name: 'no channels',
        run: () => interpolate(zeros([1, 0, 3]), { size: 2 }),
        error: 'ShapeError',
        message: /input \[1, 0, 3\] has no channels/,
      },
      {
        name: 'integers',
        run: () => interpolate(zeros([1, 1, 3], { dtype: 'int64' }), { size: 2 }),
        error: 'DTypeError',
        message: /mode 'nearest' is not defined for int64/,
      },
    ],
  },
  {
    op: 'upsample',
    samples: [
      {
        name: 'bicubic',
        inputs: [{ shape: [1, 1, 3, 2] }],
        run: (x) => upsample(x!, { scaleFactor: 2, mode: 'bicubic', alignCorners: true }),
        reference: (x) => reference(x!, { scaleFactor: 2, mode: 'bicubic', alignCorners: true }),
      },
    ],
    errors: [
      { name: 'nothing', run: () => upsample(zeros([1, 1, 3]), {}), error: 'ValueError', message: /^upsample: size or scaleFactor/ },
    ],
  },
  {
    op: 'upsampleNearest',
    samples: [
      {
        name: 'scale',
        inputs: [{ shape: [1, 2, 3] }],
        run: (x) => upsampleNearest(x!, { scaleFactor: 1.7 }),
        reference: (x) => reference(x!, { scaleFactor: 1.7 }),
      },
    ],
    errors: [
      { name: 'nothing', run: () => upsampleNearest(zeros([1, 1, 3]), {}), error: 'ValueError', message: /^upsampleNearest: size or/ },
    ],
  },
  {
    op: 'upsampleBilinear',
    samples: [
      {
        name: 'size',
        inputs: [{ shape: [1, 1, 3, 4] }],
        run: (x) => upsampleBilinear(x!, { size: [5, 2] }),
        reference: (x) => reference(x!, { size: [5, 2], mode: 'bilinear', alignCorners: true }),
      },
    ],
    errors: [
      {
        name: 'rank',
        run: () => upsampleBilinear(zeros([1, 1, 3]), { size: 2 }),
        error: 'ShapeError',
        message: /^upsampleBilinear: input \[1, 1, 3\] does not fit mode 'bilinear'/,
      },
    ],
  },
];
