import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { ones, tensor, zeros } from './create.ts';
import { at, broadcast, build, replace, written } from './nd.samples.ts';
import { indexAdd, maskedFill, scatter, scatterAdd } from './scatter.ts';

const int = (shape: readonly number[], values: readonly number[], dtype: 'int64' | 'int32' = 'int64'): InputSpec => ({
  shape,
  values,
  dtype,
});
const bool = (shape: readonly number[], values: readonly number[]): InputSpec => ({ shape, values, dtype: 'bool' });
const long = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });
const column = (...values: number[]): Tensor => tensor(values, { dtype: 'int64', shape: [values.length, 1] });

/** The definition, in row-major order, so that the last of several wins. */
function placed(x: NdArray, dim: number, index: NdArray, value: (c: number[]) => number, add: boolean): NdArray {
  return written(x, index.shape, (c) => [replace(c, dim, at(index, c)), (old) => (add ? old + value(c) : value(c))]);
}

function sample(
  op: typeof scatter | typeof scatterAdd,
  name: string,
  shape: readonly number[],
  dim: number,
  index: InputSpec,
  src: readonly number[],
): Sample {
  return {
    name,
    inputs: [{ shape }, index, { shape: src }],
    run: (x, i, s) => op(x!, dim, i!, s!),
    reference: (x, i, s) => placed(x!, dim < 0 ? dim + shape.length : dim, i!, (c) => at(s!, c), op === scatterAdd),
  };
}

const common = (op: typeof scatter | typeof scatterAdd): Sample[] => [
  sample(op, 'rows', [4, 2], 0, int([2, 2], [3, 0, 1, 2]), [2, 2]),
  sample(op, 'columns', [2, 3], -1, int([2, 2], [2, 0, 1, 2], 'int32'), [2, 2]),
  sample(op, 'repeated', [3, 2], 0, int([4, 2], [1, 1, 0, 1, 1, 1, 2, 0]), [4, 2]),
  sample(op, 'a smaller index', [3, 3], 1, int([2, 1], [2, 0]), [3, 2]),
  sample(op, 'middle', [2, 3, 2], 1, int([1, 2, 2], [2, 0, 2, 1]), [1, 2, 2]),
  {
    name: '0-d',
    inputs: [{ shape: [] }, int([], [0]), { shape: [] }],
    run: (x, i, s) => op(x!, 0, i!, s!),
    reference: (x, _, s) => ({ shape: [], data: [op === scatterAdd ? x!.data[0]! + s!.data[0]! : s!.data[0]!] }),
  },
  {
    name: 'zero-size index',
    inputs: [{ shape: [3, 2] }, int([0, 2], []), { shape: [0, 2] }],
    run: (x, i, s) => op(x!, 0, i!, s!),
    reference: (x) => x!,
  },
  sample(op, 'zero-size', [0, 3], 1, int([0, 2], []), [0, 2]),
];

/** Samples of ops that replace or add to elements at index tensors and masks. */
export const scatterSamples: readonly OpSamples[] = [
  {
    op: 'scatter',
    samples: [
      ...common(scatter),
      {
        name: 'in place',
        inputs: [{ shape: [3, 2] }, int([2, 2], [2, 0, 1, 1]), { shape: [2, 2] }],
        run: (x, i, s) => x!.clone().scatter_(0, i!, s!),
        reference: (x, i, s) => placed(x!, 0, i!, (c) => at(s!, c), false),
      },
      {
        name: 'a number',
        inputs: [{ shape: [3, 2] }, int([1, 2], [2, 0])],
        run: (x, i) => scatter(x!, 0, i!, 7),
        reference: (x, i) => placed(x!, 0, i!, () => 7, false),
      },
      {
        name: 'a number into 0-d',
        inputs: [{ shape: [] }, int([], [0])],
        run: (x, i) => scatter(x!.detach(), 0, i!, 7),
        reference: () => ({ shape: [], data: [7] }),
        differentiable: false,
      },
      {
        name: 'added',
        inputs: [{ shape: [3, 2] }, int([3, 2], [2, 0, 2, 1, 2, 1]), { shape: [3, 2] }],
        run: (x, i, s) => scatter(x!, 0, i!, s!, { reduce: 'add' }),
        reference: (x, i, s) => placed(x!, 0, i!, (c) => at(s!, c), true),
      },
      {
        name: 'multiplied',
        inputs: [{ shape: [3] }, int([3], [1, 1, 0]), { shape: [3] }],
        run: (x, i, s) => scatter(x!, 0, i!, s!, { reduce: 'multiply' }),
        reference: (x, _, s) => ({ shape: [3], data: [x!.data[0]! * s!.data[2]!, x!.data[1]! * s!.data[0]! * s!.data[1]!, x!.data[2]!] }),
      },
      {
        name: 'multiplied by a number, in place',
        inputs: [{ shape: [3] }, int([3], [1, 1, 0])],
        run: (x, i) => x!.clone().scatter_(0, i!, 2, { reduce: 'multiply' }),
        reference: (x) => ({ shape: [3], data: [x!.data[0]! * 2, x!.data[1]! * 4, x!.data[2]!] }),
      },
      {
        name: 'an empty index of any shape',
        inputs: [{ shape: [2, 3] }, int([0], []), { shape: [1] }],
        run: (x, i, s) => scatter(x!, 1, i!, s!),
        reference: (x) => x!,
      },
      {
        name: 'a number into integers',
        inputs: [{ shape: [3], dtype: 'int64' }, int([2], [2, 0])],
        run: (x, i) => scatter(x!, 0, i!, 2.5),
        reference: (x, i) => placed(x!, 0, i!, () => 2, false),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'reduce',
        run: () => scatter(zeros([2]), 0, long(0), 1, { reduce: 'mean' as 'add' }),
        error: 'ValueError',
        message: /scatter: reduce must be 'add' or 'multiply', got 'mean'/,
      },
      {
        name: 'out of range',
        run: () => scatter(zeros([2, 3]), 0, column(2), zeros([1, 1])),
        error: 'IndexError',
        message: /scatter: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'number out of range',
        run: () => scatter(zeros([2]), 0, long(-1), 1),
        error: 'IndexError',
        message: /scatter: index -1 is out of range for dim 0 of size 2/,
      },
      {
        name: 'source too small',
        run: () => scatter(zeros([3]), 0, long(0, 1), zeros([1])),
        error: 'ShapeError',
        message: /scatter: the index \[2\] is larger than the source \[1\]/,
      },
      {
        name: 'rank',
        run: () => scatter(zeros([3, 2]), 0, long(0), zeros([1])),
        error: 'ShapeError',
        message: /scatter: the index \[1\] does not fit the tensor \[3, 2\] along dim 0/,
      },
      {
        name: 'dtype',
        run: () => scatter(zeros([3]), 0, long(0), zeros([1], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /scatter: the source is float64 but the tensor is float32/,
      },
      {
        name: 'index dtype',
        run: () => scatter(zeros([3]), 0, zeros([1]), zeros([1])),
        error: 'DTypeError',
        message: /scatter: indices must be int64 or int32, got float32/,
      },
    ],
  },
  {
    op: 'scatterAdd',
    samples: [
      ...common(scatterAdd),
      {
        name: 'in place',
        inputs: [{ shape: [3, 2] }, int([2, 2], [2, 0, 2, 1]), { shape: [2, 2] }],
        run: (x, i, s) => x!.clone().scatterAdd_(0, i!, s!),
        reference: (x, i, s) => placed(x!, 0, i!, (c) => at(s!, c), true),
      },
      {
        name: 'integers',
        inputs: [{ shape: [3], dtype: 'int64' }, int([3], [1, 1, 0]), { shape: [3], dtype: 'int64' }],
        run: (x, i, s) => scatterAdd(x!, 0, i!, s!),
        reference: (x, i, s) => placed(x!, 0, i!, (c) => at(s!, c), true),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => scatterAdd(zeros([2, 3]), 0, column(0, 2), zeros([2, 1])),
        error: 'IndexError',
        message: /scatterAdd: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'source too small',
        run: () => scatterAdd(zeros([3]), 0, long(0, 1), zeros([1])),
        error: 'ShapeError',
        message: /scatterAdd: the index \[2\] is larger than the source \[1\]/,
      },
      {
        name: 'larger than the tensor',
        run: () => scatterAdd(zeros([2, 1]), 0, zeros([1, 2], { dtype: 'int64' }), ones([1, 2])),
        error: 'ShapeError',
        message: /scatterAdd: the index \[1, 2\] is larger than the tensor \[2, 1\] at dimension 1/,
      },
      {
        name: 'dtype',
        run: () => scatterAdd(zeros([3]), 0, long(0), zeros([1], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /scatterAdd: the source is int64 but the tensor is float32/,
      },
    ],
  },
  {
    op: 'indexAdd',
    samples: [
      {
        name: 'rows, repeated',
        inputs: [{ shape: [3, 2] }, int([4], [2, 0, 2, 2]), { shape: [4, 2] }],
        run: (x, i, s) => indexAdd(x!, 0, i!, s!),
        reference: (x, i, s) => written(x!, s!.shape, (c) => [replace(c, 0, i!.data[c[0]!]!), (old) => old + at(s!, c)]),
      },
      {
        name: 'columns, with a factor',
        inputs: [{ shape: [2, 3] }, int([2], [1, 0], 'int32'), { shape: [2, 2] }],
        run: (x, i, s) => indexAdd(x!, -1, i!, s!, { alpha: -0.5 }),
        reference: (x, i, s) => written(x!, s!.shape, (c) => [replace(c, 1, i!.data[c[1]!]!), (old) => old - at(s!, c) / 2]),
      },
      {
        name: 'in place',
        inputs: [{ shape: [3] }, int([2], [1, 1]), { shape: [2] }],
        run: (x, i, s) => x!.clone().indexAdd_(0, i!, s!),
        reference: (x, i, s) => written(x!, s!.shape, ([c]) => [[i!.data[c!]!], (old) => old + s!.data[c!]!]),
      },
      {
        name: '0-d',
        inputs: [{ shape: [] }, int([1], [0]), { shape: [1] }],
        run: (x, i, s) => indexAdd(x!, 0, i!, s!),
        reference: (x, _, s) => ({ shape: [], data: [x!.data[0]! + s!.data[0]!] }),
      },
      {
        name: 'zero-size',
        inputs: [{ shape: [2, 3] }, int([0], []), { shape: [2, 0] }],
        run: (x, i, s) => x!.indexAdd(1, i!, s!),
        reference: (x) => x!,
      },
    ],
    errors: [
      {
        name: 'out of range',
        run: () => indexAdd(zeros([2]), 0, long(2), ones([1])),
        error: 'IndexError',
        message: /indexAdd: index 2 is out of range for dim 0 of size 2/,
      },
      {
        name: 'source',
        run: () => indexAdd(zeros([2, 3]), 0, long(0, 1), ones([1, 3])),
        error: 'ShapeError',
        message: /indexAdd: the source \[1, 3\] must be \[2, 3\] for \[2, 3\] and 2 indices along dim 0/,
      },
      {
        name: 'rank',
        run: () => indexAdd(zeros([2]), 0, column(0), ones([1])),
        error: 'ShapeError',
        message: /indexAdd: the index must be 1-d, got \[1, 1\]/,
      },
      {
        name: 'dtype',
        run: () => indexAdd(zeros([2]), 0, long(0), ones([1], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /indexAdd: the source is float64 but the tensor is float32/,
      },
    ],
  },
  {
    op: 'maskedFill',
    samples: [
      {
        name: 'a number',
        inputs: [{ shape: [2, 3] }, bool([2, 3], [1, 0, 0, 1, 1, 0])],
        run: (x, m) => maskedFill(x!, m!, -1.5),
        reference: (x, m) => build([2, 3], (c) => (at(m!, c) ? -1.5 : at(x!, c))),
      },
      {
        name: 'broadcast both ways',
        inputs: [{ shape: [3] }, bool([2, 1], [0, 1])],
        run: (x, m) => x!.maskedFill(m!, 3),
        reference: (x, m) => build([2, 3], ([i, j]) => (m!.data[i!] ? 3 : x!.data[j!]!)),
      },
      {
        name: 'a tensor',
        inputs: [{ shape: [2, 2] }, bool([2], [1, 0]), { shape: [] }],
        run: (x, m, v) => maskedFill(x!, m!, v!),
        reference: (x, m, v) => build([2, 2], (c) => (m!.data[c[1]!] ? v!.data[0]! : at(x!, c))),
      },
      {
        name: 'in place',
        inputs: [{ shape: [2, 3] }, bool([3], [0, 1, 1])],
        run: (x, m) => x!.clone().maskedFill_(m!, 2),
        reference: (x, m) => build([2, 3], (c) => (at(broadcast(m!, [2, 3]), c) ? 2 : at(x!, c))),
      },
      {
        name: 'infinity beside NaN passes no gradient where it fills',
        inputs: [{ shape: [3] }, bool([3], [1, 0, 1])],
        run: (x, m) => maskedFill(x!, m!, Number.NEGATIVE_INFINITY).slice(0, 1, 2),
        reference: (x) => ({ shape: [1], data: [x!.data[1]!] }),
      },
      {
        name: 'integers stay integers',
        inputs: [{ shape: [2], dtype: 'int64' }, bool([2], [1, 0])],
        run: (x, m) => maskedFill(x!, m!, 1.5),
        reference: (x) => ({ shape: [2], data: [1, x!.data[1]!] }),
        differentiable: false,
      },
      {
        name: 'bools stay bools',
        inputs: [bool([2], [0, 0]), bool([2], [1, 0])],
        run: (x, m) => maskedFill(x!, m!, true),
        reference: () => ({ shape: [2], data: [1, 0] }),
        differentiable: false,
      },
      { name: '0-d', inputs: [{ shape: [] }, bool([], [0])], run: (x, m) => maskedFill(x!, m!, 1), reference: (x) => x! },
      { name: 'zero-size', inputs: [{ shape: [0, 2] }, bool([2], [1, 0])], run: (x, m) => maskedFill(x!, m!, 1), reference: (x) => x! },
    ],
    errors: [
      {
        name: 'mask dtype',
        run: () => maskedFill(zeros([2]), zeros([2], { dtype: 'uint8' }), 1),
        error: 'DTypeError',
        message: /maskedFill: the mask must be bool, got uint8/,
      },
      {
        name: 'value with dimensions',
        run: () => maskedFill(zeros([2]), zeros([2], { dtype: 'bool' }), ones([1])),
        error: 'ShapeError',
        message: /maskedFill: the value must be a number or a 0-d tensor, got shape \[1\]/,
      },
      {
        name: 'shapes',
        run: () => maskedFill(zeros([2]) as Tensor, zeros([3], { dtype: 'bool' }), 1),
        error: 'ShapeError',
        message: /maskedFill: cannot broadcast \[2\] with \[3\]/,
      },
      {
        name: 'in place with a larger mask',
        run: () => zeros([2]).maskedFill_(zeros([3, 2], { dtype: 'bool' }), 1),
        error: 'ShapeError',
        message: /maskedFill_: a mask of shape \[3, 2\] does not broadcast to \[2\]/,
      },
    ],
  },
];
