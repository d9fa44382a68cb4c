import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { zeros } from './create.ts';
import { at, build, one } from './nd.samples.ts';
import { channelShuffle, pixelShuffle, pixelUnshuffle } from './pixel-shuffle.ts';

function shuffled(x: NdArray, r: number): NdArray {
  const lead = x.shape.slice(0, -3);
  const [c, h, w] = x.shape.slice(-3) as [number, number, number];
  return build([...lead, c / (r * r), h * r, w * r], (at3) => {
    const [k, y, z] = at3.slice(-3) as [number, number, number];
    return at(x, [...at3.slice(0, -3), k * r * r + (y % r) * r + (z % r), Math.floor(y / r), Math.floor(z / r)]);
  });
}

function unshuffled(x: NdArray, r: number): NdArray {
  const lead = x.shape.slice(0, -3);
  const [c, h, w] = x.shape.slice(-3) as [number, number, number];
  return build([...lead, c * r * r, h / r, w / r], (at3) => {
    const [k, y, z] = at3.slice(-3) as [number, number, number];
    const inside = k % (r * r);
    return at(x, [...at3.slice(0, -3), Math.floor(k / (r * r)), y * r + Math.floor(inside / r), z * r + (inside % r)]);
  });
}

function dealt(x: NdArray, groups: number): NdArray {
  const each = x.shape[1]! / groups;
  return build(x.shape, ([n, c, ...rest]) => at(x, [n!, (c! % groups) * each + Math.floor(c! / groups), ...rest]));
}

const pixels = (name: string, shape: readonly number[], r: number): Sample =>
  one(
    name,
    shape,
    (x) => pixelShuffle(x!, r),
    (x) => shuffled(x, r),
  );
const channels = (name: string, shape: readonly number[], r: number): Sample =>
  one(
    name,
    shape,
    (x) => pixelUnshuffle(x!, r),
    (x) => unshuffled(x, r),
  );
const groups = (name: string, shape: readonly number[], n: number): Sample =>
  one(
    name,
    shape,
    (x) => channelShuffle(x!, n),
    (x) => dealt(x, n),
  );

export const pixelShuffleSamples: readonly OpSamples[] = [
  {
    op: 'pixelShuffle',
    samples: [
      pixels('by 2', [2, 8, 2, 3], 2),
      pixels('by 3, one image', [9, 1, 2], 3),
      pixels('by 1', [2, 1, 2], 1),
      pixels('two batch dimensions', [2, 1, 4, 1, 2], 2),
      pixels('no images', [0, 4, 2, 2], 2),
      {
        name: 'bool',
        inputs: [{ shape: [4, 2, 2], dtype: 'bool' }],
        run: (x) => pixelShuffle(x!, 2),
        reference: (x) => shuffled(x!, 2),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'channels',
        run: () => pixelShuffle(zeros([1, 6, 2, 2]), 2),
        error: 'ShapeError',
        message: /^pixelShuffle: input \[1, 6, 2, 2\]: 6 is no multiple of the square of upscaleFactor 2 \(dimension 1\)$/,
      },
      {
        name: 'rank',
        run: () => pixelShuffle(zeros([4, 2]), 2),
        error: 'ShapeError',
        message: /^pixelShuffle: the input \[4, 2\] has 2 dimensions/,
      },
      {
        name: 'factor',
        run: () => pixelShuffle(zeros([4, 2, 2]), 0),
        error: 'ValueError',
        message: /upscaleFactor must be a positive integer, got 0/,
      },
    ],
  },
  {
    op: 'pixelUnshuffle',
    samples: [
      channels('by 2', [2, 2, 4, 2], 2),
      channels('by 3, one image', [1, 3, 6], 3),
      channels('by 1', [2, 1, 2], 1),
      channels('no images', [0, 1, 2, 2], 2),
    ],
    errors: [
      {
        name: 'height',
        run: () => pixelUnshuffle(zeros([1, 3, 4]), 2),
        error: 'ShapeError',
        message: /^pixelUnshuffle: input \[1, 3, 4\]: 3 is no multiple of downscaleFactor 2 \(dimension 1\)$/,
      },
      {
        name: 'width',
        run: () => pixelUnshuffle(zeros([1, 4, 3]), 2),
        error: 'ShapeError',
        message: /3 is no multiple of .* \(dimension 2\)/,
      },
      { name: 'rank', run: () => pixelUnshuffle(zeros([4, 2]), 2), error: 'ShapeError', message: /has 2 dimensions/ },
      {
        name: 'factor',
        run: () => pixelUnshuffle(zeros([1, 2, 2]), -2),
        error: 'ValueError',
        message: /downscaleFactor must be a positive integer/,
      },
    ],
  },
  {
    op: 'channelShuffle',
    samples: [
      groups('2 groups', [2, 6, 2, 2], 2),
      groups('3 groups of a sequence', [1, 6, 2], 3),
      groups('1 group', [1, 3, 2], 1),
      groups('no channels', [1, 0, 2, 2], 2),
    ],
    errors: [
      {
        name: 'groups',
        run: () => channelShuffle(zeros([1, 4, 2, 2]), 3),
        error: 'ShapeError',
        message: /^channelShuffle: input \[1, 4, 2, 2\]: 4 is no multiple of groups 3 \(dimension 1\)$/,
      },
      { name: 'rank', run: () => channelShuffle(zeros([1, 4]), 2), error: 'ShapeError', message: /has 2 dimensions/ },
      {
        name: 'no groups',
        run: () => channelShuffle(zeros([1, 4, 2]), 0),
        error: 'ValueError',
        message: /groups must be a positive integer, got 0/,
      },
    ],
  },
];
