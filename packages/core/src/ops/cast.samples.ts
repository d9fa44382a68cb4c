import type { DType } from '../dtype.ts';
import type { NdArray, OpSamples } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { zeros } from './create.ts';

const values = [-2, -0.5, 0, 0.25, 1, 2.75];
const under = (x: NdArray, f: (v: number) => number): NdArray => ({ shape: x.shape, data: x.data.map(f) });

/** A sample of a conversion to integers or booleans. */
const whole = (op: string, run: (x: Tensor) => Tensor, f: (v: number) => number, given: readonly number[] = values): OpSamples => ({
  op,
  samples: [
    {
      name: 'of fractions',
      inputs: [{ shape: [given.length], values: given }],
      run: (x) => run(x!),
      reference: (x) => under(x!, f),
      differentiable: false,
    },
  ],
});

/** Samples of conversions named after a dtype. */
export const castSamples: readonly OpSamples[] = [
  {
    op: 'double',
    samples: [
      {
        name: 'of float64',
        inputs: [{ shape: [2] }],
        run: (x) => x!.double(),
        reference: (x) => x!,
        hostOnly: true,
      },
    ],
  },
  {
    op: 'float',
    samples: [
      {
        name: 'of integers',
        inputs: [{ shape: [3], dtype: 'int64' }],
        run: (x) => x!.float(),
        reference: (x) => x!,
        differentiable: false,
      },
    ],
  },
  whole('int', (x) => x.int(), Math.trunc),
  whole('long', (x) => x.long(), Math.trunc),
  whole('byte', (x) => x.byte(), Math.trunc, [0, 0.5, 3.9, 255]),
  whole(
    'bool',
    (x) => x.bool(),
    (v) => Number(v !== 0),
  ),
  whole('typeAs', (x) => x.typeAs(zeros([1], { dtype: 'int64' as DType })), Math.trunc),
];
