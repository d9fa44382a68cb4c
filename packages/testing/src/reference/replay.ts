import type { Backend, DType } from '@nabla/core';
import type { Golden } from '../golden.ts';
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
  /** `unfit`: the case has values of a dtype that the device has not. */
  readonly status: 'passed' | 'failed' | 'skipped' | 'unfit';
  /** The difference, or the reason why the case was left out. */
  readonly detail: string;
}

/** What every case has. */
interface AnyCase {
  readonly id: string;
  readonly op?: string;
  readonly dtype?: string;
}

type Replayer = (golden: Golden<never>, c: never) => void | Promise<void>;

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

const replayers: Readonly<Record<string, Replayer>> = {
  ...Object.fromEntries(opFamilies.map((f) => [f, (golden: Golden<OpCase>, c: OpCase) => replayOp(golden, c)])),
  optim: (golden: Golden<OptimCase>, c: OptimCase) => replayOptim(golden, c),
  schedulers: (golden: Golden<SchedulerCase>, c: SchedulerCase) => replayScheduler(golden, c),
  clip: (golden: Golden<ClipCase>, c: ClipCase) => replayClip(golden, c),
  modules: (golden: Golden<ModuleCase>, c: ModuleCase) => replayModule(golden, c),
  train: (golden: Golden<TrainCase>, c: TrainCase) => replayTrain(golden, c),
  programs: (golden: Golden<ProgramCase>, c: ProgramCase) => replayProgram(golden, c),
};

/** Families that can be replayed. */
export const families: readonly string[] = Object.keys(replayers);

/** A case and how to replay it. */
export interface Replayable {
  readonly id: string;
  readonly op: string;
  /** Whether the device has the dtypes of its values. */
  readonly fits: boolean;
  run(): Promise<Outcome>;
}

/** The cases of a family and how to replay each where the family's inputs are put. */
export function replayables(family: string, golden: Golden<AnyCase>): readonly Replayable[] {
  return golden.cases.map((c) => {
    const lacking = golden.device === null ? undefined : missing(golden, golden.device, c);
    return { id: c.id, op: c.op ?? '', fits: lacking === undefined, run: () => outcome(family, golden, c, lacking) };
  });
}

/** A dtype that a case needs and a device has not; undefined when it has all. */
function missing(golden: Golden<AnyCase>, device: Backend, c: AnyCase): DType | undefined {
  const needed = new Set(golden.dtypesIn(c));
  if (c.dtype === 'f64') needed.add('float64');
  return [...needed].find((d) => !device.caps.dtypes.includes(d));
}

async function outcome(family: string, golden: Golden<AnyCase>, c: AnyCase, lacking: DType | undefined): Promise<Outcome> {
  const { id } = c;
  const { device } = golden;
  const replay = replayers[family] as ((golden: Golden<AnyCase>, c: AnyCase) => void | Promise<void>) | undefined;
  if (replay === undefined) return { id, status: 'failed', detail: `no way to replay family '${family}'` };
  if (lacking !== undefined) return { id, status: 'unfit', detail: `'${device!.name}' has no ${lacking}` };
  try {
    await replay(golden, c);
    await golden.settle();
    return { id, status: 'passed', detail: '' };
  } catch (e) {
    await golden.settle().catch(() => {});
    if (e instanceof Skip) return { id, status: 'skipped', detail: e.message };
    const detail = e instanceof Error ? e.message : String(e);
    const rule = ruleFor(family, c, detail, device);
    if (rule !== undefined) return { id, status: 'skipped', detail: `${rule.reason} (since ${rule.since}): ${detail}` };
    return { id, status: 'failed', detail };
  }
}
