/**
 * Data sets, loaders and a training loop. Everything here works in Node and in browsers; `@nabla/train/node` has what
 * needs files, worker threads and a terminal.
 *
 * @packageDocumentation
 */
export {
  AveragedModel,
  type AveragedModelOptions,
  type AvgFn,
  type ForwardArgs,
  type ForwardResult,
  getEmaAvgFn,
  getSwaAvgFn,
} from './averaged-model.ts';
export type { Batches } from './batches.ts';
export type {
  DeviceLostEvent,
  EpochEndEvent,
  FitCallback,
  FitEndEvent,
  FitErrorEvent,
  FitEvent,
  LogEvent,
  StepEvent,
} from './callbacks.ts';
export { type Checkpoint, type CheckpointStorage, type CheckpointTimes, checkpointStorage } from './checkpoint.ts';
export { type Collated, type Converted, defaultCollate, defaultConvert, type NumericArray } from './collate.ts';
export { CsvTable, type CsvTableOptions, readCsv } from './csv.ts';
export type { ColumnType, CsvOptions } from './csv-options.ts';
export { type CsvRow, type CsvSource, type CsvValue, csvRows } from './csv-rows.ts';
export { DataLoader, type DataLoaderOptions } from './data-loader.ts';
export { type Dataset, type DatasetLike, IterableDataset, type SampleContext } from './dataset.ts';
export {
  ChainDataset,
  ConcatDataset,
  type SampleOf,
  StackDataset,
  type StackParts,
  type StackSample,
  Subset,
  TensorDataset,
  type TensorSample,
} from './datasets.ts';
export type { EarlyStoppingOptions } from './early-stopping.ts';
export { NonFiniteLossError } from './errors.ts';
export { type EvaluateOptions, evaluate, type MetricOptions } from './evaluate.ts';
export { fit } from './fit.ts';
export type { FitOptimizer, FitOptions } from './fit-options.ts';
export type { LossFunction, StepFunction, StepResult } from './forward.ts';
export type { EpochRecord, History, StopReason } from './history.ts';
export { type IdxOptions, readIdx } from './idx.ts';
export type { DataLoaderState, EpochState } from './loader-state.ts';
export { type MapOptions, mapDataset, type Transform } from './map-dataset.ts';
export type { MetricName, Metrics, MetricValues, NoMetrics, TrainingName, ValidationName } from './metric-names.ts';
export { Accuracy, type AccuracyOptions, MeanMetric, type MeanMetricOptions, type MeanState, type Metric, RunningMean } from './metrics.ts';
export { randomSplit } from './random-split.ts';
export {
  BatchSampler,
  type GeneratorOptions,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './sampler.ts';
export type { Schedule, ScheduleEntry } from './schedules.ts';
export { type UpdateBnOptions, updateBn } from './update-bn.ts';
