import type { ErrorCase, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { convTranspose1d, convTranspose2d, convTranspose3d } from './conv-transpose.ts';
import { zeros } from './create.ts';
import { at, build, coordinates, under } from './nd.samples.ts';

/** Options with a number for each spatial dimension. */
interface Options {
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly outputPadding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
}

/** The definition, for any number of spatial dimensions: the sum of what every tap brings to an output from inside the image. */
function reference(x: NdArray, w: NdArray, b: NdArray | undefined, o: Options): NdArray {
  const image = x.shape.slice(2);
  const kernel = w.shape.slice(2);
  const of = (list: readonly number[] | undefined, d: number, rest: number): number => list?.[d] ?? rest;
  const groups = o.groups ?? 1;
  const [inGroup, outGroup] = [w.shape[0]! / groups, w.shape[1]!];
  const out = image.map(
    (n, d) =>
      (n - 1) * of(o.stride, d, 1) - 2 * of(o.padding, d, 0) + of(o.dilation, d, 1) * (kernel[d]! - 1) + of(o.outputPadding, d, 0) + 1,
  );
  const taps = coordinates([inGroup, ...kernel]);
  return build([x.shape[0]!, outGroup * groups, ...out], ([n, f, ...to]) => {
    let sum = b?.data[f!] ?? 0;
    for (const [k, ...tap] of taps) {
      const c = Math.floor(f! / outGroup) * inGroup + k!;
      const from = to.map((i, d) => (i + of(o.padding, d, 0) - tap[d]! * of(o.dilation, d, 1)) / of(o.stride, d, 1));
      if (from.some((i, d) => !Number.isInteger(i) || i < 0 || i >= image[d]!)) continue;
      sum += at(x, [n!, c, ...from]) * at(w, [c, f! % outGroup, ...tap]);
    }
    return sum;
  });
}

const run = { 1: convTranspose1d, 2: convTranspose2d, 3: convTranspose3d } as const;

/** A call of the transposed convolution that the shapes ask for. */
function sample(name: string, x: readonly number[], w: readonly number[], o: Options, bias = false): Sample {
  const spatial = (w.length - 2) as 1 | 2 | 3;
  const alone = x.length === spatial + 1;
  return {
    name,
    inputs: [{ shape: x }, { shape: w }, ...(bias ? [{ shape: [w[1]! * (o.groups ?? 1)] }] : [])],
    run: (a, b, c) => run[spatial](a!, b!, c, o as never),
    reference: (a, b, c) => {
      const y = reference(alone ? under(a!, [1, ...a!.shape]) : a!, b!, c, o);
      return alone ? under(y, y.shape.slice(1)) : y;
    },
  };
}

/** Errors that all of them raise, as images of `spatial` dimensions. */
function errorsOf(spatial: 1 | 2 | 3): readonly ErrorCase[] {
  const op = `convTranspose${spatial}d`;
  const f = run[spatial];
  const cube = (n: number): number[] => new Array<number>(spatial).fill(n);
  const t = (lead: readonly number[], n: number): ReturnType<typeof zeros> => zeros([...lead, ...cube(n)]);
  return [
    {
      name: 'channels',
      run: () => f(t([1, 2], 3), t([3, 1], 2)),
      error: 'ShapeError',
      message: new RegExp(`^${op}: .* has 2 channels but .* expects 3`),
    },
    {
      name: 'groups',
      run: () => f(t([1, 3], 3), t([3, 1], 2), null, { groups: 2 }),
      error: 'ShapeError',
      message: new RegExp(`^${op}: .* 3 input channels do not make 2 groups`),
    },
    {
      name: 'bias',
      run: () => f(t([1, 2], 3), t([2, 3], 2), zeros([3]), { groups: 2 }),
      error: 'ShapeError',
      message: new RegExp(`^${op}: the bias has shape \\[3\\], expected \\[6\\]`),
    },
    {
      name: 'outputPadding',
      run: () => f(t([1, 1], 3), t([1, 1], 2), null, { outputPadding: 2, stride: 2 }),
      error: 'ValueError',
      message: new RegExp(`^${op}: outputPadding 2 must be smaller than one of stride 2 and dilation 1`),
    },
    {
      name: 'padding',
      run: () => f(t([1, 1], 1), t([1, 1], 1), null, { padding: 1 }),
      error: 'ShapeError',
      message: new RegExp(`^${op}: .* padding 1 leaves a size of -1 \\(dimension 2\\)`),
    },
    {
      name: 'rank',
      run: () => f(zeros([2]), t([1, 1], 1)),
      error: 'ShapeError',
      message: new RegExp(`^${op}: the input has shape \\[2\\]`),
    },
    {
      name: 'no images',
      run: () => f(t([1, 1], 0), t([1, 1], 3)),
      error: 'ShapeError',
      message: new RegExp(`^${op}: .* has empty images`),
    },
    {
      name: 'no outputs',
      run: () => f(t([1, 1], 2), t([1, 0], 2)),
      error: 'ShapeError',
      message: new RegExp(`^${op}: weight .* has no output channels`),
    },
    {
      name: 'dtypes',
      run: () => f(t([1, 1], 2), t([1, 1], 2).to('float64')),
      error: 'DTypeError',
      message: new RegExp(`^${op}: the input is float32 but the weight is float64`),
    },
    {
      name: 'groups below 1',
      run: () => f(t([1, 1], 2), t([1, 1], 2), null, { groups: 0 }),
      error: 'ValueError',
      message: new RegExp(`^${op}: groups must be a positive integer, got 0`),
    },
  ];
}

export const convTransposeSamples: readonly OpSamples[] = [
  {
    op: 'convTranspose1d',
    samples: [
      sample('kernel 3', [2, 2, 4], [2, 3, 3], {}, true),
      sample('stride and outputPadding', [1, 2, 3], [2, 1, 2], { stride: [3], outputPadding: [2] }),
      sample('padding, dilation and groups', [1, 4, 5], [4, 2, 3], { stride: [2], padding: [3], dilation: [2], groups: 2 }, true),
      sample('outputPadding beyond the stride', [1, 1, 3], [1, 2, 2], { stride: [2], outputPadding: [2], dilation: [3], padding: [1] }),
      sample('one sequence without a batch', [2, 3], [2, 1, 2], {}, true),
      sample('no sequences', [0, 2, 3], [2, 1, 2], {}, true),
    ],
    errors: errorsOf(1),
  },
  {
    op: 'convTranspose2d',
    samples: [
      sample('3 x 2', [2, 2, 3, 4], [2, 3, 3, 2], {}, true),
      sample(
        'stride, padding and outputPadding',
        [1, 2, 3, 2],
        [2, 2, 3, 3],
        { stride: [2, 3], padding: [1, 2], outputPadding: [1, 2] },
        true,
      ),
      sample('stride beyond the kernel', [1, 1, 2, 3], [1, 1, 1, 2], { stride: [3, 3] }),
      sample('dilation', [1, 1, 3, 3], [1, 2, 2, 3], { dilation: [3, 2] }),
      sample('groups', [1, 4, 2, 3], [4, 2, 2, 2], { groups: 2 }, true),
      sample('outputPadding beyond the stride', [1, 2, 2, 3], [2, 1, 2, 2], { dilation: [3, 2], outputPadding: [2, 1], padding: [3, 0] }),
      sample('one image without a batch', [2, 2, 2], [2, 2, 2, 2], { stride: [2, 2] }, true),
      sample('no images', [0, 2, 3, 3], [2, 1, 2, 2], {}, true),
      {
        name: 'integers',
        inputs: [
          { shape: [1, 2, 3, 3], dtype: 'int64' },
          { shape: [2, 1, 2, 2], dtype: 'int64' },
        ],
        run: (x, w) => convTranspose2d(x!, w!, null, { stride: 2 }),
        reference: (x, w) => reference(x!, w!, undefined, { stride: [2, 2] }),
        differentiable: false,
      },
    ],
    errors: errorsOf(2),
  },
  {
    op: 'convTranspose3d',
    samples: [
      sample('2 x 1 x 3', [1, 2, 2, 3, 2], [2, 2, 2, 1, 3], {}, true),
      sample('stride, padding and dilation', [1, 1, 3, 2, 3], [1, 2, 2, 2, 2], {
        stride: [2, 1, 3],
        padding: [1, 0, 2],
        dilation: [1, 2, 3],
      }),
      sample('outputPadding', [1, 1, 2, 2, 2], [1, 1, 2, 2, 1], { stride: [2, 1, 1], outputPadding: [1, 0, 2], dilation: [1, 1, 3] }, true),
      sample('outputPadding beyond the stride', [1, 1, 2, 1, 1], [1, 1, 2, 1, 1], { outputPadding: [2, 0, 0], dilation: [3, 1, 1] }),
      sample('groups', [1, 2, 2, 2, 2], [2, 2, 2, 1, 2], { groups: 2 }),
      sample('one volume without a batch', [1, 2, 2, 2], [1, 2, 2, 2, 2], { stride: [2, 2, 2] }, true),
      sample('no volumes', [0, 1, 2, 2, 2], [1, 1, 2, 2, 2], {}),
    ],
    errors: errorsOf(3),
  },
];
