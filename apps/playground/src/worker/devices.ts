import { type Backend, cpu } from '@nabla/core';
import type { DeviceReport } from './messages.ts';

let gpu: Promise<Backend> | null = null;

/** gpu.js is large: it is loaded when a network is to run on the GPU for the first time. */
async function openGpu(): Promise<Backend> {
  const [{ createGpuBackend }, { GPU }] = await Promise.all([import('@nabla/backend-gpu'), import('gpu.js')]);
  return createGpuBackend({ gpu: GPU });
}

export function deviceFor(wanted: 'cpu' | 'gpu'): Promise<Backend> {
  if (wanted === 'cpu') return Promise.resolve(cpu);
  gpu ??= openGpu();
  return gpu;
}

export function reportOf(device: Backend, wanted: 'cpu' | 'gpu'): DeviceReport {
  const { device: name, mode, fallbacks } = device.report();
  return { name, mode, missed: wanted === 'gpu' && device === cpu, fallbacks: fallbacks.map(({ op, count }) => `${op} (${count})`) };
}
