import type { MetricValues, NoMetrics } from './metric-names.ts';

/** What is known of an epoch that was finished. */
export interface EpochRecord {
  /** Its number, from 1. */
  readonly epoch: number;
  /** Steps of the optimizer since the start of the run. */
  readonly step: number;
  /** The loss and the metrics, means over all samples; those of validation as `valLoss`, `valAccuracy`... */
  readonly metrics: Readonly<Record<string, number>>;
  /** The learning rate of each parameter group at its end, before schedules took their step for the epoch. */
  readonly lr: readonly number[];
  /** Seconds it took, validation included. */
  readonly seconds: number;
}

/**
 * Why a run ended: all epochs were done; nothing improved any more; the signal was aborted; a callback called `stop()`.
 */
export type StopReason = 'epochs' | 'earlyStopping' | 'aborted' | 'callback';

/** What `fit` gives. */
export interface History<M = NoMetrics> {
  /** Every epoch that was finished, those before a resume too. */
  readonly epochs: readonly (Omit<EpochRecord, 'metrics'> & { readonly metrics: MetricValues<M> })[];
  /** Steps of the optimizer. */
  readonly steps: number;
  /** Why the run ended. */
  readonly stopped: StopReason;
  /** The best epoch by what early stopping watches; null without early stopping, or before the first epoch. */
  readonly best: { readonly epoch: number; readonly value: number } | null;
  /** Where the run went on from a checkpoint: after this step. Null for one from the start. */
  readonly resumedAt: number | null;
}
