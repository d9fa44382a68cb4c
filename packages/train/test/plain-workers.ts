import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

/** What threads load, from here. */
const modules = {
  main: '../src/node/worker-main.ts',
  samples: 'workers/samples.ts',
  unnamed: 'workers/unnamed.ts',
  broken: 'workers/broken.ts',
};

/**
 * Makes plain scripts of what the threads of the tests load: a thread that compiles TypeScript needs ten times as long
 * to start, and the tests start dozens.
 *
 * @returns the folder they are in, which is new, and options of Node for threads that shall load them
 */
export async function plainWorkers(): Promise<{ dir: string; execArgv: readonly string[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'nabla-workers-'));
  const places = Object.entries(modules).map(([name, path]) => [name, new URL(path, import.meta.url)] as const);
  const resolve = { conditions: ['@nabla/source', 'module', 'node', 'default'] };
  await build({
    configFile: false,
    root: dir,
    logLevel: 'error',
    resolve,
    ssr: { noExternal: true, resolve },
    build: {
      ssr: true,
      outDir: dir,
      emptyOutDir: false,
      rolldownOptions: {
        input: Object.fromEntries(places.map(([name, url]) => [name, fileURLToPath(url)])),
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'shared-[hash].mjs' },
      },
    },
  });
  const instead = places.map(([name, url]) => [url.href, pathToFileURL(join(dir, `${name}.mjs`)).href]);
  const register = new URL('workers/instead.mjs', import.meta.url);
  register.search = new URLSearchParams(instead).toString();
  return { dir, execArgv: ['--import', register.href] };
}
