import { type Tensor, zeros } from '@nabla/core';
import * as optim from '@nabla/optim';
import { type Golden, type Json, Mismatch, numberOf } from '../golden.ts';
import { type RecordedError, raises } from './raises.ts';
import { type AnyOptimizer, buildOptimizer, optionsOf } from './replay-optim.ts';

/** A schedule and its arguments. */
interface ScheduleSpec {
  readonly scheduler: string;
  readonly kwargs?: { readonly [key: string]: Json };
  readonly schedulers?: readonly ScheduleSpec[];
}

/** A recorded schedule. */
export interface SchedulerCase extends ScheduleSpec {
  readonly id: string;
  readonly optimizer: {
    readonly type: string;
    readonly kwargs: { readonly [key: string]: Json };
    readonly groups?: readonly { readonly [key: string]: Json }[];
  };
  readonly epochs: number;
  readonly lrs: readonly (readonly Json[])[];
  readonly momenta?: readonly (Json | readonly Json[])[];
  readonly metrics?: readonly Json[];
  readonly construct_error?: RecordedError;
}

/** A schedule of any kind. */
interface AnyScheduler {
  step(metric?: number): void;
  getLastLr(): number[];
}

/** Arguments that come before the options. */
const positional: Readonly<Record<string, readonly string[]>> = {
  LambdaLR: ['lr_lambda'],
  MultiplicativeLR: ['lr_lambda'],
  StepLR: ['step_size'],
  MultiStepLR: ['milestones'],
  ExponentialLR: ['gamma'],
  CosineAnnealingLR: ['T_max'],
  CosineAnnealingWarmRestarts: ['T_0'],
  CyclicLR: ['base_lr', 'max_lr'],
  OneCycleLR: ['max_lr'],
  SWALR: ['swa_lr'],
};

/** Names whose camelCase is not mechanical. */
const renamed: Readonly<Record<string, string>> = { T_mult: 'tMult' };

/** A function of an epoch; see fixtures/pytorch/FORMAT.md. */
function functionOf(spec: { readonly [key: string]: Json }): (e: number) => number {
  const number = (name: string): number => numberOf(spec[name]!);
  const kinds: Readonly<Record<string, (e: number) => number>> = {
    pow: (e) => number('base') ** e,
    inv: (e) => 1 / (1 + number('k') * e),
    warmup: (e) => Math.min(1, (e + 1) / number('n')),
    const: () => number('c'),
    cosine_warmup: (e) => {
      const n = number('n');
      return e < n ? (e + 1) / n : 0.5 * (1 + Math.cos(Math.PI * Math.min(1, (e - n) / (number('T') - n))));
    },
  };
  const found = kinds[String(spec['kind'])];
  if (found === undefined) throw new Mismatch(`unknown function '${String(spec['kind'])}'`);
  return found;
}

/** Every description of a function in a value turned into the function. */
function withFunctions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFunctions);
  if (typeof value === 'object' && value !== null && '$fn' in value) return functionOf((value as { $fn: { [key: string]: Json } }).$fn);
  return value;
}

/** Builds a schedule, and those that it consists of. */
export function buildSchedule(golden: Golden<SchedulerCase>, spec: ScheduleSpec, optimizer: AnyOptimizer): AnyScheduler {
  const make = (optim as unknown as Record<string, new (...args: readonly unknown[]) => AnyScheduler>)[spec.scheduler];
  if (make === undefined) throw new Mismatch(`there is no schedule ${spec.scheduler}`);
  const inner = (spec.schedulers ?? []).map((s) => buildSchedule(golden, s, optimizer));
  if (spec.scheduler === 'ChainedScheduler') return new make(inner);
  const { verbose: _, ...kwargs } = spec.kwargs ?? {};
  if (spec.scheduler === 'SequentialLR') {
    const { milestones, ...rest } = kwargs;
    return new make(optimizer, inner, golden.decode(milestones), optionsOf(golden, rest));
  }
  const first = positional[spec.scheduler] ?? [];
  const rest = Object.fromEntries(
    Object.entries(kwargs)
      .filter(([k]) => !first.includes(k))
      .map(([k, v]) => [renamed[k] ?? k, v]),
  );
  const options = Object.fromEntries(Object.entries(optionsOf(golden, rest)).map(([k, v]) => [k, withFunctions(v)]));
  return new make(optimizer, ...first.map((name) => withFunctions(golden.decode(kwargs[name]))), options);
}

function compare(what: string, got: number, want: number): void {
  if (Object.is(got, want) || Math.abs(got - want) <= 1e-12 * Math.abs(want) + Number.MIN_VALUE) return;
  // What cancels to nothing is nothing but rounding.
  if (Math.abs(got) < 1e-15 && Math.abs(want) < 1e-15) return;
  throw new Mismatch(`${what}: ${got}, expected ${want}`);
}

/** Replays one schedule; throws {@link Mismatch}. */
export function replayScheduler(golden: Golden<SchedulerCase>, c: SchedulerCase): void {
  const parameter = (): Tensor =>
    zeros([2], { dtype: golden.device === null ? 'float64' : 'float32', requiresGrad: true, ...golden.placed });
  const groups = (c.optimizer.groups ?? [{}]).map((g) => ({ ...optionsOf(golden, g), params: [parameter()] }));
  const optimizer = buildOptimizer(c.optimizer.type, groups, optionsOf(golden, c.optimizer.kwargs));
  if (c.construct_error !== undefined) {
    raises(c.construct_error, () => buildSchedule(golden, c, optimizer));
    return;
  }
  const scheduler = buildSchedule(golden, c, optimizer);
  for (let e = 0; e <= c.epochs; e++) {
    if (e > 0) {
      optimizer.step();
      scheduler.step(c.metrics === undefined ? undefined : numberOf(c.metrics[e - 1]!));
    }
    optimizer.paramGroups.forEach((g, i) => {
      compare(`learning rate of group ${i} after ${e} steps`, g['lr'] as number, numberOf(c.lrs[e]![i]!));
      const momenta = c.momenta?.[e];
      if (momenta === undefined) return;
      const want = Array.isArray(momenta) ? (momenta[i] as Json) : (momenta as Json);
      const got = (g['betas'] as readonly number[] | undefined)?.[0] ?? (g['momentum'] as number);
      compare(`momentum of group ${i} after ${e} steps`, got, numberOf(want));
    });
    const last = scheduler.getLastLr();
    optimizer.paramGroups.forEach((g, i) => {
      if (last[i] !== g['lr'])
        throw new Mismatch(`getLastLr() of group ${i} after ${e} steps: ${last[i]}, but the group has ${String(g['lr'])}`);
    });
  }
}
