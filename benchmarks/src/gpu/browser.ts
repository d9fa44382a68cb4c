import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright';
import { build, defaultClientConditions, type PreviewServer, preview } from 'vite';
import { UsageError } from '../errors.ts';

const pathTo = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The page, built and served. */
export interface ServedPage {
  readonly url: string;
  stop(): Promise<void>;
}

/** Builds the page as one publishes a page, minified, and serves it. */
export async function servePage(): Promise<ServedPage> {
  const outDir = mkdtempSync(join(tmpdir(), 'nabla-bench-gpu-'));
  const { version } = JSON.parse(readFileSync(pathTo('../../../packages/core/package.json'), 'utf8')) as { version: string };
  const shared = { configFile: false, root: pathTo('./page'), logLevel: 'error' } as const;
  await build({
    ...shared,
    base: './',
    resolve: { conditions: ['@nabla/source', ...defaultClientConditions] },
    define: { NABLA_VERSION: JSON.stringify(version) },
    build: { outDir, target: 'es2022', minify: true, chunkSizeWarningLimit: 5000 },
  });
  // Timers of a page are exact only when it is isolated from other origins.
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const server: PreviewServer = await preview({ ...shared, build: { outDir }, preview: { host: '127.0.0.1', headers } });
  return {
    url: server.resolvedUrls!.local[0]!,
    stop: async () => {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

const wellKnown = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/**
 * The executable of Chromium: the one that is named, or one in a well-known place.
 *
 * @throws UsageError when there is none
 */
export function findChromium(named: string | null): string {
  const given = named ?? process.env['CHROMIUM_PATH'];
  const found = given ?? wellKnown.find((path) => existsSync(path));
  if (found === undefined) throw new UsageError('there is no Chromium here; name one with --chromium');
  if (!existsSync(found)) throw new UsageError(`there is no Chromium at ${found}`);
  return found;
}

/** Starts Chromium so that it takes the graphics card where there is one, and a software renderer elsewhere. */
export async function startBrowser(executablePath: string, headed: boolean): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--ignore-gpu-blocklist',
    '--enable-unsafe-swiftshader',
    '--enable-unsafe-webgpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ];
  return await chromium.launch({ executablePath, headless: !headed, args });
}
