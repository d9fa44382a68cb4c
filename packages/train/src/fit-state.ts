import { defaultGenerator, ValueError } from '@nabla/core';
import {
  type CheckpointParts,
  type CheckpointState,
  type HasState,
  type HasStateDict,
  restoreCheckpoint,
  type StateValue,
} from '@nabla/io';
import { isModule } from '@nabla/nn';
import { hasPosition } from './batches.ts';
import type { EpochRecord } from './history.ts';
import type { MeanState } from './metrics.ts';
import type { Progress, Run } from './run.ts';

/** What a checkpoint holds of the run itself, under `fit`. */
interface RunState {
  readonly progress: Progress;
  readonly loss: MeanState;
  readonly metrics: Readonly<Record<string, StateValue>>;
  readonly history: readonly EpochRecord[];
  readonly earlyStopping: StateValue;
  readonly epochStart: ReadonlyMap<string, StateValue>;
}

/** Names of one or several parts. */
function numbered<T>(name: string, parts: readonly T[]): [string, T][] {
  return parts.map((part, i) => [parts.length === 1 ? name : `${name}.${i}`, part]);
}

/** Everything that a run changes and that has a state, by its name in a checkpoint. */
function parts<B>({ model, settings }: Run<B>): Record<string, HasStateDict | HasState> {
  const { loss, optimizers, schedules, data, validation, state } = settings;
  const loaders: readonly [string, object | null][] = [
    ['data', data],
    ['validation', validation === data ? null : validation],
  ];
  return Object.fromEntries<HasStateDict | HasState>([
    ['model', model],
    ...(isModule(loss) && loss.stateDict().size > 0 ? [['loss', loss] as const] : []),
    ...numbered<HasStateDict>('optimizer', optimizers),
    ...numbered<HasStateDict>(
      'schedule',
      schedules.map((s) => s.schedule),
    ),
    ...loaders.flatMap(([name, loader]) => (loader !== null && hasPosition(loader) ? [[name, loader] as const] : [])),
    ...Object.entries(state).map(([name, part]) => [`state.${name}`, part] as const),
    ['generator', defaultGenerator()],
  ]);
}

/** The random generators among the parts. */
function generators<B>(run: Run<B>): [string, HasState][] {
  return Object.entries(parts(run)).flatMap(([name, part]) => ('getState' in part ? [[name, part]] : []));
}

/** The states of the random generators. */
export function generatorStates<B>(run: Run<B>): ReadonlyMap<string, StateValue> {
  return new Map(generators(run).map(([name, g]) => [name, g.getState() as StateValue]));
}

/** Sets the random generators to states that they had. */
export function setGeneratorStates<B>(run: Run<B>, states: ReadonlyMap<string, StateValue>): void {
  for (const [name, g] of generators(run)) if (states.has(name)) g.setState(states.get(name) as never);
}

/** What goes into a checkpoint. Everything that was read from a device has to have arrived. */
export async function checkpointParts<B>(run: Run<B>): Promise<CheckpointParts> {
  const metrics: Record<string, StateValue> = {};
  for (const [name, metric] of Object.entries(run.settings.metrics)) metrics[name] = await metric.stateDict();
  const state: RunState = {
    progress: { ...run.progress, seconds: run.progress.batch > 0 ? run.seconds() : 0 },
    loss: await run.loss.stateDict(),
    metrics,
    history: run.records,
    earlyStopping: run.earlyStopping?.stateDict() ?? null,
    epochStart: run.epochStart,
  };
  return { ...parts(run), fit: state as unknown as StateValue };
}

/**
 * Puts everything back as it was when a checkpoint was written.
 *
 * @throws ValueError for a checkpoint of something else; what the parts throw. The model, the optimizer and the rest are as
 *   they were then
 */
export function restoreRun<B>(run: Run<B>, state: CheckpointState): void {
  const saved = state.get('fit') as unknown as RunState | undefined;
  if (saved?.progress === undefined) throw new ValueError('fit: the checkpoint holds no run of fit, so that none can be resumed');
  for (const [name, metric] of Object.entries(run.settings.metrics)) {
    if (name in saved.metrics) metric.loadStateDict(saved.metrics[name] as never);
  }
  restoreCheckpoint(state, parts(run));
  if (saved.earlyStopping !== null) run.earlyStopping?.loadStateDict(saved.earlyStopping);
  run.loss.loadStateDict(saved.loss);
  run.records.splice(0, run.records.length, ...saved.history);
  run.epochStart = saved.epochStart;
  Object.assign(run.progress, saved.progress);
}
