import type { Settings } from './competitor.ts';
import { contenders } from './contenders.ts';
import { isMeasured, measure, type Row } from './driver.ts';
import { type Entrant, introduce } from './entrant.ts';
import { UsageError } from './errors.ts';
import { isBusy, machine } from './machine.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { checkWritable, writeWhole } from './output.ts';
import { facts, header, memoryTable, type Report, timeRow, toJson, toMarkdown } from './report.ts';
import { workloads } from './workloads/index.ts';

// Engines of JavaScript have compiled a training step for good only after hundreds of them.
const full: Settings = { rounds: 11, round: 100, warmUp: 3000, budget: 30_000, limit: 180_000, pause: 20 };
const quick: Settings = { rounds: 5, round: 40, warmUp: 300, budget: 3_000, limit: 20_000, pause: 20 };

/** Threads of OpenBLAS look for work for some 30 ms before they sleep. */
const pauseWithThreads = 60;

function settingsOf(o: BenchOptions): Settings {
  const settings = o.quick ? quick : full;
  return o.threads > 1 ? { ...settings, pause: pauseWithThreads } : settings;
}

async function introduceAll(o: BenchOptions): Promise<readonly Entrant[]> {
  const entrants: Entrant[] = [];
  for (const c of contenders.filter(({ id }) => o.contenders.includes(id))) entrants.push(await introduce(c, c.command(o)));
  const own = entrants[0]!;
  if (own.reason !== null) throw new UsageError(`${own.contender.label} does not start with --backend ${o.backend}: ${own.reason}`);
  return entrants;
}

async function main(argv: readonly string[]): Promise<void> {
  const o = parseOptions(argv);
  if (o === null) return;
  if (o.list) {
    for (const w of o.workloads) console.log(`${w.name}: ${w.shapes}`);
    return;
  }
  if (o.json !== null) checkWritable('--json', o.json);
  if (o.markdown !== null) checkWritable('--markdown', o.markdown);
  const where = machine();
  const rows: Row[] = [];
  const settings = { threads: o.threads, backend: o.backend, quick: o.quick };
  const report: Report = { machine: where, settings, entrants: await introduceAll(o), rows };
  for (const fact of facts(report)) console.log(fact);
  if (isBusy(where)) console.log(`The machine is busy (load ${where.loadBefore!.toFixed(2)}): do not trust the times.`);
  if (o.quick) console.log(`--quick: ${o.workloads.length} of ${workloads.length} workloads, in few and short rounds.`);
  console.log(`\nMedian ± half the distance between the quartiles (Nabla / peer)\n\n${header(report)}`);
  for (const w of o.workloads) {
    const row = await measure(w, report.entrants, settingsOf(o));
    rows.push(row);
    console.log(timeRow(report, row));
    if (o.json !== null) writeWhole(o.json, toJson(report));
    if (o.markdown !== null) writeWhole(o.markdown, toMarkdown(report));
  }
  console.log(`\nPeak memory above what the process had before its first step (all of it)\n\n${memoryTable(report)}`);
  const voids = rows.filter((r) => r.disagreements.length > 0).length;
  const without = rows.filter((r) => !isMeasured(r.cells[contenders[0].id])).length;
  if (voids > 0 || without > 0) {
    console.error(`\nbench: ${voids} rows are void, ${without} are without ${contenders[0].label}`);
    process.exitCode = 1;
  }
}

try {
  await main(process.argv.slice(2));
} catch (e) {
  if (!(e instanceof UsageError)) throw e;
  console.error(`bench: ${e.message}`);
  process.exitCode = 2;
}
