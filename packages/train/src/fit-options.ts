import { type Backend, type Tensor, ValueError } from '@nabla/core';
import type { HasState, HasStateDict } from '@nabla/io';
import { isModule, type Module } from '@nabla/nn';
import { LBFGS } from '@nabla/optim';
import type { Batches } from './batches.ts';
import type { FitCallback } from './callbacks.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type EarlyStoppingOptions, type EarlyStoppingSettings, earlyStoppingSettings } from './early-stopping.ts';
import { deviceOf } from './evaluate.ts';
import { checkLoss, type LossFunction, type StepFunction } from './forward.ts';
import { checkMetrics, type MetricName, type Metrics, type NoMetrics, validationName } from './metric-names.ts';
import { checkNames } from './options.ts';
import { type PlannedSchedule, plannedSchedules, type Schedule, type ScheduleEntry } from './schedules.ts';

/** What `fit` needs of an optimizer; those of `@nabla/optim` are some. */
export interface FitOptimizer {
  readonly paramGroups: readonly { readonly params: readonly Tensor[]; readonly lr?: number }[];
  step(): unknown;
  zeroGrad(): unknown;
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
}

/** Options of {@link fit}. */
export interface FitOptions<B, M extends Metrics = NoMetrics> {
  /** One optimizer, or several that share the parameters and take their steps one after another. */
  optimizer: FitOptimizer | readonly FitOptimizer[];
  /** For batches [input, target]: the model is called with the input, this with its output and the target. */
  loss?: LossFunction | undefined;
  /** For every other batch, instead of `loss`: calls the model and gives the loss, alone or with what metrics get. */
  step?: StepFunction<B> | undefined;
  /** Batches to train on. They are gone through once an epoch. */
  data: Batches<B>;
  /** How often. */
  epochs: number;
  /** Batches to evaluate the model on after every epoch, in evaluation mode. */
  validation?: Batches<B> | undefined;
  /** What to measure besides the loss, in training and in validation, by names of your choice. */
  metrics?: M | undefined;
  /** Learning-rate schedules. Alone they take a step after every epoch; an entry says `every: 'step'`. */
  schedules?: Schedule | ScheduleEntry<MetricName<M>> | readonly (Schedule | ScheduleEntry<MetricName<M>>)[] | undefined;
  /** Scale gradients down so that the norm of all of them together is at most this. */
  clipGradNorm?: number | undefined;
  /** Limit every element of a gradient to this magnitude. */
  clipGradValue?: number | undefined;
  /**
   * How many batches make a step of the optimizer: their gradients are averaged. What is left at the end of an epoch makes a
   * step of its own, with the average over the batches there are. Default 1.
   */
  accumulate?: number | undefined;
  /** End the run when nothing improves any more. */
  earlyStopping?: EarlyStoppingOptions<MetricName<M>> | undefined;
  /** Where the run is saved, and how often: `checkpointStorage(...)`, in Node `checkpointFile(...)`. */
  checkpoint?: Checkpoint | undefined;
  /** Go on from the checkpoint, where there is one. Default false. */
  resume?: boolean | undefined;
  /**
   * What else a checkpoint holds and a resume restores, by names of your choice: random generators besides the default one
   * (which always is), an {@link AveragedModel}, callbacks with a state.
   */
  state?: Readonly<Record<string, HasStateDict | HasState>> | undefined;
  /** What is told of the run. */
  callbacks?: FitCallback | readonly FitCallback[] | undefined;
  /** Every how many steps losses of a device are read, and `onLog` is called. Default 20. */
  logEvery?: number | undefined;
  /**
   * What happens when a loss is NaN or infinite. `error` throws a {@link NonFiniteLossError}: on the CPU before the optimizer
   * takes the step. A device would stand still while its loss is waited for, so there the error comes when losses are read,
   * some steps later, but before any checkpoint is written; `wait` waits, so that no step is taken there either. `ignore` goes
   * on. Default `error`.
   */
  nonFinite?: 'error' | 'wait' | 'ignore' | undefined;
  /** Where batches are moved. Default: where the model's first parameter is. */
  device?: Backend | undefined;
  /** Ends the run after the present step when it is aborted. A checkpoint is written first, where there is a place for it. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link fit}, checked and filled in. */
export interface FitSettings<B> {
  readonly optimizers: readonly FitOptimizer[];
  readonly loss: LossFunction | undefined;
  readonly step: StepFunction<B> | undefined;
  readonly data: Batches<B>;
  readonly epochs: number;
  readonly validation: Batches<B> | null;
  readonly metrics: Metrics;
  readonly schedules: readonly PlannedSchedule[];
  readonly clipGradNorm: number | null;
  readonly clipGradValue: number | null;
  readonly accumulate: number;
  readonly earlyStopping: EarlyStoppingSettings | null;
  readonly checkpoint: Checkpoint | null;
  readonly resume: boolean;
  readonly state: Readonly<Record<string, HasStateDict | HasState>>;
  readonly callbacks: readonly FitCallback[];
  readonly logEvery: number;
  readonly nonFinite: 'error' | 'wait' | 'ignore';
  readonly device: Backend | null;
  readonly signal: AbortSignal | null;
}

const known: readonly (keyof FitOptions<unknown>)[] = [
  ...(['optimizer', 'loss', 'step', 'data', 'epochs', 'validation', 'metrics', 'schedules', 'clipGradNorm', 'clipGradValue'] as const),
  ...(['accumulate', 'earlyStopping', 'checkpoint', 'resume', 'state', 'callbacks', 'logEvery', 'nonFinite', 'device', 'signal'] as const),
];

function positiveInteger(name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1)
    throw new ValueError(`fit: ${name} must be a positive integer, got ${String(value)}`);
  return value as number;
}

function positive(name: string, value: number | undefined): number | null {
  if (value !== undefined && !(value > 0)) throw new ValueError(`fit: ${name} must be positive, got ${value}`);
  return value ?? null;
}

function list<T>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}

function checkOptimizers(optimizers: readonly FitOptimizer[]): void {
  if (optimizers.length === 0) throw new ValueError('fit: there is no optimizer');
  if (new Set(optimizers).size < optimizers.length) throw new ValueError('fit: an optimizer is given twice');
  for (const o of optimizers) {
    for (const method of ['step', 'zeroGrad', 'stateDict', 'loadStateDict'] as const) {
      if (typeof o?.[method] !== 'function') throw new ValueError(`fit: an optimizer needs a method ${method}`);
    }
    if (o instanceof LBFGS) throw new ValueError('fit: LBFGS evaluates a batch several times in a step; write its loop by hand');
  }
}

function checkData(name: string, data: Batches<unknown>, epochs: number): void {
  const iterable = typeof data === 'object' && data !== null && (Symbol.asyncIterator in data || Symbol.iterator in data);
  if (!iterable) throw new ValueError(`fit: ${name} must be something to iterate over: a loader, or an array of batches`);
  if (epochs > 1 && 'next' in data) {
    throw new ValueError(`fit: ${name} can be gone through only once; give a loader or an array, not a running generator`);
  }
}

function checkCheckpoint(checkpoint: Checkpoint | undefined, resume: boolean): void {
  if (checkpoint === undefined) {
    if (resume) throw new ValueError('fit: resume needs a checkpoint to go on from');
    return;
  }
  for (const method of ['save', 'load'] as const) {
    if (typeof checkpoint[method] !== 'function') {
      throw new ValueError(`fit: checkpoint needs a method ${method}; checkpointStorage and checkpointFile make one`);
    }
  }
}

function checkState(state: Readonly<Record<string, HasStateDict | HasState>>): void {
  for (const [name, part] of Object.entries(state)) {
    const has = (...methods: string[]): boolean =>
      typeof part === 'object' &&
      part !== null &&
      methods.every((m) => typeof (part as unknown as Record<string, unknown>)[m] === 'function');
    if (!has('stateDict', 'loadStateDict') && !has('getState', 'setState'))
      throw new ValueError(`fit: '${name}' of state has no state to load`);
  }
}

/**
 * Checks the options of a run and fills them in. Nothing is changed by it.
 *
 * @throws ValueError for what is missing, unknown or makes no sense
 */
export function fitSettings<B, M extends Metrics>(model: Module, options: FitOptions<B, M>): FitSettings<B> {
  if (!isModule(model)) throw new ValueError('fit: the model must be a Module');
  checkNames('fit', options, known);
  const o = options as unknown as FitOptions<B, Metrics>;
  const optimizers = list(o.optimizer);
  checkOptimizers(optimizers);
  checkLoss('fit', o, true);
  const epochs = positiveInteger('epochs', o.epochs);
  checkData('data', o.data, epochs);
  if (o.validation !== undefined) checkData('validation', o.validation, epochs);
  const metrics: Metrics = o.metrics ?? {};
  checkMetrics('fit', metrics);
  const training = ['loss', ...Object.keys(metrics)];
  const names = o.validation === undefined ? training : [...training, ...training.map(validationName)];
  const higherIsBetter = (name: string): boolean =>
    Object.entries(metrics).some(([n, m]) => m.higherIsBetter === true && (n === name || validationName(n) === name));
  if (o.clipGradNorm !== undefined && o.clipGradValue !== undefined)
    throw new ValueError('fit: give clipGradNorm or clipGradValue, not both');
  const nonFinite = o.nonFinite ?? 'error';
  if (!['error', 'wait', 'ignore'].includes(nonFinite)) {
    throw new ValueError(`fit: nonFinite must be 'error', 'wait' or 'ignore', got '${String(nonFinite)}'`);
  }
  checkCheckpoint(o.checkpoint, o.resume ?? false);
  checkState(o.state ?? {});
  return {
    optimizers,
    loss: o.loss,
    step: o.step,
    data: o.data,
    epochs,
    validation: o.validation ?? null,
    metrics,
    schedules: plannedSchedules(o.schedules, optimizers, names),
    clipGradNorm: positive('clipGradNorm', o.clipGradNorm),
    clipGradValue: positive('clipGradValue', o.clipGradValue),
    accumulate: positiveInteger('accumulate', o.accumulate ?? 1),
    earlyStopping: o.earlyStopping === undefined ? null : earlyStoppingSettings(o.earlyStopping, names, higherIsBetter),
    checkpoint: o.checkpoint ?? null,
    resume: o.resume ?? false,
    state: o.state ?? {},
    callbacks: list(o.callbacks),
    logEvery: positiveInteger('logEvery', o.logEvery ?? 20),
    nonFinite,
    device: o.device ?? deviceOf(model),
    signal: o.signal ?? null,
  };
}
