import { cpu, tensor } from '@nabla/core';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import type { GpuConstructor, GpuInstance } from '../src/gpujs.ts';
import { createGpuBackend } from '../src/index.ts';

/** What gpu.js looks like to the backend: all modes missing unless said otherwise. */
function fakeGpu(make: () => GpuInstance, supported: Partial<GpuConstructor> = {}): GpuConstructor {
  class Fake {
    static readonly isHeadlessGLSupported = false;
    static readonly isWebGL2Supported = false;
    static readonly isWebGLSupported = false;
    static readonly isWebGPUSupported = false;
    static isWebGPUAvailable(): Promise<boolean> {
      return Promise.resolve(false);
    }
    constructor() {
      // biome-ignore lint/correctness/noConstructorReturn: a stand-in for whatever gpu.js would have made
      return make() as never;
    }
  }
  for (const [name, value] of Object.entries(supported)) Object.defineProperty(Fake, name, { value });
  return Fake as unknown as GpuConstructor;
}

describe('without a graphics device', () => {
  let warn: MockInstance<typeof console.warn>;
  beforeEach(() => {
    warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => {
    warn.mockRestore();
    vi.doUnmock('gpu.js');
  });

  /** The one line that was printed. */
  function line(): string {
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]).toHaveLength(1);
    const text = warn.mock.calls[0]![0] as string;
    expect(text).not.toContain('\n');
    return text;
  }

  test('gpu.js in Node has no graphics mode: the CPU, and one line that says why of every mode', async () => {
    const backend = await createGpuBackend();
    expect(backend).toBe(cpu);
    expect(line()).toBe(
      "@nabla/backend-gpu: no graphics mode here, running on the CPU instead (headlessgl: the 'gl' package is missing or has no display; " +
        'webgl2: there is no WebGL2 context; webgl: there is no WebGL context; webgpu: there is no navigator.gpu)',
    );
    expect(tensor([1, 2], { device: backend }).mul(3).dataSync()).toEqual(Float32Array.of(3, 6));
  });

  test.each(['webgl2', 'webgl', 'headlessgl', 'webgpu'] as const)('a missing %s mode is named', async (mode) => {
    expect(await createGpuBackend({ mode })).toBe(cpu);
    expect(line()).toContain(`no '${mode}' mode here, running on the CPU instead (${mode}: `);
  });

  test('gpu.js is not installed', async () => {
    vi.doMock('gpu.js', () => {
      throw new Error("Cannot find package 'gpu.js'\nimported from here");
    });
    expect(await createGpuBackend()).toBe(cpu);
    expect(line()).toContain('gpu.js cannot be loaded; npm install gpu.js@2.24.1');
  });

  test('a module that is not gpu.js', async () => {
    vi.doMock('gpu.js', () => ({ GPU: 3, default: { GPU: 3 } }));
    expect(await createGpuBackend()).toBe(cpu);
    expect(line()).toContain('exports no GPU class');
  });

  test('a mode that throws', async () => {
    const gpu = fakeGpu(
      () => {
        throw new Error('no context\nat somewhere');
      },
      { isWebGL2Supported: true },
    );
    expect(await createGpuBackend({ gpu })).toBe(cpu);
    expect(line()).toContain('webgl2: no context; webgl:');
  });

  test('a mode whose kernels compute something else does not count', async () => {
    const kernel = Object.assign(() => ({ type: 'ArrayTexture(1)', toArray: () => Float32Array.of(1, 2, 3), delete: () => undefined }), {
      setOutput: () => undefined,
      kernel: { constructor: { name: 'WebGL2Kernel' } },
    });
    const gpu = fakeGpu(() => ({ context: null, createKernel: () => kernel, destroy: async () => undefined }), {
      isWebGL2Supported: true,
    });
    expect(await createGpuBackend({ gpu, mode: 'webgl2' })).toBe(cpu);
    expect(line()).toContain('a test kernel gave 1,2,3 instead of 1.5,-3,0.375');
  });

  test('a support check that throws counts as missing', async () => {
    const gpu = fakeGpu(() => {
      throw new Error('not reached');
    });
    Object.defineProperty(gpu, 'isHeadlessGLSupported', {
      get: () => {
        throw new Error('gl is broken');
      },
    });
    expect(await createGpuBackend({ gpu })).toBe(cpu);
    expect(line()).toContain('headlessgl: gl is broken');
  });
});
