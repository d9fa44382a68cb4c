import { grad, scope, type Tensor } from '@nabla/core';
import { functional as F } from '@nabla/nn';
import type { OpName, OpTask } from '../../protocol.ts';
import type { Runner } from '../serve.ts';

const ops: Readonly<Record<OpName, (...operands: readonly Tensor[]) => Tensor>> = {
  matmul: (a, b) => a!.matmul(b!) as Tensor,
  add: (a, b) => a!.add(b!) as Tensor,
  exp: (x) => x!.exp(),
  gelu: (x) => F.gelu(x!) as Tensor,
  softmax: (x) => F.softmax(x!, -1),
  layerNorm: (x, weight, bias) => F.layerNorm(x!, weight!.shape, weight!, bias!),
  batchNorm: (x, weight, bias) => F.batchNorm(x!, null, null, weight!, bias!, true),
  conv2d: (x, weight, bias) => F.conv2d(x!, weight!, bias!, { padding: 1 }),
};

/** An op as a program calls it: in a scope, so that buffers are used again. */
export function opRunner(task: OpTask, tensors: ReadonlyMap<string, Tensor>): Runner {
  const op = ops[task.op];
  const operands = task.operands.map((name) => tensors.get(name)!.requiresGrad_(task.backward));
  const gradient = tensors.get('grad');
  const call = (): readonly Tensor[] =>
    gradient === undefined ? [op(...operands)] : (grad(op(...operands), operands, { gradOutputs: gradient }) as readonly Tensor[]);
  return {
    step: () =>
      scope(() => {
        for (let i = 0; i < task.calls; i++) call();
        return undefined;
      }),
    outputs: async () => (await Promise.all(call().map((t) => t.data()))) as Float32Array[],
  };
}
