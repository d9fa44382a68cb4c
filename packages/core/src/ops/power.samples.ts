import type { ElementwiseSamples, OpSamples, Sample } from '../op.samples.ts';
import { tensor } from './create.ts';
import { columns, each, onIntegers } from './elementwise.samples.ts';
import { pow } from './power.ts';

const ints = () => tensor(Int32Array.of(1, 2));

export const powerElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'pow',
    domain: [
      [0.5, 2],
      [-2, 3],
    ],
    errors: [
      {
        name: 'integers to a negative number',
        run: () => pow(ints(), -1),
        error: 'ValueError',
        message: /pow: .* negative integer power -1/,
      },
      { name: 'in place', run: () => ints().pow_(-2), error: 'ValueError', message: /pow: .* negative integer power -2/ },
      { name: 'bools', run: () => pow(tensor([true]), tensor([true])), error: 'DTypeError', message: /pow: not defined for bool/ },
    ],
  },
];

const exponents = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 2, 2.5, 3];
const bases = [-3, -1, 0, 1, 2, 5];

export const powerSamples: readonly OpSamples[] = [
  {
    op: 'pow of chosen values',
    samples: [
      ...exponents.map(
        (p): Sample => ({
          name: `to the number ${p}`,
          inputs: [{ shape: [2, 3], low: 0.5, high: 2 }],
          run: (x) => pow(x!, p),
          reference: each((x) => x! ** p),
        }),
      ),
      { name: 'a number to a tensor', inputs: [{ shape: [2, 3] }], run: (x) => pow(2.5, x!), reference: each((x) => 2.5 ** x!) },
      {
        name: 'corners of C',
        inputs: columns('float64', [1, 1, -1, -1, 0, 0, NaN], [NaN, -Infinity, Infinity, 3, 0, -1, 0]),
        run: (a, b) => pow(a!.detach(), b!.detach()),
        reference: () => ({ shape: [7], data: [1, 1, 1, -1, 1, Infinity, 1] }),
        differentiable: false,
      },
      onIntegers(
        'int32',
        'int32',
        [bases],
        (a) => pow(a!, 3),
        (a) => a! ** 3,
      ),
      onIntegers(
        'int64 to int64',
        'int64',
        [bases, [3, 5, 0, 7, 40, 4]],
        (a, b) => pow(a!, b!),
        (a, b) => a! ** b!,
      ),
      onIntegers(
        'negative exponents',
        'int32',
        [
          [1, -1, -1, 2, -5],
          [-3, -3, -2, -1, -2],
        ],
        (a, b) => pow(a!, b!),
        (a, b) => Math.trunc(a! ** b!) + 0,
      ),
      {
        ...onIntegers(
          'int32 wraps around',
          'int32',
          [[3], [40]],
          (a, b) => pow(a!, b!),
          () => Number(BigInt.asIntN(32, 3n ** 40n)),
        ),
        hostOnly: true,
      },
      {
        ...onIntegers(
          'uint8 wraps around',
          'uint8',
          [[7], [9]],
          (a, b) => pow(a!, b!),
          () => 7 ** 9 % 256,
        ),
        hostOnly: true,
      },
      onIntegers(
        '0.5 makes integers float32',
        'int32',
        [[0, 4, 9]],
        (a) => pow(a!, 0.5),
        (a) => Math.sqrt(a!),
      ),
    ],
    errors: [
      {
        name: 'int64 beyond 2^53',
        run: () => pow(tensor(Float64Array.of(10)).to('int64'), 16),
        error: 'DTypeError',
        message: /beyond the exact range/,
      },
    ],
  },
];
