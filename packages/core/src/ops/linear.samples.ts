import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { Generator } from '../random/generator.ts';
import { dropoutMask } from '../random/mask.ts';
import { zeros } from './create.ts';
import { dropout, linear } from './linear.ts';

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

const rate = (name: string, p: number): Sample => ({
  name,
  inputs: [{ shape: [4, 5] }],
  run: (x) => dropout(x!, p, true, { generator: new Generator(7) }),
  reference: (x) => {
    const mask = dropoutMask(x!.shape, p, { generator: new Generator(7) }).dataSync();
    return { shape: x!.shape, data: x!.data.map((v, i) => (mask[i] === 1 ? v / (1 - p) : 0)) };
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
    op: 'dropout',
    samples: [
      rate('half', 0.5),
      rate('a tenth', 0.1),
      rate('nothing', 0),
      {
        name: 'everything',
        inputs: [{ shape: [3] }],
        run: (x) => dropout(x!, 1),
        reference: () => ({ shape: [3], data: [0, 0, 0] }),
        differentiable: false,
      },
      {
        name: 'not in training',
        inputs: [{ shape: [3] }],
        run: (x) => dropout(x!, 0.5, false),
        reference: (x) => x!,
      },
    ],
    errors: [
      {
        name: 'probability',
        run: () => dropout(zeros([2]), 1.5),
        error: 'ValueError',
        message: /^dropout: the probability must lie in \[0, 1\], got 1\.5/,
      },
      { name: 'NaN', run: () => dropout(zeros([2]), Number.NaN, false), error: 'ValueError', message: /got NaN/ },
      {
        name: 'integers',
        run: () => dropout(zeros([2], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^dropout: the input must be floating, got int64/,
      },
    ],
  },
];
