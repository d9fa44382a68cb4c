import type { InputSpec, OpSamples } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones, zeros } from './create.ts';
import { maskedScatter } from './masked-scatter.ts';

const bool = (shape: readonly number[], values: readonly number[]): InputSpec => ({ shape, values, dtype: 'bool' });

/** Samples of maskedScatter. */
export const maskedScatterSamples: readonly OpSamples[] = [
  {
    op: 'maskedScatter',
    samples: [
      {
        name: 'in order, with elements to spare',
        inputs: [{ shape: [2, 3] }, bool([2, 3], [0, 1, 1, 1, 0, 0]), { shape: [2, 2] }],
        run: (x, m, s) => maskedScatter(x!, m!, s!),
        reference: (x, _, s) => ({ shape: [2, 3], data: [x!.data[0]!, ...s!.data.slice(0, 3), x!.data[4]!, x!.data[5]!] }),
      },
      {
        name: 'broadcast both ways',
        inputs: [{ shape: [2] }, bool([2, 1], [0, 1]), { shape: [2] }],
        run: (x, m, s) => x!.maskedScatter(m!, s!),
        reference: (x, _, s) => ({ shape: [2, 2], data: [...x!.data, ...s!.data] }),
      },
      {
        name: 'in place',
        inputs: [{ shape: [2, 2] }, bool([2], [1, 0]), { shape: [2] }],
        run: (x, m, s) => x!.clone().maskedScatter_(m!, s!),
        reference: (x, _, s) => ({ shape: [2, 2], data: [s!.data[0]!, x!.data[1]!, s!.data[1]!, x!.data[3]!] }),
      },
      {
        name: 'integers',
        inputs: [{ shape: [3], dtype: 'int64' }, bool([3], [1, 0, 1]), { shape: [2], values: [7, 8], dtype: 'int64' }],
        run: (x, m, s) => maskedScatter(x!, m!, s!),
        reference: (x) => ({ shape: [3], data: [7, x!.data[1]!, 8] }),
        differentiable: false,
      },
      {
        name: 'nothing, of nothing',
        inputs: [{ shape: [2] }, bool([2], [0, 0]), { shape: [0] }],
        run: (x, m, s) => maskedScatter(x!, m!, s!),
        reference: (x) => x!,
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, bool([], [1]), { shape: [3] }],
        run: (x, m, s) => maskedScatter(x!, m!, s!),
        reference: (_, __, s) => ({ shape: [], data: [s!.data[0]!] }),
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [0, 2] }, bool([2], [1, 0]), { shape: [1] }],
        run: (x, m, s) => maskedScatter(x!, m!, s!),
        reference: (x) => x!,
      },
    ],
    errors: [
      {
        name: 'too few elements',
        run: () => maskedScatter(zeros([3]), ones([3], { dtype: 'bool' }), zeros([2])),
        error: 'ShapeError',
        message: /maskedScatter: the mask holds 3 times, but the source \[2\] has 2 elements/,
      },
      {
        name: 'mask dtype',
        run: () => maskedScatter(zeros([2]), zeros([2], { dtype: 'int64' }), zeros([2])),
        error: 'DTypeError',
        message: /maskedScatter: the mask must be bool, got int64/,
      },
      {
        name: 'dtype',
        run: () => maskedScatter(zeros([2]), zeros([2], { dtype: 'bool' }), zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /maskedScatter: the source is int64 but the tensor is float32/,
      },
      {
        name: 'in place with a larger mask',
        run: () => (zeros([2]) as Tensor).maskedScatter_(zeros([3, 2], { dtype: 'bool' }), zeros([6])),
        error: 'ShapeError',
        message: /maskedScatter_: a mask of shape \[3, 2\] does not broadcast to \[2\]/,
      },
    ],
  },
];
