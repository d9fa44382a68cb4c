import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { asStrided } from './as-strided.ts';
import { zeros } from './create.ts';
import { build, one } from './nd.samples.ts';

/** A window on a row-major buffer. */
const window =
  (size: readonly number[], stride: readonly number[], offset = 0) =>
  (x: NdArray): NdArray =>
    build(size, (c) => x.data[c.reduce((at, i, d) => at + i * stride[d]!, offset)]!);

/** The window of a copy, which lies in row-major order whatever the layout of the input. */
const sample = (name: string, shape: readonly number[], size: readonly number[], stride: readonly number[], offset?: number): Sample =>
  one(name, shape, (x) => asStrided(x!.clone(), size, stride, offset), window(size, stride, offset));

/** Samples of windows of any strides. */
export const asStridedSamples: readonly OpSamples[] = [
  {
    op: 'asStrided',
    samples: [
      sample('transposed', [2, 3], [3, 2], [1, 3]),
      sample('from an offset', [3, 4], [2, 2], [4, 1], 5),
      sample('overlapping windows', [6], [4, 3], [1, 1]),
      sample('overlapping a lot', [8], [2, 2, 2, 2], [1, 1, 1, 1], 1),
      sample('expanded', [4], [2, 3], [0, 1]),
      sample('0-d', [3], [], [], 2),
      sample('zero-size', [4], [0, 2], [2, 1]),
      sample('of zero size', [0], [2, 0], [1, 1]),
      one(
        'of a transposed tensor',
        [2, 3],
        (x) => (x!.clone().transpose(0, 1) as typeof x)!.asStrided([2, 2], [1, 2], 1),
        window([2, 2], [1, 2], 1),
      ),
      one('of a part, inside it', [6], (x) => x!.clone().slice(0, 2, 6).asStrided([2, 2], [1, 1], 3), window([2, 2], [1, 1], 3)),
      {
        ...one('of a part, beyond it', [6], (x) => x!.detach().clone().slice(0, 2, 4).asStrided([4], [1], 1), window([4], [1], 1)),
        differentiable: false,
      },
      {
        ...one('of a part with gaps', [6], (x) => x!.detach().clone().slice(0, 1, null, 2).asStrided([3], [1]), window([3], [1], 1)),
        differentiable: false,
      },
      one('of an expanded tensor', [3], (x) => x!.clone().expand([2, 3]).asStrided([2, 2], [1, 1]), window([2, 2], [1, 1])),
      one('of overlapping windows', [5], (x) => x!.clone().unfold(0, 3, 1).asStrided([5], [1]), window([5], [1])),
    ],
    errors: [
      {
        name: 'strides',
        run: () => asStrided(zeros([4]), [2, 2], [1]),
        error: 'ShapeError',
        message: /asStrided: 1 strides \[1\] for size \[2, 2\]/,
      },
      {
        name: 'beyond the storage',
        run: () => zeros([4]).asStrided([3], [2]),
        error: 'ShapeError',
        message: /asStrided: size \[3\] and strides \[2\] from 0 reach 5 elements, but the storage of \[4\] has 4/,
      },
      {
        name: 'negative stride',
        run: () => asStrided(zeros([4]), [2], [-1], 3),
        error: 'ValueError',
        message: /asStrided: strides and offset must be non-negative integers, got -1/,
      },
      { name: 'negative size', run: () => asStrided(zeros([4]), [-2], [1]), error: 'ShapeError', message: /asStrided: invalid size -2/ },
    ],
  },
];
