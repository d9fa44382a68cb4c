import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones, tensor } from './create.ts';
import { div, floorDivide, fmod, remainder } from './division.ts';
import { onIntegers } from './elementwise.samples.ts';

const ints = (...values: number[]) => tensor(Int32Array.from(values));

// Quotients stay away from integers, where the rounded ones jump.
export const divisionElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'div',
    domain: [
      [-2, 2],
      [0.5, 2],
    ],
  },
  {
    op: 'floorDivide',
    domain: [
      [5.2, 5.8],
      [2, 2.5],
    ],
    errors: [
      {
        name: 'an integer and the number 0',
        run: () => floorDivide(ints(1), 0),
        error: 'ValueError',
        message: /floorDivide: integer division by zero/,
      },
      {
        name: 'integers and a zero',
        run: () => floorDivide(ints(1, 2), ints(1, 0)),
        error: 'ValueError',
        message: /integer division by zero/,
      },
      {
        name: 'bools',
        run: () => floorDivide(tensor([true]), tensor([true])),
        error: 'DTypeError',
        message: /floorDivide: not defined for bool/,
      },
    ],
  },
  {
    op: 'truncDivide',
    domain: [
      [-5.8, -5.2],
      [2, 2.5],
    ],
  },
  {
    op: 'remainder',
    domain: [
      [5.2, 5.8],
      [-2.5, -2],
    ],
    errors: [
      {
        name: 'an integer and the number 0',
        run: () => remainder(ints(1), 0),
        error: 'ValueError',
        message: /remainder: integer division by zero/,
      },
    ],
  },
  {
    op: 'fmod',
    domain: [
      [-5.8, -5.2],
      [2, 2.5],
    ],
    errors: [
      {
        name: 'in place, an integer and the number 0',
        run: () => ints(1).fmod_(0),
        error: 'ValueError',
        message: /fmod: integer division by zero/,
      },
    ],
  },
];

// Every pair of signs, with a remainder and without.
const pairs = [
  [7, -7, 7, -7, 6, -6, 6, -6, 0],
  [3, 3, -3, -3, 3, 3, -3, -3, 5],
] as const;
const huge = 2 ** 53 - 1;
const floorOf = (a: number, b: number): number => Math.floor(a / b) + 0;

export const divisionSamples: readonly OpSamples[] = [
  {
    op: 'div of chosen values',
    samples: (['int32', 'int64'] as const).flatMap((dtype) => [
      onIntegers(
        `true, ${dtype}`,
        dtype,
        pairs,
        (a, b) => div(a!, b!),
        (a, b) => Math.fround(a! / b!),
      ),
      onIntegers(
        `rounded down, ${dtype}`,
        dtype,
        pairs,
        (a, b) => div(a!, b!, { roundingMode: 'floor' }),
        (a, b) => floorOf(a!, b!),
      ),
      onIntegers(
        `rounded towards zero, ${dtype}`,
        dtype,
        pairs,
        (a, b) => div(a!, b!, { roundingMode: 'trunc' }),
        (a, b) => Math.trunc(a! / b!) + 0,
      ),
      onIntegers(
        `by a number, ${dtype}`,
        dtype,
        [pairs[0]],
        (a) => div(a!, -3, { roundingMode: 'floor' }),
        (a) => floorOf(a!, -3),
      ),
    ]),
    errors: [
      {
        name: 'an unknown rounding mode',
        run: () => div(ones([2]), 2, { roundingMode: 'up' as never }),
        error: 'ValueError',
        message: /div: roundingMode must be 'floor', 'trunc' or null, got 'up'/,
      },
    ],
  },
  {
    op: 'floorDivide of chosen values',
    samples: [
      {
        ...onIntegers(
          'beyond the digits of a quotient',
          'int64',
          [
            [huge, -huge],
            [2, 2],
          ],
          (a, b) => floorDivide(a!, b!),
          (a) => (a! < 0 ? -(2 ** 52) : 2 ** 52 - 1),
        ),
        hostOnly: true,
      },
      onIntegers(
        'in place',
        'int32',
        pairs,
        (a, b) => a!.clone().floorDivide_(b!),
        (a, b) => floorOf(a!, b!),
      ),
    ],
  },
  {
    op: 'remainder of chosen values',
    samples: (['int32', 'int64'] as const).map((dtype) =>
      onIntegers(
        dtype,
        dtype,
        pairs,
        (a, b) => remainder(a!, b!),
        (a, b) => a! - b! * Math.floor(a! / b!),
      ),
    ),
  },
  {
    op: 'fmod of chosen values',
    samples: (['int32', 'int64'] as const).map((dtype) =>
      onIntegers(
        dtype,
        dtype,
        pairs,
        (a, b) => fmod(a!, b!),
        (a, b) => a! - b! * Math.trunc(a! / b!),
      ),
    ),
  },
];
