import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { loadSources } from './data.ts';
import { estimate, foresee, unique } from './estimate.ts';
import type { Experiment } from './experiments/experiment.ts';
import { experiments } from './experiments/index.ts';
import { fingerprint } from './fingerprint.ts';
import { Journal } from './journal.ts';
import { Lab, type Outcome } from './lab.ts';
import { type LabOptions, parseOptions } from './options.ts';
import { forgetRuns, prepareOutput, writeFiles } from './output.ts';
import { Pool } from './pool.ts';
import { Progress } from './progress.ts';
import { reportHtml } from './report/html.ts';
import { reportMarkdown } from './report/markdown.ts';
import { measured, type Protocol, type Report, tally } from './report/text.ts';
import { resultsJson } from './results.ts';
import { Scale } from './scale.ts';

/** What would be run, and about how long it takes. */
function printPlan(chosen: readonly Experiment[], scale: Scale, workers: number): void {
  let total = 0;
  const seen = new Set<string>();
  for (const e of chosen) {
    const runs = unique(foresee(e, scale)).filter((s) => !seen.has(JSON.stringify(s)));
    for (const s of runs) seen.add(JSON.stringify(s));
    const seconds = runs.reduce((sum, s) => sum + estimate(s), 0);
    // What measures time has the machine to itself.
    total += e.timing === true ? seconds * workers : seconds;
    console.log(`${e.name.padEnd(18)}${String(runs.length).padStart(6)} runs ${seconds.toFixed(0).padStart(6)} s of one core`);
  }
  console.log(`about ${(total / workers / 60).toFixed(1)} minutes in ${workers} processes`);
}

function printOutcomes(outcomes: readonly Outcome[]): void {
  for (const { experiment, analysis } of outcomes) {
    console.log(`\n${experiment.title}`);
    for (const c of analysis.claims) console.log(`  ${c.verdict.padEnd(14)} ${c.statement}\n${' '.repeat(17)}${measured(c)}`);
  }
  console.log(
    `\n${tally(outcomes)
      .map(([v, n]) => `${v} ${n}`)
      .join(', ')}`,
  );
}

async function work(o: LabOptions, chosen: readonly Experiment[], scale: Scale): Promise<void> {
  const data = await loadSources(o.sources); // a broken file is told before anything else happens
  prepareOutput(o.out);
  if (o.fresh) forgetRuns(o.out);
  const journal = new Journal(o.out, fingerprint(data, o.backend));
  if (journal.size > 0) console.log(`${journal.size} finished runs are there and are used where they fit (--fresh does them anew)`);
  if (journal.others > 0) console.log(`${journal.others} runs of another program or other data are there, and are left alone`);
  const pool = new Pool(o.workers, { sources: o.sources, backend: o.backend });
  const progress = new Progress(process.stdout.isTTY);
  const lab = new Lab(scale, journal, (spec, priority, onShare) => pool.run(spec, priority, onShare), progress);
  let outcomes: Outcome[];
  let device: string;
  try {
    device = await pool.device;
    console.log(`Normalization lab, ${o.profile} profile, ${scale.seeds.length} seeds, ${o.workers} processes on ${device}`);
    outcomes = await lab.run(chosen);
  } finally {
    progress.stop();
    pool.close();
  }
  const protocol: Protocol = {
    profile: o.profile,
    images: o.sources.images ?? 'digits of openly licensed typefaces, tested on typefaces never seen in training',
    text: o.sources.text ?? 'tales written by a small grammar',
    seeds: scale.seeds,
    tuneSeeds: scale.tuneSeeds,
    device,
  };
  const report: Report = { protocol, outcomes };
  const of = (outcome: Outcome): string => outcome.experiment.protocol(scale);
  printOutcomes(outcomes);
  const timing = {
    seconds: progress.elapsed,
    workers: o.workers,
    processor: cpus()[0]?.model ?? 'unknown',
    runs: progress.runs,
    cpuSeconds: progress.spent.cpuSeconds,
    estimatedSeconds: progress.spent.estimated,
  };
  writeFiles(o.out, {
    'results.json': resultsJson(report, (spec) => lab.result(spec), timing),
    'report.html': reportHtml(report, of),
    'report.md': reportMarkdown(report, of),
  });
  console.log(`${progress.runs} runs in ${(progress.elapsed / 60).toFixed(1)} minutes`);
  console.log(`report: ${resolve(join(o.out, 'report.html'))}`);
}

async function main(argv: readonly string[]): Promise<void> {
  const o = parseOptions(argv);
  if (o === null) return;
  const chosen = experiments.filter((e) => o.only.includes(e.name));
  const scale = new Scale(o.profile, o.seed, o.seeds);
  if (o.plan) printPlan(chosen, scale, o.workers);
  else await work(o, chosen, scale);
}

try {
  await main(process.argv.slice(2));
} catch (e) {
  if (!(e instanceof UsageError)) throw e;
  console.error(`norm-lab: ${e.message}`);
  process.exitCode = 2;
}
