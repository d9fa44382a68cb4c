import type { ErrorCase, NdArray, OpSamples, Sample } from '../op.samples.ts';
import { Generator } from '../random/generator.ts';
import { dropoutMask } from '../random/mask.ts';
import { zeros } from './create.ts';
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from './dropout.ts';

type Dropout = typeof dropout;

/** What the mask of each element multiplies by: 1 or 0, drawn for elements of shape `drawn`, each of which `each` others share. */
function maskOf(drawn: readonly number[], each: number, p: number): number[] {
  const mask = dropoutMask(drawn, p, { generator: new Generator(7) }).dataSync();
  return Array.from({ length: mask.length * each }, (_, i) => mask[Math.floor(i / each)]!);
}

const zeroed = (x: NdArray, mask: readonly number[], p: number): NdArray => ({
  shape: x.shape,
  data: x.data.map((v, i) => (mask[i] === 1 ? v / (1 - p) : 0)),
});

/** The affine map of the paper, which keeps mean 0 and variance 1, of the values and of -1.7580993408473766 where one is dropped. */
function selfNormalizing(x: NdArray, mask: readonly number[], p: number): NdArray {
  const low = -1.7580993408473766;
  const a = (1 - p + low ** 2 * p * (1 - p)) ** -0.5;
  return { shape: x.shape, data: x.data.map((v, i) => a * (mask[i] === 1 ? v : low) - a * p * low) };
}

/** A call in training whose mask is drawn for the first dimensions, `drawn` of them after a batch of one, if there is one. */
function sample(
  op: Dropout,
  name: string,
  shape: readonly number[],
  p: number,
  drawn: number,
  f: (x: NdArray, mask: readonly number[], p: number) => NdArray,
): Sample {
  const each = shape.slice(drawn).reduce((n, k) => n * k, 1);
  return {
    name,
    inputs: [{ shape }],
    run: (x) => op(x!, p, true, { generator: new Generator(7) }),
    reference: (x) => f(x!, maskOf(shape.slice(0, drawn), each, p), p),
  };
}

/** What all of them share: nothing is dropped, everything is, and the calls that are refused. */
function common(op: Dropout, shape: readonly number[]): { samples: Sample[]; errors: ErrorCase[] } {
  const same = (x?: NdArray): NdArray => x!;
  return {
    samples: [
      { name: 'nothing', inputs: [{ shape }], run: (x) => op(x!, 0, true), reference: same },
      { name: 'not in training', inputs: [{ shape }], run: (x) => op(x!, 0.5, false), reference: same },
      {
        name: 'everything',
        inputs: [{ shape }],
        run: (x) => op(x!, 1, true),
        reference: () => ({ shape, data: new Array<number>(shape.reduce((n, k) => n * k, 1)).fill(0) }),
        differentiable: false,
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [0, ...shape.slice(1)] }],
        run: (x) => op(x!, 0.5, true),
        reference: same,
      },
    ],
    errors: [
      {
        name: 'probability',
        run: () => op(zeros(shape), 1.5),
        error: 'ValueError',
        message: new RegExp(`^${op.name}: the probability must lie in \\[0, 1\\], got 1\\.5$`),
      },
      { name: 'NaN', run: () => op(zeros(shape), Number.NaN, false), error: 'ValueError', message: /got NaN$/ },
      {
        name: 'integers',
        run: () => op(zeros(shape, { dtype: 'int64' })),
        error: 'DTypeError',
        message: new RegExp(`^${op.name}: the input must be floating, got int64`),
      },
    ],
  };
}

const rank = (op: Dropout, shape: readonly number[], expected: string): ErrorCase => ({
  name: 'rank',
  run: () => op(zeros(shape), 0.5, false),
  error: 'ShapeError',
  message: new RegExp(`^${op.name}: input \\[${shape.join(', ')}\\] has ${shape.length} dimensions, expected ${expected}$`),
});

function family(op: Dropout, shape: readonly number[], samples: readonly Sample[], errors: readonly ErrorCase[]): OpSamples {
  const shared = common(op, shape);
  return { op: op.name, samples: [...samples, ...shared.samples], errors: [...errors, ...shared.errors] };
}

export const dropoutSamples: readonly OpSamples[] = [
  family(dropout, [4, 5], [sample(dropout, 'half', [4, 5], 0.5, 2, zeroed), sample(dropout, 'a tenth', [4, 5], 0.1, 2, zeroed)], []),
  family(
    dropout1d,
    [3, 4, 2],
    [
      sample(dropout1d, 'sequences', [3, 4, 2], 0.4, 2, zeroed),
      // The channels of one sequence are drawn, not its elements.
      sample(dropout1d, 'one sequence', [5, 4], 0.4, 1, zeroed),
    ],
    [
      rank(dropout1d, [2, 3, 4, 5], '\\[N, C, L\\] or \\[C, L\\]'),
      { ...rank(dropout1d, [2], '\\[N, C, L\\] or \\[C, L\\]'), name: 'a vector' },
    ],
  ),
  family(
    dropout2d,
    [3, 4, 2, 2],
    [
      sample(dropout2d, 'images', [3, 4, 2, 2], 0.4, 2, zeroed),
      sample(dropout2d, 'the first of three dimensions counts as samples', [3, 4, 2], 0.4, 2, zeroed),
    ],
    [rank(dropout2d, [3], '\\[N, C, H, W\\]')],
  ),
  family(
    dropout3d,
    [3, 4, 2, 1, 2],
    [sample(dropout3d, 'volumes', [3, 4, 2, 1, 2], 0.4, 2, zeroed), sample(dropout3d, 'one volume', [6, 2, 1, 2], 0.4, 1, zeroed)],
    [rank(dropout3d, [3], '\\[N, C, D, H, W\\] or \\[C, D, H, W\\]')],
  ),
  family(
    alphaDropout,
    [4, 5],
    [
      sample(alphaDropout, 'half', [4, 5], 0.5, 2, selfNormalizing),
      sample(alphaDropout, 'a fifth', [20], 0.2, 1, selfNormalizing),
      { name: 'by default not in training', inputs: [{ shape: [20] }], run: (x) => alphaDropout(x!), reference: (x) => x! },
    ],
    [],
  ),
  family(
    featureAlphaDropout,
    [3, 4, 2],
    [
      sample(featureAlphaDropout, 'channels', [3, 4, 2, 2], 0.4, 2, selfNormalizing),
      { name: 'by default not in training', inputs: [{ shape: [9, 9] }], run: (x) => featureAlphaDropout(x!), reference: (x) => x! },
    ],
    [rank(featureAlphaDropout, [3], '\\[N, C, ...\\]')],
  ),
];
