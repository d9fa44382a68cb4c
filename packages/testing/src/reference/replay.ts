import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Golden } from '../golden.ts';
import { type OpCase, Skip } from './case.ts';
import { replayOp } from './replay-op.ts';
import { type ProgramCase, replayProgram } from './replay-program.ts';
import { skipRules } from './skips.ts';

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

const replayers: Readonly<Record<string, (golden: Golden<never>, c: never) => void>> = {
  ...Object.fromEntries(opFamilies.map((f) => [f, (golden: Golden<OpCase>, c: OpCase) => replayOp(golden, c)])),
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

/** The cases of one family and how to replay each. */
export function openFamily(directory: string, family: string): readonly { readonly id: string; readonly op: string; run(): Outcome }[] {
  const replay = replayers[family] as ((golden: Golden<AnyCase>, c: AnyCase) => void) | undefined;
  const golden = new Golden<AnyCase & { readonly op?: string }>(family, directory);
  return golden.cases.map((c) => ({ id: c.id, op: c.op ?? '', run: () => outcome(family, golden, c, replay) }));
}

function outcome(
  family: string,
  golden: Golden<AnyCase>,
  c: AnyCase,
  replay: ((golden: Golden<AnyCase>, c: AnyCase) => void) | undefined,
): Outcome {
  const { id } = c;
  if (replay === undefined) return { id, status: 'failed', detail: `no way to replay family '${family}'` };
  try {
    replay(golden, c);
    return { id, status: 'passed', detail: '' };
  } catch (e) {
    if (e instanceof Skip) return { id, status: 'skipped', detail: e.message };
    const rule = skipRules.find((r) => (r.families === undefined || r.families.includes(family)) && r.when(c));
    const detail = e instanceof Error ? e.message : String(e);
    if (rule !== undefined) return { id, status: 'skipped', detail: `${rule.reason} (since ${rule.since}): ${detail}` };
    return { id, status: 'failed', detail };
  }
}
