import { scope, Tensor } from '@nabla/core';
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
      // Resetting is no part of a step: what it leaves behind should not count as the memory of steps.
      for (const state of optimizer.state.values()) for (const value of Object.values(state)) if (value instanceof Tensor) value.dispose();
      optimizer = new Adam(module.parameters(), { lr: task.lr });
    },
    step: () => {
      let value = 0 as number | Promise<number>;
      scope(() => {
        optimizer.zeroGrad();
        const loss = lossOf(x, y);
        loss.backward();
        optimizer.step();
        value = loss.device.caps.syncRead ? Number(loss.item()) : loss.data().then((values) => values[0]!);
      });
      return value;
    },
  };
}
