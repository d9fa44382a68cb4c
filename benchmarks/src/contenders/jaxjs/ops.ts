import { blockUntilReady, jit, nn, numpy as np, vjp } from '@jax-js/jax';
import type { OpName, OpTask } from '../../protocol.ts';
import type { Runner } from '../serve.ts';
import { type Arrays, arrayOf } from '../tensors.ts';
import { type Arr, batchNorm, conv, layerNorm, make } from './layers.ts';

const ops: Readonly<Record<OpName, (...operands: Arr[]) => Arr>> = {
  matmul: (a, b) => np.matmul(a!, b!),
  add: (a, b) => np.add(a!, b!),
  exp: (x) => np.exp(x!),
  gelu: (x) => nn.gelu(x!, { approximate: false }),
  softmax: (x) => nn.softmax(x!, -1),
  layerNorm: (x, weight, bias) => layerNorm(x!, weight!, bias!),
  batchNorm: (x, weight, bias) => {
    const { y, mean, variance } = batchNorm(x!, weight!, bias!);
    mean.dispose();
    variance.dispose();
    return y;
  },
  conv2d: (x, weight, bias) => conv(x!, weight!, bias!),
};

/** An op under `jit`, which is how the library is fast. Work is queued until somebody waits for it. */
export function opRunner(task: OpTask, tensors: Arrays): Runner {
  const op = ops[task.op];
  const operands = task.operands.map((name) => make(arrayOf(tensors, name)));
  const gradient = task.backward ? make(arrayOf(tensors, 'grad')) : null;
  const forward = jit((args: Arr[]) => [op(...args)]);
  const withGradients = jit((args: Arr[], g: Arr) => {
    const [y, pull] = vjp(op, args);
    // The output is a result as well: otherwise the compiler may leave it out, and the others compute it.
    return [...pull(g), y];
  });
  const call = (): Arr[] => {
    const args = operands.map((t) => t.ref);
    return gradient === null ? forward(args) : withGradients(args, gradient.ref);
  };
  return {
    step: async () => {
      for (let i = 0; i < task.calls; i++) {
        const results = await blockUntilReady(call());
        for (const t of results) t.dispose();
      }
      return undefined;
    },
    outputs: async () => {
      const results = call();
      if (gradient !== null) results.pop()!.dispose();
      return (await Promise.all(results.map((t) => t.data()))) as Float32Array[];
    },
  };
}
