/**
 * Run by faults.test.ts in a process of its own, in which something that a graphics mode needs is missing: trains a little and
 * prints what happened as one line of JSON.
 */
import Module from 'node:module';
import type { Backend } from '@nabla/core';
import { createGpuBackend } from '../src/index.ts';
import { fewSteps, mlp, moons } from './models.ts';

type Load = (request: string, ...rest: unknown[]) => unknown;
const loader = Module as unknown as { _load: Load };
const load = loader._load;
const [fault] = process.argv.slice(2);
loader._load = (request, ...rest) => {
  // Without a display, the package is there and gives no context.
  if (fault === 'no display' && request === 'gl') return () => null;
  return load(request, ...rest);
};

const lines: string[] = [];
console.warn = (...args: unknown[]) => {
  lines.push(args.join(' '));
};
const device: Backend = await createGpuBackend(fault === 'no adapter' ? { mode: 'webgpu' } : {});
const losses = await fewSteps(device, mlp, moons, 20);
console.log(JSON.stringify({ lines, losses, report: device.report() }));
