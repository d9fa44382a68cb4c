import type { Tensor } from '@nabla/core';
import type { Task } from '../protocol.ts';

/** Something to time: a row of the table. */
export interface Workload {
  readonly name: string;
  /** Shapes and settings in words. */
  readonly shapes: string;
  readonly task: Task;
  /** Steps from the initial weights in one round of training; null for an op, which is called as often as time allows. */
  readonly steps: number | null;
  /**
   * How far results may lie from Nabla's. Training: the absolute difference of the loss. An op: the difference of an element, as
   * a part of its size and of the root mean square of its tensor, since rounding of long sums is in proportion to that.
   */
  readonly tolerance: number;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  /** What every contender starts from, by name: the same at every call. */
  readonly tensors: () => ReadonlyMap<string, Tensor>;
}
