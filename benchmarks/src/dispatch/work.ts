import { linear, manualSeed, noGrad, randn, scope, type Tensor } from '@nabla/core';
import { Linear, MSELoss, ReLU, Sequential, Tanh } from '@nabla/nn';
import { Adam, SGD } from '@nabla/optim';

/** Something small that is run over and over: its time is nearly all dispatch. */
export interface Work {
  readonly name: string;
  readonly run: () => unknown;
}

const draw = (shape: readonly number[]): Tensor => randn(shape as number[]) as Tensor;
const learned = (shape: readonly number[]): Tensor => draw(shape).requiresGrad_();

/** One op at a time on tensors of a few elements. Each is given what it reads and is not measured making it. */
export function ops(): Work[] {
  manualSeed(1);
  const [a, b, row] = [draw([4]), draw([4]), draw([1, 4])];
  const [p, q] = [learned([4]), learned([4])];
  const [x, w, bias] = [draw([1, 16]), draw([16, 16]), draw([16])];
  const [wp, bp] = [learned([16, 16]), learned([16])];
  return [
    { name: 'add, 4 elements', run: () => a.add(b) },
    { name: 'add, 4 elements, recorded', run: () => p.add(q) },
    { name: 'add, 4 elements, recorded, backward', run: () => p.add(q).backward(a) },
    { name: 'add, [1, 4] and [4]', run: () => row.add(b) },
    { name: 'mul by a number', run: () => a.mul(0.5) },
    { name: 'relu', run: () => a.relu() },
    { name: 'relu, recorded', run: () => p.relu() },
    { name: 'add_', run: () => noGrad(() => a.add_(b)) },
    { name: 'sum', run: () => a.sum() },
    { name: 'reshape', run: () => a.reshape([2, 2]) },
    { name: 'mT', run: () => w.mT },
    { name: 'matmul, [1, 16] @ [16, 16]', run: () => x.matmul(w as never) },
    { name: 'matmul, recorded', run: () => x.matmul(wp as never) },
    { name: 'linear, 16 to 16', run: () => linear(x, w, bias) },
    { name: 'linear, recorded', run: () => linear(x, wp, bp) },
    { name: 'add, 4 elements, in a scope', run: () => scope(() => void a.add(b)) },
  ];
}

/** A training step of the multilayer perceptron 2-16-16-1 on one sample, as a program writes it. */
function step(activation: () => ReLU | Tanh, optimizerOf: (params: Tensor[]) => Adam | SGD): () => Tensor {
  manualSeed(1);
  const model = new Sequential(new Linear(2, 16), activation(), new Linear(16, 16), activation(), new Linear(16, 1));
  const lossOf = new MSELoss();
  const optimizer = optimizerOf(model.parameters());
  const [x, y] = [draw([1, 2]), draw([1, 1])];
  return () => {
    optimizer.zeroGrad();
    const loss = lossOf.call(model.call(x), y) as Tensor;
    loss.backward();
    optimizer.step();
    return loss;
  };
}

const adam = (params: Tensor[]): Adam => new Adam(params, { lr: 1e-4 });

/** Whole training steps. */
export function steps(): Work[] {
  const relu = step(() => new ReLU(), adam);
  const scoped = step(() => new ReLU(), adam);
  const tanh = step(() => new Tanh(), adam);
  const sgd = step(
    () => new ReLU(),
    (params) => new SGD(params, { lr: 1e-4 }),
  );
  return [
    { name: 'step, ReLU, Adam', run: relu },
    { name: 'step, ReLU, Adam, in a scope', run: () => void scope(() => scoped().detach()) },
    { name: 'step, Tanh, Adam', run: tanh },
    { name: 'step, ReLU, SGD', run: sgd },
  ];
}
