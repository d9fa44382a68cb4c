import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import { affineGrid, type GridSampleOptions, gridSample } from './grid-sample.ts';
import { at, build, coordinates } from './nd.samples.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** Keys' kernel with slope -3/4. */
function keys(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return 1.25 * d ** 3 - 2.25 * d ** 2 + 1;
  return d < 2 ? -0.75 * d ** 3 + 3.75 * d ** 2 - 6 * d + 3 : 0;
}

/** A position as the padding has it. */
function padded(u: number, n: number, o: GridSampleOptions): number {
  if (o.paddingMode === undefined || o.paddingMode === 'zeros') return u;
  const clip = (v: number): number => Math.min(Math.max(v, 0), n - 1);
  if (o.paddingMode === 'border') return clip(u);
  const [low, high] = o.alignCorners === true ? [0, n - 1] : [-0.5, n - 0.5];
  if (low === high) return 0;
  let v = u;
  while (v < low || v > high) v = v < low ? 2 * low - v : 2 * high - v;
  return clip(v);
}

function sampled(x: NdArray, grid: NdArray, o: GridSampleOptions): NdArray {
  const sizes = x.shape.slice(2);
  const rank = sizes.length;
  const voxels = rank === 3;
  return build([...x.shape.slice(0, 2), ...grid.shape.slice(1, -1)], ([n, c, ...to]) => {
    const value = (k: readonly number[]): number => (k.every((i, d) => i >= 0 && i < sizes[d]!) ? at(x, [n!, c!, ...k]) : 0);
    const u = sizes.map((size, d) => {
      const g = at(grid, [n!, ...to, rank - 1 - d]);
      return o.alignCorners === true ? ((g + 1) / 2) * (size - 1) : ((g + 1) * size - 1) / 2;
    });
    const p = u.map((v, d) => padded(v, sizes[d]!, o));
    if (o.mode === 'nearest') {
      const even = (v: number): number => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));
      const away = (v: number): number => Math.sign(v) * Math.round(Math.abs(v));
      return value(p.map(voxels ? away : even));
    }
    if (o.mode === 'bicubic') {
      return coordinates([4, 4]).reduce((sum, tap) => {
        const k = tap.map((t, d) => Math.floor(u[d]!) - 1 + t);
        const w = k.reduce((product, i, d) => product * keys(u[d]! - i), 1);
        return sum + w * value(k.map((i, d) => padded(i, sizes[d]!, o)));
      }, 0);
    }
    return coordinates(sizes.map(() => 2)).reduce((sum, tap) => {
      const k = tap.map((t, d) => Math.floor(p[d]!) + t);
      return sum + k.reduce((product, i, d) => product * (1 - Math.abs(p[d]! - i)), 1) * value(k);
    }, 0);
  });
}

/** Grid values whose positions stay away from pixel centers, edges and mirrors of images of these sizes. */
function grid(shape: readonly number[], sizes: readonly number[], alignCorners: boolean): number[] {
  const rank = sizes.length;
  let seed = 1;
  return coordinates(shape).map((c) => {
    const n = sizes[rank - 1 - c[c.length - 1]!]!;
    seed = (seed * 16807) % 2147483647;
    // A third or two between entries, up to one image beyond each side.
    const position = (seed % (3 * n)) - n + (seed % 2 === 0 ? 0.3 : 0.7);
    if (!alignCorners) return (2 * position + 1) / n - 1;
    return n === 1 ? position : (2 * position) / (n - 1) - 1;
  });
}

function sample(name: string, x: readonly number[], out: readonly number[], o: GridSampleOptions): Sample {
  const shape = [x[0]!, ...out, x.length - 2];
  const values = grid(shape, x.slice(2), o.alignCorners === true);
  return {
    name,
    inputs: [{ shape: x }, { shape, values }],
    run: (t, g) => gridSample(t!, g!, o),
    reference: (t, g) => sampled(t!, g!, o),
  };
}

/** A call whose grid is no input: at these points there is no derivative in the grid. */
function points(name: string, x: readonly number[], values: readonly number[], o: GridSampleOptions, expected?: readonly number[]): Sample {
  const rank = x.length - 2;
  const count = values.length / rank;
  const lead = new Array<number>(rank - 1).fill(1);
  const shape = [1, ...lead, count, rank];
  return {
    name,
    inputs: [{ shape: x, values: Array.from({ length: x.reduce((a, b) => a * b, 1) }, (_, i) => i + 1) }],
    run: (t) => gridSample(t!, tensor(values, { shape, dtype: t!.dtype, device: t!.device }), o),
    reference: (t) =>
      expected === undefined ? sampled(t!, { shape, data: values }, o) : { shape: [1, 1, ...lead, count], data: expected },
  };
}

const affine = (name: string, size: readonly number[], alignCorners: boolean): Sample => {
  const rank = size.length - 2;
  return {
    name,
    inputs: [{ shape: [size[0]!, rank, rank + 1] }],
    run: (theta) => affineGrid(theta!, size, { alignCorners }),
    reference: (theta) =>
      build([size[0]!, ...size.slice(2), rank], ([n, ...c]) => {
        const k = c.pop()!;
        const along = c.map((i, d) => {
          const length = size[2 + d]!;
          if (!alignCorners) return (2 * i + 1) / length - 1;
          return length === 1 ? 0 : (2 * i) / (length - 1) - 1;
        });
        return [...along.reverse(), 1].reduce((sum, v, j) => sum + v * at(theta!, [n!, k, j]), 0);
      }),
  };
};

export const gridSampleSamples: readonly OpSamples[] = [
  {
    op: 'gridSample',
    samples: [
      ...(['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) =>
        [false, true].flatMap((alignCorners) => {
          const about = `${paddingMode}${alignCorners ? ', corners' : ''}`;
          return [
            sample(`bilinear, ${about}`, [2, 2, 3, 4], [2, 3], { paddingMode, alignCorners }),
            sample(`nearest, ${about}`, [1, 2, 3, 2], [3, 2], { mode: 'nearest', paddingMode, alignCorners }),
            sample(`bicubic, ${about}`, [1, 1, 4, 3], [2, 2], { mode: 'bicubic', paddingMode, alignCorners }),
            sample(`trilinear, ${about}`, [1, 2, 2, 3, 2], [2, 1, 3], { paddingMode, alignCorners }),
          ];
        }),
      ),
      sample('nearest voxels', [1, 1, 2, 3, 2], [1, 2, 2], { mode: 'nearest' }),
      sample('one pixel, reflected', [1, 1, 1, 1], [2, 2], { paddingMode: 'reflection', alignCorners: true }),
      {
        name: 'no images',
        inputs: [{ shape: [0, 1, 2, 2] }, { shape: [0, 1, 1, 2] }],
        run: (x, g) => gridSample(x!, g!),
        reference: (x, g) => sampled(x!, g!, {}),
      },
      points('halves between pixels go to the even one', [1, 1, 1, 4], [-0.5, 0, 0, 0, 0.5, 0], { mode: 'nearest' }),
      points('halves between voxels go away from zero', [1, 1, 1, 1, 4], [-0.5, 0, 0, 0, 0, 0, 0.5, 0, 0], { mode: 'nearest' }),
      points('on the pixels', [1, 1, 3, 3], [-1, -1, 0, 0, 1, 1, 1, 0, 2, 0], { alignCorners: true }),
      points('NaN and infinity see zeros', [1, 1, 1, 3], [nan, 0, inf, 0], { mode: 'nearest' }, [0, 0]),
      points('NaN and infinity inside the border', [1, 1, 1, 3], [nan, 0, inf, 0, -inf, 0], { paddingMode: 'border' }, [1, 3, 1]),
      points('NaN in a volume', [1, 1, 1, 1, 3], [nan, 0, 0, inf, 0, 0], { paddingMode: 'border' }, [3, 3]),
      points('NaN in a volume of zeros', [1, 1, 1, 1, 3], [nan, 0, 0], {}, [0]),
    ],
    errors: [
      {
        name: 'rank',
        run: () => gridSample(zeros([1, 1, 3]), zeros([1, 2, 1])),
        error: 'ShapeError',
        message: /^gridSample: the input has shape \[1, 1, 3\]/,
      },
      {
        name: 'grid',
        run: () => gridSample(zeros([1, 1, 3, 3]), zeros([1, 2, 2, 3])),
        error: 'ShapeError',
        message: /input \[1, 1, 3, 3\] and grid \[1, 2, 2, 3\]: expected a grid \[N, OH, OW, 2\]/,
      },
      {
        name: 'batch',
        run: () => gridSample(zeros([2, 1, 3, 3]), zeros([1, 2, 2, 2])),
        error: 'ShapeError',
        message: /batches differ \(dimension 0\)/,
      },
      {
        name: 'empty',
        run: () => gridSample(zeros([1, 1, 0, 3]), zeros([1, 2, 2, 2])),
        error: 'ShapeError',
        message: /has empty images \(dimension 2\)/,
      },
      {
        name: 'mode',
        run: () => gridSample(zeros([1, 1, 3, 3]), zeros([1, 2, 2, 2]), { mode: 'linear' as never }),
        error: 'ValueError',
        message: /unknown mode 'linear'/,
      },
      {
        name: 'paddingMode',
        run: () => gridSample(zeros([1, 1, 3, 3]), zeros([1, 2, 2, 2]), { paddingMode: 'reflect' as never }),
        error: 'ValueError',
        message: /unknown paddingMode 'reflect'/,
      },
      {
        name: 'bicubic volumes',
        run: () => gridSample(zeros([1, 1, 3, 3, 3]), zeros([1, 2, 2, 2, 3]), { mode: 'bicubic' }),
        error: 'ValueError',
        message: /mode 'bicubic' is for images, not for volumes \[1, 1, 3, 3, 3\]/,
      },
      {
        name: 'dtypes',
        run: () => gridSample(zeros([1, 1, 3, 3]), zeros([1, 2, 2, 2], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /the input is float32 but the grid is float64/,
      },
      {
        name: 'integers',
        run: () => gridSample(zeros([1, 1, 3, 3], { dtype: 'int64' }), zeros([1, 2, 2, 2])),
        error: 'DTypeError',
        message: /not defined for int64/,
      },
    ],
  },
  {
    op: 'affineGrid',
    samples: [
      affine('images', [2, 1, 2, 3], false),
      affine('images, corners', [1, 1, 3, 2], true),
      affine('one row', [1, 2, 1, 3], true),
      affine('volumes', [1, 1, 2, 3, 2], false),
      affine('volumes, corners', [2, 1, 2, 1, 3], true),
    ],
    errors: [
      {
        name: 'theta',
        run: () => affineGrid(zeros([2, 3, 3]), [2, 1, 3, 4]),
        error: 'ShapeError',
        message: /^affineGrid: theta has shape \[2, 3, 3\], expected \[2, 2, 3\] for size \[2, 1, 3, 4\]$/,
      },
      { name: 'batch', run: () => affineGrid(zeros([1, 2, 3]), [2, 1, 3, 4]), error: 'ShapeError', message: /theta has shape \[1, 2, 3\]/ },
      { name: 'rank', run: () => affineGrid(zeros([2, 2, 3]), [2, 1, 3]), error: 'ShapeError', message: /the size \[2, 1, 3\] must be/ },
      {
        name: 'empty',
        run: () => affineGrid(zeros([2, 2, 3]), [2, 1, 0, 4]),
        error: 'ValueError',
        message: /sizes must be positive integers, got \[2, 1, 0, 4\]/,
      },
      {
        name: 'integers',
        run: () => affineGrid(zeros([2, 2, 3], { dtype: 'int64' }), [2, 1, 3, 4]),
        error: 'DTypeError',
        message: /theta must be floating, got int64/,
      },
    ],
  },
];
