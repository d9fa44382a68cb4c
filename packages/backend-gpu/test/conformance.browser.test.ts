import { conformance } from '@nabla/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { browserModes, expectOnDevice, gpuIn } from './support.ts';

/** With `VITE_WHOLE=1` every mode gets the whole suite; it takes twice as long. */
const whole = (import.meta as { readonly env?: Readonly<Record<string, unknown>> }).env?.['VITE_WHOLE'] === '1';

for (const mode of browserModes) {
  const gpu = await gpuIn(mode);
  // WebGL 1, which stands in where the others are missing, gets the contract: its kernels have the same sources.
  const options = mode === 'webgl' ? { only: /^contract/ } : {};
  describe(`conformance in ${mode}`, () => {
    afterAll(() => {
      expectOnDevice(gpu);
      expect(gpu.report().kernels).toBeGreaterThan(50);
      gpu.dispose();
    });
    const suite = conformance(gpu, options);
    // WebGPU's kernels have the sources of WebGL2's, which has the whole suite: a test in four shows that they run.
    const part = mode === 'webgpu' && !whole ? suite.filter(({ name }, i) => i % 4 === 0 || name.startsWith('contract')) : suite;
    for (const { name, run } of part) test(name, run);
  });
}
