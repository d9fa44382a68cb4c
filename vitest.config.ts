import { defineConfig } from 'vitest/config';

// Workspace packages are read from src/ (condition '@nabla/source' in each package.json), so tests need no build.
const source = {
  resolve: { conditions: ['@nabla/source', 'module', 'browser', 'development|production', 'default'] },
  ssr: { resolve: { conditions: ['@nabla/source', 'module', 'node', 'development|production', 'default'] } },
};
const folders = {
  core: 'packages/core',
  nn: 'packages/nn',
  optim: 'packages/optim',
  io: 'packages/io',
  train: 'packages/train',
  'backend-gpu': 'packages/backend-gpu',
  'backend-native': 'packages/backend-native',
  testing: 'packages/testing',
  examples: 'apps/examples',
  playground: 'apps/playground',
  benchmarks: 'benchmarks',
};

/**
 * Folders whose files of tests share what they have imported, since importing takes longer than most of them. The others define ops
 * under names that are taken once, replace modules, or want the memory of kernels for themselves.
 */
const sharing: ReadonlySet<string> = new Set(['nn', 'optim', 'io', 'train', 'examples', 'benchmarks']);

export default defineConfig({
  test: {
    // Vitest leaves a core to itself, which on a machine of two is half of it.
    maxWorkers: '100%',
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**'],
      exclude: ['packages/testing/**'],
      reporter: ['text-summary', 'html', 'lcov'],
    },
    projects: [
      ...Object.entries(folders).map(([name, folder]) => ({
        ...source,
        test: {
          name,
          environment: 'node' as const,
          isolate: !sharing.has(name),
          setupFiles: sharing.has(name) ? ['packages/testing/src/each-file.ts'] : [],
          include: [`${folder}/test/**/*.test.ts`],
          exclude: ['**/*.{browser,e2e}.test.ts', '**/node_modules/**'],
          // Loaded CI machines are several times slower than a quiet one; the default of 5 s makes honest tests fail there.
          testTimeout: 30_000,
        },
      })),
      {
        ...source,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['packages/*/test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
        },
      },
    ],
  },
});
