import type { NdArray, OpSamples } from '../op.samples.ts';
import { zeros } from './create.ts';
import { glu, prelu, rrelu } from './gated-activation.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function gated(x: NdArray, half: number, inner: number): readonly number[] {
  const out: number[] = [];
  for (let i = 0; i < x.data.length / 2; i++) {
    const outer = Math.floor(i / (half * inner));
    const at = outer * 2 * half * inner + (i % (half * inner));
    out.push(x.data[at]! * sigmoid(x.data[at + half * inner]!));
  }
  return out;
}

export const gatedActivationSamples: readonly OpSamples[] = [
  {
    op: 'glu',
    samples: [
      {
        name: 'last dimension',
        inputs: [{ shape: [3, 4] }],
        run: (x) => glu(x!),
        reference: (x) => ({ shape: [3, 2], data: gated(x!, 2, 1) }),
      },
      {
        name: 'first dimension',
        inputs: [{ shape: [2, 3] }],
        run: (x) => glu(x!, 0),
        reference: (x) => ({ shape: [1, 3], data: gated(x!, 1, 3) }),
      },
      { name: 'nothing', inputs: [{ shape: [3, 0] }], run: (x) => glu(x!), reference: () => ({ shape: [3, 0], data: [] }) },
    ],
    errors: [
      {
        name: 'odd',
        run: () => glu(zeros([2, 3])),
        error: 'ShapeError',
        message: /^glu: dimension -1 of \[2, 3\] has size 3, which is not even/,
      },
      { name: 'scalar', run: () => glu(zeros([])), error: 'ShapeError', message: /^glu: the input is a scalar/ },
    ],
  },
  {
    op: 'prelu',
    samples: [
      {
        name: 'one weight',
        inputs: [{ shape: [2, 3], avoid: [0] }, { shape: [1] }],
        run: (x, w) => prelu(x!, w!),
        reference: (x, w) => ({ shape: [2, 3], data: x!.data.map((v) => (v > 0 ? v : w!.data[0]! * v)) }),
      },
      {
        name: 'one per channel',
        inputs: [{ shape: [2, 3, 2], avoid: [0] }, { shape: [3] }],
        run: (x, w) => x!.prelu(w!),
        reference: (x, w) => ({ shape: [2, 3, 2], data: x!.data.map((v, i) => (v > 0 ? v : w!.data[Math.floor(i / 2) % 3]! * v)) }),
      },
      {
        name: '0-d',
        inputs: [{ shape: [], avoid: [0] }, { shape: [] }],
        run: (x, w) => prelu(x!, w!),
        reference: (x, w) => ({ shape: [], data: x!.data.map((v) => (v > 0 ? v : w!.data[0]! * v)) }),
      },
    ],
    errors: [
      {
        name: 'weight',
        run: () => prelu(zeros([2, 3]), zeros([2])),
        error: 'ShapeError',
        message: /^prelu: the weight has shape \[2\], expected \[1\] or \[3\] for the input \[2, 3\]/,
      },
      {
        name: 'dtypes',
        run: () => prelu(zeros([2, 3]), zeros([3], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /^prelu: the input is float32 but the weight is float64/,
      },
    ],
  },
  {
    op: 'rrelu',
    samples: [
      {
        name: 'not in training',
        inputs: [{ shape: [2, 3], avoid: [0] }],
        run: (x) => rrelu(x!, { lower: 0.1, upper: 0.5 }),
        reference: (x) => ({ shape: [2, 3], data: x!.data.map((v) => (v > 0 ? v : 0.3 * v)) }),
      },
      {
        name: 'bounds that meet',
        inputs: [{ shape: [2, 3], avoid: [0] }],
        run: (x) => rrelu(x!, { lower: 0.25, upper: 0.25, training: true }),
        reference: (x) => ({ shape: [2, 3], data: x!.data.map((v) => (v > 0 ? v : 0.25 * v)) }),
      },
    ],
    errors: [
      {
        name: 'bounds',
        run: () => rrelu(zeros([2]), { lower: 1, upper: 0 }),
        error: 'ValueError',
        message: /^rrelu: the bounds must be finite and in order, got 1 and 0/,
      },
    ],
  },
];
