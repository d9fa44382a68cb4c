import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { localResponseNorm } from './local-response.ts';

function reference(x: NdArray, size: number, alpha: number, beta: number, k: number): NdArray {
  const [, c, inner] = x.shape as readonly [number, number, number];
  const data = x.data.map((v, i) => {
    const channel = Math.floor(i / inner) % c;
    let sum = 0;
    for (let j = channel - Math.floor(size / 2); j <= channel + Math.floor((size - 1) / 2); j++) {
      if (j >= 0 && j < c) sum += x.data[i + (j - channel) * inner]! ** 2;
    }
    return v / (k + (alpha * sum) / size) ** beta;
  });
  return { shape: x.shape, data };
}

export const localResponseSamples: readonly OpSamples[] = [
  {
    op: 'localResponseNorm',
    samples: [
      {
        name: 'three channels',
        inputs: [{ shape: [2, 5, 3] }],
        run: (x) => localResponseNorm(x!, 3, { alpha: 0.5 }),
        reference: (x) => reference(x!, 3, 0.5, 0.75, 1),
      },
      {
        name: 'an even number, every option',
        inputs: [{ shape: [1, 4, 2] }],
        run: (x) => localResponseNorm(x!, 4, { alpha: 0.8, beta: 0.5, k: 2 }),
        reference: (x) => reference(x!, 4, 0.8, 0.5, 2),
      },
      { name: 'nothing', inputs: [{ shape: [0, 3, 2] }], run: (x) => localResponseNorm(x!, 2), reference: (x) => x! },
    ],
    errors: [
      {
        name: 'dimensions',
        run: () => localResponseNorm(zeros([2, 3]), 2),
        error: 'ShapeError',
        message: /^localResponseNorm: input \[2, 3\] has 2 dimensions/,
      },
      {
        name: 'size',
        run: () => localResponseNorm(zeros([2, 3, 4]), 0),
        error: 'ValueError',
        message: /^localResponseNorm: size must be a positive integer, got 0/,
      },
    ],
  },
];
