import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { bitwiseAnd, bitwiseLeftShift, bitwiseNot, bitwiseOr, bitwiseRightShift, bitwiseXor } from './bitwise.ts';
import { ones, tensor } from './create.ts';
import { onIntegers } from './elementwise.samples.ts';

const pair = [
  [-20, 20],
  [-20, 20],
] as const;
const shifted = [
  [-20, 20],
  [0, 8],
] as const;

export const bitwiseElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'bitwiseAnd',
    domain: pair,
    errors: [
      {
        name: 'floating',
        run: () => bitwiseAnd(ones([2]), 1),
        error: 'DTypeError',
        message: /bitwiseAnd: not defined for float32, only for integers and bool/,
      },
    ],
  },
  { op: 'bitwiseOr', domain: pair },
  { op: 'bitwiseXor', domain: pair },
  { op: 'bitwiseNot', domain: [[-20, 20]] },
  {
    op: 'bitwiseLeftShift',
    domain: shifted,
    errors: [
      {
        name: 'a negative count',
        run: () => bitwiseLeftShift(tensor(Int32Array.of(1)), tensor(Int32Array.of(-1))),
        error: 'ValueError',
        message: /shift by -1: the count must not be negative/,
      },
      {
        name: 'bools',
        run: () => bitwiseLeftShift(tensor([true]), tensor([true])),
        error: 'DTypeError',
        message: /bitwiseLeftShift: not defined for bool/,
      },
    ],
  },
  { op: 'bitwiseRightShift', domain: shifted },
];

// Below and beyond 32 bits, of both signs.
const wide = [
  [2 ** 40 + 5, -(2 ** 40) - 5, 2 ** 52 - 1, -1, 12],
  [2 ** 40 + 3, 2 ** 45 + 3, -(2 ** 50), 2 ** 33 + 7, -7],
] as const;
const big =
  (f: (a: bigint, b: bigint) => bigint) =>
  (a?: number, b?: number): number =>
    Number(f(BigInt(a!), BigInt(b ?? 0)));
const truth = [
  [0, 0, 1, 1],
  [0, 1, 0, 1],
] as const;

const both = (name: typeof bitwiseAnd, f: (a: bigint, b: bigint) => bigint): OpSamples => ({
  op: `${name.opName} of chosen values`,
  samples: [
    { ...onIntegers('int64', 'int64', wide, (a, b) => name(a!, b!), big(f)), hostOnly: true },
    onIntegers(
      'uint8',
      'uint8',
      [
        [12, 255, 7],
        [10, 15, 0],
      ],
      (a, b) => name(a!, b!),
      big(f),
    ),
    onIntegers('bool', 'bool', truth, (a, b) => name(a!, b!), big(f)),
  ],
});

export const bitwiseSamples: readonly OpSamples[] = [
  both(bitwiseAnd, (a, b) => a & b),
  both(bitwiseOr, (a, b) => a | b),
  both(bitwiseXor, (a, b) => a ^ b),
  {
    op: 'bitwiseNot of chosen values',
    samples: [
      {
        ...onIntegers(
          'int64',
          'int64',
          [wide[0]],
          (a) => bitwiseNot(a!),
          big((a) => ~a),
        ),
        hostOnly: true,
      },
      onIntegers(
        'uint8',
        'uint8',
        [[0, 12, 255]],
        (a) => bitwiseNot(a!),
        (a) => 255 - a!,
      ),
      onIntegers(
        'bool',
        'bool',
        [[0, 1]],
        (a) => bitwiseNot(a!),
        (a) => 1 - a!,
      ),
    ],
  },
  {
    op: 'bitwiseLeftShift of chosen values',
    samples: [
      {
        ...onIntegers(
          'int64',
          'int64',
          [
            [3, -3, 5, 0],
            [45, 45, 0, 63],
          ],
          (a, b) => bitwiseLeftShift(a!, b!),
          big((a, b) => a << b),
        ),
        hostOnly: true,
      },
      {
        ...onIntegers(
          'int32 drops what leaves it',
          'int32',
          [
            [3, -3, 1, 1],
            [30, 30, 31, 32],
          ],
          (a, b) => bitwiseLeftShift(a!, b!),
          big((a, b) => BigInt.asIntN(32, a << b)),
        ),
        hostOnly: true,
      },
    ],
  },
  {
    op: 'bitwiseRightShift of chosen values',
    samples: [
      {
        ...onIntegers(
          'int64',
          'int64',
          [wide[0], [3, 3, 50, 60, 1]],
          (a, b) => bitwiseRightShift(a!, b!),
          big((a, b) => a >> b),
        ),
        hostOnly: true,
      },
      onIntegers(
        'int32',
        'int32',
        [
          [100, -100, -1, 5],
          [3, 3, 40, 40],
        ],
        (a, b) => bitwiseRightShift(a!, b!),
        big((a, b) => a >> b),
      ),
    ],
  },
];
