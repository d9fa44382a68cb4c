import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { type Contender, type Workload, workloads } from './workloads.ts';

/** Medians of one workload: milliseconds per contender, and each peer's time as a multiple of Nabla's. */
interface Row {
  readonly workload: string;
  readonly medians: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Record<string, number>>;
}

const usage = 'usage: npm run bench -- [--json FILE] [--only NAME] [--quick]';

/** Results of peers must agree before their times are compared. */
function checkAgreement(w: Workload, contenders: readonly Contender[]): void {
  const [first, ...peers] = contenders.map((c) => ({ name: c.name, values: c.run() }));
  for (const { name, values } of peers) {
    for (let i = 0; i < first!.values.length; i++) {
      const [want, got] = [first!.values[i]!, values[i]!];
      if (!(Math.abs(want - got) <= 1e-3 * (1 + Math.abs(want))))
        throw new Error(`${w.name}: ${name} gives ${got} at ${i}, Nabla ${want}: void`);
    }
  }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Times the contenders in turn, round by round, so that a slow moment of the machine hits all of them. */
async function measure(w: Workload, rounds: number, milliseconds: number): Promise<Row> {
  const contenders = w.contenders();
  checkAgreement(w, contenders);
  const samples = new Map<string, number[]>(contenders.map((c) => [c.name, []]));
  for (let r = 0; r < rounds; r++) {
    const bench = new Bench({ time: milliseconds, warmupTime: r === 0 ? milliseconds : 0, warmup: r === 0, iterations: 3 });
    for (const c of contenders) bench.add(c.name, () => void c.run());
    await bench.run();
    for (const task of bench.tasks) {
      const { result } = task;
      if (result === undefined || !('latency' in result)) throw new Error(`${w.name}: ${task.name} did not finish`);
      samples.get(task.name)!.push(result.latency.p50);
    }
  }
  const medians = Object.fromEntries([...samples].map(([name, values]) => [name, median(values)]));
  const own = medians[contenders[0]!.name]!;
  const ratios = Object.fromEntries(contenders.slice(1).map((c) => [c.name, medians[c.name]! / own]));
  return { workload: w.name, medians, ratios };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, only: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const chosen = workloads.filter((w) => values.only === undefined || w.name.includes(values.only));
  if (chosen.length === 0)
    throw new TypeError(`no workload matches '${values.only}'; there are: ${workloads.map((w) => w.name).join('; ')}`);
  const [rounds, milliseconds] = values.quick ? [3, 50] : [7, 200];
  const rows: Row[] = [];
  console.log('| workload | Nabla, ms | peer, as a multiple of Nabla |\n| --- | --- | --- |');
  for (const w of chosen) {
    const row = await measure(w, rounds, milliseconds);
    rows.push(row);
    const peers = Object.entries(row.ratios).map(([name, x]) => `${name} ${x.toFixed(2)}`);
    console.log(`| ${w.name} | ${row.medians['Nabla']!.toPrecision(3)} | ${peers.join(', ') || 'no peer yet'} |`);
  }
  if (values.json !== undefined) {
    writeFileSync(`${values.json}.tmp`, `${JSON.stringify(rows, null, 2)}\n`);
    renameSync(`${values.json}.tmp`, values.json);
  }
}

try {
  await main();
} catch (e) {
  if (!(e instanceof TypeError)) throw e;
  console.error(`bench: ${e.message}\n${usage}`);
  process.exitCode = 2;
}
