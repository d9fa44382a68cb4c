import { existsSync } from 'node:fs';
import type { Backend } from '@nabla/core';
import { SimulatedDevice } from './simulated-device.ts';

/** A Vulkan driver in software, which Debian's chromium brings: WebGPU on machines without a graphics card. */
const softwareDriver = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Puts the WebGPU of the package `node-webgpu`, where it is installed, into this process. */
async function installWebGpu(): Promise<void> {
  if (process.env['VK_ICD_FILENAMES'] === undefined && existsSync(softwareDriver)) process.env['VK_ICD_FILENAMES'] = softwareDriver;
  const webgpu = (await import('node-webgpu').catch(() => null)) as { create(options: string[]): unknown; globals: object } | null;
  if (webgpu === null) return;
  Object.assign(globalThis, webgpu.globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: webgpu.create([]), hardwareConcurrency: 2 }, configurable: true });
}

/** The GPU backend in this process: headless WebGL where there is one, else WebGPU. */
export async function openGpu(): Promise<Backend> {
  await installWebGpu();
  // By its file: the package that holds the GPU backend is tested with this one and cannot be its dependency.
  const { createGpuBackend } = (await import(new URL('../../backend-gpu/src/index.ts', import.meta.url).href)) as {
    createGpuBackend: () => Promise<Backend>;
  };
  const found = await createGpuBackend();
  if (found.name === 'cpu') throw new Error('there is no graphics device here');
  return found;
}

/** Backends that command lines can name; null stands for the CPU. */
export const backends: Readonly<Record<string, () => Promise<Backend | null>>> = {
  cpu: async () => null,
  simulated: async () => new SimulatedDevice(),
  gpu: openGpu,
};

/** What ran on the CPU instead of on a device, and what the device is, in lines. */
export function describeDevice(device: Backend): string[] {
  const { device: name, mode, kernels, fallbacks } = device.report();
  const { kernelClasses } = device as { readonly kernelClasses?: readonly string[] };
  return [
    ...fallbacks.map(({ op, reason, count }) => `on the CPU: ${op}, ${count} times: ${reason}`),
    `device: ${name}, mode ${mode}, ${kernels} kernels${kernelClasses === undefined ? '' : ` of ${kernelClasses.join(', ')}`}`,
  ];
}
