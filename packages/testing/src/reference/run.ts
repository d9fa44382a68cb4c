import type { Golden } from '../golden.ts';
import { type Outcome, replayables } from './replay.ts';

/** What became of a family. */
export interface Tally {
  readonly family: string;
  /** All cases of the family, replayed or not. */
  readonly cases: number;
  passed: number;
  failed: number;
  /** Excused by a dated rule. */
  skipped: number;
  /** With values of a dtype that the device has not. */
  unfit: number;
  /** What did not pass, but for the unfit. */
  readonly notable: (Outcome & { readonly op: string })[];
}

/** Which cases to replay. */
export interface Selection {
  /** One case in so many, the first first; default 1. Cases that do not fit the device are not counted. */
  readonly every?: number;
  readonly ops?: readonly string[];
  readonly ids?: readonly string[];
}

/** Replays a family, or a part of it that is always the same. */
export async function replayFamily(family: string, golden: Golden<{ readonly id: string }>, selection: Selection = {}): Promise<Tally> {
  const { every = 1, ops = [], ids = [] } = selection;
  const all = replayables(family, golden);
  const tally: Tally = { family, cases: all.length, passed: 0, failed: 0, skipped: 0, unfit: 0, notable: [] };
  const wanted = all.filter((c) => (ops.length === 0 || ops.includes(c.op)) && (ids.length === 0 || ids.includes(c.id)));
  let turn = 0;
  for (const c of wanted) {
    if (c.fits && turn++ % every !== 0) continue;
    const o = await c.run();
    tally[o.status]++;
    if (o.status === 'failed' || o.status === 'skipped') tally.notable.push({ ...o, op: c.op });
  }
  return tally;
}

/** A tally in one line. On a device it says how many cases were not for it. */
export function describeTally(t: Omit<Tally, 'notable'>, onDevice: boolean): string {
  const line = `${t.family}: ${t.passed} passed, ${t.failed} failed, ${t.skipped} skipped`;
  return onDevice ? `${line}, ${t.unfit} of dtypes that it has not (${t.cases} cases)` : line;
}

/** How many cases of a family a device may be excused from: 5% of them. */
export function excusable(t: Tally): number {
  return Math.floor(t.cases * 0.05);
}
