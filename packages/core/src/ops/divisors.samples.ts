import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones, tensor } from './create.ts';
import { gcd, lcm } from './divisors.ts';
import { onIntegers } from './elementwise.samples.ts';

const pair = [
  [-20, 20],
  [-20, 20],
] as const;

export const divisorsElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'gcd',
    domain: pair,
    errors: [
      { name: 'bools', run: () => gcd(tensor([true]), tensor([true])), error: 'DTypeError', message: /gcd: not defined for bool/ },
      {
        name: 'floating',
        run: () => gcd(ones([2]), ones([2])),
        error: 'DTypeError',
        message: /gcd: not defined for float32, only for integers and bool/,
      },
    ],
  },
  { op: 'lcm', domain: pair },
];

/** The largest number that divides both, by trial. */
function greatest(a: number, b: number): number {
  const [x, y] = [Math.abs(a), Math.abs(b)];
  for (let d = Math.max(x, y); d > 0; d--) if (x % d === 0 && y % d === 0) return d;
  return 0;
}

/** The smallest positive multiple of both, by trial. */
function smallest(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  let m = Math.abs(a);
  while (m % b !== 0) m += Math.abs(a);
  return m;
}

const values = [
  [0, 0, 12, -12, 7, -9, 48],
  [0, 5, 18, 18, 0, -6, 36],
] as const;

export const divisorsSamples: readonly OpSamples[] = [
  {
    op: 'gcd of chosen values',
    samples: [
      onIntegers(
        'int64',
        'int64',
        values,
        (a, b) => gcd(a!, b!),
        (a, b) => greatest(a!, b!),
      ),
    ],
  },
  {
    op: 'lcm of chosen values',
    samples: [
      onIntegers(
        'int64',
        'int64',
        values,
        (a, b) => lcm(a!, b!),
        (a, b) => smallest(a!, b!),
      ),
    ],
  },
];
