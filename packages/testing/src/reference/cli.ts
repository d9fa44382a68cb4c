import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { backends, describeDevice } from '../backends.ts';
import { Golden } from '../golden.ts';
import { familiesIn, recordsOf } from '../records.ts';
import { families as known } from './replay.ts';
import { describeTally, replayFamily } from './run.ts';

/**
 * `npm run reference -- DIR [--family NAME] [--op NAME] [--id ID] [--backend NAME] [--every N]`: replays cases recorded from PyTorch and prints, for
 * each family, how many passed, failed and were skipped, with the reason of each skip and the difference of each failure.
 * `--backend` puts the inputs on `simulated` (the tests' asynchronous device) or `gpu` (gpu.js) instead of the CPU. `--every`
 * replays one case in N of those that fit the device.
 * Exits with 1 when a case failed, with 2 when the command line is wrong.
 */
const usage =
  'usage: npm run reference -- DIR [--family NAME]... [--op NAME]... [--id ID]... [--backend cpu|simulated|gpu] [--every N] [--quiet]';

function wrong(message: string): never {
  console.error(`${message}\n${usage}`);
  process.exit(2);
}

function parse(): {
  backend: string;
  directory: string;
  families: readonly string[];
  every: number;
  ops: readonly string[];
  ids: readonly string[];
  quiet: boolean;
} {
  try {
    const many = { type: 'string', multiple: true } as const;
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { backend: { type: 'string' }, every: { type: 'string' }, family: many, op: many, id: many, quiet: { type: 'boolean' } },
    });
    if (positionals.length !== 1) wrong(`expected one directory, got ${positionals.length}`);
    const directory = positionals[0]!;
    if (!existsSync(directory)) wrong(`no directory '${directory}'`);
    const present = familiesIn(directory, known);
    const families = values.family ?? present;
    for (const f of families) if (!present.includes(f)) wrong(`no family '${f}' in '${directory}'; there are ${present.join(', ')}`);
    const backend = values.backend ?? 'cpu';
    if (!Object.hasOwn(backends, backend)) wrong(`no backend '${backend}'; there are ${Object.keys(backends).join(', ')}`);
    const every = Number(values.every ?? 1);
    if (!Number.isInteger(every) || every < 1) wrong(`--every takes a positive integer, got ${values.every}`);
    return { backend, directory, families, every, ops: values.op ?? [], ids: values.id ?? [], quiet: values.quiet ?? false };
  } catch (e) {
    return wrong((e as Error).message);
  }
}

const { backend, directory, families, every, ops, ids, quiet } = parse();
const device = await backends[backend]!().catch((e: unknown) => wrong((e as Error).message));
const onDevice = device !== null;
const totals = { family: 'all', cases: 0, passed: 0, failed: 0, skipped: 0, unfit: 0 };
for (const family of families) {
  const tally = await replayFamily(family, new Golden(recordsOf(family, directory), device), { every, ops, ids });
  for (const count of ['cases', 'passed', 'failed', 'skipped', 'unfit'] as const) totals[count] += tally[count];
  console.log(describeTally(tally, onDevice));
  if (!quiet) for (const o of tally.notable) console.log(`  ${o.status} ${o.id}${o.op === '' ? '' : ` (${o.op})`}: ${o.detail}`);
}
console.log(describeTally(totals, onDevice));
if (device !== null) {
  for (const line of describeDevice(device)) console.log(line);
  device.dispose();
}
if (totals.passed + totals.failed + totals.skipped + totals.unfit === 0) wrong('no case matches');
process.exitCode = totals.failed > 0 ? 1 : 0;
