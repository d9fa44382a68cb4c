import { both } from './ops.ts';
import type { Workload } from './workload.ts';

/** 1000 as 1e3. */
const power = (n: number): string => n.toExponential(0).replace('+', '');

/** Functions of one element, and sums of two vectors. */
export const elementwise: readonly Workload[] = (['add', 'exp', 'gelu'] as const).flatMap((op) =>
  [1e3, 1e4, 1e5, 1e6, 1e7].flatMap((n) => {
    const operands: Record<string, readonly number[]> = op === 'add' ? { a: [n], b: [n] } : { x: [n] };
    return both({ op, size: power(n), operands, output: [n], quick: n === 1e3 || n === 1e6 });
  }),
);
