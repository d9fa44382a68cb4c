import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

// Uses a browser that is already on the machine (CHROMIUM_PATH or a well-known place); downloads nothing.
const executablePath = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-headless-shell',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
].find((path) => path !== undefined && existsSync(path));
if (executablePath === undefined) throw new Error('no Chromium found: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH');

// SwiftShader stands in for a graphics card, so WebGL2 and WebGPU exist on machines that have none.
const args = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** The tests of packages, which run in the browser. */
const chromium: TestProjectInlineConfiguration = {
  resolve: { conditions: ['@nabla/source', 'module', 'browser', 'development|production', 'default'] },
  // Known from the start: a dependency that vite discovers while tests run makes it reload the page under them.
  optimizeDeps: { include: ['gpu.js'] },
  // Pages share memory with workers only when they are isolated from other origins.
  server: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } },
  test: {
    name: 'chromium',
    include: ['packages/*/test/**/*.browser.test.ts'],
    testTimeout: 60_000,
    // One page at a time: a software rasterizer is slow, and a browser holds few graphics contexts.
    fileParallelism: false,
    sequence: { groupOrder: 0 },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      // Tests of memory collect garbage and measure the heap.
      provider: playwright({
        launchOptions: { executablePath, args: [...args, '--enable-precise-memory-info', '--js-flags=--expose-gc'] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};

/** Those of the playground, which run in Node and drive the browser: they build the page and open it. */
const playground: TestProjectInlineConfiguration = {
  test: {
    name: 'playground',
    environment: 'node',
    include: ['apps/playground/test/**/*.e2e.test.ts'],
    globalSetup: ['apps/playground/test/site.ts'],
    env: { CHROMIUM_EXECUTABLE: executablePath, CHROMIUM_ARGUMENTS: JSON.stringify(args) },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // After the others: it measures time.
    sequence: { groupOrder: 1 },
  },
};

// A page that opens slowly, beside other work, is none that is missing. Vitest reads this here alone.
export default defineConfig({ test: { browser: { connectTimeout: 180_000 }, projects: [chromium, playground] } });
