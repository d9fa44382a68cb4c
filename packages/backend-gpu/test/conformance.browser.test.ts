import { conformance } from '@nabla/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { browserModes, expectOnDevice, gpuIn } from './support.ts';

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
    for (const { name, run } of conformance(gpu, options)) test(name, run);
  });
}
