import { type Backend, cpu, manualSeed, ones, type Tensor } from '@nabla/core';
import { setReferenceBackend } from '@nabla/core/internals';
import { Dropout, init, type Module } from '@nabla/nn';
import { Adam, AdamW, SGD } from '@nabla/optim';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GpuBackend } from '../src/index.ts';
import { classified, convnet, lossesOf, mlp, moons, on, penalized, SequenceNet, sequences, stripes } from './models.ts';
import { browserModes, expectOnDevice, gpuIn } from './support.ts';
import { GptText, LstmText, texts } from './text-models.ts';

const images = (device: Parameters<typeof stripes>[1]): { inputs: Tensor; kinds: Tensor } => {
  const { images: inputs, kinds } = stripes(24, device);
  return { inputs, kinds };
};

/** The renderer's name as the browser gives it. */
function unmaskedRenderer(mode: string): string {
  const gl = document.createElement('canvas').getContext(mode as 'webgl2')!;
  return gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info')!.UNMASKED_RENDERER_WEBGL) as string;
}

/** From here to the end of the test, the CPU computes nothing: every call of a kernel throws. */
function forbidCpu(): void {
  const refuse = (name: string) => () => {
    throw new Error(`${name} was called on the CPU backend`);
  };
  for (const name of [
    'fill',
    'map',
    'reduce',
    'matmul',
    'copy',
    'write',
    'pad',
    'gather',
    'scatterAdd',
    'upload',
    'read',
    'readSync',
  ] as const) {
    vi.spyOn(cpu, name).mockImplementation(refuse(name) as never);
  }
  for (const name of Object.keys(cpu.fused) as (keyof typeof cpu.fused)[])
    vi.spyOn(cpu.fused, name).mockImplementation(refuse(name) as never);
  const nowhere = new Proxy(cpu, {
    get: (_target, key) => {
      throw new Error(`the reference backend was asked for ${String(key)}`);
    },
  });
  setReferenceBackend(nowhere);
}

async function state(model: Module): Promise<Map<string, number[]>> {
  const out = new Map<string, number[]>();
  for (const [key, t] of model.stateDict()) out.set(key, [...(await t.data())]);
  return out;
}

const adamW = (m: Module, lr: number): AdamW => new AdamW(m.parameters(), { lr });

type Row = readonly [string, number, () => Module, (d: Backend) => { inputs: Tensor; kinds: Tensor }, (m: Module) => SGD | Adam | AdamW];
const runs: readonly Row[] = [
  ['a perceptron with Adam', 50, mlp, moons, (m: Module) => new Adam(m.parameters(), { lr: 0.02 })],
  ['a convnet with SGD', 50, convnet, images, (m: Module) => new SGD(m.parameters(), { lr: 0.05, momentum: 0.9 })],
  ['a convnet with Adam', 20, convnet, images, (m: Module) => new Adam(m.parameters(), { lr: 0.01 })],
  ['a recurrent net with AdamW', 20, () => new SequenceNet(), (d: Backend) => sequences(24, d), (m: Module) => adamW(m, 0.02)],
  ['an LSTM with AdamW', 50, () => new LstmText(), texts, (m: Module) => adamW(m, 0.01)],
  ['a GPT with AdamW', 50, () => new GptText(), texts, (m: Module) => adamW(m, 0.002)],
];

describe.each(browserModes)('training in %s', (mode) => {
  let gpu: GpuBackend;
  beforeAll(async () => {
    gpu = await gpuIn(mode);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    setReferenceBackend(cpu);
  });
  afterAll(() => {
    expectOnDevice(gpu);
    gpu.dispose();
  });

  test('the report names the renderer and what computes', async () => {
    const report = gpu.report();
    expect(report).toMatchObject({ backend: 'gpu', mode, fallbacks: [] });
    expect(report.device).not.toBe('');
    if (mode !== 'webgpu') expect(report.device).toBe(unmaskedRenderer(mode));
  });

  test('one step of a convnet runs on the device alone', async () => {
    forbidCpu();
    const run = classified(gpu, convnet, images, (m) => new SGD(m.parameters(), { lr: 0.05, momentum: 0.9 }));
    const before = await state(run.model);
    const [loss] = await lossesOf(run, 1);
    const after = await state(run.model);
    expect(loss).toBeGreaterThan(0.1);
    expect(Number.isFinite(loss)).toBe(true);
    expectOnDevice(gpu);
    for (const [key, values] of after) {
      // A bias before a batch norm has no gradient but rounding.
      if (!/^(0|4)\.bias$/.test(key)) expect(values, key).not.toEqual(before.get(key));
    }
  });

  // WebGL 1, whose kernels have the same sources, gets the short ones.
  test.each(mode === 'webgl' ? runs.slice(0, 2) : runs)(
    '%s: %i steps give the losses of the CPU, nothing falls back, nothing is read but the loss',
    { timeout: 240_000 },
    async (_name, steps, make, data, optimizerOf) => {
      const here = classified(gpu, make, data, optimizerOf);
      const there = classified(cpu, make, data, optimizerOf);
      expect(await state(here.model)).toEqual(await state(there.model));
      manualSeed(7);
      const want = await lossesOf(there, steps);
      manualSeed(7);
      forbidCpu();
      const [reads, readsNow] = [vi.spyOn(gpu, 'read'), vi.spyOn(gpu, 'readSync')];
      const got = await lossesOf(here, steps);
      expect(reads).toHaveBeenCalledTimes(steps);
      expect(readsNow).not.toHaveBeenCalled();
      for (const [, dtype, length] of reads.mock.calls) expect([dtype, length]).toEqual(['float32', 1]);
      expectOnDevice(gpu);
      expect(want.at(-1)!).toBeLessThan(0.7 * want[0]!);
      got.forEach((loss, i) => {
        expect(Math.abs(loss - want[i]!), `step ${i}: ${loss} and ${want[i]}`).toBeLessThan(1e-3);
      });
    },
  );

  test('a user op of one line with two inputs trains, gradient of gradient included', async () => {
    const optimizerOf = (m: Module): Adam => new Adam(m.parameters(), { lr: 0.01 });
    const here = penalized(gpu, optimizerOf);
    const there = penalized(cpu, optimizerOf);
    const want = await lossesOf(there, 20);
    const beta = (await state(here.model)).get('beta');
    forbidCpu();
    const got = await lossesOf(here, 20);
    expectOnDevice(gpu);
    expect(want[19]!).toBeLessThan(0.7 * want[0]!);
    got.forEach((loss, i) => {
      expect(Math.abs(loss - want[i]!) / want[i]!, `step ${i}: ${loss} and ${want[i]}`).toBeLessThan(1e-4);
    });
    expect((await state(here.model)).get('beta')).not.toEqual(beta);
  });

  test('dropout masks are the same to the bit', async () => {
    const [there, here] = await Promise.all(
      [cpu, gpu].map((device) => {
        manualSeed(8);
        return on(device, () => new Dropout(0.3).call(ones([1000], { device }))).data();
      }),
    );
    expect(here).toEqual(there);
    expect(new Set(here).size).toBe(2);
  });

  test('training gives back what it takes: the same memory after every step', async () => {
    // A backend of its own: models of other tests are collected when it pleases the collector.
    const own = await gpuIn(mode);
    on(own, () => init.ones_(ones([3])).dispose());
    await own.flush();
    expect(own.memory()).toEqual({ buffers: 0, bytes: 0 });
    const run = classified(own, convnet, images, (m) => new Adam(m.parameters(), { lr: 0.01 }));
    await lossesOf(run, 2);
    await own.flush();
    const before = own.memory();
    await lossesOf(run, 3);
    await own.flush();
    expect(own.memory()).toEqual(before);
    expect(run.model.training).toBe(true);
    own.dispose();
  });
});
