import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { type CreationOptions, tensor, zeros } from './create.ts';
import { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from './normalization.ts';

/** Normalizes the elements that `groupOf` puts together; `channelOf` says which weight and bias an element has. */
function normalized(
  x: NdArray,
  groupOf: (i: number) => number,
  channelOf: (i: number) => number,
  w?: readonly number[],
  b?: readonly number[],
  eps = 1e-5,
): NdArray {
  const { mean, variance } = moments(x, groupOf);
  const data = x.data.map((v, i) => {
    const g = groupOf(i);
    return ((v - mean[g]!) / Math.sqrt(variance[g]! + eps)) * (w?.[channelOf(i)] ?? 1) + (b?.[channelOf(i)] ?? 0);
  });
  return { shape: x.shape, data };
}

/** Mean and biased variance of each group. */
function moments(x: NdArray, groupOf: (i: number) => number): { mean: number[]; variance: number[]; count: number[] } {
  const mean: number[] = [];
  const variance: number[] = [];
  const count: number[] = [];
  x.data.forEach((_, i) => {
    count[groupOf(i)] = (count[groupOf(i)] ?? 0) + 1;
  });
  x.data.forEach((v, i) => {
    mean[groupOf(i)] = (mean[groupOf(i)] ?? 0) + v / count[groupOf(i)]!;
  });
  x.data.forEach((v, i) => {
    variance[groupOf(i)] = (variance[groupOf(i)] ?? 0) + (v - mean[groupOf(i)]!) ** 2 / count[groupOf(i)]!;
  });
  return { mean, variance, count };
}

/** Rows of `n` elements divided by the root of their mean square. */
function rootMeanSquares(x: NdArray, n: number, w: readonly number[] | null, eps: number): NdArray {
  const data = x.data.map((v, i) => {
    const from = Math.floor(i / n) * n;
    let sum = 0;
    for (let k = from; k < from + n; k++) sum += x.data[k]! ** 2;
    return (v / Math.sqrt(sum / n + eps)) * (w?.[i % n] ?? 1);
  });
  return { shape: x.shape, data };
}

const size = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);

function layer(name: string, shape: readonly number[], over: readonly number[], parameters: 0 | 1 | 2 | 'bias', eps?: number): Sample {
  const inner = size(over);
  const affine = parameters === 'bias' ? 1 : parameters;
  return {
    name,
    inputs: [{ shape }, ...Array.from({ length: affine }, () => ({ shape: over }))],
    run: (x, a, b) => (parameters === 'bias' ? layerNorm(x!, over, null, a, eps) : layerNorm(x!, over, a, b, eps)),
    reference: (x, a, b) => {
      const [w, c] = parameters === 'bias' ? [undefined, a] : [a, b];
      return normalized(
        x!,
        (i) => Math.floor(i / inner),
        (i) => i % inner,
        w?.data,
        c?.data,
        eps,
      );
    },
    // Rows of equal elements have no variance: their gradient is too steep to be compared.
    without: ['broadcast'],
  };
}

function group(name: string, shape: readonly number[], groups: number, affine: boolean): Sample {
  const channels = shape[1]!;
  const positions = size(shape.slice(2));
  const inner = (channels / groups) * positions;
  return {
    name,
    inputs: [{ shape }, ...(affine ? [{ shape: [channels] }, { shape: [channels] }] : [])],
    run: (x, w, b) => groupNorm(x!, groups, w, b),
    reference: (x, w, b) =>
      normalized(
        x!,
        (i) => Math.floor(i / inner),
        (i) => Math.floor(i / positions) % channels,
        w?.data,
        b?.data,
      ),
    without: ['broadcast'],
  };
}

const channelIn = (shape: readonly number[]): ((i: number) => number) => {
  const positions = size(shape.slice(2));
  return (i) => Math.floor(i / positions) % shape[1]!;
};

function training(name: string, shape: readonly number[], parameters: 'none' | 'weight' | 'bias' | 'both', eps?: number): Sample {
  const vector = { shape: [shape[1]!] };
  const count = { none: 0, weight: 1, bias: 1, both: 2 }[parameters];
  return {
    name,
    inputs: [{ shape }, ...Array.from({ length: count }, () => vector)],
    run: (x, a, b) =>
      parameters === 'bias' ? batchNorm(x!, null, null, null, a, true, 0.1, eps) : batchNorm(x!, null, null, a, b, true, 0.1, eps),
    reference: (x, a, b) => {
      const [w, c] = parameters === 'bias' ? [undefined, a] : [a, b];
      return normalized(x!, channelIn(shape), channelIn(shape), w?.data, c?.data, eps);
    },
    without: ['broadcast'],
  };
}

const running = { mean: [0.5, -1, 2], variance: [1.5, 0.25, 4] };

function evaluation(name: string, shape: readonly number[], affine: boolean): Sample {
  const like = (x: Tensor): CreationOptions => ({ dtype: x.dtype, device: x.device });
  return {
    name,
    inputs: [{ shape }, ...(affine ? [{ shape: [3] }, { shape: [3] }] : [])],
    run: (x, w, b) => batchNorm(x!, tensor(running.mean, like(x!)), tensor(running.variance, like(x!)), w, b),
    reference: (x, w, b) => {
      const channel = channelIn(shape);
      const data = x!.data.map((v, i) => {
        const c = channel(i);
        return ((v - running.mean[c]!) / Math.sqrt(running.variance[c]! + 1e-5)) * (w?.data[c] ?? 1) + (b?.data[c] ?? 0);
      });
      return { shape, data };
    },
  };
}

export const normalizationSamples: readonly OpSamples[] = [
  {
    op: 'layerNorm',
    samples: [
      layer('no parameters', [3, 4], [4], 0),
      layer('weight and bias', [2, 3, 4], [4], 2),
      layer('two dimensions', [2, 3, 4], [3, 4], 2, 0.1),
      layer('weight', [3, 5], [5], 1),
      layer('bias', [3, 5], [5], 'bias'),
      layer('the whole', [6], [6], 2),
      layer('no rows', [0, 3], [3], 2),
      layer('no elements', [2, 0], [0], 2),
      {
        name: 'a large mean',
        inputs: [{ shape: [2, 4], values: [1e4, 1e4 + 1, 1e4 + 2, 1e4 + 3, -1e4, -1e4 + 2, -1e4 + 4, -1e4 + 6] }],
        run: (x) => layerNorm(x!, 4),
        reference: (x) =>
          normalized(
            x!,
            (i) => Math.floor(i / 4),
            (i) => i % 4,
          ),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'shape',
        run: () => layerNorm(zeros([2, 3]), [2]),
        error: 'ShapeError',
        message: /^layerNorm: input \[2, 3\] does not end in the normalized shape \[2\] \(dimension -1\)/,
      },
      {
        name: 'rank',
        run: () => layerNorm(zeros([3]), [2, 3]),
        error: 'ShapeError',
        message: /^layerNorm: input \[3\] does not end in the normalized shape \[2, 3\] \(dimension -2\)/,
      },
      {
        name: 'weight',
        run: () => layerNorm(zeros([2, 3]), [3], zeros([2])),
        error: 'ShapeError',
        message: /^layerNorm: the weight has shape \[2\], expected \[3\] for the input \[2, 3\]/,
      },
      {
        name: 'bias',
        run: () => layerNorm(zeros([2, 3]), [3], null, zeros([1, 3])),
        error: 'ShapeError',
        message: /^layerNorm: the bias has shape \[1, 3\], expected \[3\]/,
      },
      {
        name: 'nothing to normalize',
        run: () => layerNorm(zeros([2]), []),
        error: 'ValueError',
        message: /^layerNorm: the normalized shape must have at least one dimension/,
      },
      {
        name: 'integers',
        run: () => layerNorm(zeros([3], { dtype: 'int64' }), 3),
        error: 'DTypeError',
        message: /^layerNorm: the input must be floating, got int64/,
      },
      {
        name: 'dtypes',
        run: () => layerNorm(zeros([3]), 3, zeros([3], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^layerNorm: the input is float32 but the weight is float64/,
      },
    ],
  },
  {
    op: 'groupNorm',
    samples: [
      group('two groups', [2, 4, 3], 2, true),
      group('one group', [2, 3, 2, 2], 1, true),
      group('a group for each channel', [2, 2, 5], 2, false),
      group('no positions', [2, 6], 3, true),
      group('no batch elements', [0, 4, 3], 2, true),
    ],
    errors: [
      {
        name: 'groups',
        run: () => groupNorm(zeros([2, 4, 3]), 3),
        error: 'ShapeError',
        message: /^groupNorm: the 4 channels of \[2, 4, 3\] do not make 3 groups \(dimension 1\)/,
      },
      { name: 'rank', run: () => groupNorm(zeros([4]), 2), error: 'ShapeError', message: /^groupNorm: input \[4\] has 1 dimensions/ },
      {
        name: 'weight',
        run: () => groupNorm(zeros([2, 4]), 2, zeros([2])),
        error: 'ShapeError',
        message: /^groupNorm: the weight has shape \[2\], expected \[4\]/,
      },
      {
        name: 'one value',
        run: () => groupNorm(zeros([1, 2]), 2),
        error: 'ValueError',
        message: /^groupNorm: expected more than 1 value per group/,
      },
      {
        name: 'no groups',
        run: () => groupNorm(zeros([2, 2]), 0),
        error: 'ValueError',
        message: /^groupNorm: numGroups must be a positive integer, got 0/,
      },
    ],
  },
  {
    op: 'batchNorm',
    samples: [
      training('training', [5, 3], 'both'),
      training('training on images', [3, 2, 2, 3], 'both', 0.01),
      training('training, no parameters', [4, 3, 2], 'none'),
      training('training, weight', [4, 2], 'weight'),
      training('training, bias', [4, 2], 'bias'),
      training('training, no batch elements', [0, 3], 'both'),
      evaluation('evaluation', [2, 3, 2], false),
      evaluation('evaluation, weight and bias', [2, 3], true),
      evaluation('evaluation of one value', [1, 3], true),
      {
        name: 'running statistics',
        inputs: [{ shape: [4, 3, 2] }],
        run: (x) => {
          const options = { dtype: x!.dtype, device: x!.device };
          const mean = tensor(running.mean, options);
          const variance = tensor(running.variance, options);
          const y = batchNorm(x!.detach(), mean, variance, null, null, true, 0.3);
          return [y, mean, variance];
        },
        reference: (x) => {
          const channel = channelIn([4, 3, 2]);
          const m = moments(x!, channel);
          const unbiased = m.variance.map((v, c) => (v * m.count[c]!) / (m.count[c]! - 1));
          return [
            normalized(x!, channel, channel),
            { shape: [3], data: running.mean.map((v, c) => 0.7 * v + 0.3 * m.mean[c]!) },
            { shape: [3], data: running.variance.map((v, c) => 0.7 * v + 0.3 * unbiased[c]!) },
          ];
        },
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'one value',
        run: () => batchNorm(zeros([1, 3]), null, null, null, null, true),
        error: 'ValueError',
        message: /^batchNorm: expected more than 1 value per channel when training, got input \[1, 3\]/,
      },
      {
        name: 'no statistics',
        run: () => batchNorm(zeros([2, 3]), null, null),
        error: 'ValueError',
        message: /^batchNorm: runningMean and runningVar are needed outside of training/,
      },
      {
        name: 'running statistics',
        run: () => batchNorm(zeros([2, 3]), zeros([2]), zeros([2])),
        error: 'ShapeError',
        message: /^batchNorm: runningMean has shape \[2\], expected \[3\] for the input \[2, 3\]/,
      },
      {
        name: 'weight',
        run: () => batchNorm(zeros([2, 3]), null, null, zeros([2]), null, true),
        error: 'ShapeError',
        message: /^batchNorm: the weight has shape \[2\], expected \[3\]/,
      },
      {
        name: 'rank',
        run: () => batchNorm(zeros([3]), null, null, null, null, true),
        error: 'ShapeError',
        message: /^batchNorm: input \[3\] has 1 dimensions/,
      },
      {
        name: 'integers',
        run: () => batchNorm(zeros([2, 3], { dtype: 'int64' }), null, null, null, null, true),
        error: 'DTypeError',
        message: /^batchNorm: the input must be floating, got int64/,
      },
    ],
  },
  {
    op: 'instanceNorm',
    samples: [
      {
        name: 'plain',
        inputs: [{ shape: [2, 3, 4] }],
        run: (x) => instanceNorm(x!),
        reference: (x) => normalized(x!, (i) => Math.floor(i / 4), channelIn([2, 3, 4])),
        without: ['broadcast'],
      },
      {
        name: 'weight and bias',
        inputs: [{ shape: [2, 3, 2, 2] }, { shape: [3] }, { shape: [3] }],
        run: (x, weight, bias) => instanceNorm(x!, { weight: weight!, bias: bias!, eps: 0.1 }),
        reference: (x, w, b) => normalized(x!, (i) => Math.floor(i / 4), channelIn([2, 3, 2, 2]), w!.data, b!.data, 0.1),
        without: ['broadcast'],
      },
      {
        name: 'running statistics',
        inputs: [{ shape: [2, 3, 4] }],
        run: (x) => {
          const options = { dtype: x!.dtype, device: x!.device } satisfies CreationOptions;
          const runningMean = tensor(running.mean, options);
          const runningVar = tensor(running.variance, options);
          const y = instanceNorm(x!.detach(), { runningMean, runningVar, momentum: 0.3 });
          return [y, runningMean, runningVar, instanceNorm(x!.detach(), { runningMean, runningVar, useInputStats: false })];
        },
        reference: (x) => {
          const m = moments(x!, (i) => Math.floor(i / 4));
          const mean = running.mean.map((v, c) => 0.7 * v + 0.15 * (m.mean[c]! + m.mean[c + 3]!));
          const variance = running.variance.map((v, c) => 0.7 * v + 0.15 * (4 / 3) * (m.variance[c]! + m.variance[c + 3]!));
          const channel = channelIn([2, 3, 4]);
          return [
            normalized(x!, (i) => Math.floor(i / 4), channel),
            { shape: [3], data: mean },
            { shape: [3], data: variance },
            { shape: [2, 3, 4], data: x!.data.map((v, i) => (v - mean[channel(i)]!) / Math.sqrt(variance[channel(i)]! + 1e-5)) },
          ];
        },
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'one value',
        run: () => instanceNorm(zeros([2, 3, 1])),
        error: 'ValueError',
        message: /^instanceNorm: expected more than 1 value per channel, got input \[2, 3, 1\]/,
      },
      {
        name: 'no statistics',
        run: () => instanceNorm(zeros([2, 3, 4]), { useInputStats: false }),
        error: 'ValueError',
        message: /^instanceNorm: runningMean and runningVar are needed/,
      },
      {
        name: 'weight',
        run: () => instanceNorm(zeros([2, 3, 4]), { weight: zeros([4]) }),
        error: 'ShapeError',
        message: /^instanceNorm: the weight has shape \[4\], expected \[3\]/,
      },
    ],
  },
  {
    op: 'rmsNorm',
    samples: [
      {
        name: 'last dimension',
        inputs: [{ shape: [3, 4] }, { shape: [4] }],
        run: (x, w) => rmsNorm(x!, 4, w!, 1e-3),
        reference: (x, w) => rootMeanSquares(x!, 4, w!.data, 1e-3),
        without: ['broadcast'],
      },
      {
        name: 'no weight',
        inputs: [{ shape: [2, 2, 3] }],
        run: (x) => rmsNorm(x!, [2, 3]),
        reference: (x) => rootMeanSquares(x!, 6, null, 0),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'shape',
        run: () => rmsNorm(zeros([2, 3]), [4]),
        error: 'ShapeError',
        message: /^rmsNorm: input \[2, 3\] does not end in the normalized shape \[4\] \(dimension -1\)/,
      },
    ],
  },
];
