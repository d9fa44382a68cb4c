import { createGpuBackend, GpuBackend, type GpuMode } from '@nabla/backend-gpu';
import { type Backend, cpu, ones, type Tensor, tensor } from '@nabla/core';
import { hostReason } from '@nabla/core/internals';
import { opRunner } from '../../contenders/nabla/ops.ts';
import { trainRunner } from '../../contenders/nabla/training.ts';
import { trainings } from '../../workloads/training.ts';
import type { Workload } from '../../workloads/workload.ts';
import { cpuRenderer, type GpuContender } from '../table.ts';
import { type Loaded, type PageContender, probeSize } from './contender.ts';

/** gpu.js's class of each mode: any other would be a silent fallback of gpu.js itself. */
const kernelClasses: Readonly<Record<string, string>> = {
  webgl2: 'WebGL2Kernel',
  webgl: 'WebGLKernel',
  webgpu: 'WebGPUKernel',
};

/** What ran elsewhere than in kernels of the mode. What no backend has a kernel for is counted as well: it is time too. */
function elsewhere(backend: Backend): readonly string[] {
  const { mode, fallbacks } = backend.report();
  const fell = fallbacks.map(
    ({ op, reason, count }) => `${op} ${count} times on the CPU (${reason === hostReason ? 'by design' : reason})`,
  );
  const classes = backend instanceof GpuBackend ? backend.kernelClasses : [];
  const wrong = classes.filter((name) => name !== kernelClasses[mode]).map((name) => `kernels of class ${name} in mode ${mode}`);
  return [...fell, ...wrong];
}

function load(backend: Backend, w: Workload): Loaded {
  const before = new Set(elsewhere(backend));
  const move = (t: Tensor): Tensor => (backend === cpu ? t : (t.to(backend) as Tensor));
  const tensors = new Map([...w.tensors()].map(([name, t]) => [name, move(t)]));
  const probe = ones([probeSize], { device: backend }) as Tensor;
  const { task } = w;
  let runner: Loaded['runner'];
  if (task.kind === 'op') runner = opRunner(task, tensors);
  else {
    const model = trainings[task.model].build();
    if (backend !== cpu) model.module.to(backend);
    runner = trainRunner(task, model, tensors);
  }
  return {
    runner,
    settle: async () => {
      if (backend === cpu) return;
      // Where kernels return promises, earlier ones may not have reached the device yet.
      await backend.flush();
      const last = probe.add(1);
      await last.data();
      last.dispose();
    },
    finish: () => {
      for (const t of [probe, ...tensors.values()]) t.dispose();
      return elsewhere(backend).filter((what) => !before.has(what));
    },
  };
}

/** A tensor of each backend is made once, so that the report has a kernel class to tell. */
async function warm(backend: Backend): Promise<void> {
  const x = tensor([1, 2], { device: backend });
  const y = x.mul(2);
  await y.data();
  for (const t of [x, y]) t.dispose();
}

/** Nabla on the graphics device; without one it takes no part. */
export async function nablaGpu(version: string, mode: GpuMode | 'auto'): Promise<PageContender> {
  const backend = await createGpuBackend({ mode });
  await warm(backend);
  const { device, mode: found } = backend.report();
  const classes = backend instanceof GpuBackend ? backend.kernelClasses.map((name) => `gpu.js ${name}`) : [];
  const reason = backend !== cpu ? null : mode === 'auto' ? 'there is no graphics mode here' : `there is no ${mode} here`;
  const facts: GpuContender = { id: 'nabla-gpu', label: 'Nabla GPU', version, renderer: device, details: [found, ...classes], reason };
  return { facts, load: (w) => load(backend, w) };
}

/** Nabla on the CPU. */
export function nablaCpu(version: string): PageContender {
  const facts: GpuContender = {
    id: 'nabla-cpu',
    label: 'Nabla CPU',
    version,
    renderer: cpuRenderer,
    details: [cpu.report().device],
    reason: null,
  };
  return { facts, load: (w) => load(cpu, w) };
}
