import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones, tensor } from './create.ts';
import { columns, each } from './elementwise.samples.ts';
import { floatPower, frexp, ldexp, nextafter } from './float-parts.ts';

export const floatPartsElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'ldexp',
    domain: [
      [-2, 2],
      [-3, 3],
    ],
  },
  // Away from powers of two, where the mantissa jumps.
  { op: 'frexpMantissa', domain: [[0.55, 0.95]] },
  { op: 'frexpExponent', domain: [[-20, 20]], unrecorded: 'an integer beside the mantissa' },
  {
    op: 'nextafter',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    errors: [
      {
        name: 'integers',
        run: () => nextafter(tensor(Int32Array.of(1)), tensor(Int32Array.of(2))),
        error: 'DTypeError',
        message: /nextafter: not defined for int32, only for floating dtypes/,
      },
    ],
  },
];

/** The exponent of the mantissa in [1/2, 1), by halving and doubling. */
function exponent(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return 0;
  let e = 0;
  let a = Math.abs(x);
  for (; a >= 1; e++) a /= 2;
  for (; a < 0.5; e--) a *= 2;
  return e;
}

export const floatPartsSamples: readonly OpSamples[] = [
  {
    op: 'ldexp of chosen values',
    samples: [
      {
        name: 'whole exponents',
        inputs: [...columns('float64', [1, -3, 0.1]), ...columns('int32', [10, -2, 0])],
        run: (x, n) => ldexp(x!, n!),
        reference: each((x, n) => x! * 2 ** n!),
      },
      {
        name: 'in place, of another dtype',
        inputs: [...columns('float64', [1, -3, 0.1]), ...columns('int32', [10, -2, 0])],
        run: (x, n) => x!.clone().ldexp_(n!),
        reference: each((x, n) => x! * 2 ** n!),
      },
      {
        name: 'a 0-d tensor does not widen powers of integers',
        inputs: [{ shape: [], values: [1.5] }, ...columns('int32', [1, -2])],
        run: (x, n) => ldexp(x!.detach(), n!).to('int32'),
        reference: () => ({ shape: [2], data: [3, 0] }),
        differentiable: false,
      },
    ],
  },
  {
    op: 'frexp',
    samples: [
      {
        name: 'of both signs',
        inputs: columns('float64', [3, -0.35, 100, 0.7, -7]),
        run: (x) => {
          const { mantissa, exponent: e } = frexp(x!);
          return [mantissa, e];
        },
        reference: (x) => [
          { shape: x!.shape, data: x!.data.map((v) => v / 2 ** exponent(v)) },
          { shape: x!.shape, data: x!.data.map(exponent) },
        ],
      },
      {
        name: 'subnormal numbers, zeros, infinities',
        inputs: columns('float64', [5e-324, 2 ** -1030, -0, Infinity, Number.NaN, Number.MAX_VALUE]),
        run: (x) => {
          const parts = x!.detach().frexp();
          return [parts.mantissa, parts.exponent];
        },
        reference: () => [
          { shape: [6], data: [0.5, 0.5, -0, Infinity, Number.NaN, 1 - 2 ** -53] },
          { shape: [6], data: [-1073, -1029, 0, 0, 0, 1024] },
        ],
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'integers',
        run: () => frexp(tensor(Int32Array.of(1))),
        error: 'DTypeError',
        message: /frexpMantissa: not defined for int32, only for floating dtypes/,
      },
    ],
  },
  {
    op: 'nextafter of chosen values',
    samples: [
      {
        name: 'float64',
        inputs: columns('float64', [1, 1, -1, 0, 0, 2], [2, 0, 0, 1, -1, 2]),
        run: (a, b) => nextafter(a!.detach(), b!.detach()),
        reference: () => ({
          shape: [6],
          data: [1 + Number.EPSILON, 1 - Number.EPSILON / 2, -1 + Number.EPSILON / 2, Number.MIN_VALUE, -Number.MIN_VALUE, 2],
        }),
        differentiable: false,
        hostOnly: true,
      },
      {
        name: 'float32',
        inputs: columns('float32', [1, 1, -1, 0], [2, 0, -2, 1]),
        run: (a, b) => nextafter(a!, b!),
        reference: () => ({ shape: [4], data: [1 + 2 ** -23, 1 - 2 ** -24, -1 - 2 ** -23, 2 ** -149] }),
        differentiable: false,
      },
    ],
  },
  {
    op: 'floatPower',
    samples: [
      {
        name: 'tensors',
        inputs: [{ shape: [2, 3], low: 0.5, high: 2 }, { shape: [3] }],
        run: (a, b) => floatPower(a!, b!),
        reference: (a, b) => ({ shape: [2, 3], data: a!.data.map((v, i) => v ** b!.data[i % 3]!) }),
        hostOnly: true,
      },
      {
        name: 'numbers',
        inputs: [{ shape: [3], low: 0.5, high: 2 }],
        run: (x) => [floatPower(x!, 3), x!.floatPower(0.5), floatPower(2, x!), x!.clone().floatPower_(2)],
        reference: (x) =>
          [(v: number) => v ** 3, Math.sqrt, (v: number) => 2 ** v, (v: number) => v * v].map((f) => ({
            shape: [3],
            data: x!.data.map(f),
          })),
        hostOnly: true,
      },
      {
        name: 'integers to a negative power',
        inputs: columns('int32', [1, 2, 4]),
        run: (x) => floatPower(x!, -1),
        reference: each((x) => 1 / x!),
        differentiable: false,
        hostOnly: true,
      },
    ],
    errors: [
      {
        name: 'numbers',
        run: () => floatPower(2, 3 as never),
        error: 'ValueError',
        message: /floatPower: at least one operand must be a tensor/,
      },
      {
        name: 'float32 in place',
        run: () => ones([2]).floatPower_(2),
        error: 'DTypeError',
        message: /floatPower_: a float64 result cannot be written into a float32 tensor/,
      },
    ],
  },
];
