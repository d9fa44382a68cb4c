import { type Backend, cpu, DeviceLostError, manualSeed, scope, type Tensor, tensor } from '@nabla/core';
import { functional as F } from '@nabla/nn';
import { Adam } from '@nabla/optim';
import { checkpointStorage, fit } from '@nabla/train';
import { GPU } from 'gpu.js';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { createGpuBackend, type GpuBackend, type GpuBackendOptions } from '../src/index.ts';
import { fewSteps, mlp, moons, on } from './models.ts';

let instances: GPU[] = [];
/** gpu.js, watched. */
class Watched extends GPU {
  constructor(settings?: ConstructorParameters<typeof GPU>[0]) {
    super(settings);
    instances.push(this);
  }
}

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  instances = [];
  warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function open(options: GpuBackendOptions): Promise<GpuBackend> {
  return (await createGpuBackend({ gpu: Watched, ...options })) as GpuBackend;
}

/** The lines that were printed, each of which has to be one. */
function lines(): string[] {
  return warn.mock.calls.map(([text]) => {
    expect(text).not.toContain('\n');
    return text as string;
  });
}

/** Takes the device away as a driver's reset does. */
async function lose(): Promise<void> {
  const gl = instances[0]!.context as WebGL2RenderingContext;
  gl.getExtension('WEBGL_lose_context')!.loseContext();
  await vi.waitFor(() => expect(gl.isContextLost()).toBe(true));
}

describe.each(['webgl2', 'webgl'] as const)('a lost context in %s', (mode) => {
  test('what was uploaded is there still, on the CPU; what was computed is not, and says so', async () => {
    const gpu = await open({ mode });
    const renderer = gpu.report().device;
    const x = tensor([1, 2, 3], { device: gpu });
    const y = x.mul(2) as Tensor;
    await lose();
    await expect(y.data()).rejects.toThrow(DeviceLostError);
    await expect(y.data()).rejects.toThrow(/^read: the graphics context was lost, and with it the values of a tensor; load/);
    expect(() => y.dataSync()).toThrow(DeviceLostError);
    expect(() => y.add(1)).toThrow(DeviceLostError);
    expect(await x.data()).toEqual(Float32Array.of(1, 2, 3));
    const z = x.mul(3).sum() as Tensor;
    expect(z.item()).toBe(18);
    expect(z.device).toBe(gpu);
    y.copy_(x);
    expect(y.dataSync()).toEqual(Float32Array.of(1, 2, 3));
    expect(lines()).toEqual(['@nabla/backend-gpu: the graphics context was lost; the work goes on on the CPU']);
    const report = gpu.report();
    expect(report).toMatchObject({ mode: 'cpu', device: `the CPU: the graphics context was lost (${renderer})` });
    expect(report.fallbacks.map((f) => f.op)).toEqual(expect.arrayContaining(['mul', 'sum']));
    await expect(gpu.lost).resolves.toBe('the graphics context was lost');
    await gpu.flush();
    gpu.dispose();
  });

  test('a write to a part needs the rest, which is gone: nothing changes', async () => {
    const gpu = await open({ mode });
    const x = tensor([1, 2, 3], { device: gpu }).mul(1) as Tensor;
    await lose();
    const version = x.storage.version;
    expect(() => x.slice(0, 0, 2).copy_(tensor([5, 6], { device: gpu }))).toThrow(DeviceLostError);
    expect(x.storage.version).toBe(version);
    gpu.dispose();
  });

  test('with recoverable: false nothing survives', async () => {
    const gpu = await open({ mode, recoverable: false });
    const x = tensor([1, 2, 3], { device: gpu });
    await lose();
    await expect(x.data()).rejects.toThrow(DeviceLostError);
    gpu.dispose();
  });

  test('a new backend works', async () => {
    const gpu = await open({ mode });
    await lose();
    const next = await open({ mode });
    expect(next.report().mode).toBe(mode);
    expect(tensor([2], { device: next }).add(1).item()).toBe(3);
    for (const b of [gpu, next]) b.dispose();
  });
});

test('a lost WebGPU device: what was uploaded is there still; what was computed is missed where it is read', async () => {
  const gpu = await open({ mode: 'webgpu' });
  const x = tensor([1, 2, 3], { device: gpu });
  const y = x.mul(2) as Tensor;
  expect(await y.data()).toEqual(Float32Array.of(2, 4, 6));
  const { kernels } = instances[0] as unknown as { kernels: { context?: { device: { destroy(): void } } }[] };
  kernels.find((k) => k.context !== undefined)!.context!.device.destroy();
  await expect(gpu.lost).resolves.toBe('the graphics context was lost');
  await expect(y.data()).rejects.toThrow(DeviceLostError);
  await expect((y.add(1) as Tensor).data()).rejects.toThrow(DeviceLostError);
  expect(await (x.mul(3).sum() as Tensor).data()).toEqual(Float32Array.of(18));
  y.copy_(x);
  expect(await y.data()).toEqual(Float32Array.of(1, 2, 3));
  expect(lines()).toEqual(['@nabla/backend-gpu: the graphics context was lost; the work goes on on the CPU']);
  expect(gpu.report().mode).toBe('cpu');
  const next = await open({ mode: 'webgpu' });
  expect(await (tensor([2], { device: next }).add(1) as Tensor).data()).toEqual(Float32Array.of(3));
  for (const b of [gpu, next]) b.dispose();
});

describe.each(['webgl2', 'webgl'] as const)('a training run in %s', (mode) => {
  test('whose context is lost in the middle of a step goes on from its last checkpoint on the CPU, and ends as it should', async () => {
    const batches = (device: Backend): [Tensor, Tensor][] => {
      const { inputs, kinds } = moons(device);
      return [0, 8, 16, 24].map((at) => [inputs.slice(0, at, at + 8) as Tensor, kinds.slice(0, at, at + 8) as Tensor]);
    };
    const run = async (device: Backend, loseAt: number): Promise<{ epochs: number[]; events: number[]; steps: number }> => {
      const model = on(device, () => {
        manualSeed(6);
        return mlp();
      });
      const optimizer = new Adam(model.parameters(), { lr: 0.02 });
      let calls = 0;
      const events: number[] = [];
      let saved: ArrayBuffer | null = null;
      const checkpoint = checkpointStorage(
        {
          save: (bytes) => {
            saved = bytes;
          },
          load: () => saved,
        },
        { everySteps: 3 },
      );
      const history = await fit(model, {
        optimizer,
        // The forward pass is through, the gradients are still to come.
        loss: (scores, kinds) => {
          if (++calls === loseAt) (instances[0]!.context as WebGL2RenderingContext).getExtension('WEBGL_lose_context')!.loseContext();
          return F.crossEntropy(scores, kinds) as Tensor;
        },
        data: batches(device),
        epochs: 5,
        checkpoint,
        callbacks: {
          onDeviceLost: ({ step, lostSteps, error }) => {
            events.push(step, lostSteps);
            expect(error).toBeInstanceOf(DeviceLostError);
          },
        },
      });
      return { epochs: history.epochs.map((e) => e.metrics.loss), events, steps: history.steps };
    };
    const want = await run(cpu, -1);
    const gpu = await open({ mode });
    const got = await run(gpu, 12);
    expect(got.events).toEqual([9, 2]);
    expect(got.steps).toBe(want.steps);
    expect(want.epochs[4]!).toBeLessThan(0.7 * want.epochs[0]!);
    got.epochs.forEach((loss, i) => {
      expect(Math.abs(loss - want.epochs[i]!), `epoch ${i}`).toBeLessThan(1e-4);
    });
    expect(lines()).toEqual(['@nabla/backend-gpu: the graphics context was lost; the work goes on on the CPU']);
    expect(gpu.report().mode).toBe('cpu');
    gpu.dispose();
  });
});

describe.each(['webgl2', 'webgpu'] as const)('a full device in %s', (mode) => {
  test('a training run that does not fit is done on the CPU as far as it must, with the same losses', async () => {
    const free = await open({ mode });
    const want = await fewSteps(free, mlp, moons, 20);
    expect(want[19]!).toBeLessThan(want[0]! * 0.9);
    const most = free.memory().bytes;
    expect(most).toBeGreaterThan(0);
    free.dispose();
    expect(lines()).toEqual([]);
    const bytes = 12_000;
    const tight = await open({ mode, maxBytes: bytes });
    const got = await fewSteps(tight, mlp, moons, 20);
    got.forEach((loss, i) => {
      expect(Math.abs(loss - want[i]!), `step ${i}`).toBeLessThan(1e-4);
    });
    expect(lines()).toEqual([`@nabla/backend-gpu: the device's memory is full (${bytes} bytes were allowed); the work goes on on the CPU`]);
    const { mode: present, fallbacks } = tight.report();
    expect(present).toBe(mode);
    expect(fallbacks.length).toBeGreaterThan(0);
    expect(tight.memory().bytes).toBeLessThanOrEqual(bytes);
    tight.dispose();
  });
});

test('a texture that there was no memory for is not read as if it had values', async () => {
  const gpu = await open({ mode: 'webgl2' });
  const gl = instances[0]!.context as WebGL2RenderingContext;
  const x = tensor([1, 2, 3], { device: gpu });
  const y = x.mul(2) as Tensor;
  const flags = [gl.OUT_OF_MEMORY, gl.NO_ERROR];
  vi.spyOn(gl, 'getError').mockImplementation(() => flags.shift() ?? gl.NO_ERROR);
  await expect(y.data()).rejects.toThrow(/^read: the device ran out of memory, and with it the values of a tensor/);
  expect((x.mul(2) as Tensor).dataSync()).toEqual(Float32Array.of(2, 4, 6));
  expect(lines()).toEqual(['@nabla/backend-gpu: the device ran out of memory; the work goes on on the CPU']);
  gpu.dispose();
});

test('a large result is asked for its memory at once, and made on the CPU', async () => {
  const gpu = await open({ mode: 'webgl2' });
  const gl = instances[0]!.context as WebGL2RenderingContext;
  const x = tensor([1.5], { device: gpu });
  const before = gpu.memory().bytes;
  // For the result, for reading the operand, and for the upload of what the CPU made of it.
  const flags = [gl.OUT_OF_MEMORY, gl.NO_ERROR, gl.NO_ERROR, gl.OUT_OF_MEMORY, gl.NO_ERROR];
  vi.spyOn(gl, 'getError').mockImplementation(() => flags.shift() ?? gl.NO_ERROR);
  const y = x.expand([2 ** 20]).mul(2) as Tensor;
  expect(gpu.memory().bytes).toBe(before);
  expect(y.slice(0, 2 ** 20 - 2).dataSync()).toEqual(Float32Array.of(3, 3));
  expect(gpu.report().fallbacks).toContainEqual({ op: 'mul', reason: 'the device ran out of memory', count: 1 });
  gpu.dispose();
});

test('what does not fit in one buffer stays with the host and is computed there', async () => {
  const gpu = await open({ mode: 'webgl2' });
  const most = gpu.caps.maxElements;
  expect(most).toBeLessThanOrEqual(2 ** 24);
  const value = scope(() => {
    const y = tensor([0.5], { device: gpu })
      .expand([most + 1])
      .add(0.25) as Tensor;
    return y.slice(0, most - 1).dataSync();
  });
  expect(value).toEqual(Float32Array.of(0.75, 0.75));
  expect(lines()).toEqual([
    `@nabla/backend-gpu: a tensor of more than ${most} elements does not fit in one buffer; the work goes on on the CPU`,
  ]);
  expect(gpu.report().fallbacks[0]).toMatchObject({
    op: 'add',
    reason: `a tensor of more than ${most} elements does not fit in one buffer`,
  });
  gpu.dispose();
});

/** From here on, every shader that is compiled for one function is broken. */
function breakShaders(): void {
  const gpu = instances.at(-1)!;
  const create = gpu.createKernel.bind(gpu);
  vi.spyOn(gpu, 'createKernel').mockImplementation(((source: string, settings: object) =>
    create(source.replace('return', 'return nothing+'), settings)) as never);
}

describe.each(['webgl2', 'webgl', 'webgpu'] as const)('a shader that fails to compile in %s', (mode) => {
  test('is one line, counts, and the training run ends as it should', async () => {
    const healthy = await open({ mode });
    const want = await fewSteps(healthy, mlp, moons, 10);
    healthy.dispose();
    const gpu = await open({ mode });
    // The data and the weights are there; everything that is compiled from now on fails.
    tensor([1], { device: gpu }).dispose();
    breakShaders();
    const got = await fewSteps(gpu, mlp, moons, 10);
    vi.mocked(instances.at(-1)!.createKernel).mockRestore();
    got.forEach((loss, i) => {
      expect(Math.abs(loss - want[i]!), `step ${i}`).toBeLessThan(1e-4);
    });
    const printed = lines();
    expect(printed.length).toBe(new Set(printed).size);
    expect(printed.length).toBeGreaterThan(0);
    for (const line of printed) expect(line).toMatch(/^@nabla\/backend-gpu: a kernel of \w+ fails: .*; the work goes on on the CPU$/);
    const { fallbacks } = gpu.report();
    expect(fallbacks.map((f) => f.op)).toContain('linear');
    expect(gpu.report().mode).toBe(mode);
    // Kernels that are compiled afterwards are fine.
    expect(await (tensor([1, 2], { device: gpu }).erf() as Tensor).data()).toHaveLength(2);
    gpu.dispose();
  });
});

test('a kernel that gpu.js moves to its CPU mode is not taken for one of the device', async () => {
  const gpu = await open({ mode: 'webgl2' });
  const onCpu = Object.assign(() => Float32Array.of(1), { setOutput: () => undefined, kernel: { constructor: { name: 'CPUKernel' } } });
  vi.spyOn(instances[0]!, 'createKernel').mockReturnValue(onCpu as never);
  expect(await gpu.read(gpu.fill(1, 'float32', 1), 'float32', 1)).toEqual(Float32Array.of(1));
  expect(lines()[0]).toBe(
    '@nabla/backend-gpu: a kernel of fill fails: gpu.js ran it on the CPU instead of the device; the work goes on on the CPU',
  );
  expect(gpu.report().fallbacks[0]).toMatchObject({ op: 'fill', count: 1 });
  gpu.dispose();
});
