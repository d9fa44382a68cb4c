import type { Sources } from './data.ts';
import type { RunResult, RunSpec } from './spec.ts';

/** What every process is told before its first run. */
export interface Setup {
  readonly sources: Sources;
  readonly backend: 'cpu' | 'gpu';
}

/** What the parent says. */
export type Order = { readonly kind: 'setup'; readonly setup: Setup } | { readonly kind: 'run'; readonly spec: RunSpec };

/** What a child says. */
export type Answer =
  | { readonly kind: 'ready'; readonly device: string }
  /** Share of the run that was done since the last message. */
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'done'; readonly result: RunResult; readonly cpuSeconds: number };
