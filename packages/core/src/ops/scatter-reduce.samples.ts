import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones, tensor, zeros } from './create.ts';
import { at, build, coordinates, replace } from './nd.samples.ts';
import { indexReduce, type ScatterReduceOptions, type ScatterReduction, scatterReduce } from './scatter-reduce.ts';

const int = (shape: readonly number[], values: readonly number[], dtype: 'int64' | 'int32' = 'int64'): InputSpec => ({
  shape,
  values,
  dtype,
});
const long = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });

const combined: Readonly<Record<ScatterReduction, (values: readonly number[]) => number>> = {
  sum: (v) => v.reduce((a, b) => a + b, 0),
  prod: (v) => v.reduce((a, b) => a * b, 1),
  mean: (v) => v.reduce((a, b) => a + b, 0) / v.length,
  amax: (v) => Math.max(...v),
  amin: (v) => Math.min(...v),
};

/** The definition: collects what goes to each place, then combines it. */
function reduced(x: NdArray, dim: number, index: NdArray, src: NdArray, reduce: ScatterReduction, includeSelf: boolean): NdArray {
  return build(x.shape, (c) => {
    const comes = coordinates(index.shape).filter((i) => replace(i, dim, at(index, i)).join() === c.join());
    const values = comes.map((i) => at(src, i));
    return comes.length === 0 ? at(x, c) : combined[reduce](includeSelf ? [at(x, c), ...values] : values);
  });
}

/** Extremes are not differentiable where two entries are equal. */
const entries = (shape: readonly number[], reduce: ScatterReduction, low: number): InputSpec =>
  reduce === 'amax' || reduce === 'amin' ? { shape, apart: 0.3, low, high: low + 6 } : { shape };

function scattering(
  name: string,
  shape: readonly number[],
  dim: number,
  index: InputSpec,
  src: readonly number[],
  reduce: ScatterReduction,
  options?: ScatterReduceOptions,
): Sample {
  const includeSelf = options?.includeSelf ?? true;
  const values = entries(src, reduce, -2.9);
  return {
    name: `${reduce}, ${name}${includeSelf ? '' : ', without self'}`,
    inputs: [entries(shape, reduce, -3), index, values],
    run: (x, i, s) => scatterReduce(x!, dim, i!, s!, reduce, options),
    reference: (x, i, s) => reduced(x!, dim < 0 ? dim + shape.length : dim, i!, s!, reduce, includeSelf),
    ...('apart' in values ? { without: ['broadcast'] as const } : {}),
  };
}

const samplesOf = (reduce: ScatterReduction): Sample[] =>
  [undefined, { includeSelf: false }].flatMap((options) => [
    scattering('rows', [4, 2], 0, int([3, 2], [3, 0, 1, 0, 3, 2]), [3, 2], reduce, options),
    scattering('columns, a smaller index', [2, 3], -1, int([1, 4], [2, 0, 2, 2], 'int32'), [2, 5], reduce, options),
  ]);

const withZeros = (name: string, self: readonly number[], src: readonly number[], index: readonly number[]): Sample => ({
  name: `prod, ${name}`,
  inputs: [{ shape: [self.length], values: self }, int([index.length], index), { shape: [src.length], values: src }],
  run: (x, i, s) => scatterReduce(x!, 0, i!, s!, 'prod'),
  reference: (x, i, s) => reduced(x!, 0, i!, s!, 'prod', true),
});

function integers(reduce: ScatterReduction, want: readonly number[]): Sample {
  return {
    name: `${reduce} of integers`,
    inputs: [int([3], [1, 2, 3]), int([3], [0, 0, 1]), int([3], [5, 6, -9])],
    run: (x, i, s) => scatterReduce(x!, 0, i!, s!, reduce),
    reference: () => ({ shape: [3], data: want }),
    differentiable: false,
  };
}

function bools(reduce: ScatterReduction, includeSelf: boolean, want: readonly number[]): Sample {
  const bool = (...values: number[]): InputSpec => ({ shape: [3], values, dtype: 'bool' });
  return {
    name: `${reduce} of bools${includeSelf ? '' : ', without self'}`,
    inputs: [bool(1, 0, 1), int([3], [0, 0, 1]), bool(1, 0, 1)],
    run: (x, i, s) => scatterReduce(x!, 0, i!, s!, reduce, { includeSelf }),
    reference: () => ({ shape: [3], data: want }),
    differentiable: false,
  };
}

function indexing(name: string, shape: readonly number[], dim: number, index: readonly number[], reduce: 'prod' | 'mean' | 'amax'): Sample {
  const n = shape.length;
  const src = replace(shape, dim < 0 ? dim + n : dim, index.length);
  const values = entries(src, reduce, -2.9);
  return {
    name: `${reduce}, ${name}`,
    inputs: [entries(shape, reduce, -3), int([index.length], index), values],
    run: (x, i, s) => indexReduce(x!, dim, i!, s!, reduce),
    reference: (x, i, s) => {
      const d = dim < 0 ? dim + n : dim;
      return reduced(
        x!,
        d,
        build(src, (c) => i!.data[c[d]!]!),
        s!,
        reduce,
        true,
      );
    },
    ...('apart' in values ? { without: ['broadcast'] as const } : {}),
  };
}

/** Samples of ops that combine what goes to the same place. */
export const scatterReduceSamples: readonly OpSamples[] = [
  {
    op: 'scatterReduce',
    samples: [
      ...(['sum', 'prod', 'mean', 'amax', 'amin'] as const).flatMap(samplesOf),
      withZeros('a zero among the factors', [2, 3], [0, 4, 5, 6], [0, 0, 0, 1]),
      withZeros('two zeros among the factors', [2, 3], [0, 0, 5, 6], [0, 0, 0, 1]),
      withZeros('a zero in the tensor', [0, 3], [7, 4, 5, 6, 8], [0, 1, 0, 1, 0]),
      {
        name: 'amax, equal entries share the gradient',
        inputs: [{ shape: [2], values: [1, 1] }, int([3], [0, 0, 1]), { shape: [3], values: [1, 1, 4] }],
        // Shares do not depend on the entries, which finite differences cannot see: the weights make them visible.
        run: (x, i, s) => {
          const leaves = [x!.detach().requiresGrad_(), s!.detach().requiresGrad_()] as const;
          scatterReduce(leaves[0], 0, i!, leaves[1], 'amax').sum().backward();
          return leaves.map((t) => t.grad!);
        },
        reference: () => [
          { shape: [2], data: [1 / 3, 0] },
          { shape: [3], data: [1 / 3, 1 / 3, 1] },
        ],
        differentiable: false,
      },
      {
        name: 'amin, NaN is an extreme',
        inputs: [{ shape: [3], values: [Number.NaN, 1, 2] }, int([3], [0, 1, 2]), { shape: [3], values: [1, Number.NaN, 5] }],
        run: (x, i, s) => scatterReduce(x!.detach(), 0, i!, s!.detach(), 'amin'),
        reference: () => ({ shape: [3], data: [Number.NaN, Number.NaN, 2] }),
        differentiable: false,
      },
      integers('sum', [12, -7, 3]),
      integers('prod', [30, -18, 3]),
      integers('mean', [4, -4, 3]),
      integers('amax', [6, 2, 3]),
      integers('amin', [1, -9, 3]),
      bools('sum', true, [1, 1, 1]),
      bools('prod', true, [0, 0, 1]),
      bools('amin', false, [0, 1, 1]),
      bools('sum', false, [1, 1, 1]),
      {
        name: '0-d',
        inputs: [{ shape: [] }, int([], [0]), { shape: [] }],
        run: (x, i, s) => scatterReduce(x!, 0, i!, s!, 'prod'),
        reference: (x, _, s) => ({ shape: [], data: [x!.data[0]! * s!.data[0]!] }),
      },
      {
        name: 'zero-size index',
        inputs: [{ shape: [3, 2] }, int([0, 2], []), { shape: [0, 2] }],
        run: (x, i, s) => scatterReduce(x!, 0, i!, s!, 'mean', { includeSelf: false }),
        reference: (x) => x!,
      },
      {
        name: 'in place',
        inputs: [{ shape: [3, 2] }, int([2, 2], [2, 0, 2, 1]), { shape: [2, 2] }],
        run: (x, i, s) => x!.clone().scatterReduce_(0, i!, s!, 'mean'),
        reference: (x, i, s) => reduced(x!, 0, i!, s!, 'mean', true),
      },
    ],
    errors: [
      {
        name: 'reduce',
        run: () => scatterReduce(zeros([2]), 0, long(0), ones([1]), 'max' as 'amax'),
        error: 'ValueError',
        message: /scatterReduce: reduce must be sum, prod, mean, amax, amin, got 'max'/,
      },
      {
        name: 'out of range',
        run: () => scatterReduce(zeros([2]), 0, long(2), ones([1]), 'prod'),
        error: 'IndexError',
        message: /scatterReduce: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'source too small',
        run: () => scatterReduce(zeros([3]), 0, long(0, 1), zeros([1]), 'sum'),
        error: 'ShapeError',
        message: /scatterReduce: the index \[2\] is larger than the source \[1\]/,
      },
      {
        name: 'larger than the tensor',
        run: () => scatterReduce(zeros([2, 1]), 0, zeros([1, 2], { dtype: 'int64' }), ones([1, 2]), 'mean'),
        error: 'ShapeError',
        message: /scatterReduce: the index \[1, 2\] is larger than the tensor \[2, 1\] at dimension 1/,
      },
      {
        name: 'dtype',
        run: () => scatterReduce(zeros([2]), 0, long(0), long(1), 'amax'),
        error: 'DTypeError',
        message: /scatterReduce: the source is int64 but the tensor is float32/,
      },
      {
        name: 'mean of bools',
        run: () => scatterReduce(zeros([2], { dtype: 'bool' }), 0, long(0), zeros([1], { dtype: 'bool' }), 'mean'),
        error: 'DTypeError',
        message: /scatterReduce: the mean is not defined for bool/,
      },
    ],
  },
  {
    op: 'indexReduce',
    samples: [
      indexing('rows', [3, 2], 0, [2, 0, 2], 'prod'),
      indexing('columns', [2, 3], -1, [1, 1, 2, 1], 'mean'),
      indexing('middle', [2, 3, 2], 1, [0, 2, 0], 'amax'),
      {
        name: 'without self',
        inputs: [{ shape: [3] }, int([3], [1, 1, 0]), { shape: [3] }],
        run: (x, i, s) => x!.indexReduce(0, i!, s!, 'mean', { includeSelf: false }),
        reference: (x, i, s) => reduced(x!, 0, i!, s!, 'mean', false),
      },
      {
        name: 'in place',
        inputs: [{ shape: [3] }, int([2], [1, 1]), { shape: [2] }],
        run: (x, i, s) => x!.clone().indexReduce_(0, i!, s!, 'prod'),
        reference: (x, i, s) => reduced(x!, 0, i!, s!, 'prod', true),
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, int([], [0]), { shape: [] }],
        run: (x, i, s) => indexReduce(x!, 0, i!, s!, 'mean'),
        reference: (x, _, s) => ({ shape: [], data: [(x!.data[0]! + s!.data[0]!) / 2] }),
      },
      {
        name: 'no indices',
        inputs: [{ shape: [2] }, int([0], []), { shape: [0] }],
        run: (x, i, s) => indexReduce(x!, 0, i!, s!, 'amax', { includeSelf: false }),
        reference: (x) => x!,
      },
    ],
    errors: [
      {
        name: 'reduce',
        run: () => indexReduce(zeros([2]), 0, long(0), ones([1]), 'sum' as 'prod'),
        error: 'ValueError',
        message: /indexReduce: reduce must be prod, mean, amax, amin, got 'sum'/,
      },
      {
        name: 'source',
        run: () => indexReduce(zeros([2, 3]), 0, long(0, 1), ones([1, 3]), 'prod'),
        error: 'ShapeError',
        message: /indexReduce: the source \[1, 3\] must be \[2, 3\] for \[2, 3\] and 2 indices along dim 0/,
      },
      {
        name: 'out of range',
        run: () => indexReduce(zeros([2]), 0, long(-1), ones([1]), 'amin'),
        error: 'IndexError',
        message: /indexReduce: index -1 is out of range for dim 0 of size 2/,
      },
    ],
  },
];
