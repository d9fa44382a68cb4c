import { ValueError } from '@nabla/core';
import { ReduceLROnPlateau } from '@nabla/optim';
import { checkMonitor } from './early-stopping.ts';
import { checkNames } from './options.ts';

/** A learning-rate schedule, such as those of `@nabla/optim`. */
export interface Schedule {
  step(metric: never): unknown;
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
  readonly optimizer?: unknown;
}

/** A schedule, and when it takes its steps. */
export interface ScheduleEntry<K extends string = string> {
  readonly schedule: Schedule;
  /** After every epoch, or after every step of the optimizer. Default `epoch`. */
  readonly every?: 'epoch' | 'step';
  /** What `ReduceLROnPlateau` gets. Default: `valLoss`, or `loss` without validation. Other schedules get nothing. */
  readonly monitor?: K;
}

/** A schedule whose options are filled in; `monitor` is null for one that gets nothing. */
export interface PlannedSchedule {
  readonly schedule: Schedule;
  readonly every: 'epoch' | 'step';
  readonly monitor: string | null;
}

/**
 * Fills the options of schedules in.
 *
 * @throws ValueError for what is no schedule, one of another optimizer, and options that make no sense
 */
export function plannedSchedules(
  given: Schedule | ScheduleEntry | readonly (Schedule | ScheduleEntry)[] | undefined,
  optimizers: readonly unknown[],
  names: readonly string[],
): PlannedSchedule[] {
  const list = given === undefined ? [] : Array.isArray(given) ? (given as readonly (Schedule | ScheduleEntry)[]) : [given];
  return list.map((item) => planned(item as Schedule | ScheduleEntry, optimizers, names));
}

function planned(item: Schedule | ScheduleEntry, optimizers: readonly unknown[], names: readonly string[]): PlannedSchedule {
  const of = 'fit: schedules';
  const entry: ScheduleEntry = 'schedule' in item ? item : { schedule: item };
  checkNames(of, entry, ['schedule', 'every', 'monitor']);
  const { schedule, every = 'epoch' } = entry;
  for (const method of ['step', 'stateDict', 'loadStateDict'] as const) {
    if (typeof schedule?.[method] !== 'function') throw new ValueError(`${of}: a schedule needs a method ${method}`);
  }
  if (every !== 'epoch' && every !== 'step') throw new ValueError(`${of}: every must be 'epoch' or 'step', got '${String(every)}'`);
  if (schedule.optimizer !== undefined && !optimizers.includes(schedule.optimizer)) {
    throw new ValueError(`${of}: a schedule is of an optimizer that is not trained here`);
  }
  if (!(schedule instanceof ReduceLROnPlateau) && entry.monitor === undefined) return { schedule, every, monitor: null };
  if (every === 'step') throw new ValueError(`${of}: a schedule that gets a metric takes its steps after epochs, when there is one`);
  const monitor = entry.monitor ?? (names.includes('valLoss') ? 'valLoss' : 'loss');
  return { schedule, every, monitor: checkMonitor(of, monitor, names) };
}

/** Lets the schedules of one kind take a step. */
export function stepSchedules(
  schedules: readonly PlannedSchedule[],
  every: 'epoch' | 'step',
  values: Readonly<Record<string, number>> = {},
): void {
  for (const s of schedules) {
    if (s.every !== every) continue;
    const schedule = s.schedule as { step(metric?: number): unknown };
    if (s.monitor === null) schedule.step();
    else schedule.step(values[s.monitor]!);
  }
}
