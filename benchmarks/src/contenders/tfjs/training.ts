import * as tf from '@tensorflow/tfjs';
import type { ModelName, TrainTask } from '../../protocol.ts';
import type { Runner } from '../serve.ts';
import { type Arrays, arrayOf, stateOf } from '../tensors.ts';
import { make } from './arrays.ts';
import { convnet, mlp, tinyMlp } from './models.ts';
import type { Batch, Lookup, Network } from './network.ts';
import { gpt, lstm } from './sequence-models.ts';

const networks: Readonly<Record<ModelName, (state: Arrays, batch: Batch, heads: number) => Network>> = {
  mlp,
  tinyMlp,
  convnet,
  lstm,
  gpt,
};

/** Variables of arrays, and the way back to their initial values. */
function variables(arrays: Arrays): { lookup: Lookup; list: tf.Variable[]; reset: () => void } {
  const initial = new Map([...arrays].map(([name, array]) => [name, make(array)]));
  const made = new Map([...initial].map(([name, t]) => [name, tf.variable(t)]));
  return {
    lookup: (name) => {
      const found = made.get(name);
      if (found === undefined) throw new Error(`there is no variable ${name}`);
      return found;
    },
    list: [...made.values()],
    reset: () => {
      for (const [name, t] of initial) made.get(name)!.assign(t.clone());
    },
  };
}

/** Training steps with the library's Adam, whose epsilon is set to that of the others. */
export function trainRunner(task: TrainTask, tensors: Arrays): Runner {
  const batch = { x: arrayOf(tensors, 'x'), y: arrayOf(tensors, 'y') };
  const network = networks[task.model](stateOf(tensors), batch, task.heads);
  const [parameters, buffers] = [variables(network.parameters), variables(network.buffers)];
  const newOptimizer = (): tf.AdamOptimizer => tf.train.adam(task.lr, 0.9, 0.999, 1e-8);
  let optimizer = newOptimizer();
  return {
    reset: () => {
      parameters.reset();
      buffers.reset();
      optimizer.dispose();
      optimizer = newOptimizer();
    },
    step: () =>
      tf.tidy(() => {
        const loss = optimizer.minimize(() => network.loss(parameters.lookup, buffers.lookup), true, parameters.list)!;
        return loss.dataSync()[0]!;
      }),
  };
}
