import type { OpSamples } from '../op.samples.ts';
import { tensor } from './create.ts';

export const fillSamples: readonly OpSamples[] = [
  {
    op: 'fill',
    samples: [
      {
        name: 'a number in the place of a product',
        inputs: [{ shape: [2, 3] }],
        run: (x) => x.mul(x).fill_(2.5),
        reference: (x) => ({ shape: x!.shape, data: x!.data.map(() => 2.5) }),
      },
      {
        name: 'zero in a window',
        inputs: [{ shape: [2, 3] }],
        run: (x) => {
          const y = x.mul(2);
          y.select(1, 1).zero_();
          return y.mul(y);
        },
        reference: (x) => ({ shape: x!.shape, data: x!.data.map((v, i) => (i % 3 === 1 ? 0 : 4 * v * v)) }),
      },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => tensor([1]).fill_(tensor([2])),
        error: 'ShapeError',
        message: /^fill_: expects a number or a 0-d tensor/,
      },
    ],
  },
  {
    op: 'overwrite',
    samples: [
      {
        name: 'a vector in every row',
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        run: (x, y) => x.mul(3).copy_(y.mul(y)),
        reference: (x, y) => ({ shape: x!.shape, data: x!.data.map((_, i) => y!.data[i % 3]! ** 2) }),
      },
      {
        name: 'an element everywhere',
        inputs: [{ shape: [2, 2] }, { shape: [] }],
        run: (x, y) => x.mul(3).fill_(y),
        reference: (x, y) => ({ shape: x!.shape, data: x!.data.map(() => y!.data[0]!) }),
      },
    ],
  },
];
