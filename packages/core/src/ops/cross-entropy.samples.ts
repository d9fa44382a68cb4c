import type { InputSpec, NdArray, OpSamples, Sample } from '../op.samples.ts';
import type { Tensor } from '../tensor.ts';
import { tensor, zeros } from './create.ts';
import { crossEntropy, nllLoss } from './cross-entropy.ts';
import type { Reduction } from './loss.ts';

const reductions: readonly Reduction[] = ['mean', 'sum', 'none'];

/** What a reference needs to know of a call. */
interface Call {
  readonly weight?: readonly number[];
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
  readonly reduction?: Reduction;
}

/** Position p of [N, C, inner] (or [C]) as a function of the class. */
function layout(shape: readonly number[]): { classes: number; each: readonly number[]; at: (p: number, c: number) => number } {
  const batched = shape.length > 1;
  const classes = shape[batched ? 1 : 0]!;
  const each = batched ? [shape[0]!, ...shape.slice(2)] : [];
  const inner = shape.slice(2).reduce((a, b) => a * b, 1);
  return { classes, each, at: (p, c) => (batched ? (Math.floor(p / inner) * classes + c) * inner + (p % inner) : c) };
}

function logProbabilities(x: NdArray): NdArray {
  const { classes, each, at } = layout(x.shape);
  const data = [...x.data];
  const n = each.reduce((a, b) => a * b, 1);
  for (let p = 0; p < n; p++) {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(x.data[at(p, c)]!);
    for (let c = 0; c < classes; c++) data[at(p, c)] = x.data[at(p, c)]! - Math.log(sum);
  }
  return { shape: x.shape, data };
}

/** The loss of each position, and what the mean divides by. */
function reference(logp: NdArray, target: NdArray, call: Call): NdArray {
  const { classes, each, at } = layout(logp.shape);
  const smoothing = call.labelSmoothing ?? 0;
  const w = (c: number): number => call.weight?.[c] ?? 1;
  const probabilities = target.shape.length === logp.shape.length;
  const n = each.reduce((a, b) => a * b, 1);
  const losses: number[] = [];
  let divisor = 0;
  for (let p = 0; p < n; p++) {
    let loss = 0;
    if (probabilities) {
      for (let c = 0; c < classes; c++)
        loss -= w(c) * logp.data[at(p, c)]! * (target.data[at(p, c)]! * (1 - smoothing) + smoothing / classes);
      divisor += 1;
    } else if (target.data[p] !== (call.ignoreIndex ?? -100)) {
      const k = target.data[p]!;
      loss -= (1 - smoothing) * w(k) * logp.data[at(p, k)]!;
      for (let c = 0; smoothing > 0 && c < classes; c++) loss -= (smoothing / classes) * w(c) * logp.data[at(p, c)]!;
      divisor += w(k);
    }
    losses.push(loss);
  }
  if (call.reduction === 'none') return { shape: each, data: losses };
  const sum = losses.reduce((a, b) => a + b, 0);
  return { shape: [], data: [call.reduction === 'sum' ? sum : sum / divisor] };
}

function optionsOf(call: Call, like: Tensor): NonNullable<Parameters<typeof crossEntropy>[2]> {
  const { weight, ...rest } = call;
  return weight === undefined ? rest : { ...rest, weight: tensor(weight, { dtype: like.dtype, device: like.device }) };
}

/** One call per reduction, for logits (or log-probabilities) of a shape and a target. */
function calls(name: string, shape: readonly number[], target: InputSpec, call: Call, nll = false): Sample[] {
  return reductions.map((reduction) => ({
    name: `${name}, ${reduction}`,
    inputs: [{ shape }, target],
    run: (x, t) => (nll ? nllLoss : crossEntropy)(x!, t!, { ...optionsOf(call, x!), reduction }),
    reference: (x, t) => reference(nll ? x! : logProbabilities(x!), t!, { ...call, reduction }),
  }));
}

const classes = (shape: readonly number[], values: readonly number[]): InputSpec => ({ shape, dtype: 'int64', values });
const five = classes([5], [0, 2, 1, 2, 0]);
const some = classes([5], [0, -100, 1, 2, -100]);
const plane = classes([2, 2, 3], [0, 1, 2, 2, 1, 0, 1, 1, 0, 2, 2, 1]);
const weight = [0.5, 2, 1.25];

const errors = (
  op: 'nllLoss' | 'crossEntropy',
  f: (x: Tensor, t: Tensor, o?: { weight?: Tensor }) => Tensor,
): NonNullable<OpSamples['errors']> => {
  const indices = (values: readonly number[]): Tensor => tensor(values, { dtype: 'int64' });
  return [
    {
      name: 'batch',
      run: () => f(zeros([2, 3]), indices([0, 1, 2])),
      error: 'ShapeError',
      message: new RegExp(`^${op}: input \\[2, 3\\] takes a target of shape \\[2\\], got \\[3\\]: 2 and 3 differ \\(dimension 0\\)`),
    },
    {
      name: 'rank',
      run: () => f(zeros([2, 3, 4]), indices([0, 1])),
      error: 'ShapeError',
      message: new RegExp(`^${op}: input \\[2, 3, 4\\] takes a target of shape \\[2, 4\\], got \\[2\\]`),
    },
    { name: 'scalar', run: () => f(zeros([]), indices([0])), error: 'ShapeError', message: new RegExp(`^${op}: the input is a scalar`) },
    {
      name: 'weight',
      run: () => f(zeros([2, 3]), indices([0, 1]), { weight: zeros([2]) }),
      error: 'ShapeError',
      message: new RegExp(
        `^${op}: the weight has shape \\[2\\], expected \\[3\\], one for each class \\(dimension 1 of the input \\[2, 3\\]\\)`,
      ),
    },
    {
      name: 'floating target',
      run: () => f(zeros([2, 3]), zeros([2])),
      error: 'DTypeError',
      message: new RegExp(`^${op}: class numbers must be integers, got float32`),
    },
    {
      name: 'integral input',
      run: () => f(zeros([2, 3], { dtype: 'int64' }), indices([0, 1])),
      error: 'DTypeError',
      message: new RegExp(`^${op}: the input must be floating, got int64`),
    },
    {
      name: 'class',
      run: () => f(zeros([2, 3]), indices([0, 3])),
      error: 'IndexError',
      message: new RegExp(`^${op}: target 3 \\(element 1\\) is out of range for 3 classes`),
    },
    {
      name: 'negative class',
      run: () => f(zeros([2, 3]), indices([-1, 0])),
      error: 'IndexError',
      message: new RegExp(`^${op}: target -1 \\(element 0\\)`),
    },
  ];
};

const nothing: Sample = {
  name: 'every target ignored',
  inputs: [{ shape: [2, 3] }, classes([2], [-100, -100])],
  run: (x, t) => nllLoss(x!, t!),
  reference: () => ({ shape: [], data: [Number.NaN] }),
  differentiable: false,
};

const ninf = Number.NEGATIVE_INFINITY;

export const crossEntropySamples: readonly OpSamples[] = [
  {
    op: 'nllLoss',
    samples: [
      ...calls('classes', [5, 3], five, {}, true),
      ...calls('weight and ignored targets', [5, 3], some, { weight }, true),
      ...calls('a class is ignored', [5, 3], five, { ignoreIndex: 2 }, true),
      ...calls('planes', [2, 3, 2, 3], plane, { weight }, true),
      ...calls('no batch', [3], classes([], [1]), { weight }, true),
      nothing,
    ],
    errors: errors('nllLoss', nllLoss),
  },
  {
    op: 'crossEntropy',
    samples: [
      ...calls('classes', [5, 3], five, {}),
      ...calls('int32 classes', [5, 3], { ...five, dtype: 'int32' }, {}),
      ...calls('ignored targets', [5, 3], some, {}),
      ...calls('weight', [5, 3], five, { weight }),
      ...calls('smoothing', [5, 3], some, { labelSmoothing: 0.2 }),
      ...calls('smoothing and weight', [5, 3], some, { labelSmoothing: 0.2, weight }),
      ...calls('planes', [2, 3, 2, 3], plane, { ignoreIndex: 1 }),
      ...calls('planes, smoothing and weight', [2, 3, 2, 3], plane, { labelSmoothing: 0.3, weight }),
      ...calls('no batch', [3], classes([], [2]), {}),
      ...calls('probabilities', [4, 3], { shape: [4, 3], low: 0, high: 1 }, {}),
      ...calls('probabilities, smoothing and weight', [4, 3], { shape: [4, 3], low: 0, high: 1 }, { labelSmoothing: 0.2, weight }),
      ...calls('planes of probabilities', [2, 3, 2], { shape: [2, 3, 2], low: 0, high: 1 }, { weight }),
      ...calls('probabilities without a batch', [3], { shape: [3], low: 0, high: 1 }, { labelSmoothing: 0.1 }),
      {
        name: 'no batch elements',
        inputs: [{ shape: [0, 3] }, classes([0], [])],
        run: (x, t) => crossEntropy(x!, t!),
        reference: () => ({ shape: [], data: [Number.NaN] }),
      },
      {
        name: 'a class that cannot be',
        inputs: [{ shape: [2, 3], values: [0, ninf, 0, 1, 1, ninf] }, classes([2], [0, 1])],
        run: (x, t) => crossEntropy(x!.detach(), t!, { reduction: 'sum' }),
        reference: () => ({ shape: [], data: [2 * Math.log(2)] }),
        without: ['broadcast'],
        differentiable: false,
      },
    ],
    errors: [
      ...errors('crossEntropy', crossEntropy),
      {
        name: 'smoothing',
        run: () => crossEntropy(zeros([2, 3]), zeros([2, 3]), { labelSmoothing: 2 }),
        error: 'ValueError',
        message: /^crossEntropy: labelSmoothing must lie in \[0, 1\], got 2/,
      },
      {
        name: 'integral probabilities',
        run: () => crossEntropy(zeros([2, 3]), zeros([2, 3], { dtype: 'int64' })),
        error: 'DTypeError',
        message: /^crossEntropy: the target, which has the shape of the input .* must be floating, got int64/,
      },
      {
        name: 'ignoreIndex of probabilities',
        run: () => crossEntropy(zeros([2, 3]), zeros([2, 3]), { ignoreIndex: 1 }),
        error: 'ValueError',
        message: /^crossEntropy: ignoreIndex 1 has no meaning/,
      },
    ],
  },
];
