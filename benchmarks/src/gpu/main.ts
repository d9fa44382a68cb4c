import './bridge.ts';
import { UsageError } from '../errors.ts';
import { isBusy, type Machine, machine } from '../machine.ts';
import { checkWritable, writeWhole } from '../output.ts';
import { line } from '../report.ts';
import { findChromium, servePage, startBrowser } from './browser.ts';
import { type GpuBenchOptions, parseGpuOptions } from './options.ts';
import { type GpuReport, gpuCells, gpuFacts, gpuHeader, gpuJson, gpuMarkdown, gpuWarnings, type Host, ratiosOf } from './table.ts';

/** Prints what is new in a report: its head, or its last row. */
function print(report: GpuReport): void {
  const last = report.rows.at(-1);
  if (last !== undefined) {
    console.log(line(gpuCells(last, report.contenders)));
    return;
  }
  for (const text of [...gpuFacts(report), ...gpuWarnings(report)]) console.log(text);
  console.log(`\nMedians divided by each other: below 1×, Nabla on the device is faster\n\n${gpuHeader(report.contenders)}`);
}

function hostOf(where: Machine): Host {
  const { cpu, cores, system } = where;
  return { name: `${cpu}, ${cores} cores, ${system}`, load: isBusy(where) ? where.loadBefore : null };
}

async function runInBrowser(executable: string, url: string, { mode, only, quick, ...o }: GpuBenchOptions): Promise<GpuReport> {
  const browser = await startBrowser(executable, o.headed);
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(`page: ${error.message}`));
    const host = hostOf(machine());
    await page.exposeFunction('nablaReport', (found: GpuReport) => {
      const report = { ...found, host };
      print(report);
      if (o.json !== null) writeWhole(o.json, gpuJson(report));
      if (o.markdown !== null) writeWhole(o.markdown, gpuMarkdown(report));
    });
    await page.goto(url);
    return await page.evaluate((request) => window.nablaBench!(request), { mode, only, quick });
  } finally {
    await browser.close();
  }
}

async function main(argv: readonly string[]): Promise<void> {
  const o = parseGpuOptions(argv);
  if (o === null) return;
  if (o.list) {
    for (const w of o.workloads) console.log(`${w.name}: ${w.shapes}`);
    return;
  }
  if (o.json !== null) checkWritable('--json', o.json);
  if (o.markdown !== null) checkWritable('--markdown', o.markdown);
  if (o.serve) {
    const page = await servePage();
    console.log(`${page.url} (Ctrl+C ends it)`);
    process.once('SIGINT', () => void page.stop());
    return;
  }
  const executable = findChromium(o.chromium);
  const page = await servePage();
  try {
    const report = await runInBrowser(executable, page.url, o);
    const without = report.rows.filter((row) => Object.keys(ratiosOf(row, report.contenders)).length < report.contenders.length - 1).length;
    if (without > 0) {
      console.error(`\nbench:gpu: ${without} of ${report.rows.length} rows are void or lack a contender`);
      process.exitCode = 1;
    }
  } finally {
    await page.stop();
  }
}

try {
  await main(process.argv.slice(2));
} catch (e) {
  if (!(e instanceof UsageError)) throw e;
  console.error(`bench:gpu: ${e.message}`);
  process.exitCode = 2;
}
