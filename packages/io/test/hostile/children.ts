import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import type { Mutant } from './bytes.ts';
import type { Report } from './reader.ts';

/** Longest time for a child, on a machine that does other things too. */
const patience = 30_000;

/** So many children that crash or hang are enough to know. */
const enough = 10;

/**
 * Leaves out what the readers do not import by its name: ops, which become methods of tensors when they are loaded, and
 * loading them is half of the time that a child takes to start. A reader that used one would fail with an error that is
 * not typed.
 */
const withoutOps: Plugin = {
  name: 'without-ops',
  enforce: 'pre',
  async resolveId(id, importer, options) {
    const found = await this.resolve(id, importer, { ...options, skipSelf: true });
    return found === null || found.external ? found : { ...found, moduleSideEffects: options.isEntry };
  },
};

/** Makes one script of the program that reads a file; one that loads TypeScript or modules would take longer to start. */
async function bundle(dir: string): Promise<string> {
  const resolve = { conditions: ['@nabla/source', 'module', 'node', 'default'] };
  await build({
    configFile: false,
    root: dir,
    logLevel: 'error',
    plugins: [withoutOps],
    resolve,
    ssr: { noExternal: true, resolve },
    build: {
      ssr: fileURLToPath(new URL('reader.ts', import.meta.url)),
      outDir: dir,
      emptyOutDir: false,
      minify: true,
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'reader.cjs', codeSplitting: false } },
    },
  });
  return join(dir, 'reader.cjs');
}

/** Reads a file in a process of its own: its report, or how it ended without one. */
function readOne(program: string, format: Mutant['format'], path: string): Promise<Report | string> {
  return new Promise((resolve) => {
    const options = { timeout: patience, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 } as const;
    execFile(process.execPath, [program, format, path], options, (error, stdout, stderr) => {
      if (error?.killed === true) resolve(`killed after ${patience / 1000} s`);
      else if (error !== null) resolve(`ended with ${error.signal ?? error.code}: ${stderr}`);
      else resolve(JSON.parse(stdout) as Report);
    });
  });
}

/**
 * Reads each mutant in a child process of its own, as many at once as the machine has cores.
 *
 * @returns for each mutant that was read its report, or how its child ended without one
 */
export async function readEach(mutants: readonly Mutant[], dir: string): Promise<Map<Mutant, Report | string>> {
  const program = await bundle(dir);
  const reports = new Map<Mutant, Report | string>();
  const waiting = [...mutants.entries()];
  let bad = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && bad < enough; next = waiting.shift()) {
      const [i, mutant] = next;
      const path = join(dir, `${i}.${mutant.format}`);
      writeFileSync(path, mutant.bytes);
      const report = await readOne(program, mutant.format, path);
      rmSync(path);
      if (typeof report === 'string') bad++;
      reports.set(mutant, report);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return reports;
}
