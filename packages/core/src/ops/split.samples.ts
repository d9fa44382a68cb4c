import type { NdArray, OpSamples } from '../op.samples.ts';
import { tensor, zeros } from './create.ts';
import { at, build, replace, under } from './nd.samples.ts';
import { chunk, dsplit, hsplit, split, splitWithSizes, tensorSplit, unbind, vsplit } from './split.ts';

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
  {
    op: 'splitWithSizes',
    samples: [
      {
        name: 'columns',
        inputs: [{ shape: [2, 4] }],
        run: (x) => splitWithSizes(x!, [1, 3], 1),
        reference: (x) => parts(x!, 1, [1, 3]),
      },
      { name: 'a method', inputs: [{ shape: [3] }], run: (x) => x!.splitWithSizes([0, 3]), reference: (x) => parts(x!, 0, [0, 3]) },
    ],
    errors: [
      {
        name: 'a number',
        run: () => splitWithSizes(zeros([4]), 2 as never),
        error: 'ValueError',
        message: /splitWithSizes: expected a list of sizes, got 2/,
      },
    ],
  },
  {
    op: 'tensorSplit',
    samples: [
      { name: 'sections', inputs: [{ shape: [5, 2] }], run: (x) => tensorSplit(x!, 3), reference: (x) => parts(x!, 0, [2, 2, 1]) },
      {
        name: 'more sections than entries',
        inputs: [{ shape: [2] }],
        run: (x) => x!.tensorSplit(3),
        reference: (x) => parts(x!, 0, [1, 1, 0]),
      },
      { name: 'places', inputs: [{ shape: [2, 5] }], run: (x) => tensorSplit(x!, [1, 3], -1), reference: (x) => parts(x!, 1, [1, 2, 2]) },
      {
        name: 'places that go back and beyond',
        inputs: [{ shape: [4] }],
        run: (x) => tensorSplit(x!, [-1, 1, 9]),
        reference: (x) => [...parts(x!, 0, [3]), { shape: [0], data: [] }, parts(x!, 0, [1, 3])[1]!, { shape: [0], data: [] }],
      },
      {
        name: 'sections in a tensor',
        inputs: [{ shape: [3] }],
        run: (x) => tensorSplit(x!, tensor(2n)),
        reference: (x) => parts(x!, 0, [2, 1]),
        hostOnly: true,
      },
      {
        name: 'places in a tensor',
        inputs: [{ shape: [3] }],
        run: (x) => tensorSplit(x!, tensor([1n])),
        reference: (x) => parts(x!, 0, [1, 2]),
        hostOnly: true,
      },
    ],
    errors: [
      { name: '0-d', run: () => tensorSplit(zeros([]), 1), error: 'ShapeError', message: /tensorSplit: a 0-d tensor cannot be split/ },
      {
        name: 'no sections',
        run: () => tensorSplit(zeros([2]), 0),
        error: 'ValueError',
        message: /the number of sections must be positive, got 0/,
      },
      {
        name: 'dtype',
        run: () => tensorSplit(zeros([2]), tensor([1])),
        error: 'DTypeError',
        message: /tensorSplit: sections or indices must be int64, got float32/,
      },
      {
        name: 'a fraction',
        run: () => tensorSplit(zeros([2]), [0.5]),
        error: 'ValueError',
        message: /expected an integer or a list of integers/,
      },
    ],
  },
  {
    op: 'hsplit',
    samples: [
      { name: 'a matrix', inputs: [{ shape: [2, 4] }], run: (x) => hsplit(x!, 2), reference: (x) => parts(x!, 1, [2, 2]) },
      { name: 'a vector', inputs: [{ shape: [4] }], run: (x) => x!.hsplit([1]), reference: (x) => parts(x!, 0, [1, 3]) },
    ],
    errors: [
      { name: '0-d', run: () => hsplit(zeros([]), 1), error: 'ShapeError', message: /hsplit: needs at least 1 dimensions/ },
      {
        name: 'remainder',
        run: () => hsplit(zeros([2, 3]), 2),
        error: 'ValueError',
        message: /hsplit: dim 1 of size 3 in \[2, 3\] does not divide into 2/,
      },
    ],
  },
  {
    op: 'vsplit',
    samples: [
      { name: 'rows', inputs: [{ shape: [4, 2] }], run: (x) => vsplit(x!, 2), reference: (x) => parts(x!, 0, [2, 2]) },
      { name: 'places', inputs: [{ shape: [4, 1] }], run: (x) => x!.vsplit([1]), reference: (x) => parts(x!, 0, [1, 3]) },
    ],
    errors: [
      {
        name: 'a vector',
        run: () => vsplit(zeros([2]), 1),
        error: 'ShapeError',
        message: /vsplit: needs at least 2 dimensions, got \[2\]/,
      },
    ],
  },
  {
    op: 'dsplit',
    samples: [
      { name: 'depth', inputs: [{ shape: [1, 2, 4] }], run: (x) => dsplit(x!, 2), reference: (x) => parts(x!, 2, [2, 2]) },
      { name: 'places', inputs: [{ shape: [1, 1, 3] }], run: (x) => x!.dsplit([2]), reference: (x) => parts(x!, 2, [2, 1]) },
    ],
    errors: [
      { name: 'a matrix', run: () => dsplit(zeros([2, 2]), 1), error: 'ShapeError', message: /dsplit: needs at least 3 dimensions, got/ },
    ],
  },
];
