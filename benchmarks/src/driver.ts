import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@nabla/io';
import { compareLosses, compareOutputs, type Disagreement } from './agreement.ts';
import { type Cell, Competitor, type Measured, type Settings } from './competitor.ts';
import type { Entrant } from './entrant.ts';
import type { Workload } from './workloads/workload.ts';

/** A row of the table: one workload. */
export interface Row {
  readonly workload: string;
  readonly shapes: string;
  /** By id of the contender. */
  readonly cells: Readonly<Record<string, Cell>>;
  /** Median of the first contender as a multiple of each peer's; none in a void row. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Where a peer's results are not ours: then the row is void, since times of different work cannot be compared. */
  readonly disagreements: readonly Disagreement[];
}

export function isMeasured(cell: Cell | undefined): cell is Measured {
  return cell !== undefined && 'time' in cell;
}

/**
 * Times a workload: every contender in its own process, one after the other, round by round, so that a slow moment of the
 * machine hits all of them. The first entrant is the one that ratios and results are compared with.
 */
export async function measure(workload: Workload, entrants: readonly Entrant[], settings: Settings): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-bench-'));
  const competitors: Competitor[] = [];
  try {
    const file = join(folder, 'task.safetensors');
    writeFileSync(file, await writeSafetensors(workload.tensors()));
    for (const entrant of entrants.filter((e) => e.reason === null)) {
      const competitor = new Competitor(entrant, workload, settings);
      competitors.push(competitor);
      await competitor.load(file);
    }
    rmSync(file);
    for (const c of competitors) await c.warmUp();
    for (let round = 0; round < settings.rounds; round++) {
      // Another one begins each time.
      for (let i = 0; i < competitors.length; i++) await competitors[(i + round) % competitors.length]!.round();
    }
    for (const c of competitors) await c.finish(join(folder, c.id));
    return toRow(workload, entrants, competitors);
  } finally {
    await Promise.all(competitors.map((c) => c.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where a peer's results are not those of `own`. */
function compare(own: Competitor, peer: Competitor, { task, tolerance }: Workload): Disagreement | null {
  if (task.kind === 'train') return compareLosses(peer.id, own.losses, peer.losses, tolerance);
  const names = task.backward ? task.operands.map((name) => `the gradient of ${name}`) : ['the result'];
  return compareOutputs(peer.id, names, own.outputs, peer.outputs, tolerance);
}

function toRow(workload: Workload, entrants: readonly Entrant[], competitors: readonly Competitor[]): Row {
  const cells: Record<string, Cell> = {};
  for (const { contender, reason } of entrants) {
    const competitor = competitors.find((c) => c.id === contender.id);
    cells[contender.id] = competitor === undefined ? { reason: reason! } : competitor.cell();
  }
  const measured = competitors.filter((c) => !c.failed);
  const own = measured.find((c) => c.id === entrants[0]!.contender.id);
  const peers = own === undefined ? [] : measured.filter((c) => c !== own);
  const disagreements = peers.map((peer) => compare(own!, peer, workload)).filter((d) => d !== null);
  const median = (id: string): number => (cells[id] as Measured).time.median;
  const ratios = disagreements.length > 0 ? {} : Object.fromEntries(peers.map(({ id }) => [id, median(own!.id) / median(id)]));
  return { workload: workload.name, shapes: workload.shapes, cells, ratios, disagreements };
}
