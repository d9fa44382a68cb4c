import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { Generator } from '../random/generator.ts';
import { tensor, zeros } from './create.ts';
import { fractionalMaxPool2d, fractionalMaxPool3d } from './fractional-pool.ts';

/** Maxima of the windows that begin at given places along each of three dimensions, plane by plane. */
function maxima(x: NdArray, kernel: readonly number[], starts: readonly (readonly (readonly number[])[])[]): NdArray {
  const spatial = x.shape.length - 2;
  const [depth, height, width] = [1, ...x.shape.slice(2)].slice(-3) as [number, number, number];
  const data: number[] = [];
  starts.forEach(([ds, hs, ws], plane) => {
    for (const d of ds!)
      for (const h of hs!)
        for (const w of ws!) {
          const window: number[] = [];
          for (let i = 0; i < kernel[0]!; i++)
            for (let j = 0; j < kernel[1]!; j++)
              for (let k = 0; k < kernel[2]!; k++) window.push(x.data[((plane * depth + d + i) * height + h + j) * width + w + k]!);
          data.push(Math.max(...window));
        }
  });
  const output = starts[0]!.map((s) => s.length).slice(3 - spatial);
  return { shape: [...x.shape.slice(0, 2), ...output], data };
}

/** Of one line of numbers: where its two windows of 2 begin is clear for every sample. */
const pair: Sample = {
  name: 'the first and the last place, whatever is drawn',
  inputs: [{ shape: [1, 1, 1, 5], apart: 0.05 }],
  run: (x) => fractionalMaxPool2d(x!, [1, 2], { outputSize: [1, 2], generator: new Generator(1) }),
  reference: (x) => maxima(x!, [1, 1, 2], [[[0], [0], [0, 3]]]),
  without: ['broadcast'],
};

const images = { shape: [1, 2, 4, 6], apart: 0.05 } as const;
// alpha is (6 - 2) / 2 = 2 along the width; (4 - 1) / 2 = 1.5 along the height, whose second window begins at
// floor(1.5 (1 + u)) - floor(1.5 u): 1 for u = 0.25, 2 for u = 0.4.
const imageSamples = { shape: [1, 2, 2], values: [0.1, 0.25, 0.6, 0.4] } as const;

export const fractionalPoolSamples: readonly OpSamples[] = [
  {
    op: 'fractionalMaxPool2d',
    samples: [
      pair,
      {
        name: 'images',
        inputs: [images, imageSamples],
        run: (x, u) => fractionalMaxPool2d(x!, [1, 2], { outputSize: 3, randomSamples: u! }),
        reference: (x) =>
          maxima(
            x!,
            [1, 1, 2],
            [
              [[0], [0, 1, 3], [0, 2, 4]],
              [[0], [0, 2, 3], [0, 2, 4]],
            ],
          ),
        without: ['broadcast'],
      },
      {
        name: 'one image, a ratio, and the positions',
        inputs: [{ shape: [1, 4, 4], apart: 0.05 }],
        run: (x) => {
          const { values, indices } = fractionalMaxPool2d(x!, 3, { outputRatio: 0.5, returnIndices: true });
          return [values, indices];
        },
        reference: (x) => {
          const values: number[] = [];
          const indices: number[] = [];
          for (const h of [0, 1])
            for (const w of [0, 1]) {
              const at = Array.from({ length: 9 }, (_, i) => (h + Math.floor(i / 3)) * 4 + w + (i % 3));
              const best = at.reduce((a, b) => (x!.data[b]! > x!.data[a]! ? b : a));
              indices.push(best);
              values.push(x!.data[best]!);
            }
          return [
            { shape: [1, 2, 2], data: values },
            { shape: [1, 2, 2], data: indices },
          ];
        },
        without: ['broadcast'],
      },
      {
        name: 'no batch',
        inputs: [{ shape: [0, 2, 4, 4] }],
        run: (x) => fractionalMaxPool2d(x!, 2, { outputSize: 2 }),
        reference: () => ({ shape: [0, 2, 2, 2], data: [] }),
      },
    ],
    errors: [
      {
        name: 'no size',
        run: () => fractionalMaxPool2d(zeros([1, 4, 4]), 2, {}),
        error: 'ValueError',
        message: /^fractionalMaxPool2d: give one of outputSize and outputRatio$/,
      },
      {
        name: 'two sizes',
        run: () => fractionalMaxPool2d(zeros([1, 4, 4]), 2, { outputSize: 2, outputRatio: 0.5 }),
        error: 'ValueError',
        message: /^fractionalMaxPool2d: give one of outputSize and outputRatio$/,
      },
      {
        name: 'ratio',
        run: () => fractionalMaxPool2d(zeros([1, 4, 4]), 2, { outputRatio: [0.5, 1] }),
        error: 'ValueError',
        message: /^fractionalMaxPool2d: outputRatio must be a number between 0 and 1, or 2 of them, got \[0\.5,1\]$/,
      },
      {
        name: 'too many windows',
        run: () => fractionalMaxPool2d(zeros([1, 4, 6]), 2, { outputSize: 4 }),
        error: 'ShapeError',
        message:
          /^fractionalMaxPool2d: 4 windows of 2 that begin at different places do not fit in 4, of input \[1, 1, 4, 6\] \(dimension 2\)$/,
      },
      {
        name: 'shape of the samples',
        run: () => fractionalMaxPool2d(zeros([2, 3, 4, 4]), 2, { outputSize: 2, randomSamples: zeros([2, 3, 3]) }),
        error: 'ShapeError',
        message: /^fractionalMaxPool2d: randomSamples must have shape \[2, 3, 2\], got \[2, 3, 3\]$/,
      },
      {
        name: 'samples out of range',
        run: () => fractionalMaxPool2d(zeros([1, 4, 4]), 2, { outputSize: 2, randomSamples: tensor([[[0.5, -1]]]) }),
        error: 'ValueError',
        message: /^fractionalMaxPool2d: randomSamples must lie in \[0, 1\), got -1$/,
      },
      {
        name: 'dtype of the samples',
        run: () => fractionalMaxPool2d(zeros([1, 4, 4]), 2, { outputSize: 2, randomSamples: zeros([1, 1, 2], { dtype: 'float64' }) }),
        error: 'DTypeError',
        message: /^fractionalMaxPool2d: randomSamples must be float32 as the input, got float64$/,
      },
      {
        name: 'rank',
        run: () => fractionalMaxPool2d(zeros([4, 4]), 2, { outputSize: 2 }),
        error: 'ShapeError',
        message: /^fractionalMaxPool2d: input \[4, 4\] has 2 dimensions, expected \[N, C, H, W\] or \[C, H, W\]$/,
      },
      {
        name: 'integers',
        run: () => fractionalMaxPool2d(zeros([1, 4, 4], { dtype: 'int64' }), 2, { outputSize: 2 }),
        error: 'DTypeError',
        message: /^fractionalMaxPool2d: the input must be floating, got int64/,
      },
    ],
  },
  {
    op: 'fractionalMaxPool3d',
    samples: [
      {
        name: 'volumes',
        inputs: [
          { shape: [1, 1, 4, 3, 6], apart: 0.02 },
          { shape: [1, 1, 3], values: [0.4, 0.9, 0.1] },
        ],
        run: (x, u) => fractionalMaxPool3d(x!, [1, 2, 2], { outputSize: [3, 1, 3], randomSamples: u! }),
        reference: (x) => maxima(x!, [1, 2, 2], [[[0, 2, 3], [1], [0, 2, 4]]]),
        without: ['broadcast'],
      },
      {
        name: 'one volume and the positions',
        inputs: [{ shape: [1, 1, 1, 5], values: [1, 2, 0, 3, 0.5] }],
        run: (x) => {
          const { values, indices } = fractionalMaxPool3d(x!, [1, 1, 2], { outputSize: [1, 1, 2], returnIndices: true });
          return [values, indices];
        },
        reference: () => [
          { shape: [1, 1, 1, 2], data: [2, 3] },
          { shape: [1, 1, 1, 2], data: [1, 3] },
        ],
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'sizes',
        run: () => fractionalMaxPool3d(zeros([1, 4, 4, 4]), [2, 2, 0], { outputSize: 2 }),
        error: 'ValueError',
        message: /^fractionalMaxPool3d: kernel must be an integer of at least 1, or 3 of them, got \[2,2,0\]$/,
      },
    ],
  },
];
