import { workloads } from '../workloads/index.ts';
import type { Workload } from '../workloads/workload.ts';

/** What is measured on graphics devices, by its name in the table of `npm run bench`; those that `--quick` keeps are true. */
const chosen: Readonly<Record<string, boolean>> = {
  'matmul 256': true,
  'matmul 512': false,
  'matmul 1024': false,
  'gelu 1e6': true,
  'gelu 1e6 backward': false,
  'softmax 1e6': true,
  'conv2d 32×3×32×32 to 16 backward': true,
  'conv2d 64×16×28×28 to 32 backward': false,
  'MLP step': true,
  'convnet step': true,
};

/** Steps of a round of training with `--quick`: a software renderer needs seconds for one. */
const quickSteps = 2;

/**
 * The workloads of a run.
 *
 * @param only parts of names; none: all of them
 */
export function gpuWorkloads(only: readonly string[], quick: boolean): readonly Workload[] {
  const has = (w: Workload): boolean => only.length === 0 || only.some((text) => w.name.toLowerCase().includes(text.toLowerCase()));
  // What is asked for by its whole name runs under `--quick` too.
  const kept = (w: Workload): boolean => w.name in chosen && (!quick || chosen[w.name]! || only.includes(w.name));
  const found = workloads.filter((w) => kept(w) && has(w));
  return quick ? found.map((w) => ({ ...w, steps: w.steps === null ? null : Math.min(w.steps, quickSteps) })) : found;
}
