import type { Encoded } from './worker-codec.ts';

/** What a worker is started with. */
export interface WorkerSetup {
  /** The URL of the user's module. */
  readonly module: string;
  /** What the user gives its factories. */
  readonly data: unknown;
}

/** What a worker is asked for. */
export type Task =
  | { readonly kind: 'length' }
  | { readonly kind: 'get'; readonly index: number; readonly seed: number }
  | { readonly kind: 'batch'; readonly indices: readonly number[]; readonly seeds: readonly number[] }
  | { readonly kind: 'transform'; readonly sample: Encoded; readonly seed: number };

/** A task with the number that its answer will have. */
export interface Request {
  readonly id: number;
  readonly task: Task;
}

/** An error, as it crosses. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Index of the sample; null where it is not about one alone. */
  readonly index: number | null;
}

/** What a worker answers. */
export type Answer = { readonly id: number; readonly value: Encoded } | { readonly id: number; readonly failure: Failure };
