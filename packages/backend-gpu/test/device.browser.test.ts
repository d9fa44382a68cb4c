import { cpu, type Tensor, tensor } from '@nabla/core';
import { type Handle, input } from '@nabla/core/internals';
import { GPU } from 'gpu.js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createGpuBackend, GpuBackend } from '../src/index.ts';
import { expectOnDevice } from './support.ts';

let instances: GPU[] = [];
/** gpu.js, watched. */
class Watched extends GPU {
  constructor(settings?: ConstructorParameters<typeof GPU>[0]) {
    super(settings);
    instances.push(this);
  }
}

afterEach(() => {
  instances = [];
  vi.restoreAllMocks();
});

test('the best mode of a browser is WebGL2', async () => {
  const gpu = (await createGpuBackend()) as GpuBackend;
  expect(gpu).toBeInstanceOf(GpuBackend);
  expect(gpu.report().mode).toBe('webgl2');
  const x = tensor([1, 2, 3], { device: gpu });
  expect(x.mul(2).dataSync()).toEqual(Float32Array.of(2, 4, 6));
  expectOnDevice(gpu);
  gpu.dispose();
});

test('headless WebGL is for Node: in a browser it is missing, with one line that says so', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  expect(await createGpuBackend({ mode: 'headlessgl' })).toBe(cpu);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]![0]).toContain("no 'headlessgl' mode here");
});

describe('the gpu option', () => {
  test('takes the class of gpu.js', async () => {
    const gpu = (await createGpuBackend({ gpu: Watched })) as GpuBackend;
    expect(instances).toHaveLength(1);
    expect(tensor([2], { device: gpu }).add(1).item()).toBe(3);
    gpu.dispose();
  });
});

test('a disposed backend does nothing more', async () => {
  const gpu = (await createGpuBackend({ mode: 'webgl2' })) as GpuBackend;
  const x = tensor([1], { device: gpu });
  gpu.dispose();
  expect(() => x.mul(2)).toThrow(/disposed/);
  await expect(x.data()).rejects.toThrow(/disposed/);
});

describe('WebGPU', () => {
  test('answers with promises: reading at once is an error that says what to write', async () => {
    const gpu = (await createGpuBackend({ mode: 'webgpu' })) as GpuBackend;
    expect(gpu.caps.syncRead).toBe(false);
    const y = tensor([1, 2], { device: gpu }).mul(2) as Tensor;
    expect(() => y.dataSync()).toThrow(/await t\.data\(\)/);
    expect(await y.data()).toEqual(Float32Array.of(2, 4));
    expectOnDevice(gpu);
    gpu.dispose();
  });

  test('values that arrive later, and ones that never do', async () => {
    const gpu = (await createGpuBackend({ mode: 'webgpu' })) as GpuBackend;
    const double = (handle: Handle): Handle => {
      const view = { handle, dtype: 'float32', shape: [2], strides: [1], offset: 0 } as const;
      const done = gpu.reduce({
        kind: 'sum',
        expr: input(0),
        inputs: [view],
        params: [],
        shape: [2],
        dims: [0],
        compute: 'float32',
        output: 'float32',
        divisor: 1,
      });
      return done as Handle;
    };
    let send: (values: Float32Array) => void = () => undefined;
    const later = new Promise<Float32Array>((resolve) => {
      send = resolve;
    });
    const sum = double(gpu.upload(later, 'float32', 2));
    send(Float32Array.of(3, 4));
    expect(await gpu.read(sum, 'float32', 1)).toEqual(Float32Array.of(7));
    const never = double(gpu.upload(Promise.reject(new Error('the reference failed')), 'float32', 2));
    await expect(gpu.read(never, 'float32', 1)).rejects.toThrow('the reference failed');
    await gpu.flush();
    gpu.dispose();
  });
});
