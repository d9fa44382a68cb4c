import { join, resolve } from 'node:path';
import { createGpuBackend } from '@nabla/backend-gpu';
import { type Backend, cpu } from '@nabla/core';
import { SingleBar } from 'cli-progress';
import { UsageError } from '../errors.ts';
import { loadData } from './data.ts';
import { armNames, arms, experiments } from './experiments.ts';
import type { ImageData } from './idx.ts';
import { type LabOptions, parseOptions } from './options.ts';
import { prepareOutput, writeFiles } from './output.ts';
import { type JobOrder, runInProcesses } from './pool.ts';
import { reportHtml } from './report.ts';
import { summarize, table } from './summary.ts';
import { type JobResult, runJob, stepsOf } from './train.ts';

/** Shows how far the whole lab is: a bar on a terminal, a line per finished run elsewhere. */
class Progress {
  readonly #bar: SingleBar | null;
  #done = 0;
  readonly #runs: number;

  constructor(steps: number, runs: number) {
    this.#runs = runs;
    this.#bar = process.stdout.isTTY
      ? new SingleBar({
          format: 'training [{bar}] {percentage}% | {value}/{total} steps | {runs} runs | {eta_formatted} left',
          hideCursor: true,
          etaBuffer: 200,
        })
      : null;
    this.#bar?.start(steps, 0, { runs: `0/${runs}` });
  }

  steps(count: number): void {
    this.#bar?.increment(count);
  }

  finished(r: JobResult): void {
    this.#done++;
    if (this.#bar !== null) this.#bar.update({ runs: `${this.#done}/${this.#runs}` });
    else
      console.log(
        `${this.#done}/${this.#runs}  ${r.experiment}, ${armNames[r.arm]}, seed ${r.seed}: test accuracy ${(100 * (r.accuracies.at(-1) ?? 0)).toFixed(2)}%`,
      );
  }

  stop(): void {
    this.#bar?.stop();
  }
}

async function runAll(o: LabOptions, data: ImageData, device: Backend): Promise<JobResult[]> {
  const orders: JobOrder[] = [];
  // Seed by seed, so that an early look compares arms rather than seeds.
  for (let s = 0; s < o.seeds; s++) {
    for (const e of experiments)
      for (const arm of arms) orders.push({ experiment: e.name, arm, seed: o.seed + s, epochs: o.epochs ?? e.epochs });
  }
  const jobs = orders.map((order) => ({ ...order, experiment: experiments.find((e) => e.name === order.experiment)! }));
  const total = jobs.reduce((sum, job) => sum + stepsOf(job, data.train.count), 0);
  if (total === 0) throw new UsageError(`${data.train.count} training images do not fill one batch of ${experiments[0]!.batchSize}`);
  const progress = new Progress(total, orders.length);
  try {
    if (device === cpu) {
      return await runInProcesses(
        orders,
        { data: o.data, limit: o.limit },
        o.workers,
        (n) => progress.steps(n),
        (r) => progress.finished(r),
      );
    }
    const results: JobResult[] = [];
    for (const job of jobs) {
      const result = await runJob(job, data, device, () => progress.steps(1));
      results.push(result);
      progress.finished(result);
    }
    return results;
  } finally {
    progress.stop();
  }
}

async function main(argv: readonly string[]): Promise<void> {
  const o = parseOptions(argv);
  if (o === null) return;
  const data = await loadData(o.data, o.limit); // a broken file is told before anything else happens
  prepareOutput(o.out);
  const device = o.backend === 'gpu' ? await createGpuBackend() : cpu;
  const { device: where, mode } = device.report();
  console.log(
    `Normalization lab: ${data.train.count} training and ${data.test.count} test images, ${o.seeds} seeds, on ${where} (${mode})`,
  );
  const results = await runAll(o, data, device);
  const rows = summarize(experiments, results);
  console.log(`\n${table(rows)}\n`);
  const report = device.report();
  for (const f of report.fallbacks) console.log(`ran on the CPU instead: ${f.op}, ${f.count} times (${f.reason})`);
  const protocol = {
    data: o.embedded ? 'digits of openly licensed typefaces, tested on typefaces never seen in training' : o.data,
    trainImages: data.train.count,
    testImages: data.test.count,
    seeds: Array.from({ length: o.seeds }, (_, i) => o.seed + i),
    device: `${where} (${mode})`,
  };
  writeFiles(o.out, {
    'results.json': `${JSON.stringify({ protocol, summary: rows, results })}\n`,
    'report.html': reportHtml(experiments, rows, results, protocol),
  });
  console.log(`report: ${resolve(join(o.out, 'report.html'))}`);
}

try {
  await main(process.argv.slice(2));
} catch (e) {
  if (!(e instanceof UsageError)) throw e;
  console.error(`norm-lab: ${e.message}`);
  process.exitCode = 2;
}
