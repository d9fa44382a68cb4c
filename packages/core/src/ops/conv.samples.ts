import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { conv1d, conv2d, conv3d } from './conv.ts';
import { zeros } from './create.ts';
import { at, build, coordinates, under } from './nd.samples.ts';

/** Options with a number for each spatial dimension. */
interface Options {
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
  /** Zeros after the image beyond `padding`, which 'same' needs for even kernels. */
  readonly extra?: readonly number[];
}

/** The definition, for any number of spatial dimensions: a sum over channels and taps of what lies inside the image. */
function reference(x: NdArray, w: NdArray, b: NdArray | undefined, o: Options): NdArray {
  const image = x.shape.slice(2);
  const kernel = w.shape.slice(2);
  const of = (list: readonly number[] | undefined, d: number, rest: number): number => list?.[d] ?? rest;
  const room = (n: number, d: number): number => n + 2 * of(o.padding, d, 0) + of(o.extra, d, 0);
  const out = image.map((n, d) => Math.floor((room(n, d) - of(o.dilation, d, 1) * (kernel[d]! - 1) - 1) / of(o.stride, d, 1)) + 1);
  const perGroup = w.shape[0]! / (o.groups ?? 1);
  const taps = coordinates([w.shape[1]!, ...kernel]);
  return build([x.shape[0]!, w.shape[0]!, ...out], ([n, f, ...to]) => {
    let sum = b?.data[f!] ?? 0;
    for (const [c, ...tap] of taps) {
      const from = to.map((i, d) => i * of(o.stride, d, 1) - of(o.padding, d, 0) + tap[d]! * of(o.dilation, d, 1));
      if (from.some((i, d) => i < 0 || i >= image[d]!)) continue;
      const channel = Math.floor(f! / perGroup) * w.shape[1]! + c!;
      sum += at(x, [n!, channel, ...from]) * at(w, [f!, c!, ...tap]);
    }
    return sum;
  });
}

type Convolution = (x: NdArray, w: NdArray, b: NdArray | undefined) => NdArray;

/** A reference of batches applied to one image. */
const alone =
  (f: Convolution): Convolution =>
  (x, w, b) => {
    const y = f(under(x, [1, ...x.shape]), w, b);
    return under(y, y.shape.slice(1));
  };

const run = { 1: conv1d, 2: conv2d, 3: conv3d } as const;

/** A call of the convolution that the shapes ask for. */
function sample(name: string, x: readonly number[], w: readonly number[], o: Options, bias = false): Sample {
  const { extra, ...options } = o;
  const given = extra === undefined ? options : { ...options, padding: 'same' as const };
  const call = run[(w.length - 2) as 1 | 2 | 3];
  return {
    name,
    inputs: [{ shape: x }, { shape: w }, ...(bias ? [{ shape: [w[0]!] }] : [])],
    run: (a, b, c) => call(a!, b!, c, given as never),
    reference: (a, b, c) => reference(a!, b!, c, o),
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
        reference: (x, w, b) => alone((x, w, b) => reference(x, w, b, { stride: [2, 2], padding: [1, 1] }))(x!, w!, b),
      },
      {
        name: 'one number in brackets',
        inputs: [{ shape: [1, 1, 5, 5] }, { shape: [1, 1, 2, 3] }],
        run: (x, w) => conv2d(x!, w!, null, { stride: [2] as never, padding: 1, dilation: [2] as never }),
        reference: (x, w) => reference(x!, w!, undefined, { stride: [2, 2], padding: [1, 1], dilation: [2, 2] }),
      },
      {
        name: "'valid'",
        inputs: [{ shape: [1, 1, 4, 4] }, { shape: [1, 1, 2, 3] }],
        run: (x, w) => conv2d(x!, w!, null, { stride: 2, padding: 'valid' }),
        reference: (x, w) => reference(x!, w!, undefined, { stride: [2, 2] }),
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
        name: 'dtype of the bias',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3]), zeros([1], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /conv2d: the input is float32 but the bias is float64/,
      },
      {
        name: 'bool',
        run: () => conv2d(zeros([1, 1, 3, 3], { dtype: 'bool' }), zeros([1, 1, 3, 3], { dtype: 'bool' })),
        error: 'DTypeError',
        message: /conv2d: not defined for bool/,
      },
      {
        name: 'no images but padding',
        run: () => conv2d(zeros([1, 1, 0, 3]), zeros([1, 1, 1, 1]), null, { padding: 1 }),
        error: 'ShapeError',
        message: /conv2d: input \[1, 1, 0, 3\] has empty images \(dimension 2\)/,
      },
      {
        name: 'empty window',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 0, 3])),
        error: 'ShapeError',
        message: /conv2d: weight \[1, 1, 0, 3\] has an empty window \(dimension 2\)/,
      },
      {
        name: 'padding in words',
        run: () => conv2d(zeros([1, 1, 3, 3]), zeros([1, 1, 3, 3]), null, { padding: 'full' as never }),
        error: 'ValueError',
        message: /conv2d: padding must be .* 'same' or 'valid', got 'full'/,
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
      sample('kernel 3', [2, 2, 6], [3, 2, 3], {}, true),
      sample('stride, padding, dilation and groups', [1, 4, 9], [4, 2, 3], { stride: [2], padding: [3], dilation: [2], groups: 2 }, true),
      sample('no sequences', [0, 2, 5], [3, 2, 3], {}, true),
      {
        name: 'one sequence without a batch',
        inputs: [{ shape: [2, 5] }, { shape: [1, 2, 2] }],
        run: (x, w) => conv1d(x!, w!, null, { padding: 'same' }),
        reference: (x, w) => alone((x, w) => reference(x, w, undefined, { extra: [1] }))(x!, w!, undefined),
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
  {
    op: 'conv3d',
    samples: [
      sample('2 x 3 x 2', [2, 2, 4, 4, 3], [3, 2, 2, 3, 2], {}, true),
      sample('no bias', [1, 1, 3, 2, 2], [1, 1, 2, 1, 1], {}),
      sample(
        'stride, padding and dilation',
        [1, 2, 5, 4, 5],
        [2, 2, 3, 2, 2],
        { stride: [2, 1, 3], padding: [2, 1, 0], dilation: [2, 1, 3] },
        true,
      ),
      sample('groups', [1, 4, 3, 3, 2], [2, 2, 2, 2, 2], { groups: 2, padding: [1, 0, 1] }),
      sample("'same', even", [1, 1, 3, 3, 2], [2, 1, 2, 3, 2], { padding: [0, 1, 0], extra: [1, 0, 1] }),
      sample('no volumes', [0, 2, 3, 3, 3], [3, 2, 2, 2, 2], {}, true),
      {
        name: 'one volume without a batch',
        inputs: [{ shape: [2, 3, 3, 3] }, { shape: [1, 2, 2, 2, 2] }, { shape: [1] }],
        run: (x, w, b) => conv3d(x!, w!, b, { padding: 1 }),
        reference: (x, w, b) => alone((x, w, b) => reference(x, w, b, { padding: [1, 1, 1] }))(x!, w!, b),
      },
      {
        name: 'integers',
        inputs: [
          { shape: [1, 1, 3, 3, 3], dtype: 'int64' },
          { shape: [2, 1, 2, 2, 2], dtype: 'int64' },
        ],
        run: (x, w) => conv3d(x!, w!),
        reference: (x, w) => reference(x!, w!, undefined, {}),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'channels',
        run: () => conv3d(zeros([2, 1, 4, 4, 4]), zeros([1, 3, 2, 2, 2])),
        error: 'ShapeError',
        message: /^conv3d: input \[2, 1, 4, 4, 4\] has 1 channels but weight \[1, 3, 2, 2, 2\] expects 3 \(dimension 1\)$/,
      },
      {
        name: 'kernel',
        run: () => conv3d(zeros([1, 2, 4, 4]), zeros([1, 1, 3, 1, 1])),
        error: 'ShapeError',
        message: /conv3d: input \[1, 2, 4, 4\] and weight \[1, 1, 3, 1, 1\]: a window of 3 does not fit in 2, .* \(dimension 1\)/,
      },
      {
        name: 'rank',
        run: () => conv3d(zeros([3, 3]), zeros([1, 1, 3, 3, 3])),
        error: 'ShapeError',
        message: /conv3d: the input has shape \[3, 3\]/,
      },
      {
        name: 'stride',
        run: () => conv3d(zeros([1, 1, 3, 3, 3]), zeros([1, 1, 3, 3, 3]), null, { stride: [1, 2] as never }),
        error: 'ValueError',
        message: /conv3d: stride .* three of them, got \[1,2\]/,
      },
    ],
  },
];
