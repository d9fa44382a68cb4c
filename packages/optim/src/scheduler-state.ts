import { ValueError } from '@nabla/core';
import { snakeCase } from '@nabla/core/internals';

/** One entry of a scheduler's state. */
export type SchedulerValue =
  | number
  | string
  | boolean
  | null
  | readonly number[]
  | readonly null[]
  | Readonly<Record<string, number>>
  | readonly Readonly<Record<string, number | string>>[]
  | readonly SchedulerStateDict[];

/** A scheduler's state under PyTorch's names. */
export interface SchedulerStateDict {
  readonly [name: string]: SchedulerValue;
}

/** Names that are not the snake_case of ours. */
const names: Readonly<Record<string, string>> = {
  stepCount: '_step_count',
  lastLr: '_last_lr',
  phases: '_schedule_phases',
  milestoneList: '_milestones',
  tMax: 'T_max',
  t0: 'T_0',
  tI: 'T_i',
  tMult: 'T_mult',
  tCur: 'T_cur',
};

const nameOf = (field: string): string => names[field] ?? snakeCase(field);

/** The fields of `of`, copied, under PyTorch's names. */
export function saveFields(of: object, fields: readonly string[]): SchedulerStateDict {
  const own = of as Readonly<Record<string, SchedulerValue>>;
  return Object.fromEntries(fields.map((f) => [nameOf(f), structuredClone(own[f]!)]));
}

/**
 * Reads the fields of `of` from a state dict, without setting them. What else is in the dict is passed over.
 *
 * @throws ValueError for a field that is missing or of another kind
 */
export function readFields(of: object, fields: readonly string[], dict: SchedulerStateDict): Readonly<Record<string, SchedulerValue>> {
  const own = of as Readonly<Record<string, SchedulerValue>>;
  const read: Record<string, SchedulerValue> = {};
  for (const field of fields) {
    const name = nameOf(field);
    const value = dict[name];
    if (value === undefined) throw new ValueError(`${of.constructor.name}: the state dict has no '${name}'`);
    const wrong = difference(own[field]!, value);
    if (wrong !== null) throw new ValueError(`${of.constructor.name}: '${name}' of the state dict ${wrong}`);
    read[field] = structuredClone(value);
  }
  return read;
}

/** How a loaded value is of another kind than the present one; null when it is not. */
function difference(own: SchedulerValue, given: SchedulerValue): string | null {
  const kind = (v: SchedulerValue): string => (Array.isArray(v) ? 'list' : v === null ? 'null' : typeof v);
  if (kind(own) !== kind(given)) return `is a ${kind(given)}, expected a ${kind(own)}`;
  if (!Array.isArray(own)) return null;
  const [mine, theirs] = [own as readonly SchedulerValue[], given as readonly SchedulerValue[]];
  const odd = theirs.find((v) => mine.length > 0 && kind(v) !== kind(mine[0]!));
  if (odd !== undefined) return `has a ${kind(odd)} in it, expected a ${kind(mine[0]!)}`;
  if (typeof mine[0] === 'number' && mine.length !== theirs.length) return `has ${theirs.length} entries, expected ${mine.length}`;
  return null;
}
