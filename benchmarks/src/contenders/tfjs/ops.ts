import * as tf from '@tensorflow/tfjs';
import type { OpName, OpTask } from '../../protocol.ts';
import type { Runner } from '../serve.ts';
import { type Arrays, arrayOf, permute } from '../tensors.ts';
import { imageOrder, kernelOrder, make } from './arrays.ts';
import { batchNorm, conv, gelu, layerNorm } from './layers.ts';

const ops: Readonly<Record<OpName, (...operands: tf.Tensor[]) => tf.Tensor>> = {
  matmul: (a, b) => tf.matMul(a!, b!),
  add: (a, b) => tf.add(a!, b!),
  exp: (x) => tf.exp(x!),
  gelu: (x) => gelu(x!),
  softmax: (x) => tf.softmax(x!),
  layerNorm: (x, weight, bias) => layerNorm(x!, weight!, bias!),
  batchNorm: (x, weight, bias) => batchNorm(x!, weight!, bias!).y,
  conv2d: (x, weight, bias) => conv(x!, weight!, bias!),
};

/** How a tensor of a task lies here; null where it is the same. */
function layoutOf(task: OpTask, name: string): readonly number[] | null {
  if (task.op !== 'conv2d' && task.op !== 'batchNorm') return null;
  if (name === 'x' || name === 'grad') return imageOrder;
  return name === 'weight' && task.op === 'conv2d' ? kernelOrder : null;
}

function inverse(order: readonly number[]): readonly number[] {
  return order.map((_, d) => order.indexOf(d));
}

/** An op in a `tidy`, as the library asks for. What goes in and out of the measurement is transposed, where layouts differ. */
export function opRunner(task: OpTask, tensors: Arrays): Runner {
  const op = ops[task.op];
  const load = (name: string): tf.Tensor => {
    const order = layoutOf(task, name);
    const found = arrayOf(tensors, name);
    return make(order === null ? found : permute(found, order));
  };
  const unload = (t: tf.Tensor, name: string): Float32Array => {
    const order = layoutOf(task, name);
    const found = { shape: t.shape, data: t.dataSync() as Float32Array };
    return (order === null ? found : permute(found, inverse(order))).data as Float32Array;
  };
  const operands = task.operands.map(load);
  const gradient = task.backward ? load('grad') : null;
  const derivatives = tf.grads((...args: tf.Tensor[]) => op(...args));
  const call = (): tf.Tensor[] => (gradient === null ? [op(...operands)] : derivatives(operands, gradient));
  return {
    step: () => {
      tf.tidy(() => {
        for (let i = 0; i < task.calls; i++) call();
      });
      return undefined;
    },
    // The output lies as its gradient does.
    outputs: () => call().map((t, i) => unload(t, task.backward ? task.operands[i]! : 'grad')),
  };
}
