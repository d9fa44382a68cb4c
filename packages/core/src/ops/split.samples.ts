import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { at, build, replace, under } from './nd.samples.ts';
import { chunk, split, unbind } from './split.ts';

const parts = (x: NdArray, dim: number, sizes: readonly number[]): NdArray[] => {
  let from = 0;
  return sizes.map((n) => {
    const start = from;
    from += n;
    return build(replace(x.shape, dim, n), (c) => at(x, replace(c, dim, start + c[dim]!)));
  });
};

/** Samples of ops that take tensors apart. */
export const splitSamples: readonly OpSamples[] = [
  {
    op: 'split',
    samples: [
      { name: 'equal', inputs: [{ shape: [4, 2] }], run: (x) => split(x!, 2), reference: (x) => parts(x!, 0, [2, 2]) },
      { name: 'a shorter last', inputs: [{ shape: [2, 5] }], run: (x) => x!.split(2, -1), reference: (x) => parts(x!, 1, [2, 2, 1]) },
      { name: 'sizes', inputs: [{ shape: [5] }], run: (x) => split(x!, [1, 0, 4]), reference: (x) => parts(x!, 0, [1, 0, 4]) },
      { name: 'zero-size', inputs: [{ shape: [0, 2] }], run: (x) => split(x!, 3), reference: (x) => parts(x!, 0, [0]) },
    ],
    errors: [
      {
        name: 'sum',
        run: () => split(zeros([2, 5]), [2, 2], 1),
        error: 'ShapeError',
        message: /split: sizes \[2, 2\] add up to 4, expected 5, the size of dim 1 of \[2, 5\]/,
      },
      { name: 'zero', run: () => split(zeros([3]), 0), error: 'ValueError', message: /split: size must be a positive integer, got 0/ },
      {
        name: 'negative',
        run: () => split(zeros([3]), [4, -1]),
        error: 'ValueError',
        message: /split: sizes must be non-negative integers, got -1/,
      },
      { name: '0-d', run: () => split(zeros([]), 1), error: 'ShapeError', message: /split: a 0-d tensor cannot be split/ },
    ],
  },
  {
    op: 'chunk',
    samples: [
      { name: 'uneven', inputs: [{ shape: [5, 2] }], run: (x) => chunk(x!, 3), reference: (x) => parts(x!, 0, [2, 2, 1]) },
      { name: 'fewer than asked', inputs: [{ shape: [6] }], run: (x) => x!.chunk(4, 0), reference: (x) => parts(x!, 0, [2, 2, 2]) },
      { name: 'zero-size', inputs: [{ shape: [0, 2] }], run: (x) => chunk(x!, 2), reference: (x) => parts(x!, 0, [0, 0]) },
    ],
    errors: [
      { name: 'none', run: () => chunk(zeros([2]), 0), error: 'ValueError', message: /chunk: chunks must be a positive integer, got 0/ },
      { name: '0-d', run: () => chunk(zeros([]), 1), error: 'ShapeError', message: /chunk: a 0-d tensor cannot be split/ },
    ],
  },
  {
    op: 'unbind',
    samples: [
      {
        name: 'rows',
        inputs: [{ shape: [3, 2] }],
        run: (x) => unbind(x!),
        reference: (x) => parts(x!, 0, [1, 1, 1]).map((a) => under(a, [2])),
      },
      {
        name: 'columns',
        inputs: [{ shape: [2, 3] }],
        run: (x) => x!.unbind(-1),
        reference: (x) => parts(x!, 1, [1, 1, 1]).map((a) => under(a, [2])),
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [2, 0] }],
        run: (x) => unbind(x!),
        reference: (x) => parts(x!, 0, [1, 1]).map((a) => under(a, [0])),
      },
    ],
    errors: [{ name: '0-d', run: () => unbind(zeros([])), error: 'ShapeError', message: /unbind: a 0-d tensor/ }],
  },
];
