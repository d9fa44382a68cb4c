import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Pair } from '../parts/windows.ts';
import { zeros } from './create.ts';
import { col2im, im2col, type WindowOptions } from './im2col.ts';
import { at, build, coordinates, under } from './nd.samples.ts';

type Two = readonly [number, number];
const two = (n: Pair | undefined, rest: number): Two => {
  if (n === undefined) return [rest, rest];
  return typeof n === 'number' ? [n, n] : n.length === 1 ? [n[0], n[0]] : n;
};

/** For every window, row by row, the pixels that it shows, row by row; they may lie in the padding. */
function pixelsOf(size: Two, kernel: number | Two, o: WindowOptions): Two[][] {
  const [k, s, p, d] = [two(kernel, 1), two(o.stride, 1), two(o.padding, 0), two(o.dilation, 1)];
  const counts = [0, 1].map((e) => Math.floor((size[e]! + 2 * p[e]! - d[e]! * (k[e]! - 1) - 1) / s[e]!) + 1);
  return coordinates(counts).map((w) =>
    coordinates(k).map((t): Two => [w[0]! * s[0] - p[0] + t[0]! * d[0], w[1]! * s[1] - p[1] + t[1]! * d[1]]),
  );
}

/** [N, C, H, W] to [N, C K, windows]. */
function columns(x: NdArray, kernel: number | Two, o: WindowOptions): NdArray {
  const [n, c, height, width] = x.shape as readonly [number, number, number, number];
  const windows = pixelsOf([height, width], kernel, o);
  const k = two(kernel, 1)[0] * two(kernel, 1)[1];
  return build([n, c * k, windows.length], ([i, row, w]) => {
    const [y, z] = windows[w!]![row! % k]!;
    return y < 0 || y >= height || z < 0 || z >= width ? 0 : at(x, [i!, Math.floor(row! / k), y, z]);
  });
}

/** [N, C K, windows] to [N, C, H, W]. */
function image(x: NdArray, size: Two, kernel: number | Two, o: WindowOptions): NdArray {
  const windows = pixelsOf(size, kernel, o);
  const k = two(kernel, 1)[0] * two(kernel, 1)[1];
  return build([x.shape[0]!, x.shape[1]! / k, ...size], ([n, c, y, z]) => {
    let sum = 0;
    windows.forEach((pixels, w) => {
      pixels.forEach((pixel, t) => {
        if (pixel[0] === y && pixel[1] === z) sum += at(x, [n!, c! * k + t, w]);
      });
    });
    return sum;
  });
}

const alone = (x: NdArray, f: (x: NdArray) => NdArray): NdArray => {
  const y = f(under(x, [1, ...x.shape]));
  return under(y, y.shape.slice(1));
};

const unfolded = (name: string, shape: readonly number[], kernel: number | Two, o: WindowOptions = {}): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => im2col(x!, kernel, o),
  reference: (x) => (shape.length === 3 ? alone(x!, (t) => columns(t, kernel, o)) : columns(x!, kernel, o)),
});

const folded = (name: string, shape: readonly number[], size: Two, kernel: number | Two, o: WindowOptions = {}): Sample => ({
  name,
  inputs: [{ shape }],
  run: (x) => col2im(x!, size, kernel, o),
  reference: (x) => (shape.length === 2 ? alone(x!, (t) => image(t, size, kernel, o)) : image(x!, size, kernel, o)),
});

export const im2colSamples: readonly OpSamples[] = [
  {
    op: 'im2col',
    samples: [
      unfolded('2 x 3', [2, 2, 4, 4], [2, 3]),
      unfolded('stride, padding and dilation', [1, 2, 5, 4], [3, 2], { stride: [2, 3], padding: [2, 1], dilation: [2, 1] }),
      unfolded('1 x 1', [1, 2, 2, 3], 1),
      unfolded('one window', [1, 1, 2, 2], 2),
      unfolded('one image without a batch', [2, 3, 3], 2, { padding: 1, stride: 2 }),
      unfolded('no images', [0, 2, 3, 3], 2),
    ],
    errors: [
      { name: 'rank', run: () => im2col(zeros([3, 3]), 2), error: 'ShapeError', message: /^im2col: the input has shape \[3, 3\]/ },
      { name: 'no channels', run: () => im2col(zeros([1, 0, 3, 3]), 2), error: 'ShapeError', message: /nothing but the batch empty/ },
      {
        name: 'kernel',
        run: () => im2col(zeros([1, 1, 3, 4]), 4),
        error: 'ShapeError',
        message: /^im2col: images of \[3, 4\]: a window of 4 does not fit in 3, padding included \(dimension -2\)$/,
      },
      { name: 'stride', run: () => im2col(zeros([1, 1, 3, 3]), 2, { stride: 0 }), error: 'ValueError', message: /im2col: stride .* got 0/ },
      {
        name: 'padding',
        run: () => im2col(zeros([1, 1, 3, 3]), 2, { padding: -1 }),
        error: 'ValueError',
        message: /im2col: padding .* got -1/,
      },
      { name: 'kernelSize', run: () => im2col(zeros([1, 1, 3, 3]), 0), error: 'ValueError', message: /im2col: kernelSize .* got 0/ },
      {
        name: 'integers',
        run: () => im2col(zeros([1, 1, 3, 3], { dtype: 'int64' }), 2),
        error: 'DTypeError',
        message: /im2col: not defined for int64/,
      },
    ],
  },
  {
    op: 'col2im',
    samples: [
      folded('2 x 3', [2, 12, 6], [4, 4], [2, 3]),
      folded('stride, padding and dilation', [1, 12, 6], [5, 4], [3, 2], { stride: [2, 3], padding: [2, 1], dilation: [2, 1] }),
      folded('gaps', [1, 1, 4], [4, 3], 1, { stride: 2 }),
      folded('one image without a batch', [8, 4], [3, 3], 2),
      folded('no images', [0, 4, 4], [3, 3], 2),
    ],
    errors: [
      {
        name: 'rank',
        run: () => col2im(zeros([1, 1, 4, 4]), 3, 2),
        error: 'ShapeError',
        message: /^col2im: the input has shape \[1, 1, 4, 4\]/,
      },
      {
        name: 'windows',
        run: () => col2im(zeros([1, 4, 5]), 3, 2),
        error: 'ShapeError',
        message: /^col2im: input \[1, 4, 5\] has 5 windows, but an image of \[3, 3\] has 2 x 2 \(dimension 2\)$/,
      },
      {
        name: 'channels',
        run: () => col2im(zeros([1, 5, 4]), 3, 2),
        error: 'ShapeError',
        message: /5 entries are no channels of windows \[2, 2\]/,
      },
      { name: 'size', run: () => col2im(zeros([1, 4, 4]), [0, 3], 2), error: 'ValueError', message: /col2im: outputSize .* got \[0,3\]/ },
      {
        name: 'integers',
        run: () => col2im(zeros([1, 4, 4], { dtype: 'int64' }), 3, 2),
        error: 'DTypeError',
        message: /not defined for int64/,
      },
    ],
  },
];
