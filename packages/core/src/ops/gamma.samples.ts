import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones, tensor } from './create.ts';
import { columns, each } from './elementwise.samples.ts';
import { igamma, igammac, mvlgamma, zeta } from './gamma.ts';

const positive = [
  [1, 4],
  [0.5, 4],
] as const;

export const gammaElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'igamma',
    domain: positive,
    integers: [0],
    errors: [
      {
        name: 'integers',
        run: () => igamma(tensor(Int32Array.of(1)), tensor(Int32Array.of(1))),
        error: 'DTypeError',
        message: /igamma: not defined for int32, only for floating dtypes/,
      },
    ],
  },
  { op: 'igammac', domain: positive, integers: [0] },
  {
    op: 'zeta',
    domain: [
      [2, 5],
      [0.7, 3],
    ],
    integers: [0],
    errors: [
      {
        name: 'a gradient in the first operand',
        run: () => zeta(ones([2], { requiresGrad: true }), ones([2])),
        error: 'AutogradError',
        message: /zeta: there is no derivative in the first operand; detach\(\) it/,
      },
    ],
  },
];

/** Q(n, x) = e^-x Σ x^k / k! over k < n. */
function upper(n: number, x: number): number {
  let term = Math.exp(-x);
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += term;
    term *= x / (k + 1);
  }
  return sum;
}

/** Σ (q + k)^-x with an integral for the rest. */
function direct(x: number, q: number): number {
  const terms = 20000;
  let sum = 0;
  for (let k = terms - 1; k >= 0; k--) sum += (q + k) ** -x;
  const end = q + terms;
  return sum + end ** (1 - x) / (x - 1) + end ** -x / 2 + (x * end ** (-x - 1)) / 12;
}

/** ln Γ(n / 2) for a whole n, by the recurrence. */
function halves(n: number): number {
  let sum = n % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let k = n - 2; k > 0; k -= 2) sum += Math.log(k / 2);
  return sum;
}

const orders = [1, 2, 3, 5, 20, 100, 100];
const places = [0.5, 4, 2.5, 5, 12, 80, 130];

export const gammaSamples: readonly OpSamples[] = [
  {
    op: 'incomplete gamma functions of chosen values',
    samples: [
      {
        name: 'lower',
        inputs: [...columns('int32', orders), ...columns('float64', places)],
        run: (a, x) => igamma(a!, x!),
        reference: each((a, x) => 1 - upper(a!, x!)),
      },
      {
        name: 'upper',
        inputs: [...columns('int32', orders), ...columns('float64', places)],
        run: (a, x) => igammac(a!, x!),
        reference: each((a, x) => upper(a!, x!)),
      },
    ],
  },
  {
    op: 'zeta of chosen values',
    samples: [
      {
        name: 'positive',
        inputs: [...columns('int32', [2, 3, 2, 4, 30]), ...columns('float64', [1, 0.5, 2, 10, 3])],
        run: (x, q) => zeta(x!, q!),
        reference: each((x, q) => direct(x!, q!)),
      },
      {
        name: 'negative, for an integer x',
        inputs: [...columns('int32', [2, 3, 5]), ...columns('float64', [-0.5, -1.3, -4.25])],
        run: (x, q) => zeta(x!, q!),
        reference: each((x, q) => {
          let sum = 0;
          let a = q!;
          for (; a < 0; a++) sum += a ** -x!;
          return sum + direct(x!, a);
        }),
      },
      {
        name: 'a number first',
        inputs: columns('float64', [1, 2]),
        run: (q) => [zeta(2, q!), zeta(1.5, q!)],
        reference: (q) => [2, 1.5].map((x) => ({ shape: q!.shape, data: q!.data.map((v) => direct(x, v)) })),
      },
    ],
  },
  {
    op: 'mvlgamma',
    samples: [
      {
        name: 'three dimensions',
        inputs: columns('float64', [2, 2.5, 4]),
        run: (x) => mvlgamma(x!, 3),
        reference: each((x) => (6 / 4) * Math.log(Math.PI) + halves(2 * x!) + halves(2 * x! - 1) + halves(2 * x! - 2)),
      },
      {
        name: 'in place, of one',
        inputs: columns('float64', [2, 2.5, 4]),
        run: (x) => x!.clone().mvlgamma_(1),
        reference: each((x) => halves(2 * x!)),
      },
      {
        name: 'integers',
        inputs: columns('int32', [2, 3, 4]),
        run: (x) => mvlgamma(x!, 2).sub(mvlgamma(x!.to('float32'), 2)),
        reference: each(() => 0),
        differentiable: false,
      },
    ],
    errors: [
      {
        name: 'no dimension',
        run: () => mvlgamma(ones([2]), 0),
        error: 'ValueError',
        message: /mvlgamma: p must be an integer of at least 1, got 0/,
      },
      { name: 'bools', run: () => mvlgamma(tensor([true]), 1), error: 'DTypeError', message: /mvlgamma: not defined for bool/ },
      {
        name: 'integers in place',
        run: () => tensor(Int32Array.of(1)).mvlgamma_(1),
        error: 'DTypeError',
        message: /mvlgamma_: a float32 result cannot be written into a int32 tensor/,
      },
    ],
  },
];
