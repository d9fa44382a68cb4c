import { defaultClientConditions, defineConfig, type UserConfig } from 'vite';

// Packages of this repository are read from src/, as the tests read them. Paths are relative: the page may stand in any folder.
const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  base: './',
  resolve: { conditions: ['@nabla/source', ...defaultClientConditions] },
  // Errors name the layer that they come from, which a minifier would call `a`.
  worker: { format: 'es', rolldownOptions: { output: { keepNames: true } } },
  // gpu.js comes with the first network on the GPU, and with nothing else.
  build: { target: 'es2022', chunkSizeWarningLimit: 700 },
});
export default config;
