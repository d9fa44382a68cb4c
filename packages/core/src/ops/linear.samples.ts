import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { sumOfProducts, zip } from '../parts/products.samples.ts';
import { ones, zeros } from './create.ts';
import { bilinear, linear } from './linear.ts';
import { broadcast } from './nd.samples.ts';

function reference(x: NdArray, w: NdArray, b?: NdArray): NdArray {
  const size = x.shape[x.shape.length - 1]!;
  const lead = x.shape.slice(0, -1);
  const outputs = w.shape.slice(0, -1);
  const rows = lead.reduce((p, n) => p * n, 1);
  const data: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < (outputs[0] ?? 1); o++) {
      let sum = b?.data[o] ?? 0;
      for (let i = 0; i < size; i++) sum += x.data[r * size + i]! * w.data[o * size + i]!;
      data.push(sum);
    }
  }
  return { shape: [...lead, ...outputs], data };
}

function sample(name: string, x: readonly number[], w: readonly number[], bias: boolean): Sample {
  return {
    name,
    inputs: [{ shape: x }, { shape: w }, ...(bias ? [{ shape: w.slice(0, -1) }] : [])],
    run: (a, b, c) => linear(a!, b!, c),
    reference: (a, b, c) => reference(a!, b!, c),
  };
}

const biased = (name: string, x: readonly number[], w: readonly number[], b: readonly number[]): Sample => ({
  name,
  inputs: [{ shape: x }, { shape: w }, { shape: b }],
  run: (a, c, d) => linear(a!, c!, d),
  reference: (a, c, d) => {
    const product = reference(a!, c!);
    return zip((u, v) => u + v, product, broadcast(d!, product.shape));
  },
});

const form = (name: string, lead: readonly number[], outputs: number, bias: boolean, letters: string): Sample => ({
  name,
  inputs: [{ shape: [...lead, 3] }, { shape: [...lead, 2] }, { shape: [outputs, 3, 2] }, ...(bias ? [{ shape: [outputs] }] : [])],
  run: (x, y, w, b) => bilinear(x!, y!, w!, b),
  reference: (x, y, w, b) => {
    const product = sumOfProducts(`${letters}i,${letters}j,oij->${letters}o`, x!, y!, w!);
    return b === undefined ? product : zip((u, v) => u + v, product, broadcast(b, product.shape));
  },
});

export const linearSamples: readonly OpSamples[] = [
  {
    op: 'linear',
    samples: [
      sample('matrix', [4, 3], [2, 3], true),
      sample('no bias', [4, 3], [2, 3], false),
      sample('vector', [3], [2, 3], true),
      sample('batch', [2, 3, 4], [5, 4], true),
      sample('batches of batches', [2, 1, 3, 2], [2, 2], true),
      sample('a weight for one output', [2, 3, 4], [4], true),
      sample('vectors', [4], [4], false),
      sample('no rows', [0, 3], [2, 3], true),
      sample('no inputs', [2, 0], [3, 0], true),
      sample('no batches of rows', [2, 0, 3], [2, 3], true),
      biased('a bias for all outputs', [4, 3], [2, 3], [1]),
      biased('a bias that is a number', [2, 2, 3], [2, 3], []),
      biased('a bias for each row', [4, 3], [2, 3], [4, 1]),
      biased('a bias for each element', [4, 3], [2, 3], [4, 2]),
      biased('a number for a product of vectors', [3], [3], []),
    ],
    errors: [
      {
        name: 'size',
        run: () => linear(zeros([2, 3]), zeros([4, 5])),
        error: 'ShapeError',
        message: /^linear: input \[2, 3\] has size 3 in its last dimension but weight \[4, 5\] expects 5 \(dimension -1\)/,
      },
      {
        name: 'bias',
        run: () => linear(zeros([2, 3]), zeros([4, 3]), zeros([3])),
        error: 'ShapeError',
        message: /^linear: the bias has shape \[3\], expected \[4\] for a weight \[4, 3\]/,
      },
      {
        name: 'two dtypes',
        run: () => linear(zeros([2, 3]), zeros([4, 3]), zeros([4], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^linear: dtypes differ: float32 and float64 \(operand 2\)/,
      },
      { name: 'scalar', run: () => linear(zeros([]), zeros([4, 3])), error: 'ShapeError', message: /^linear: the input is a scalar/ },
      {
        name: 'weight',
        run: () => linear(zeros([3]), zeros([4, 3, 3])),
        error: 'ShapeError',
        message: /^linear: the weight has shape \[4, 3, 3\]/,
      },
      {
        name: 'dtypes',
        run: () => linear(zeros([2, 3]), zeros([4, 3], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /float32 and float64/,
      },
    ],
  },
  {
    op: 'bilinear',
    samples: [
      form('rows', [4], 2, true, 'a'),
      form('no bias', [4], 2, false, 'a'),
      form('vectors', [], 5, true, ''),
      form('batches', [2, 3], 2, true, 'ab'),
      form('no rows', [0], 2, true, 'a'),
    ],
    errors: [
      {
        name: 'leading dimensions',
        run: () => bilinear(ones([2, 3]), ones([1, 2]), ones([4, 3, 2])),
        error: 'ShapeError',
        message: /^bilinear: the inputs must have the same leading dimensions, \[\.\.\., I\] and \[\.\.\., J\], got \[2, 3\] and \[1, 2\]$/,
      },
      {
        name: 'the first size',
        run: () => bilinear(ones([2, 4]), ones([2, 2]), ones([4, 3, 2])),
        error: 'ShapeError',
        message: /^bilinear: \[2, 4\] has size 4 at dimension 1 but \[4, 3, 2\] has size 3 at dimension 1/,
      },
      {
        name: 'the second size',
        run: () => bilinear(ones([2, 3]), ones([2, 3]), ones([4, 3, 2])),
        error: 'ShapeError',
        message: /^bilinear: \[2, 3\] has size 3 at dimension 1 but \[4, 3, 2\] has size 2 at dimension 2/,
      },
      {
        name: 'weight',
        run: () => bilinear(ones([2, 3]), ones([2, 3]), ones([3, 3])),
        error: 'ShapeError',
        message: /^bilinear: the weight has shape \[3, 3\], expected \[O, I, J\]$/,
      },
      {
        name: 'bias',
        run: () => bilinear(ones([2, 3]), ones([2, 2]), ones([4, 3, 2]), ones([1])),
        error: 'ShapeError',
        message: /^bilinear: the bias has shape \[1\], expected \[4\] for a weight \[4, 3, 2\]$/,
      },
      {
        name: 'two dtypes',
        run: () => bilinear(ones([2, 3]), ones([2, 2], { dtype: 'float64' }), ones([4, 3, 2])),
        error: 'DTypeError',
        message: /^bilinear: dtypes differ: float32 and float64/,
      },
    ],
  },
];
