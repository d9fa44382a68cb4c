import { scope, type Tensor } from '@nabla/core';
import { Adam } from '@nabla/optim';
import type { TrainTask } from '../../protocol.ts';
import type { Runner } from '../serve.ts';
import { stateOf } from '../tensors.ts';
import type { Trainable } from './models.ts';

/** Training steps as a program takes them: each in a scope, so that buffers are used again. */
export function trainRunner(task: TrainTask, { module, loss: lossOf }: Trainable, tensors: ReadonlyMap<string, Tensor>): Runner {
  const initial = stateOf(tensors);
  const [x, y] = [tensors.get('x')!, tensors.get('y')!];
  let optimizer = new Adam(module.parameters(), { lr: task.lr });
  return {
    reset: () => {
      module.loadStateDict(initial);
      optimizer = new Adam(module.parameters(), { lr: task.lr });
    },
    step: () =>
      scope(() => {
        optimizer.zeroGrad();
        const loss = lossOf(x, y);
        loss.backward();
        optimizer.step();
        return Number(loss.item());
      }),
  };
}
