import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Backend } from '@nabla/core';
import { type ConformanceOptions, conformance } from './conformance.ts';

/**
 * `npm run conformance -- FILE [--export NAME] [--only REGEX] [--every N]`: runs the conformance suite on the backend that a module exports as
 * `backend`, or under another name: a backend, or a function that gives one or a promise of one. What the module exports
 * as `options` are the options of {@link conformance}: dated exemptions and tolerances. `--every` runs the contract and one other test in N.
 *
 * The module may lie outside of the repository, in a package of `"type": "module"`: whatever it has installed, `@nabla/...` is
 * this copy of the packages, since a backend and the suite must share one. Exits with 1 when a test failed, with 2 when the command line is wrong.
 */
const usage = 'usage: npm run conformance -- FILE [--export NAME] [--only REGEX] [--every N]';

function wrong(message: string): never {
  console.error(`${message}\n${usage}`);
  process.exit(2);
}

function parse(): { file: string; name: string; only: RegExp | undefined; every: number } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { export: { type: 'string' }, only: { type: 'string' }, every: { type: 'string' } },
    });
    if (positionals.length !== 1) wrong(`expected one file, got ${positionals.length}`);
    const every = Number(values.every ?? 1);
    if (!Number.isInteger(every) || every < 1) wrong(`--every takes a positive integer, got ${values.every}`);
    return {
      every,
      file: positionals[0]!,
      name: values.export ?? 'backend',
      only: values.only === undefined ? undefined : new RegExp(values.only),
    };
  } catch (error) {
    wrong((error as Error).message);
  }
}

/** Imports a module for which `@nabla/...` are the packages that this program has. */
async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  const hook = `export const resolve = (specifier, context, next) =>
    next(specifier, specifier.startsWith('@nabla/') ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
  return (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>>;
}

const { file, name, only, every } = parse();
const module = await load(file).catch((error: Error) => wrong(`${file}: ${error.message.split('\n')[0]}`));
const found = module[name] ?? wrong(`${file} exports no '${name}'`);
const backend = await (typeof found === 'function' ? (found as () => Backend | Promise<Backend>)() : (found as Backend | Promise<Backend>));
const options = module['options'] as ConformanceOptions | undefined;
const suite = conformance(backend, { ...options, ...(only === undefined ? {} : { only }) });
const tests = suite.filter((t, i) => i % every === 0 || t.name.startsWith('contract'));
if (tests.length === 0) wrong(`no test matches ${only}`);

let failed = 0;
for (const { name, run } of tests) {
  try {
    await run();
  } catch (error) {
    failed++;
    console.log(`${name}: ${(error as Error).message}`);
  }
}
const report = backend.report();
console.log(`${report.device} (${report.mode}), ${report.kernels} kernels`);
for (const { op, reason, count } of report.fallbacks) console.log(`on the CPU: ${op}, ${count} times: ${reason}`);
console.log(`${tests.length} tests, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
