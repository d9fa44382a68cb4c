import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, preview } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the built page is served. */
    site: string;
  }
}

/** Builds the page as it is published, minified, and serves it while tests run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // A folder of its own: the workspace's dist/ belongs to `npm run build`.
  const outDir = mkdtempSync(join(tmpdir(), 'nabla-playground-'));
  const configFile = join(import.meta.dirname, '../vite.config.ts');
  await build({ configFile, logLevel: 'error', mode: 'production', build: { outDir, emptyOutDir: true } });
  const server = await preview({ configFile, logLevel: 'error', build: { outDir }, preview: { host: '127.0.0.1', port: 0 } });
  project.provide('site', server.resolvedUrls!.local[0]!);
  return async () => {
    await server.close();
    rmSync(outDir, { recursive: true, force: true });
  };
}
