import type { Runner } from '../../contenders/serve.ts';
import type { Workload } from '../../workloads/workload.ts';
import type { GpuContender } from '../table.ts';

/** A task made ready on a device. */
export interface Loaded {
  readonly runner: Runner;
  /** Resolves when the device has done everything asked for: it reads a number that is computed last. */
  settle(): Promise<void>;
  /** Gives back what was loaded, and says what ran elsewhere than on the device since then. */
  finish(): readonly string[];
}

/** A library under measurement, in the page. */
export interface PageContender {
  readonly facts: GpuContender;
  load(w: Workload): Loaded;
}

/**
 * Elements of what is computed last and read. TensorFlow.js computes on fewer than 128 on the CPU, which would wait for nothing.
 */
export const probeSize = 1024;
