import { ValueError } from '@nabla/core';
import type { Metric } from './metrics.ts';

/** Metrics by names of your choice. */
export type Metrics = Readonly<Record<string, Metric>>;
/** No metrics but the loss. */
export type NoMetrics = Readonly<Record<never, Metric>>;

/** Names of what is measured in training. */
export type TrainingName<M> = 'loss' | (keyof M & string);
/** Names of what is measured in validation: `valLoss`, and `valAccuracy` of a metric `accuracy`. */
export type ValidationName<M> = `val${Capitalize<TrainingName<M>>}`;
/** Every name that a {@link History} may have a value for. */
export type MetricName<M> = TrainingName<M> | ValidationName<M>;

/** Values by name; those of validation where there is one. */
export type MetricValues<M> = { readonly [K in TrainingName<M>]: number } & { readonly [K in ValidationName<M>]?: number };

/** The name of a value of validation. */
export function validationName(name: string): string {
  return `val${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

const methods: readonly (keyof Metric)[] = ['reset', 'update', 'compute', 'stateDict', 'loadStateDict'];

/** Refuses what is no metric, and names that would stand for two values. */
export function checkMetrics(of: string, metrics: Metrics): void {
  const taken = new Set(['loss', 'valLoss']);
  for (const [name, metric] of Object.entries(metrics)) {
    const missing = methods.find((m) => typeof metric?.[m] !== 'function');
    if (missing !== undefined) throw new ValueError(`${of}: the metric '${name}' has no method ${missing}`);
    for (const n of [name, validationName(name)]) {
      if (n === '' || n === 'val' || taken.has(n)) throw new ValueError(`${of}: a metric cannot be called '${name}': '${n}' is taken`);
      taken.add(n);
    }
  }
  const objects = new Set(Object.values(metrics));
  if (objects.size < Object.keys(metrics).length) throw new ValueError(`${of}: one metric has two names; make a second one`);
}
