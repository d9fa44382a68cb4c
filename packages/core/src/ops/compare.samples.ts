import type { ElementwiseSamples } from '../op.samples.ts';

const pair = [
  [-2, 2],
  [-2, 2],
] as const;

export const compareSamples: readonly ElementwiseSamples[] = [
  { op: 'eq', domain: pair },
  { op: 'ne', domain: pair },
  { op: 'lt', domain: pair },
  { op: 'le', domain: pair },
  { op: 'gt', domain: pair },
  { op: 'ge', domain: pair },
  { op: 'logicalAnd', domain: pair },
  { op: 'logicalOr', domain: pair },
  { op: 'logicalXor', domain: pair },
  { op: 'logicalNot', domain: [[-2, 2]] },
  { op: 'isnan', domain: [[-2, 2]] },
  { op: 'isinf', domain: [[-2, 2]] },
  { op: 'isfinite', domain: [[-2, 2]] },
];
