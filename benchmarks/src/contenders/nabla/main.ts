import { readFileSync } from 'node:fs';
import { cpu, setThreads } from '@nabla/core';
import { readSafetensors } from '@nabla/io';
import { trainings } from '../../workloads/training.ts';
import { childOptions } from '../child-options.ts';
import { serve } from '../serve.ts';
import { versionOf } from '../version.ts';
import { opRunner } from './ops.ts';
import { trainRunner } from './training.ts';

const { threads: asked, backend } = childOptions();

/** Lets the CPU backend use the system's BLAS, and says which one it is. */
async function useNative(count: number): Promise<string> {
  // Imported only when asked for: it loads a native module.
  const { enableNative } = await import('@nabla/backend-native');
  const found = await enableNative({ threads: count });
  if (found === null) throw new Error('@nabla/backend-native finds no BLAS library');
  return `BLAS: ${found.library}, threads: ${found.threads ?? 'unknown'}; ${found.version}`;
}

const threads = await setThreads(asked);
const details = [cpu.report().device, ...(backend === 'native' ? [await useNative(asked)] : [])];
await serve({
  about: () => ({ version: versionOf('@nabla/core'), threads, details, refusal: null }),
  load: (task, file) => {
    const tensors = readSafetensors(readFileSync(file));
    return task.kind === 'op' ? opRunner(task, tensors) : trainRunner(task, trainings[task.model].build(), tensors);
  },
});
