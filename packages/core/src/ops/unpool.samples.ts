import type { OpSamples } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import { lpPool1d, lpPool2d, maxUnpool1d, maxUnpool2d, maxUnpool3d } from './unpool.ts';

const at = (values: readonly number[], shape: readonly number[]): ReturnType<typeof tensor> =>
  tensor(values, { dtype: 'int64' }).reshape(shape);

/** Values put at flat positions of planes of `room` elements. */
function placed(data: readonly number[], indices: readonly number[], planes: number, room: number): number[] {
  const out = new Array<number>(planes * room).fill(0);
  const each = data.length / planes;
  data.forEach((v, i) => {
    out[Math.floor(i / each) * room + indices[i]!] = v;
  });
  return out;
}

export const unpoolSamples: readonly OpSamples[] = [
  {
    op: 'lpPool1d',
    samples: [
      {
        name: 'cubes',
        inputs: [{ shape: [2, 2, 5], low: 0.5, high: 2 }],
        run: (x) => lpPool1d(x!, 3, 2, { stride: 1 }),
        reference: (x) => ({
          shape: [2, 2, 4],
          data: Array.from({ length: 16 }, (_, i) => {
            const k = Math.floor(i / 4) * 5 + (i % 4);
            return Math.cbrt(x!.data[k]! ** 3 + x!.data[k + 1]! ** 3);
          }),
        }),
      },
    ],
    errors: [
      {
        name: 'integers',
        run: () => lpPool1d(zeros([1, 4], { dtype: 'int64' }), 2, 2),
        error: 'DTypeError',
        message: /^lpPool1d: the input must be floating/,
      },
    ],
  },
  {
    op: 'lpPool2d',
    samples: [
      {
        name: 'squares',
        inputs: [{ shape: [1, 2, 2, 4], low: 0.5, high: 2 }],
        run: (x) => lpPool2d(x!, 2, 2),
        reference: (x) => ({
          shape: [1, 2, 1, 2],
          data: Array.from({ length: 4 }, (_, i) => {
            const k = Math.floor(i / 2) * 8 + (i % 2) * 2;
            return Math.hypot(x!.data[k]!, x!.data[k + 1]!, x!.data[k + 4]!, x!.data[k + 5]!);
          }),
        }),
      },
    ],
    errors: [
      {
        name: 'rank',
        run: () => lpPool2d(zeros([4, 4]), 2, 2),
        error: 'ShapeError',
        message: /^avgPool2d: input \[4, 4\] has 2 dimensions/,
      },
    ],
  },
  {
    op: 'maxUnpool1d',
    samples: [
      {
        name: 'back to their places',
        inputs: [{ shape: [1, 2, 3] }, { shape: [1, 2, 3], dtype: 'int64', values: [0, 3, 4, 1, 2, 5] }],
        run: (x, i) => maxUnpool1d(x!, i!, 2),
        reference: (x, i) => ({ shape: [1, 2, 6], data: placed(x!.data, i!.data, 2, 6) }),
        without: ['broadcast'],
      },
      {
        name: 'a larger sequence, stride and padding',
        inputs: [{ shape: [2, 3] }, { shape: [2, 3], dtype: 'int64', values: [0, 2, 5, 1, 3, 4] }],
        run: (x, i) => maxUnpool1d(x!, i!, 3, { stride: 2, padding: 1, outputSize: [6] }),
        reference: (x, i) => ({ shape: [2, 6], data: placed(x!.data, i!.data, 2, 6) }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'size',
        run: () => maxUnpool1d(zeros([1, 3]), at([0, 2, 4], [1, 3]), 2, { outputSize: [9] }),
        error: 'ValueError',
        message: /^maxUnpool1d: outputSize 9 must lie between 4 and 8 \(dimension -1\)/,
      },
      {
        name: 'index',
        run: () => maxUnpool1d(zeros([1, 3]), at([0, 2, 6], [1, 3]), 2),
        error: 'IndexError',
        message: /^maxUnpool1d: index 6 is out of range for an image \[6\]/,
      },
      {
        name: 'shapes',
        run: () => maxUnpool1d(zeros([1, 3]), at([0, 2], [1, 2]), 2),
        error: 'ShapeError',
        message: /^maxUnpool1d: the indices have shape \[1, 2\], expected that of the input \[1, 3\]/,
      },
    ],
  },
  {
    op: 'maxUnpool2d',
    samples: [
      {
        name: 'images',
        inputs: [{ shape: [1, 2, 1, 2] }, { shape: [1, 2, 1, 2], dtype: 'int64', values: [1, 6, 4, 3] }],
        run: (x, i) => maxUnpool2d(x!, i!, 2),
        reference: (x, i) => ({ shape: [1, 2, 2, 4], data: placed(x!.data, i!.data, 2, 8) }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'dtype',
        run: () => maxUnpool2d(zeros([1, 1, 1]), zeros([1, 1, 1]), 2),
        error: 'DTypeError',
        message: /^maxUnpool2d: indices must be int64, got float32/,
      },
    ],
  },
  {
    op: 'maxUnpool3d',
    samples: [
      {
        name: 'volumes',
        inputs: [{ shape: [1, 1, 1, 1, 2] }, { shape: [1, 1, 1, 1, 2], dtype: 'int64', values: [5, 10] }],
        run: (x, i) => maxUnpool3d(x!, i!, 2),
        reference: (x, i) => ({ shape: [1, 1, 2, 2, 4], data: placed(x!.data, i!.data, 1, 16) }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'size',
        run: () => maxUnpool3d(zeros([1, 1, 1, 1]), at([0], [1, 1, 1, 1]), 2, { outputSize: [2, 2] }),
        error: 'ValueError',
        message: /^maxUnpool3d: outputSize must have 3 or 5 elements, got \[2, 2\]/,
      },
    ],
  },
];
