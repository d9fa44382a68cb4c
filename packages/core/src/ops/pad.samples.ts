import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { at, build } from './nd.samples.ts';
import { constantPadNd, type PadMode, pad } from './pad.ts';

/** For each mode the entry that a walk beyond the edge meets, step by step. */
function source(mode: PadMode, i: number, n: number): number | null {
  if (i >= 0 && i < n) return i;
  if (mode === 'constant') return null;
  if (mode === 'replicate') return i < 0 ? 0 : n - 1;
  if (mode === 'circular') return ((i % n) + n) % n;
  return i < 0 ? -i : n - 1 - (i - (n - 1));
}

/** What negative amounts leave. */
function cropped(x: NdArray, amounts: readonly number[]): NdArray {
  const side = (d: number, s: 0 | 1): number => Math.min(amounts[2 * (x.shape.length - 1 - d) + s] ?? 0, 0);
  return build(
    x.shape.map((n, d) => n + side(d, 0) + side(d, 1)),
    (c) =>
      at(
        x,
        c.map((i, d) => i - side(d, 0)),
      ),
  );
}

function padded(x: NdArray, amounts: readonly number[], mode: PadMode, value: number): NdArray {
  if (mode === 'circular' && amounts.some((n) => n < 0)) {
    return padded(
      cropped(x, amounts),
      amounts.map((n) => Math.max(n, 0)),
      mode,
      value,
    );
  }
  const rank = x.shape.length;
  const side = (d: number, s: 0 | 1): number => amounts[2 * (rank - 1 - d) + s] ?? 0;
  return build(
    x.shape.map((n, d) => n + side(d, 0) + side(d, 1)),
    (c) => {
      const from = c.map((i, d) => source(mode, i - side(d, 0), x.shape[d]!));
      return from.includes(null) ? value : at(x, from as number[]);
    },
  );
}

function sample(name: string, shape: readonly number[], amounts: readonly number[], mode: PadMode = 'constant', value = 0): Sample {
  return {
    name,
    inputs: [{ shape }],
    run: (x) => pad(x!, amounts, { mode, value }),
    reference: (x) => padded(x!, amounts, mode, value),
  };
}

/** Samples of padding. */
export const padSamples: readonly OpSamples[] = [
  {
    op: 'pad',
    samples: [
      sample('last dimension', [2, 3], [1, 2]),
      sample('two dimensions', [2, 3], [1, 0, 2, 1], 'constant', -1.5),
      sample('cropped', [4, 5], [-1, -2, 1, -1], 'constant', 3),
      sample('cropped beyond the middle', [5], [2, -4]),
      sample('nothing', [2, 2], [0, 0]),
      sample('no amounts', [2], []),
      sample('0-d', [], []),
      sample('zero-size', [0, 2], [1, 1, 2, 0], 'constant', 5),
      sample('to nothing', [2, 3], [-1, -2]),
      sample('reflect', [2, 4], [3, 2], 'reflect'),
      sample('reflect in two dimensions', [1, 3, 3], [1, 2, 2, 1], 'reflect'),
      sample('reflect in three dimensions', [1, 2, 2, 3], [1, 2, 1, 1, 0, 1], 'reflect'),
      sample('reflect and crop', [2, 4], [-1, 2], 'reflect'),
      sample('replicate', [1, 2, 3], [2, 5, 1, 0], 'replicate'),
      sample('replicate and crop', [1, 4], [2, -1], 'replicate'),
      sample('replicate in two dimensions of a batch', [1, 1, 2, 2], [1, 0, 2, 1], 'replicate'),
      sample('circular', [1, 2, 3, 3], [3, 1, 1, 2], 'circular'),
      sample('circular and crop', [1, 1, 4], [-1, 2], 'circular'),
      sample('circular, further than what is left', [1, 2, 4], [-2, 3], 'circular'),
      sample('zero-size batch', [0, 1, 3], [1, 1], 'reflect'),
      sample('no channels to reflect', [0, 3], [1, 1], 'reflect'),
      sample('circular of nothing', [1, 0, 3], [1, 1], 'circular'),
      {
        name: 'integers',
        inputs: [{ shape: [3], dtype: 'int64' }],
        run: (x) => pad(x!, [1, 1], { value: 7 }),
        reference: (x) => padded(x!, [1, 1], 'constant', 7),
        differentiable: false,
      },
    ],
    errors: [
      { name: 'odd', run: () => pad(zeros([2]), [1]), error: 'ValueError', message: /pad: amounts come in pairs \(before, after\), got 1/ },
      { name: 'too many', run: () => pad(zeros([2]), [1, 1, 1, 1]), error: 'ShapeError', message: /pad: 4 amounts for \[2\], at most 2/ },
      {
        name: 'cropped away',
        run: () => pad(zeros([2, 3]), [-2, -2]),
        error: 'ShapeError',
        message: /pad: -2 and -2 take more than dim 1 of \[2, 3\] has/,
      },
      {
        name: 'reflect too far',
        run: () => pad(zeros([2, 3]), [3, 0], { mode: 'reflect' }),
        error: 'ValueError',
        message: /pad: reflect cannot add 3 to dim 1 of size 3 \(at most 2\)/,
      },
      {
        name: 'circular too far',
        run: () => pad(zeros([1, 1, 3]), [0, 4], { mode: 'circular' }),
        error: 'ValueError',
        message: /pad: circular cannot add 4 to dim 2 of size 3 \(at most 3\)/,
      },
      {
        name: 'replicate of nothing',
        run: () => pad(zeros([2, 0]), [1, 0], { mode: 'replicate' }),
        error: 'ShapeError',
        message: /pad: replicate of \[2, 0\]: dim 1 is empty/,
      },
      {
        name: 'reflect cropped away',
        run: () => pad(zeros([2, 3]), [-1, -2], { mode: 'reflect' }),
        error: 'ShapeError',
        message: /pad: -1 and -2 leave nothing of dim 1 of \[2, 3\]/,
      },
      {
        name: 'cropped more than there is',
        run: () => pad(zeros([2]), [-3, 4]),
        error: 'ShapeError',
        message: /pad: -3 and 4 take more than dim 0 of \[2\] has/,
      },
      {
        name: 'no channels',
        run: () => pad(zeros([3]), [1, 1], { mode: 'reflect' }),
        error: 'ShapeError',
        message: /pad: reflect pads the last 1 to 3 dimensions .* got 2 amounts for \[3\]/,
      },
      {
        name: 'no batch',
        run: () => pad(zeros([2, 3]), [1, 1], { mode: 'circular' }),
        error: 'ShapeError',
        message: /pad: circular needs a batch: 2 amounts for 3 dimensions, got \[2, 3\]/,
      },
      {
        name: 'a value',
        run: () => pad(zeros([2, 3]), [1, 1], { mode: 'replicate', value: 1 }),
        error: 'ValueError',
        message: /pad: replicate takes no value, got 1/,
      },
      {
        name: 'mode',
        run: () => pad(zeros([2]), [1, 1], { mode: 'mirror' as PadMode }),
        error: 'ValueError',
        message: /pad: unknown mode 'mirror'; it is constant, reflect, replicate or circular/,
      },
      { name: 'fraction', run: () => pad(zeros([2]), [0.5, 1]), error: 'ValueError', message: /pad: amounts must be integers, got 0.5/ },
    ],
  },
  {
    op: 'constantPadNd',
    samples: [
      {
        name: 'two dimensions',
        inputs: [{ shape: [2, 2] }],
        run: (x) => constantPadNd(x!, [1, -1, 0, 2], 3),
        reference: (x) => padded(x!, [1, -1, 0, 2], 'constant', 3),
      },
    ],
    errors: [
      { name: 'odd', run: () => constantPadNd(zeros([2]), [1]), error: 'ValueError', message: /constantPadNd: amounts come in pairs/ },
    ],
  },
];
