import './navigator.ts';
import { readTensors } from '../read-tensors.ts';
import { serve } from '../serve.ts';
import { versionOf } from '../version.ts';
import { opRunner } from './ops.ts';
import { trainRunner } from './training.ts';

await serve({
  // Node has no global Worker, and so the library has no threads in it.
  about: () => ({ version: versionOf('@jax-js/jax'), threads: 1, details: ['WebAssembly'], refusal: null }),
  load: (task, file) => {
    const tensors = readTensors(file);
    return task.kind === 'op' ? opRunner(task, tensors) : trainRunner(task, tensors);
  },
});
