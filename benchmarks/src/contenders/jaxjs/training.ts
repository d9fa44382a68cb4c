import { blockUntilReady, jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import type { TrainTask } from '../../protocol.ts';
import type { Runner } from '../serve.ts';
import { type Arrays, arrayOf, isBuffer, stateOf } from '../tensors.ts';
import { type Arr, make, type Params } from './layers.ts';
import { type Loss, lossOf } from './models.ts';

/** What a step takes and gives back: parameters, Adam's two moments, running statistics. */
type State = [params: Params, first: Params, second: Params, buffers: Params];

/** Factors that undo the bias of the moments after so many steps. */
type Corrections = [first: Arr, second: Arr];

const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];

/** A whole training step under `jit`, with Adam written out: the library's optimizers are not among its published packages. */
function compileStep(loss: Loss, lr: number): (state: State, x: Arr, y: Arr, corrections: Corrections) => [State, Arr] {
  const lossAndGradients = valueAndGrad(loss, { hasAux: true });
  const step = ([params, first, second, buffers]: State, x: Arr, y: Arr, [scale1, scale2]: Corrections): [State, Arr] => {
    const [[value, updated], gradients] = lossAndGradients(tree.ref(params), buffers, x, y) as unknown as [[Arr, Params], Params];
    const next: State = [{}, {}, {}, updated];
    for (const name of Object.keys(params)) {
      const g = gradients[name]!;
      const m = first[name]!.mul(beta1).add(g.ref.mul(1 - beta1));
      const v = second[name]!.mul(beta2).add(np.square(g).mul(1 - beta2));
      const root = np.sqrt(v.ref.mul(scale2.ref)).add(eps);
      next[0][name] = params[name]!.sub(m.ref.mul(scale1.ref).div(root).mul(lr));
      next[1][name] = m;
      next[2][name] = v;
    }
    scale1.dispose();
    scale2.dispose();
    return [next, value];
  };
  return jit(step) as unknown as typeof step;
}

const scalar = (value: number): Arr => make({ shape: [], data: new Float32Array([value]) });

export function trainRunner(task: TrainTask, tensors: Arrays): Runner {
  const arrays = stateOf(tensors);
  const chosen = (wanted: (name: string) => boolean): Params =>
    Object.fromEntries([...arrays].filter(([name]) => wanted(name)).map(([name, array]) => [name, make(array)]));
  const initial = chosen((name) => !isBuffer(name));
  const initialBuffers = chosen((name) => name.includes('running_'));
  const zeros = (): Params => Object.fromEntries(Object.entries(initial).map(([name, t]) => [name, np.zeros(t.shape)]));
  const start = (): State => [tree.ref(initial), zeros(), zeros(), tree.ref(initialBuffers)];
  const [x, y] = [make(arrayOf(tensors, 'x')), make(arrayOf(tensors, 'y'))];
  const compiled = compileStep(lossOf(task.model, arrays, task.heads), task.lr);
  let state = start();
  let t = 0;
  return {
    reset: () => {
      tree.dispose(state);
      state = start();
      t = 0;
    },
    step: async () => {
      t++;
      const [next, loss] = compiled(state, x.ref, y.ref, [scalar(1 / (1 - beta1 ** t)), scalar(1 / (1 - beta2 ** t))]);
      state = next;
      await blockUntilReady([next, loss]);
      return loss.item();
    },
  };
}
