import type { ElementwiseSamples } from '../op.samples.ts';
import { tensor } from './create.ts';

const bools = () => tensor([true, false]);

export const arithmeticSamples: readonly ElementwiseSamples[] = [
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
  {
    op: 'square',
    domain: [[-2, 2]],
    errors: [{ name: 'bools', run: () => bools().square(), error: 'DTypeError', message: /square: not defined for bool/ }],
  },
  { op: 'sqrt', domain: [[0.5, 4]] },
  { op: 'rsqrt', domain: [[0.5, 4]] },
  { op: 'reciprocal', domain: [[0.5, 3]] },
];
