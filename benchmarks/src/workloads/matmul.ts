import { opWorkload } from './ops.ts';
import type { Workload } from './workload.ts';

/** Products of square matrices. */
export const matmuls: readonly Workload[] = [64, 128, 256, 512, 1024, 2048].map((n) =>
  opWorkload({ op: 'matmul', size: String(n), operands: { a: [n, n], b: [n, n] }, output: [n, n], quick: n === 64 || n === 512 }, false),
);
