/**
 * Run by node-webgpu.test.ts in a process of its own: trains a little on the WebGPU of Node and prints what happened as
 * one line of JSON.
 */
import { grad, noGrad, type Tensor, tensor } from '@nabla/core';
import { setReferenceBackend } from '@nabla/core/internals';
import { create, globals } from 'node-webgpu';
import { createGpuBackend, GpuBackend } from '../src/index.ts';

Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]) }, configurable: true });

const device = await createGpuBackend({ mode: 'webgpu' });
setReferenceBackend(new Proxy(device, { get: (_target, key) => () => Promise.reject(new Error(`${String(key)} was called on the CPU`)) }));

const x = tensor([0.5, -1, 2, 1, -0.25, 3], { shape: [3, 2], device });
const y = tensor([1, -1, 2], { shape: [3, 1], device });
let w: Tensor = tensor([0.1, -0.2], { shape: [2, 1], device, requiresGrad: true });
const losses: Tensor[] = [];
for (let step = 0; step < 10; step++) {
  const error = (x.matmul(w as never) as Tensor).sub(y) as Tensor;
  const loss = (error.mul(error) as Tensor).mean() as Tensor;
  const [g] = grad([loss], [w]) as [Tensor];
  w = noGrad(() => w.sub(g.mul(0.1)) as Tensor)
    .detach()
    .requiresGrad_();
  losses.push(loss.detach());
}
const values: number[] = [];
for (const loss of losses) values.push((await loss.data())[0]!);
let readError = '';
try {
  w.dataSync();
} catch (error) {
  readError = (error as Error).message;
}
const classes = device instanceof GpuBackend ? device.kernelClasses : [];
console.log(JSON.stringify({ report: device.report(), classes, values, readError }));
device.dispose();
