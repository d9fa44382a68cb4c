import { type Backend, noGrad, scope, ValueError } from '@nabla/core';
import type { Module } from '@nabla/nn';
import type { Batches } from './batches.ts';
import { checkLoss, forwardOf, type LossFunction, type StepFunction } from './forward.ts';
import { checkMetrics, type Metrics, type NoMetrics, type TrainingName } from './metric-names.ts';
import { RunningMean } from './metrics.ts';
import { rememberModes } from './modes.ts';
import { checkNames } from './options.ts';
import { Readings } from './readings.ts';
import { Turns } from './turns.ts';

/** Options of {@link evaluate}. */
export interface EvaluateOptions<B, M extends Metrics = NoMetrics> {
  /** For batches [input, target]: the model is called with the input, this with its output and the target. */
  loss?: LossFunction | undefined;
  /** For every other batch, instead of `loss`: calls the model and gives the loss. */
  step?: StepFunction<B> | undefined;
  /** What to measure, by names of your choice. They are reset at the start. */
  metrics?: M | undefined;
  /** Where batches are moved for the call. Default: where the model's first parameter is. */
  device?: Backend | undefined;
}

/** Options of {@link evaluate} for metrics alone. */
export type MetricOptions<B, M extends Metrics> = EvaluateOptions<B, M> & { loss?: undefined; step?: undefined; metrics: M };

/** Where a model is: the device of its first parameter; null for a model without any. */
export function deviceOf(model: Module): Backend | null {
  return model.parameters()[0]?.device ?? null;
}

/** The values of metrics, of batches [input, target]. */
export async function evaluate<B, M extends Metrics>(
  model: Module,
  data: Batches<B>,
  options: MetricOptions<B, M>,
): Promise<{ readonly [K in keyof M]: number }>;
/**
 * The loss and the metrics of a model over all batches, in evaluation mode and without recording. The loss is the mean over
 * samples: a batch counts as much as it has samples. Modes are afterwards what they were.
 *
 * On a device nothing is waited for before the end, and what a batch needs is freed after it.
 *
 * @param model called with the first tensor of each batch, unless `step` is given
 * @param data batches
 * @param options `loss` or `step` as for {@link fit}, `metrics`, or both
 * @returns the loss, where one is given, and the value of each metric, under its name
 * @throws ValueError for invalid options, a batch that does not fit, or when there is no batch
 * @example
 * ```ts
 * const { loss, accuracy } = await evaluate(model, testLoader, {
 *   loss: new CrossEntropyLoss(),
 *   metrics: { accuracy: new Accuracy() },
 * });
 * ```
 * @see https://keras.io/api/models/model_training_apis/#evaluate-method
 */
export async function evaluate<B, M extends Metrics = NoMetrics>(
  model: Module,
  data: Batches<B>,
  options: EvaluateOptions<B, M>,
): Promise<{ readonly [K in TrainingName<M>]: number }>;
export async function evaluate<B>(
  model: Module,
  data: Batches<B>,
  options: EvaluateOptions<B, Metrics>,
): Promise<Readonly<Record<string, number>>> {
  checkNames('evaluate', options, ['loss', 'step', 'metrics', 'device']);
  const named = options.metrics ?? {};
  checkMetrics('evaluate', named);
  const metrics = Object.values(named);
  checkLoss('evaluate', options, metrics.length === 0);
  const forward = forwardOf('evaluate', model, options, options.device ?? deviceOf(model));
  const loss = new RunningMean();
  const readings = new Readings();
  const turns = new Turns();
  for (const metric of metrics) metric.reset();
  const restoreModes = rememberModes(model);
  let count = 0;
  try {
    model.eval();
    for await (const batch of data) {
      noGrad(() =>
        scope(() => {
          const outcome = forward(batch);
          if (outcome.loss !== null) readings.push(outcome.loss, (value) => loss.add(value, outcome.size));
          if (outcome.output !== null) for (const metric of metrics) metric.update(outcome.output, outcome.target as never);
        }),
      );
      count++;
      if (readings.behind !== null) await readings.behind;
      const turn = turns.next();
      if (turn !== null) await turn;
    }
    await readings.settle();
  } finally {
    restoreModes();
  }
  if (count === 0) throw new ValueError('evaluate: there was no batch');
  const values: Record<string, number> = {};
  if (options.loss !== undefined || options.step !== undefined) values['loss'] = await loss.compute();
  for (const [name, metric] of Object.entries(named)) values[name] = await metric.compute();
  return values;
}
