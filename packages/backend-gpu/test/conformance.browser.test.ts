import { afterAll, describe, expect, test } from 'vitest';
import { conformance } from '../../testing/src/conformance.ts';
import { browserModes, expectOnDevice, gpuIn } from './support.ts';

for (const mode of browserModes) {
  const gpu = await gpuIn(mode);
  describe(`conformance in ${mode}`, () => {
    afterAll(() => {
      expectOnDevice(gpu);
      expect(gpu.report().kernels).toBeGreaterThan(100);
      gpu.dispose();
    });
    for (const { name, run } of conformance(gpu)) test(name, run);
  });
}
