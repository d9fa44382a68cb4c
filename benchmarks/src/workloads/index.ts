import { convolutions } from './conv.ts';
import { dispatch } from './dispatch.ts';
import { elementwise } from './elementwise.ts';
import { matmuls } from './matmul.ts';
import { normalizations } from './normalization.ts';
import { trainingSteps } from './training.ts';
import type { Workload } from './workload.ts';

/** Every workload, in the order of the table. */
export const workloads: readonly Workload[] = [...matmuls, ...elementwise, ...normalizations, ...convolutions, ...trainingSteps, dispatch];
