import { opWorkload } from './ops.ts';
import type { Workload } from './workload.ts';

/** The price of a call: sums of two vectors of 4 elements, a hundred of them in a step. */
export const dispatch: Workload = opWorkload(
  { op: 'add', name: 'dispatch: add', size: '4', operands: { a: [4], b: [4] }, output: [4], calls: 100, quick: true },
  false,
);
