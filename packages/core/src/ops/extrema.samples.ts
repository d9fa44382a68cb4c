import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { ones } from './create.ts';
import { columns, each, onIntegers } from './elementwise.samples.ts';
import { clamp } from './extrema.ts';

export const extremaElementwiseSamples: readonly ElementwiseSamples[] = [
  {
    op: 'maximum',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    distinct: true,
  },
  {
    op: 'minimum',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    distinct: true,
  },
  {
    op: 'fmax',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    distinct: true,
  },
  {
    op: 'fmin',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    distinct: true,
  },
  {
    op: 'clampMin',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    distinct: true,
  },
  {
    op: 'clampMax',
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    distinct: true,
  },
  // The bounds cross for some elements, where max wins.
  {
    op: 'clamp',
    domain: [
      [-2, 2],
      [-1.5, 1],
      [-1, 1.5],
    ],
    distinct: true,
  },
];

export const extremaSamples: readonly OpSamples[] = [
  {
    op: 'clamp of chosen values',
    samples: [
      {
        name: 'between numbers',
        inputs: [{ shape: [2, 3], avoid: [-1, 0.5] }],
        run: (x) => clamp(x!, -1, 0.5),
        reference: each((x) => Math.min(Math.max(x!, -1), 0.5)),
      },
      {
        name: 'from below',
        inputs: [{ shape: [2, 3], avoid: [0.5] }],
        run: (x) => clamp(x!, 0.5),
        reference: each((x) => Math.max(x!, 0.5)),
      },
      {
        name: 'from above',
        inputs: [{ shape: [2, 3], avoid: [0.5] }],
        run: (x) => clamp(x!, null, 0.5),
        reference: each((x) => Math.min(x!, 0.5)),
      },
      {
        name: 'between a tensor and a number, in place',
        inputs: columns('float64', [-2, 0.5, 3], [-1, 1, -1]),
        run: (x, min) => x!.clone().clamp_(min!, 2),
        reference: each((x, min) => Math.min(Math.max(x!, min!), 2)),
      },
      {
        name: 'NaN alone is no bound as a number',
        inputs: columns('float64', [-2, 1, 5]),
        run: (x) => [clamp(x!, Number.NaN), clamp(x!, null, Number.NaN), x!.clone().clamp_(Number.NaN)],
        reference: (x) => [x!, x!, x!],
      },
      {
        name: 'NaN stays',
        inputs: columns('float64', [NaN, 1, 5]),
        run: (x) => clamp(x!.detach(), 2, 4),
        reference: () => ({ shape: [3], data: [NaN, 2, 4] }),
        differentiable: false,
      },
      onIntegers(
        'integers',
        'int32',
        [[-5, 0, 5]],
        (x) => clamp(x!, -1, 3),
        (x) => Math.min(Math.max(x!, -1), 3),
      ),
      onIntegers(
        'integers between fractions are float32',
        'int32',
        [[-5, 0, 5]],
        (x) => clamp(x!, -0.5, 2.5),
        (x) => Math.min(Math.max(x!, -0.5), 2.5),
      ),
    ],
    errors: [
      { name: 'no bound', run: () => clamp(ones([2])), error: 'ValueError', message: /clamp: at least one of min and max must be given/ },
    ],
  },
];
