import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { conv1d, conv2d } from './conv.ts';
import { zeros } from './create.ts';

interface Options {
  readonly stride?: readonly [number, number];
  readonly padding?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
  /** Zeros after the image beyond `padding`, which 'same' needs for even kernels. */
  readonly extra?: readonly [number, number];
}

/** The definition: every output is a sum over channels and taps of what lies inside the image. */
function reference(x: NdArray, w: NdArray, b: NdArray | undefined, o: Options): NdArray {
  const [n, c, height, width] = x.shape as readonly [number, number, number, number];
  const [outs, cg, kh, kw] = w.shape as readonly [number, number, number, number];
  const [sh, sw] = o.stride ?? [1, 1];
  const [ph, pw] = o.padding ?? [0, 0];
  const [dh, dw] = o.dilation ?? [1, 1];
  const [eh, ew] = o.extra ?? [0, 0];
  const perGroup = outs / (o.groups ?? 1);
  const oh = Math.floor((height + 2 * ph + eh - dh * (kh - 1) - 1) / sh) + 1;
  const ow = Math.floor((width + 2 * pw + ew - dw * (kw - 1) - 1) / sw) + 1;
  const data: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let f = 0; f < outs; f++) {
      for (let y = 0; y < oh; y++) {
        for (let z = 0; z < ow; z++) {
          let sum = b?.data[f] ?? 0;
          for (let k = 0; k < cg; k++) {
            const channel = Math.floor(f / perGroup) * cg + k;
            for (let r = 0; r < kh; r++) {
              for (let s = 0; s < kw; s++) {
                const row = y * sh - ph + r * dh;
                const col = z * sw - pw + s * dw;
                if (row < 0 || row >= height || col < 0 || col >= width) continue;
                sum += x.data[((i * c + channel) * height + row) * width + col]! * w.data[((f * cg + k) * kh + r) * kw + s]!;
              }
            }
          }
          data.push(sum);
        }
      }
    }
  }
  return { shape: [n, outs, oh, ow], data };
}

const reshaped = (a: NdArray, shape: readonly number[]): NdArray => ({ shape, data: a.data });

function sample(name: string, x: readonly number[], w: readonly number[], o: Options, bias = false): Sample {
  const { extra, ...options } = o;
  const given = extra === undefined ? options : { ...options, padding: 'same' as const };
  return {
    name,
    inputs: [{ shape: x }, { shape: w }, ...(bias ? [{ shape: [w[0]!] }] : [])],
    run: (a, b, c) => conv2d(a!, b!, c, given),
    reference: (a, b, c) => reference(a!, b!, c, o),
  };
}

/** Samples of one dimension are those of two with a height of 1. */
function line(
  name: string,
  x: readonly number[],
  w: readonly number[],
  o: { stride?: number; padding?: number; dilation?: number; groups?: number },
): Sample {
  const wide = { stride: [1, o.stride ?? 1], padding: [0, o.padding ?? 0], dilation: [1, o.dilation ?? 1], groups: o.groups ?? 1 } as const;
  return {
    name,
    inputs: [{ shape: x }, { shape: w }, { shape: [w[0]!] }],
    run: (a, b, c) => conv1d(a!, b!, c, o),
    reference: (a, b, c) => {
      const y = reference(reshaped(a!, [x[0]!, x[1]!, 1, x[2]!]), reshaped(b!, [w[0]!, w[1]!, 1, w[2]!]), c, wide);
      return reshaped(y, [y.shape[0]!, y.shape[1]!, y.shape[3]!]);
    },
  };
}

export const convSamples: readonly OpSamples[] = [
  {
    op: 'conv2d',
    samples: [
      sample('3 x 3', [2, 2, 5, 6], [3, 2, 3, 3], {}, true),
      sample('no bias', [1, 1, 4, 4], [1, 1, 2, 2], {}),
      sample('stride and padding', [2, 2, 6, 5], [4, 2, 3, 2], { stride: [2, 3], padding: [1, 2] }, true),
      sample('stride beyond the kernel', [1, 2, 7, 7], [2, 2, 2, 1], { stride: [3, 2], padding: [1, 0] }),
      sample('dilation', [1, 2, 7, 8], [4, 2, 3, 2], { dilation: [2, 3] }),
      sample('dilation, stride and padding', [1, 1, 7, 8], [5, 1, 2, 3], { stride: [2, 3], padding: [2, 1], dilation: [3, 2] }),
      sample('padding beyond the kernel', [1, 1, 2, 3], [4, 1, 1, 2], { padding: [2, 3] }),
      sample('groups', [2, 4, 4, 4], [6, 2, 3, 3], { groups: 2, padding: [1, 1] }, true),
      sample('depthwise', [1, 3, 5, 4], [6, 1, 3, 2], { groups: 3, stride: [2, 1] }),
      sample('1 x 1', [2, 5, 3, 3], [4, 5, 1, 1], {}),
      sample('more columns than one block', [1, 1, 24, 23], [4, 1, 1, 2], {}),
      sample("'same', odd", [1, 1, 4, 5], [2, 1, 3, 3], { padding: [1, 1], extra: [0, 0] }, true),
      sample("'same', even", [1, 2, 4, 5], [2, 2, 2, 4], { padding: [0, 1], extra: [1, 1] }),
      sample('no images', [0, 2, 4, 4], [3, 2, 3, 3], { padding: [1, 1] }, true),
      sample('no channels', [2, 0, 3, 3], [2, 0, 2, 2], {}, true),
      {
        name: 'one image without a batch',
        inputs: [{ shape: [2, 4, 4] }, { shape: [3, 2, 3, 3] }, { shape: [3] }],
        run: (x, w, b) => conv2d(x!, w!, b, { stride: 2, padding: 1 }),
        reference: (x, w, b) => {
          const y = reference(reshaped(x!, [1, 2, 4, 4]), w!, b, { stride: [2, 2], padding: [1, 1] });
          return reshaped(y, y.shape.slice(1));
        },
      },
      {
        name: 'integers',
        inputs: [
          { shape: [1, 2, 4, 4], dtype: 'int64' },
          { shape: [2, 2, 3, 3], dtype: 'int64' },
        ],
        run: (x, w) => conv2d(x!, w!, null, { padding: 1 }),
        reference: (x, w) => reference(x!, w!, undefined, { padding: [1, 1] }),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'channels',
        run: () => conv2d(zeros([2, 1, 28, 28]), zeros([16, 3, 3, 3])),
        error: 'ShapeError',
        message: /^conv2d: input \[2, 1, 28, 28\] has 1 channels but weight \[16, 3, 3, 3\] expects 3 \(dimension 1\)$/,
      },
      {
        name: 'channels of groups',
        run: () => conv2d(zeros([2, 3, 8, 8]), zeros([4, 1, 3, 3]), null, { groups: 2 }),
        error: 'ShapeError',
        message: /input \[2, 3, 8, 8\] has 3 channels but weight \[4, 1, 3, 3\] expects 2 \(1 in each of 2 groups\)/,
      },
      {
        name: 'groups of outputs',
        run: () => conv2d(zeros([2, 4, 8, 8]), zeros([3, 2, 3, 3]), null, { groups: 2 }),
        error: 'ShapeError',
        message: /3 output channels do not make 2 groups/,
      },
      {
        name: 'kernel',
        run: () => conv2d(zeros([1, 1, 3, 9]), zeros([1, 1, 3, 3]), null, { dilation: 2 }),
        error: 'ShapeError',
        message: /input \[1, 1, 3, 9\] and weight \[1, 1, 3, 3\]: a window of 5 does not fit in 3, padding included \(dimension 2\)/,
      },
      {
        name: 'bias',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([2, 1, 3, 3]), zeros([3])),
        error: 'ShapeError',
        message: /conv2d: the bias has shape \[3\], expected \[2\]/,
      },
      {
        name: 'rank',
        run: () => conv2d(zeros([3, 3]), zeros([1, 1, 3, 3])),
        error: 'ShapeError',
        message: /conv2d: the input has shape \[3, 3\]/,
      },
      {
        name: 'weight rank',
        run: () => conv2d(zeros([1, 3, 3]), zeros([1, 3, 3])),
        error: 'ShapeError',
        message: /conv2d: the weight has shape \[1, 3, 3\]/,
      },
      {
        name: 'dtypes',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /conv2d: the input is float32 but the weight is float64/,
      },
      {
        name: 'stride',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3]), null, { stride: 0 }),
        error: 'ValueError',
        message: /conv2d: stride .* at least 1.* got 0/,
      },
      {
        name: 'padding',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3]), null, { padding: [1, -1] }),
        error: 'ValueError',
        message: /conv2d: padding .* got \[1,-1\]/,
      },
      {
        name: 'groups',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3]), null, { groups: 0 }),
        error: 'ValueError',
        message: /conv2d: groups .* got 0/,
      },
      {
        name: "'same' with a stride",
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3]), null, { stride: 2, padding: 'same' }),
        error: 'ValueError',
        message: /conv2d: padding 'same' needs stride 1, got \[2, 2\]/,
      },
    ],
  },
  {
    op: 'conv1d',
    samples: [
      line('kernel 3', [2, 2, 6], [3, 2, 3], {}),
      line('stride, padding, dilation and groups', [1, 4, 9], [4, 2, 3], { stride: 2, padding: 3, dilation: 2, groups: 2 }),
      {
        name: 'one sequence without a batch',
        inputs: [{ shape: [2, 5] }, { shape: [1, 2, 2] }],
        run: (x, w) => conv1d(x!, w!, null, { padding: 'same' }),
        reference: (x, w) => {
          const y = reference(reshaped(x!, [1, 2, 1, 5]), reshaped(w!, [1, 2, 1, 2]), undefined, { extra: [0, 1] });
          return reshaped(y, [1, 5]);
        },
      },
    ],
    errors: [
      {
        name: 'channels',
        run: () => conv1d(zeros([2, 1, 28]), zeros([16, 3, 3])),
        error: 'ShapeError',
        message: /^conv1d: input \[2, 1, 28\] has 1 channels but weight \[16, 3, 3\] expects 3 \(dimension 1\)$/,
      },
      {
        name: 'kernel',
        run: () => conv1d(zeros([1, 1, 3]), zeros([1, 1, 5])),
        error: 'ShapeError',
        message: /conv1d: input \[1, 1, 3\] and weight \[1, 1, 5\]: a window of 5 does not fit in 3, padding included \(dimension 2\)/,
      },
      { name: 'rank', run: () => conv1d(zeros([3]), zeros([1, 1, 3])), error: 'ShapeError', message: /conv1d: the input has shape \[3\]/ },
      {
        name: 'stride',
        run: () => conv1d(zeros([1, 1, 3]), zeros([1, 1, 3]), null, { stride: 0 }),
        error: 'ValueError',
        message: /conv1d: stride .* got 0/,
      },
    ],
  },
];
