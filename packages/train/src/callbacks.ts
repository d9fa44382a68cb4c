import type { DeviceLostError } from '@nabla/core';
import type { Module } from '@nabla/nn';
import type { EpochRecord, History } from './history.ts';

/** Where a run is. */
export interface FitEvent {
  readonly model: Module;
  /** The present epoch, from 1. */
  readonly epoch: number;
  /** How many epochs there will be at most. */
  readonly epochs: number;
  /** Steps of the optimizer since the start of the run. */
  readonly step: number;
  /** Batches of this epoch so far. */
  readonly batch: number;
  /** Batches in an epoch; null where the data does not tell. */
  readonly batches: number | null;
  /** Epochs that were finished. */
  readonly history: readonly EpochRecord[];
  /** Ends the run after the present step, or epoch. */
  stop(): void;
}

/** The optimizer took a step. */
export interface StepEvent extends FitEvent {
  /** The learning rate of each parameter group in this step. */
  readonly lr: readonly number[];
  /** The mean loss of the samples of this step. On a device this waits for it: ask rarely, or use `onLog`. */
  loss(): Promise<number>;
}

/** Values were read. */
export interface LogEvent extends FitEvent {
  /** The loss and the metrics of this epoch so far. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** An epoch was finished. */
export interface EpochEndEvent extends FitEvent {
  readonly record: EpochRecord;
}

/** The run ended. */
export interface FitEndEvent extends FitEvent {
  readonly result: History<Record<never, never>>;
}

/** The device went away, and the run is back at its last checkpoint. */
export interface DeviceLostEvent extends FitEvent {
  readonly error: DeviceLostError;
  /** How many steps are taken again. */
  readonly lostSteps: number;
}

/** The run ended by an error, which `fit` throws. */
export interface FitErrorEvent extends FitEvent {
  readonly error: unknown;
}

/**
 * What is told of a run, and may have a say in it. Every method is optional and may be asynchronous: the run waits for it.
 * An error in one ends the run; the last checkpoint stays as it was.
 *
 * @example
 * ```ts
 * const stopAtPerfection: FitCallback = {
 *   onEpochEnd: ({ record, stop }) => {
 *     if (record.metrics['accuracy'] === 1) stop();
 *   },
 * };
 * ```
 * @see https://keras.io/api/callbacks/base_callback/
 */
export interface FitCallback {
  /** Before the first epoch; after a checkpoint was read, where there is one. */
  onFitStart?(event: FitEvent): void | PromiseLike<void>;
  /** Before the first batch of an epoch; again when a run goes on in the middle of one, with `batch` above 0. */
  onEpochStart?(event: FitEvent): void | PromiseLike<void>;
  /** After each step of the optimizer and the schedules that follow it. Gradients are still there. */
  onStep?(event: StepEvent): void | PromiseLike<void>;
  /** After every `logEvery` steps, with the values so far. */
  onLog?(event: LogEvent): void | PromiseLike<void>;
  /** After an epoch, its validation, schedules and early stopping. */
  onEpochEnd?(event: EpochEndEvent): void | PromiseLike<void>;
  /** After a checkpoint was written. */
  onCheckpoint?(event: FitEvent): void | PromiseLike<void>;
  /** After a device was lost and the last checkpoint read, before the run goes on from there. */
  onDeviceLost?(event: DeviceLostEvent): void | PromiseLike<void>;
  /** After the run, when nothing went wrong. */
  onFitEnd?(event: FitEndEvent): void | PromiseLike<void>;
  /** After an error, before `fit` throws it. An error in here is dropped: the first one is the one to see. */
  onError?(event: FitErrorEvent): void | PromiseLike<void>;
}

/** Calls a method of every callback that has it, one after another. */
export async function tell<K extends keyof FitCallback>(
  callbacks: readonly FitCallback[],
  method: K,
  event: () => Parameters<NonNullable<FitCallback[K]>>[0],
): Promise<void> {
  for (const callback of callbacks) {
    const told = callback[method] as ((event: unknown) => void | PromiseLike<void>) | undefined;
    if (told !== undefined) await told.call(callback, event());
  }
}
