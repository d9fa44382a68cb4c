import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { type CtcOptions, ctcLoss } from './ctc.ts';

/** Every way to read labels off one class per step: repetitions merge, then blanks go. */
function collapse(path: readonly number[], blank: number): readonly number[] {
  return path.filter((c, t) => c !== blank && c !== path[t - 1]);
}

/** The loss of one sample by enumerating all paths. `logp` holds [time][class]. */
function enumerate(logp: readonly (readonly number[])[], labels: readonly number[], blank: number): number {
  const classes = logp[0]?.length ?? 0;
  let total = 0;
  const walk = (path: readonly number[], p: number): void => {
    if (path.length === logp.length) {
      if (collapse(path, blank).join() === labels.join()) total += Math.exp(p);
      return;
    }
    for (let c = 0; c < classes; c++) walk([...path, c], p + logp[path.length]![c]!);
  };
  walk([], 0);
  return -Math.log(total);
}

interface Call extends CtcOptions {
  readonly labels: readonly (readonly number[])[];
  readonly inputLengths: readonly number[];
}

function reference(z: NdArray, call: Call): NdArray {
  const [, batch, classes] = z.shape as readonly [number, number, number];
  const each = call.labels.map((labels, n) => {
    const steps = Array.from({ length: call.inputLengths[n]! }, (_, t) => {
      const row = Array.from({ length: classes }, (_, c) => z.data[(t * batch + n) * classes + c]!);
      const norm = Math.log(row.reduce((p, v) => p + Math.exp(v), 0));
      return row.map((v) => v - norm);
    });
    const loss = enumerate(steps, labels, call.blank ?? 0);
    return loss === Infinity && call.zeroInfinity === true ? 0 : loss;
  });
  if (call.reduction === 'none') return { shape: [batch], data: each };
  if (call.reduction === 'sum') return { shape: [], data: [each.reduce((p, v) => p + v, 0)] };
  return { shape: [], data: [each.reduce((p, v, n) => p + v / Math.max(call.labels[n]!.length, 1), 0) / batch] };
}

function sample(name: string, call: Call, flat = false): Sample {
  const width = Math.max(...call.labels.map((l) => l.length));
  const rows = flat ? call.labels.flat() : call.labels.flatMap((l) => [...l, ...Array.from({ length: width - l.length }, () => 1)]);
  const { labels, inputLengths, ...options } = call;
  const time = Math.max(...inputLengths);
  return {
    name,
    inputs: [{ shape: [time, labels.length, 3] }, { shape: flat ? [rows.length] : [labels.length, width], dtype: 'int64', values: rows }],
    run: (z, t) =>
      ctcLoss(
        z!.logSoftmax(2) as Tensor,
        t!,
        inputLengths,
        labels.map((l) => l.length),
        options,
      ),
    reference: (z) => reference(z!, call),
    without: ['broadcast'],
  };
}

const two = {
  labels: [
    [1, 2],
    [2, 2],
  ],
  inputLengths: [4, 4],
} as const;
const logits = (): Tensor => zeros([4, 2, 3]);
const ints = (values: readonly (readonly number[])[]): Tensor => tensor(values as number[][], { dtype: 'int64' });

export const ctcSamples: readonly OpSamples[] = [
  {
    op: 'ctcLoss',
    samples: [
      sample('mean', two),
      sample('sum', { ...two, reduction: 'sum' }),
      sample('none', { ...two, reduction: 'none' }),
      sample('lengths', { labels: [[1], [1, 2]], inputLengths: [2, 5], reduction: 'none' }),
      sample('an empty target', { labels: [[], [1, 1]], inputLengths: [3, 4], reduction: 'none' }),
      sample('another blank', {
        labels: [
          [0, 1],
          [1, 0],
        ],
        inputLengths: [4, 3],
        blank: 2,
      }),
      sample('one row of targets', { labels: [[1, 2, 1], [2]], inputLengths: [5, 2], reduction: 'none' }, true),
      sample('impossible targets count 0', {
        labels: [
          [1, 1],
          [1, 2],
        ],
        inputLengths: [2, 4],
        reduction: 'none',
        zeroInfinity: true,
      }),
      {
        name: 'an impossible target',
        inputs: [{ shape: [2, 1, 3] }, { shape: [1, 2], dtype: 'int64', values: [1, 1] }],
        run: (z, t) => ctcLoss(z!.detach().logSoftmax(2) as Tensor, t!, [2], [2]),
        reference: () => ({ shape: [], data: [Infinity] }),
        without: ['broadcast'],
        differentiable: false,
      },
      {
        name: 'a single sample',
        inputs: [{ shape: [4, 3] }, { shape: [2], dtype: 'int64', values: [1, 2] }],
        run: (z, t) => ctcLoss(z!.logSoftmax(1) as Tensor, t!, 4, 2, { reduction: 'none' }),
        reference: (z) => ({
          shape: [],
          data: reference({ shape: [4, 1, 3], data: z!.data }, { labels: [[1, 2]], inputLengths: [4], reduction: 'none' }).data,
        }),
        without: ['broadcast'],
      },
    ],
    errors: [
      {
        name: 'input length',
        run: () =>
          ctcLoss(
            logits(),
            ints([
              [1, 2],
              [1, 2],
            ]),
            [5, 4],
            [2, 2],
          ),
        error: 'ShapeError',
        message: /^ctcLoss: input lengths must be at most the number of time steps, 4, found 5/,
      },
      {
        name: 'target length',
        run: () =>
          ctcLoss(
            logits(),
            ints([
              [1, 2],
              [1, 2],
            ]),
            [4, 4],
            [2, 3],
          ),
        error: 'ShapeError',
        message: /^ctcLoss: target lengths must be at most the size of the targets \[2, 2\], found 3/,
      },
      {
        name: 'negative length',
        run: () =>
          ctcLoss(
            logits(),
            ints([
              [1, 2],
              [1, 2],
            ]),
            [4, -1],
            [2, 2],
          ),
        error: 'ValueError',
        message: /^ctcLoss: input lengths must be non-negative integers, found -1/,
      },
      {
        name: 'number of lengths',
        run: () =>
          ctcLoss(
            logits(),
            ints([
              [1, 2],
              [1, 2],
            ]),
            [4],
            [2, 2],
          ),
        error: 'ShapeError',
        message: /^ctcLoss: 1 input lengths for a batch of 2/,
      },
      {
        name: 'row of targets',
        run: () =>
          ctcLoss(
            logits(),
            tensor([1, 2, 1], { dtype: 'int64' }),
            [4, 4],
            [2, 2].map((n, i) => n - 2 * i),
          ),
        error: 'ShapeError',
        message: /^ctcLoss: the target lengths sum to 2, but targets has shape \[3\] \(dimension 0\)/,
      },
      {
        name: 'label',
        run: () =>
          ctcLoss(
            logits(),
            ints([
              [1, 2],
              [1, 3],
            ]),
            [4, 4],
            [2, 2],
          ),
        error: 'IndexError',
        message: /^ctcLoss: label 3 \(sample 1, place 1\) is out of range for 3 classes/,
      },
      {
        name: 'blank',
        run: () =>
          ctcLoss(
            logits(),
            ints([
              [1, 2],
              [1, 2],
            ]),
            [4, 4],
            [2, 2],
            { blank: 3 },
          ),
        error: 'ValueError',
        message: /^ctcLoss: the blank must be one of 3 classes, got 3/,
      },
      {
        name: 'floating targets',
        run: () => ctcLoss(logits(), zeros([2, 2]), [4, 4], [2, 2]),
        error: 'DTypeError',
        message: /^ctcLoss: targets must be integers, got float32/,
      },
    ],
  },
];
