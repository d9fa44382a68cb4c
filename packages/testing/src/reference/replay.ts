import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '@nabla/core';
import { Golden } from '../golden.ts';
import { type OpCase, Skip } from './case.ts';
import { type ClipCase, replayClip } from './replay-clip.ts';
import { type ModuleCase, replayModule } from './replay-module.ts';
import { replayOp } from './replay-op.ts';
import { type OptimCase, replayOptim } from './replay-optim.ts';
import { type ProgramCase, replayProgram } from './replay-program.ts';
import { replayScheduler, type SchedulerCase } from './replay-scheduler.ts';
import { replayTrain, type TrainCase } from './replay-train.ts';
import { ruleFor } from './skips.ts';

/** What became of one case. */
export interface Outcome {
  readonly id: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** The difference, or the reason of the skip. */
  readonly detail: string;
}

/** What every case has. */
interface AnyCase {
  readonly id: string;
}

const opFamilies = [
  'ops_unary',
  'ops_binary',
  'ops_reduce',
  'ops_shape',
  'ops_matmul',
  'ops_factory',
  'nn_functional',
  'losses_opinfo',
  'edge',
  'losses',
  'promotion',
  'errors',
  'errors_opinfo',
];

/** Families whose calls may be made on a device. */
const onDevices: ReadonlySet<string> = new Set(opFamilies);

const replayers: Readonly<Record<string, (golden: Golden<never>, c: never) => void>> = {
  ...Object.fromEntries(opFamilies.map((f) => [f, (golden: Golden<OpCase>, c: OpCase) => replayOp(golden, c)])),
  optim: (golden: Golden<OptimCase>, c: OptimCase) => replayOptim(golden, c),
  schedulers: (golden: Golden<SchedulerCase>, c: SchedulerCase) => replayScheduler(golden, c),
  clip: (golden: Golden<ClipCase>, c: ClipCase) => replayClip(golden, c),
  modules: (golden: Golden<ModuleCase>, c: ModuleCase) => replayModule(golden, c),
  train: (golden: Golden<TrainCase>, c: TrainCase) => replayTrain(golden, c),
  programs: (golden: Golden<ProgramCase>, c: ProgramCase) => replayProgram(golden, c),
};

/** Families of a directory that can be replayed, as its index lists them. */
export function familiesIn(directory: string): string[] {
  const index = join(directory, 'index.json');
  const listed = existsSync(index)
    ? (JSON.parse(readFileSync(index, 'utf8')) as { families: { family: string }[] }).families.map((f) => f.family)
    : Object.keys(replayers).filter((f) => existsSync(join(directory, `${f}.json`)));
  return listed;
}

/** A case and how to replay it. */
interface Replayable {
  readonly id: string;
  readonly op: string;
  run(): Promise<Outcome>;
}

/** The cases of one family and how to replay each, with inputs on a device (the CPU for null). */
export function openFamily(directory: string, family: string, device: Backend | null = null): readonly Replayable[] {
  const replay = replayers[family] as ((golden: Golden<AnyCase>, c: AnyCase) => void) | undefined;
  const golden = new Golden<AnyCase & { readonly op?: string }>(family, directory, device);
  return golden.cases.map((c) => ({ id: c.id, op: c.op ?? '', run: () => outcome(family, golden, c, replay) }));
}

/** Why a case cannot be put on a device at all; null when it can. */
function unfit(family: string, device: Backend, c: AnyCase): string | null {
  if (!onDevices.has(family)) return `the family is replayed on the CPU`;
  const { dtype } = c as { readonly dtype?: string };
  const text = JSON.stringify(c);
  const wide = dtype === 'f64' || text.includes('"float64"');
  return wide && !device.caps.dtypes.includes('float64') ? `${device.name} has no float64` : null;
}

async function outcome(
  family: string,
  golden: Golden<AnyCase>,
  c: AnyCase,
  replay: ((golden: Golden<AnyCase>, c: AnyCase) => void) | undefined,
): Promise<Outcome> {
  const { id } = c;
  if (replay === undefined) return { id, status: 'failed', detail: `no way to replay family '${family}'` };
  const reason = golden.device === null ? null : unfit(family, golden.device, c);
  if (reason !== null) return { id, status: 'skipped', detail: reason };
  try {
    replay(golden, c);
    await golden.settle();
    return { id, status: 'passed', detail: '' };
  } catch (e) {
    await golden.settle().catch(() => {});
    if (e instanceof Skip) return { id, status: 'skipped', detail: e.message };
    const detail = e instanceof Error ? e.message : String(e);
    const rule = ruleFor(family, c, detail);
    if (rule !== undefined) return { id, status: 'skipped', detail: `${rule.reason} (since ${rule.since}): ${detail}` };
    // A device gives some answers only later, has no 64 bits to promote to, and raises no errors that depend on values.
    if (golden.device !== null && /DeviceError|float64|(^|: )no error/.test(detail)) return { id, status: 'skipped', detail };
    return { id, status: 'failed', detail };
  }
}
