import type { OpSamples } from '../op.samples.ts';
import { allclose, equal, isclose } from './closeness.ts';
import { ones, tensor } from './create.ts';
import { columns, each } from './elementwise.samples.ts';

const close = (rtol: number, atol: number) => (a: number, b: number) =>
  Number(a === b || (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= atol + rtol * Math.abs(b)));

const values = [
  [1, 1, 100, Infinity, Infinity, Number.NaN, 0, 1],
  [1.001, 1.2, 101, Infinity, -Infinity, Number.NaN, 1e-9, Infinity],
] as const;

export const closenessSamples: readonly OpSamples[] = [
  {
    op: 'isclose',
    samples: [
      {
        name: 'defaults',
        inputs: columns('float64', ...values),
        run: (a, b) => isclose(a!, b!),
        reference: each((a, b) => close(1e-5, 1e-8)(a!, b!)),
        differentiable: false,
      },
      {
        name: 'wide, as a method',
        inputs: columns('float64', ...values),
        run: (a, b) => a!.isclose(b!, { rtol: 0.01, atol: 0.1 }),
        reference: each((a, b) => close(0.01, 0.1)(a!, b!)),
        differentiable: false,
      },
      {
        name: 'NaN too',
        inputs: columns('float64', ...values),
        run: (a, b) => isclose(a!, b!, { equalNan: true }),
        reference: each((a, b) => (a !== a && b !== b ? 1 : close(1e-5, 1e-8)(a!, b!))),
        differentiable: false,
      },
      {
        name: 'integers',
        inputs: columns('int64', [1, 5, 100, -7], [1, 6, 101, 7]),
        run: (a, b) => isclose(a!, b!, { rtol: 0.05 }),
        reference: each((a, b) => close(0.05, 1e-8)(a!, b!)),
        differentiable: false,
      },
      {
        name: 'integers, exactly',
        inputs: columns('int64', [1, 2 ** 30], [1, 2 ** 30 + 1]),
        run: (a, b) => isclose(a!, b!, { rtol: 0, atol: 0 }),
        reference: () => ({ shape: [2], data: [1, 0] }),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: 'broadcast',
        inputs: [
          { shape: [2, 1], values: [1, 2] },
          { shape: [3], values: [1, 1.5, 2] },
        ],
        run: (a, b) => isclose(a!, b!),
        reference: () => ({ shape: [2, 3], data: [1, 0, 0, 0, 0, 1] }),
        differentiable: false,
      },
      {
        name: 'of everything',
        inputs: columns('float64', [1, 2], [1, 2.1]),
        run: (a, b) => tensor([allclose(a!, b!), a!.allclose(b!, { atol: 0.2 }), equal(a!, b!), a!.equal(a!), equal(a!, b!.unsqueeze(0))]),
        reference: () => ({ shape: [5], data: [0, 1, 0, 1, 0] }),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'two dtypes',
        run: () => isclose(ones([2]), ones([2], { dtype: 'float64' })),
        error: 'DTypeError',
        message: /isclose: the dtypes differ: float32 and float64/,
      },
      {
        name: 'a negative tolerance',
        run: () => allclose(ones([2]), ones([2]), { rtol: -1 }),
        error: 'ValueError',
        message: /allclose: rtol must not be negative, got -1/,
      },
      {
        name: 'a negative absolute tolerance',
        run: () => isclose(ones([2]), ones([2]), { atol: -1 }),
        error: 'ValueError',
        message: /isclose: atol must not be negative, got -1/,
      },
      { name: 'a number', run: () => equal(ones([2]), 1 as never), error: 'ValueError', message: /equal: both operands must be tensors/ },
      {
        name: 'shapes that do not broadcast',
        run: () => isclose(ones([2]), ones([3]) as never),
        error: 'ShapeError',
        message: /isclose: cannot broadcast \[2\] with \[3\]/,
      },
    ],
  },
];
