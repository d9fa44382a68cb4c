import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { flip, roll } from './flip.ts';
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
        '0-d by dim',
        [],
        (x) => roll(x!, 1, 0),
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
];
