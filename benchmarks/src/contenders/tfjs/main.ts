import * as tf from '@tensorflow/tfjs';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { childOptions } from '../child-options.ts';
import { readTensors } from '../read-tensors.ts';
import { serve } from '../serve.ts';
import { opRunner } from './ops.ts';
import { trainRunner } from './training.ts';

const { backend } = childOptions();
// In Node the WebAssembly backend has no threads.
if (backend === 'wasm') setThreadsCount(1);
if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
await tf.ready();
const simd = backend === 'wasm' && (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true;

await serve({
  about: () => ({
    version: tf.version.tfjs,
    threads: 1,
    details: backend === 'wasm' ? [`WebAssembly ${simd ? 'with' : 'without'} SIMD`] : ['JavaScript'],
    refusal: null,
  }),
  load: (task, file) => {
    const tensors = readTensors(file);
    return task.kind === 'op' ? opRunner(task, tensors) : trainRunner(task, tensors);
  },
});
