import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { flip, fliplr, flipud, roll, rot90 } from './flip.ts';
import { at, build, one, replace, under } from './nd.samples.ts';

/** Entry i of the result along `dim` is entry `from(i)`. */
const reordered = (x: NdArray, dim: number, from: readonly number[]): NdArray =>
  build(replace(x.shape, dim, from.length), (c) => at(x, replace(c, dim, from[c[dim]!]!)));

/** Samples of ops that reorder entries. */
export const flipSamples: readonly OpSamples[] = [
  {
    op: 'roll',
    samples: [
      one(
        'forwards',
        [4, 2],
        (x) => x!.roll(1, 0),
        (x) => reordered(x, 0, [3, 0, 1, 2]),
      ),
      one(
        'backwards',
        [2, 3],
        (x) => roll(x!, -1, -1),
        (x) => reordered(x, 1, [1, 2, 0]),
      ),
      one(
        'more than once around',
        [3],
        (x) => roll(x!, 7, 0),
        (x) => reordered(x, 0, [2, 0, 1]),
      ),
      one(
        'two dims',
        [2, 3],
        (x) => roll(x!, [1, 2], [0, 1]),
        (x) => reordered(reordered(x, 0, [1, 0]), 1, [1, 2, 0]),
      ),
      one(
        'flat',
        [2, 2],
        (x) => roll(x!, 1),
        (x) => under(reordered(under(x, [4]), 0, [3, 0, 1, 2]), [2, 2]),
      ),
      one(
        '0-d',
        [],
        (x) => roll(x!, 1),
        (x) => x,
      ),
      one(
        'zero-size',
        [2, 0],
        (x) => roll(x!, 1, 1),
        (x) => x,
      ),
    ],
    errors: [
      { name: '0-d by dim', run: () => roll(zeros([]), 1, 0), error: 'IndexError', message: /roll: a 0-d tensor has no dim 0/ },
      { name: 'shifts and dims', run: () => roll(zeros([2, 2]), [1, 1], 0), error: 'ValueError', message: /roll: 2 shifts for 1 dims/ },
      { name: 'shifts without dims', run: () => roll(zeros([2, 2]), [1, 1]), error: 'ValueError', message: /roll: 2 shifts without dims/ },
      { name: 'fraction', run: () => roll(zeros([2]), 0.5), error: 'ValueError', message: /roll: shifts must be integers, got 0.5/ },
      { name: 'dim', run: () => roll(zeros([2]), 1, 1), error: 'IndexError', message: /roll: dim 1 is out of range/ },
    ],
  },
  {
    op: 'flip',
    samples: [
      one(
        'rows',
        [3, 2],
        (x) => x!.flip(0),
        (x) => reordered(x, 0, [2, 1, 0]),
      ),
      one(
        'two dims',
        [2, 3],
        (x) => flip(x!, [0, -1]),
        (x) => reordered(reordered(x, 0, [1, 0]), 1, [2, 1, 0]),
      ),
      one(
        'no dims',
        [2],
        (x) => flip(x!, []),
        (x) => x,
      ),
      one(
        '0-d',
        [],
        (x) => flip(x!, []),
        (x) => x,
      ),
      one(
        '0-d by dim',
        [],
        (x) => flip(x!, 0),
        (x) => x,
      ),
      one(
        'zero-size',
        [0, 2],
        (x) => flip(x!, [0, 1]),
        (x) => x,
      ),
      {
        name: 'bools',
        inputs: [{ shape: [3], dtype: 'bool' }],
        run: (x) => flip(x!, 0),
        reference: (x) => reordered(x!, 0, [2, 1, 0]),
        differentiable: false,
      },
    ],
    errors: [
      { name: 'dim', run: () => flip(zeros([2]), 1), error: 'IndexError', message: /flip: dim 1 is out of range for \[2\]/ },
      { name: 'repeated', run: () => flip(zeros([2, 2]), [0, -2]), error: 'ValueError', message: /flip: dimension repeated/ },
    ],
  },
  {
    op: 'fliplr',
    samples: [
      one(
        'a matrix',
        [2, 3],
        (x) => fliplr(x!),
        (x) => reordered(x, 1, [2, 1, 0]),
      ),
      one(
        'a method',
        [1, 2, 2],
        (x) => x!.fliplr(),
        (x) => reordered(x, 1, [1, 0]),
      ),
    ],
    errors: [
      { name: 'a vector', run: () => fliplr(zeros([3])), error: 'ShapeError', message: /fliplr: needs at least 2 dimensions, got \[3\]/ },
    ],
  },
  {
    op: 'flipud',
    samples: [
      one(
        'a vector',
        [3],
        (x) => flipud(x!),
        (x) => reordered(x, 0, [2, 1, 0]),
      ),
      one(
        'a method',
        [2, 2],
        (x) => x!.flipud(),
        (x) => reordered(x, 0, [1, 0]),
      ),
    ],
    errors: [{ name: '0-d', run: () => flipud(zeros([])), error: 'ShapeError', message: /flipud: needs at least 1 dimension/ }],
  },
  {
    op: 'rot90',
    samples: [
      one(
        'a quarter',
        [2, 3],
        (x) => rot90(x!),
        (x) => build([3, 2], ([i, j]) => at(x, [j!, 2 - i!])),
      ),
      one(
        'half',
        [2, 3],
        (x) => x!.rot90(2),
        (x) => build([2, 3], ([i, j]) => at(x, [1 - i!, 2 - j!])),
      ),
      one(
        'three quarters',
        [2, 3],
        (x) => rot90(x!, -1),
        (x) => build([3, 2], ([i, j]) => at(x, [1 - j!, i!])),
      ),
      one(
        'around',
        [2, 3],
        (x) => rot90(x!, 8),
        (x) => x,
      ),
      one(
        'the other way in other dims',
        [2, 2, 3],
        (x) => rot90(x!, 1, [-1, 1]),
        (x) => build([2, 3, 2], ([b, i, j]) => at(x, [b!, 1 - j!, i!])),
      ),
    ],
    errors: [
      { name: 'one dim', run: () => rot90(zeros([2, 2]), 1, [0]), error: 'ValueError', message: /rot90: expected two dims, got \[0\]/ },
      {
        name: 'same dim',
        run: () => rot90(zeros([2, 2]), 1, [1, -1]),
        error: 'ValueError',
        message: /rot90: the dims \[1, -1\] are the same/,
      },
      { name: 'a vector', run: () => rot90(zeros([2])), error: 'ShapeError', message: /rot90: needs at least 2 dimensions, got \[2\]/ },
      { name: 'a fraction', run: () => rot90(zeros([2, 2]), 0.5), error: 'ValueError', message: /rot90: k must be an integer, got 0.5/ },
    ],
  },
];
