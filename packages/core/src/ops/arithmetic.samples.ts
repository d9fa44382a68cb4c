import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { add, positive, rsub, square, sub } from './arithmetic.ts';
import { ones, tensor } from './create.ts';
import { columns, each, onIntegers } from './elementwise.samples.ts';

const bools = () => tensor([true, false]);

export const arithmeticElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'add',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
  },
  {
    op: 'sub',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    errors: [{ name: 'bools', run: () => bools().sub(bools()), error: 'DTypeError', message: /sub: not defined for bool/ }],
  },
  {
    op: 'mul',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
  },
  {
    op: 'neg',
    domain: [[-2, 2]],
    errors: [{ name: 'bools', run: () => bools().neg(), error: 'DTypeError', message: /neg: not defined for bool/ }],
  },
  {
    op: 'abs',
    domain: [[-2, 2]],
    avoid: [[0]],
    errors: [{ name: 'bools', run: () => bools().abs(), error: 'DTypeError', message: /abs: not defined for bool/ }],
  },
  { op: 'sign', domain: [[-2, 2]], avoid: [[0]] },
  { op: 'square', domain: [[-2, 2]] },
  { op: 'sqrt', domain: [[0.5, 4]] },
  { op: 'rsqrt', domain: [[0.5, 4]] },
  { op: 'reciprocal', domain: [[0.5, 3]] },
];

const ints = () => tensor(Int32Array.of(1, 2));

export const arithmeticSamples: readonly OpSamples[] = [
  {
    op: 'sums and differences with a factor',
    samples: [
      {
        name: 'tensors',
        inputs: [{ shape: [2, 3] }, { shape: [3] }],
        run: (a, b) => [add(a!, b!, { alpha: -0.5 }), a!.sub(b!, { alpha: 2 }), rsub(a!, b!, { alpha: 3 })],
        reference: (a, b) =>
          [(x: number, y: number) => x - 0.5 * y, (x: number, y: number) => x - 2 * y, (x: number, y: number) => y - 3 * x].map((f) => ({
            shape: [2, 3],
            data: a!.data.map((v, i) => f(v, b!.data[i % 3]!)),
          })),
      },
      {
        name: 'numbers',
        inputs: [{ shape: [3] }],
        run: (x) => [
          add(2, x!, { alpha: 3 }),
          x!.rsub(1),
          sub(1, x!),
          x!.clone().add_(2, { alpha: 0.5 }),
          x!.clone().sub_(x!, { alpha: 0.5 }),
        ],
        reference: (x) =>
          [(v: number) => 2 + 3 * v, (v: number) => 1 - v, (v: number) => 1 - v, (v: number) => v + 1, (v: number) => v / 2].map((f) => ({
            shape: [3],
            data: x!.data.map(f),
          })),
      },
      onIntegers(
        'integers stay integers',
        'int64',
        [
          [1, 2],
          [3, 4],
        ],
        (a, b) => add(a!, b!, { alpha: 3 }),
        (a, b) => a! + 3 * b!,
      ),
      onIntegers(
        'bools stay bools',
        'bool',
        [
          [0, 0, 1],
          [0, 1, 1],
        ],
        (a, b) => add(a!, b!, { alpha: true }),
        (a, b) => Number(a! + b! > 0),
      ),
    ],
    errors: [
      {
        name: 'a fraction among integers',
        run: () => add(ints(), ints(), { alpha: 0.5 }),
        error: 'DTypeError',
        message: /add: alpha must be an integer for int32/,
      },
      {
        name: 'a fraction among integers, in place',
        run: () => ints().sub_(1, { alpha: 0.5 }),
        error: 'DTypeError',
        message: /sub_: alpha must be an integer for int32/,
      },
      {
        name: 'a boolean among numbers',
        run: () => add(ones([2]), ones([2]), { alpha: true }),
        error: 'DTypeError',
        message: /add: a boolean alpha/,
      },
      {
        name: 'no factor',
        run: () => add(ones([2]), 1, { alpha: '2' as never }),
        error: 'ValueError',
        message: /add: alpha must be a number/,
      },
      { name: 'a bool beside numbers', run: () => sub(ones([2]), true), error: 'DTypeError', message: /sub: not defined for bool/ },
      {
        name: 'a bool tensor beside a tensor',
        run: () => rsub(ones([2]), bools()),
        error: 'DTypeError',
        message: /sub: not defined for bool/,
      },
      {
        name: 'a number to subtract',
        run: () => rsub(1 as never, ones([2])),
        error: 'ValueError',
        message: /rsub: the first operand must be a tensor/,
      },
      { name: 'two numbers', run: () => add(1 as never, 2), error: 'ValueError', message: /add: at least one operand must be a tensor/ },
    ],
  },
  {
    op: 'positive',
    samples: [
      { name: 'as it is', inputs: columns('float64', [-1, 2]), run: (x) => positive(x!).mul(1), reference: each((x) => x!) },
      onIntegers(
        'integers',
        'int32',
        [[-1, 2]],
        (x) => x!.positive(),
        (x) => x!,
      ),
    ],
    errors: [{ name: 'bools', run: () => positive(bools()), error: 'DTypeError', message: /positive: not defined for bool/ }],
  },
  {
    op: 'square of chosen values',
    samples: [
      {
        name: 'bools give int64',
        inputs: columns('bool', [0, 1]),
        run: (x) => square(x!).sub(1),
        reference: () => ({ shape: [2], data: [-1, 0] }),
        differentiable: false,
      },
    ],
    errors: [{ name: 'bools in place', run: () => bools().square_(), error: 'DTypeError', message: /square_: not defined for bool/ }],
  },
];
