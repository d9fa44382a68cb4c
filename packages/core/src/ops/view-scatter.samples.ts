import type { OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { at, written } from './nd.samples.ts';
import { asStridedScatter, diagonalScatter, selectScatter, sliceScatter } from './view-scatter.ts';

/** A sample of a tensor and the values that go into it; `place` says where an element of the values goes. */
const sample = (
  name: string,
  shape: readonly number[],
  values: readonly number[],
  run: Sample['run'],
  place: (c: readonly number[]) => number[],
): Sample => ({
  name,
  inputs: [{ shape }, { shape: values }],
  run,
  reference: (x, src) => written(x!, src!.shape, (c) => [place(c), () => at(src!, c)]),
});

/** Samples of copies with a part replaced. */
export const viewScatterSamples: readonly OpSamples[] = [
  {
    op: 'selectScatter',
    samples: [
      sample(
        'a row',
        [3, 2],
        [2],
        (x, s) => selectScatter(x!, s!, 0, 1),
        ([j]) => [1, j!],
      ),
      sample(
        'the last column',
        [2, 3],
        [2],
        (x, s) => x!.selectScatter(s!, -1, -1),
        ([i]) => [i!, 2],
      ),
    ],
    errors: [
      {
        name: 'shape',
        run: () => selectScatter(zeros([3, 2]), zeros([3]), 0, 1),
        error: 'ShapeError',
        message: /selectScatter: expected values of shape \[2\] for \[3, 2\], got \[3\]/,
      },
      { name: 'index', run: () => selectScatter(zeros([3]), zeros([]), 0, 3), error: 'IndexError', message: /index 3 is out of range/ },
    ],
  },
  {
    op: 'sliceScatter',
    samples: [
      sample(
        'every second row',
        [5, 2],
        [2, 2],
        (x, s) => sliceScatter(x!, s!, 0, 1, null, 2),
        ([i, j]) => [1 + 2 * i!, j!],
      ),
      sample(
        'columns from the end',
        [2, 4],
        [2, 2],
        (x, s) => x!.sliceScatter(s!, 1, -2),
        ([i, j]) => [i!, 2 + j!],
      ),
      sample(
        'everything',
        [2],
        [2],
        (x, s) => sliceScatter(x!, s!),
        ([i]) => [i!],
      ),
      sample(
        'nothing',
        [3],
        [0],
        (x, s) => sliceScatter(x!, s!, 0, 2, 1),
        ([i]) => [i!],
      ),
    ],
    errors: [
      {
        name: 'shape',
        run: () => sliceScatter(zeros([4]), zeros([1]), 0, 1),
        error: 'ShapeError',
        message: /sliceScatter: expected values of shape \[3\] for \[4\], got \[1\]/,
      },
    ],
  },
  {
    op: 'diagonalScatter',
    samples: [
      sample(
        'above the main diagonal',
        [3, 3],
        [2],
        (x, s) => diagonalScatter(x!, s!, 1),
        ([i]) => [i!, i! + 1],
      ),
      sample(
        'of a batch',
        [2, 3, 2],
        [2, 2],
        (x, s) => x!.diagonalScatter(s!, -1, 1, 2),
        ([b, i]) => [b!, i! + 1, i!],
      ),
    ],
    errors: [
      {
        name: 'shape',
        run: () => diagonalScatter(zeros([2, 2]), zeros([1])),
        error: 'ShapeError',
        message: /diagonalScatter: expected values of shape \[2\] for \[2, 2\], got \[1\]/,
      },
    ],
  },
  {
    op: 'asStridedScatter',
    samples: [
      sample(
        'a diagonal',
        [3, 3],
        [3],
        (x, s) => asStridedScatter(x!, s!, [3], [4]),
        ([i]) => [i!, i!],
      ),
      sample(
        'from an offset',
        [6],
        [2, 2],
        (x, s) => x!.asStridedScatter(s!, [2, 2], [1, 2], 1),
        ([i, j]) => [1 + i! + 2 * j!],
      ),
    ],
    errors: [
      {
        name: 'overlapping',
        run: () => asStridedScatter(zeros([4]), zeros([2, 2]), [2, 2], [1, 1]),
        error: 'ValueError',
        message: /asStridedScatter: the window of shape \[2, 2\] and strides \[1, 1\] reaches an element more than once/,
      },
    ],
  },
];
