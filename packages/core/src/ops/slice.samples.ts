import type { NdArray, OpSamples } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { at, build, one, replace } from './nd.samples.ts';
import { narrow, select } from './view-functions.ts';

/** Entries `start`, `start + step`, ... along `dim`, `length` of them. */
const range =
  (dim: number, start: number, length: number, step = 1) =>
  (x: NdArray): NdArray =>
    build(replace(x.shape, dim, length), (c) => at(x, replace(c, dim, start + c[dim]! * step)));

/** Entry `index` along `dim`. */
const entry =
  (dim: number, index: number) =>
  (x: NdArray): NdArray =>
    build(
      x.shape.filter((_, d) => d !== dim),
      (c) => at(x, [...c.slice(0, dim), index, ...c.slice(dim)]),
    );

const windows =
  (dim: number, size: number, step: number) =>
  (x: NdArray): NdArray => {
    let n = 0;
    while (n * step + size <= x.shape[dim]!) n++;
    return build([...replace(x.shape, dim, n), size], (c) => at(x, replace(c.slice(0, -1), dim, c[dim]! * step + c[c.length - 1]!)));
  };

/** Samples of views on some of the elements. */
export const sliceSamples: readonly OpSamples[] = [
  {
    op: 'select',
    samples: [
      one('first', [3, 2], (x) => x!.select(0, 0), entry(0, 0)),
      one('from the end', [2, 3, 2], (x) => select(x!, 1, -1) as Tensor, entry(1, 2)),
      one('last dim', [2, 3], (x) => x!.select(-1, 1), entry(1, 1)),
      one('to 0-d', [3], (x) => x!.select(0, 2), entry(0, 2)),
      one('zero-size', [2, 0], (x) => x!.select(0, 1), entry(0, 1)),
    ],
    errors: [
      {
        name: 'out of range',
        run: () => zeros([2, 3]).select(1, 3),
        error: 'IndexError',
        message: /select: index 3 is out of range for dim 1 of size 3 in \[2, 3\]/,
      },
      {
        name: 'below range',
        run: () => zeros([2, 3]).select(0, -3),
        error: 'IndexError',
        message: /select: index -3 is out of range for dim 0 of size 2/,
      },
      { name: 'not an integer', run: () => zeros([2]).select(0, 0.5), error: 'IndexError', message: /select: index 0.5/ },
      { name: '0-d', run: () => zeros([]).select(0, 0), error: 'IndexError', message: /select: a 0-d tensor has no dimension/ },
    ],
  },
  {
    op: 'narrow',
    samples: [
      { ...one('from a tensor', [4, 2], (x) => x!.narrow(0, tensor(-3n), 2), range(0, 1, 2)), hostOnly: true },
      one('middle', [4, 2], (x) => x!.narrow(0, 1, 2), range(0, 1, 2)),
      one('from the end', [2, 4], (x) => narrow(x!, -1, -3, 2), range(1, 1, 2)),
      one('nothing', [3, 2], (x) => x!.narrow(0, 3, 0), range(0, 3, 0)),
      one('zero-size', [0, 2], (x) => x!.narrow(1, 1, 1), range(1, 1, 1)),
    ],
    errors: [
      {
        name: 'a start of two',
        run: () => zeros([3]).narrow(0, tensor([0n, 1n]), 1),
        error: 'ValueError',
        message: /narrow: start must be a number or a 0-d integer tensor, got int64 \[2\]/,
      },
      {
        name: 'a floating start',
        run: () => narrow(zeros([3]), 0, tensor(1), 1),
        error: 'ValueError',
        message: /narrow: start must be .* got float32 \[\]/,
      },
      {
        name: 'too long',
        run: () => zeros([2, 4]).narrow(1, 2, 3),
        error: 'IndexError',
        message: /narrow: start 2 and length 3 reach outside of dim 1 of size 4 in \[2, 4\]/,
      },
      { name: 'negative length', run: () => zeros([4]).narrow(0, 2, -1), error: 'ValueError', message: /narrow: length -1 is negative/ },
      {
        name: 'fraction',
        run: () => zeros([4]).narrow(0, 0.5, 1),
        error: 'ValueError',
        message: /narrow: start must be an integer, got 0.5/,
      },
    ],
  },
  {
    op: 'slice',
    samples: [
      one('bounds', [5, 2], (x) => x!.slice(0, 1, 4), range(0, 1, 3)),
      one('negative bounds', [2, 5], (x) => x!.slice(1, -3, -1), range(1, 2, 2)),
      one('open', [5], (x) => x!.slice(0, 2), range(0, 2, 3)),
      one('open start', [5], (x) => x!.slice(0, null, 2), range(0, 0, 2)),
      one('step', [7, 2], (x) => x!.slice(0, 1, null, 3), range(0, 1, 2, 3)),
      one('step beyond the end', [2, 5], (x) => x!.slice(-1, 0, 5, 2), range(1, 0, 3, 2)),
      one('step larger than the dimension', [3], (x) => x!.slice(0, 1, 3, 9), range(0, 1, 1, 9)),
      one('clamped', [4], (x) => x!.slice(0, -9, 9), range(0, 0, 4)),
      one('empty', [4, 2], (x) => x!.slice(0, 3, 1), range(0, 0, 0)),
      one('zero-size', [0, 3], (x) => x!.slice(0, 0, 2, 2), range(0, 0, 0)),
    ],
    errors: [
      {
        name: 'negative step',
        run: () => zeros([4]).slice(0, 3, 0, -1),
        error: 'ValueError',
        message: /slice: step must be positive, got -1/,
      },
      { name: 'zero step', run: () => zeros([4]).slice(0, 0, 3, 0), error: 'ValueError', message: /slice: step must be positive, got 0/ },
      { name: 'fraction', run: () => zeros([4]).slice(0, 0.5), error: 'ValueError', message: /slice: a bound must be an integer, got 0.5/ },
      { name: '0-d', run: () => zeros([]).slice(0, 0, 1), error: 'IndexError', message: /slice: a 0-d tensor/ },
    ],
  },
  {
    op: 'unfold',
    samples: [
      one('overlapping', [5, 2], (x) => x!.unfold(0, 3, 1), windows(0, 3, 1)),
      one('overlapping by parts', [2, 8], (x) => x!.unfold(1, 5, 2), windows(1, 5, 2)),
      one('side by side', [6], (x) => x!.unfold(0, 2, 2), windows(0, 2, 2)),
      one('with gaps', [2, 7, 2], (x) => x!.unfold(-2, 2, 3), windows(1, 2, 3)),
      one(
        'twice',
        [4, 4],
        (x) => x!.unfold(0, 2, 1).unfold(1, 2, 2),
        (x) => windows(1, 2, 2)(windows(0, 2, 1)(x)),
      ),
      one(
        '0-d',
        [],
        (x) => x!.unfold(0, 1, 1),
        (x) => ({ shape: [1], data: x.data }),
      ),
      one('no width', [3], (x) => x!.unfold(0, 0, 2), windows(0, 0, 2)),
      one('zero-size', [0, 4], (x) => x!.unfold(1, 2, 1), windows(1, 2, 1)),
    ],
    errors: [
      {
        name: 'too wide',
        run: () => zeros([2, 3]).unfold(1, 4, 1),
        error: 'ShapeError',
        message: /unfold: windows of size 4 do not fit dim 1 of size 3 in \[2, 3\]/,
      },
      { name: 'step', run: () => zeros([3]).unfold(0, 2, 0), error: 'ValueError', message: /unfold: step must be positive, got 0/ },
    ],
  },
];
