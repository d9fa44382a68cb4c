import type { NdArray, OpSamples, Sample } from '../op.samples.ts';
import { ones } from '../ops/create.ts';
import type { Tensor } from '../tensor.ts';
import { recurrent } from './recurrent.ts';
import type { RecurrentKind } from './recurrent-cells.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** A step of one row: gates of the input and of the state, and the states before. */
type Step = (x: (gate: number) => number, p: (gate: number) => number, states: readonly number[]) => number[];

const cells: Readonly<Record<RecurrentKind, { gates: number; states: number; bias: boolean; step: Step }>> = {
  lstm: {
    gates: 4,
    states: 2,
    bias: false,
    step: (x, p, [, c]) => {
      const gate = (k: number): number => x(k) + p(k);
      const next = sigmoid(gate(1)) * c! + sigmoid(gate(0)) * Math.tanh(gate(2));
      return [sigmoid(gate(3)) * Math.tanh(next), next];
    },
  },
  gru: {
    gates: 3,
    states: 1,
    bias: true,
    step: (x, p, [h]) => {
      const z = sigmoid(x(1) + p(1));
      return [(1 - z) * Math.tanh(x(2) + sigmoid(x(0) + p(0)) * p(2)) + z * h!];
    },
  },
  rnnTanh: { gates: 1, states: 1, bias: false, step: (x, p) => [Math.tanh(x(0) + p(0))] },
  rnnRelu: { gates: 1, states: 1, bias: false, step: (x, p) => [Math.max(0, x(0) + p(0))] },
};

/** Every row by itself: its steps in order, and one number after the other. */
function reference(kind: RecurrentKind, sizes: readonly number[], reverse: boolean, given: readonly NdArray[]): NdArray[] {
  const { bias, step } = cells[kind];
  const [gates, weight, ...rest] = given as [NdArray, NdArray, ...NdArray[]];
  const biases = bias ? rest.shift()!.data : null;
  const size = weight.shape[1]!;
  const width = weight.shape[0]!;
  const output: NdArray = { shape: [gates.shape[0]!, size], data: new Array<number>(gates.shape[0]! * size) };
  const last = rest.map((s): NdArray => ({ shape: s.shape, data: [...s.data] }));
  const order = sizes.map((_, t) => t);
  if (reverse) order.reverse();
  for (let n = 0; n < sizes[0]!; n++) {
    let states = rest.map((s) => s.data.slice(n * size, (n + 1) * size));
    for (const t of order.filter((i) => sizes[i]! > n)) {
      const row = sizes.slice(0, t).reduce((a, b) => a + b, n);
      const before = states;
      const product = Array.from({ length: width }, (_, j) =>
        before[0]!.reduce((sum, h, k) => sum + h * weight.data[j * size + k]!, biases?.[j] ?? 0),
      );
      const next = Array.from({ length: size }, (_, j) =>
        step(
          (k) => gates.data[row * width + k * size + j]!,
          (k) => product[k * size + j]!,
          before.map((s) => s[j]!),
        ),
      );
      states = before.map((_, i) => next.map((values) => values[i]!));
      (output.data as number[]).splice(row * size, size, ...states[0]!);
    }
    states.forEach((s, i) => {
      (last[i]!.data as number[]).splice(n * size, size, ...s);
    });
  }
  return [output, ...last];
}

/** All results of a layer whose inputs are given in the order gates, weight, bias, states. */
function layer(kind: RecurrentKind, sizes: readonly number[], reverse: boolean, given: readonly Tensor[]): Tensor[] {
  const [gates, weight, ...rest] = given as [Tensor, Tensor, ...Tensor[]];
  const bias = cells[kind].bias ? rest.shift()! : null;
  const { output, states } = recurrent(kind, gates, { weight, bias }, rest, { sizes, reverse });
  return [output, ...states];
}

function sample(kind: RecurrentKind, name: string, size: number, sizes: readonly number[], reverse = false): Sample {
  const { gates, states, bias } = cells[kind];
  const rows = sizes.reduce((a, b) => a + b, 0);
  const shape = [rows, gates * size];
  // With relu the input outweighs the state, so that no sum comes near 0, where there is no derivative.
  const kinked = kind === 'rnnRelu';
  const far = Array.from({ length: rows * size }, (_, i) => (i % 3 === 1 ? -1 : 1) * (3 + ((i * 5) % 11) / 8));
  const bound = kinked ? 0.1 : 1;
  return {
    name,
    inputs: [
      { shape, ...(kinked ? { values: far } : {}) },
      { shape: [gates * size, size], low: -bound, high: bound },
      ...(bias ? [{ shape: [gates * size] }] : []),
      ...Array.from({ length: states }, () => ({ shape: [sizes[0]!, size] })),
    ],
    run: (...given) => layer(kind, sizes, reverse, given),
    reference: (...given) => reference(kind, sizes, reverse, given),
  };
}

const samplesOf = (kind: RecurrentKind): Sample[] => [
  sample(kind, 'three steps', 3, [2, 2, 2]),
  sample(kind, 'from the last to the first', 2, [2, 2, 2], true),
  sample(kind, 'one step of one row', 4, [1]),
  sample(kind, 'rows that end', 2, [3, 2, 1]),
  sample(kind, 'rows that join in', 2, [3, 2, 1], true),
  sample(kind, 'vectors and a rest', 5, [5, 5]),
  sample(kind, 'no rows', 2, [0, 0]),
];

const lstm = (gates: Tensor, weight: Tensor, state: Tensor, sizes: readonly number[]): unknown =>
  recurrent('lstm', gates, { weight }, [state, ones([2, 3])], { sizes });

export const recurrentSamples: readonly OpSamples[] = [
  {
    op: 'lstm',
    samples: samplesOf('lstm'),
    errors: [
      {
        name: 'gates of another size',
        run: () => lstm(ones([4, 8]), ones([12, 3]), ones([2, 3]), [2, 2]),
        error: 'ShapeError',
        message: /^lstm: the input has shape \[4, 8\], expected \[4, 12\]$/,
      },
      {
        name: 'a weight that is not 4H by H',
        run: () => lstm(ones([4, 12]), ones([9, 3]), ones([2, 3]), [2, 2]),
        error: 'ShapeError',
        message: /^lstm: the recurrent weight has shape \[9, 3\], expected \[12, 3\]$/,
      },
      {
        name: 'states of another number of rows',
        run: () => lstm(ones([4, 12]), ones([12, 3]), ones([1, 3]), [2, 2]),
        error: 'ShapeError',
        message: /^lstm: an initial state has shape \[1, 3\], expected \[2, 3\]$/,
      },
      {
        name: 'states of another dtype',
        run: () => lstm(ones([4, 12]), ones([12, 3]), ones([2, 3], { dtype: 'float64' }), [2, 2]),
        error: 'DTypeError',
        message: /^lstm: the input is float32 but an initial state is float64; convert one with to\(\)$/,
      },
      {
        name: 'steps that grow',
        run: () => lstm(ones([5, 12]), ones([12, 3]), ones([2, 3]), [2, 1, 2]),
        error: 'ShapeError',
        message: /^lstm: steps of \[2, 1, 2\] rows; expected at least one step, and none of more rows than the one before$/,
      },
      {
        name: 'integers',
        run: () => lstm(ones([4, 12], { dtype: 'int64' }), ones([12, 3], { dtype: 'int64' }), ones([2, 3], { dtype: 'int64' }), [2, 2]),
        error: 'DTypeError',
        message: /^lstm: the input must be floating, got int64; convert it with to\('float32'\)$/,
      },
    ],
  },
  {
    op: 'gru',
    samples: [
      ...samplesOf('gru'),
      {
        name: 'without a bias',
        inputs: [{ shape: [4, 6] }, { shape: [6, 2] }, { shape: [2, 2] }],
        run: (gates, weight, h) => recurrent('gru', gates!, { weight: weight! }, [h!], { sizes: [2, 2] }).output,
        reference: (gates, weight, h) =>
          reference('gru', [2, 2], false, [gates!, weight!, { shape: [6], data: [0, 0, 0, 0, 0, 0] }, h!])[0]!,
      },
    ],
    errors: [
      {
        name: 'a bias of another size',
        run: () => recurrent('gru', ones([2, 9]), { weight: ones([9, 3]), bias: ones([3]) }, [ones([2, 3])], { sizes: [2] }),
        error: 'ShapeError',
        message: /^gru: the recurrent bias has shape \[3\], expected \[9\]$/,
      },
    ],
  },
  { op: 'rnnTanh', samples: samplesOf('rnnTanh') },
  { op: 'rnnRelu', samples: samplesOf('rnnRelu') },
];
