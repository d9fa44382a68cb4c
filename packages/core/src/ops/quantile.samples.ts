import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones, tensor, zeros } from './create.ts';
import { mapLines, without } from './lines.samples.ts';
import { type Interpolation, nanquantile, quantile } from './quantile.ts';

const { NaN: nan } = Number;

/** The element of a line at rank p (n - 1). */
function quantileOf(line: readonly number[], p: number, how: Interpolation, skip: boolean): number {
  const numbers = line.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  if (numbers.length === 0 || (!skip && numbers.length < line.length)) return nan;
  const rank = p * (numbers.length - 1);
  const [low, high] = [numbers[Math.floor(rank)]!, numbers[Math.ceil(rank)]!];
  if (how === 'lower') return low;
  if (how === 'higher') return high;
  if (how === 'midpoint') return (low + high) / 2;
  if (how === 'nearest') return numbers[Math.round(rank)]!;
  return low + (rank - Math.floor(rank)) * (high - low);
}

const several = (x: NdArray, ps: readonly number[], skip: boolean): NdArray => {
  const each = ps.map((p) =>
    without(
      mapLines(x, -1, (l) => [quantileOf(l, p, 'linear', skip)]),
      -1,
    ),
  );
  return { shape: [ps.length, ...each[0]!.shape], data: each.flatMap((a) => a.data) };
};

const how = (interpolation: Interpolation): Sample => ({
  name: interpolation,
  inputs: [{ shape: [2, 5], apart: 0.1 }],
  run: (x) => quantile(x!, 0.4, 1, { interpolation }),
  reference: (x) =>
    without(
      mapLines(x!, 1, (l) => [quantileOf(l, 0.4, interpolation, false)]),
      1,
    ),
  without: ['broadcast'],
});

function common(op: typeof quantile, skip: boolean): Sample[] {
  return [
    {
      name: 'several',
      inputs: [
        { shape: [2, 6], apart: 0.1 },
        { shape: [3], values: [0.15, 0.5, 0.83] },
      ],
      run: (x, q) => op(x!, q!, -1),
      reference: (x, q) => several(x!, q!.data, skip),
      without: ['broadcast'],
    },
    {
      name: 'first dimension, kept',
      inputs: [{ shape: [4, 2], apart: 0.1 }],
      run: (x) => op(x!, 0.3, 0, { keepdim: true }),
      reference: (x) => mapLines(x!, 0, (l) => [quantileOf(l, 0.3, 'linear', skip)]),
      without: ['broadcast'],
    },
    {
      name: 'all, kept',
      inputs: [{ shape: [2, 3], apart: 0.1 }],
      run: (x) => op(x!, 0.9, { keepdim: true }),
      reference: (x) => ({ shape: [1, 1], data: [quantileOf(x!.data, 0.9, 'linear', skip)] }),
      without: ['broadcast'],
    },
    { name: '0-d', inputs: [{ shape: [] }], run: (x) => op(x!, 0.5, 0), reference: (x) => x! },
    {
      name: 'NaN',
      inputs: [{ shape: [3, 4], values: [1, nan, 3, 2, 4, 2, 1, 7, nan, nan, nan, nan] }],
      run: (x) => op(x!.detach(), 0.6, 1),
      reference: (x) =>
        without(
          mapLines(x!, 1, (l) => [quantileOf(l, 0.6, 'linear', skip)]),
          1,
        ),
      differentiable: false,
    },
  ];
}

export const quantileSamples: readonly OpSamples[] = [
  {
    op: 'quantile',
    samples: [...common(quantile, false), ...(['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const).map(how)],
    errors: [
      { name: 'q', run: () => quantile(ones([3]), 1.5), error: 'ValueError', message: /^quantile: q must lie in \[0, 1\], got 1.5$/ },
      {
        name: 'values of q',
        run: () => quantile(ones([3]), tensor([0.5, -1])),
        error: 'ValueError',
        message: /^quantile: the values of q/,
      },
      {
        name: 'shape of q',
        run: () => quantile(ones([3]), ones([1, 1])),
        error: 'ShapeError',
        message: /^quantile: q must be .* got \[1, 1\]$/,
      },
      {
        name: 'dtype of q',
        run: () => quantile(ones([3]), ones([1], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^quantile: q is float64 but the tensor float32$/,
      },
      {
        name: 'integers',
        run: () => quantile(ones([3], { dtype: 'int64' }), 0),
        error: 'DTypeError',
        message: /^quantile: not defined for int64/,
      },
      { name: 'no elements', run: () => quantile(zeros([0]), 0), error: 'IndexError', message: /^quantile: of no elements/ },
      {
        name: 'interpolation',
        run: () => quantile(ones([3]), 0, 0, { interpolation: 'cubic' as never }),
        error: 'ValueError',
        message: /^quantile: interpolation must be one of linear, .* got 'cubic'$/,
      },
    ],
  },
  { op: 'nanquantile', samples: common(nanquantile, true) },
];
