import { type Backend, elementwise, grad, manualSeed, scope, setDefaultBackend, type Tensor, tensor } from '@nabla/core';
import {
  BatchNorm2d,
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Flatten,
  LayerNorm,
  Linear,
  MaxPool2d,
  Module,
  MSELoss,
  Parameter,
  ReLU,
  RNN,
  Sequential,
} from '@nabla/nn';
import { Adam } from '@nabla/optim';
import { Random } from './support.ts';

/** Runs `fn` with `backend` as the one that tensors are made on. */
export function on<T>(backend: Backend, fn: () => T): T {
  const before = setDefaultBackend(backend);
  try {
    return fn();
  } finally {
    setDefaultBackend(before);
  }
}

/** A small image classifier with everything a convolutional network is made of. */
export function convnet(): Module {
  return new Sequential(
    new Conv2d(1, 6, 3, { padding: 1 }),
    new BatchNorm2d(6),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(6, 8, 3, { stride: 2, padding: 1 }),
    new BatchNorm2d(8),
    new ReLU(),
    new Flatten(),
    new Dropout(0.2),
    new Linear(8 * 2 * 2, 4),
  );
}

/** Images of four kinds of stripes with noise, and their kinds. */
export function stripes(count: number, device: Backend): { images: Tensor; kinds: Tensor } {
  const r = new Random(41);
  const values = new Float32Array(count * 64);
  const kinds = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const kind = n % 4;
    kinds[n] = kind;
    for (let i = 0; i < 8; i++) {
      for (let j = 0; j < 8; j++) {
        const at = [i, j, i + j, i - j + 8][kind]!;
        values[n * 64 + i * 8 + j] = (at % 4 < 2 ? 1 : -1) + (r.next() - 0.5);
      }
    }
  }
  return { images: tensor(values, { shape: [count, 1, 8, 8], device }), kinds: tensor(kinds, { dtype: 'int64', device }) };
}

/** A sequence classifier: a recurrent layer, layer normalization, a linear layer on the last state. */
export class SequenceNet extends Module {
  readonly rnn = new RNN(3, 10, { batchFirst: true });
  readonly norm = new LayerNorm(10);
  readonly head = new Linear(10, 3);

  forward(x: Tensor): Tensor {
    const [, last] = this.rnn.call(x) as [Tensor, Tensor];
    return this.head.call(this.norm.call(last.select(0, 0)) as never) as Tensor;
  }
}

/** Sequences whose class is the feature with the largest sum. */
export function sequences(count: number, device: Backend): { inputs: Tensor; kinds: Tensor } {
  const r = new Random(42);
  const values = new Float32Array(count * 5 * 3);
  const kinds = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const sums = [0, 0, 0];
    for (let t = 0; t < 5; t++) {
      for (let f = 0; f < 3; f++) {
        values[(n * 5 + t) * 3 + f] = r.next() * 2 - 1;
        sums[f]! += values[(n * 5 + t) * 3 + f]!;
      }
    }
    kinds[n] = sums.indexOf(Math.max(...sums));
  }
  return { inputs: tensor(values, { shape: [count, 5, 3], device }), kinds: tensor(kinds, { dtype: 'int64', device }) };
}

/** A user's op of one line, with two inputs. */
const swish = elementwise('swish', (x, beta) => x.mul(x.mul(beta).sigmoid()));

/** A model around it: both of its inputs are learned through. */
class SwishNet extends Module {
  readonly first = new Linear(2, 12);
  readonly beta = new Parameter(tensor([1, 0.5, 1.5, 1, 2, 1, 0.25, 1, 1, 1, 3, 1]));
  readonly second = new Linear(12, 1);

  forward(x: Tensor): Tensor {
    return this.second.call(swish(this.first.call(x as never) as Tensor, this.beta) as never) as Tensor;
  }
}

/** One program on one backend: what it starts from and the loss of every step. */
export interface Run {
  readonly model: Module;
  readonly step: () => Tensor;
}

/** Training of {@link SwishNet} whose loss contains the squared gradient in the input: a gradient of a gradient. */
export function penalized(device: Backend, optimizerOf: (model: Module) => { zeroGrad(): void; step(): void }): Run {
  return on(device, () => {
    manualSeed(5);
    const model = new SwishNet();
    const r = new Random(43);
    const inputs = tensor(
      Float32Array.from({ length: 32 }, () => r.next() * 2 - 1),
      { shape: [16, 2], device },
    );
    const targets = inputs.square().sum(1, { keepdim: true }) as Tensor;
    const optimizer = optimizerOf(model);
    const lossOf = new MSELoss();
    const step = (): Tensor =>
      scope(() => {
        const x = inputs.detach().requiresGrad_();
        optimizer.zeroGrad();
        const fit = lossOf.call(model.call(x) as Tensor, targets);
        const [slope] = grad([fit], [x], { createGraph: true }) as [Tensor];
        const loss = fit.add(slope.square().sum().mul(0.5)) as Tensor;
        loss.backward();
        optimizer.step();
        return loss.detach();
      });
    return { model, step };
  });
}

/** Training of a classifier. */
export function classified(
  device: Backend,
  make: () => Module,
  data: (device: Backend) => { inputs: Tensor; kinds: Tensor },
  optimizerOf: (model: Module) => { zeroGrad(): void; step(): void },
): Run {
  return on(device, () => {
    manualSeed(6);
    const model = make();
    const { inputs, kinds } = data(device);
    const optimizer = optimizerOf(model);
    const lossOf = new CrossEntropyLoss();
    const step = (): Tensor =>
      scope(() => {
        optimizer.zeroGrad();
        const loss = lossOf.call(model.call(inputs) as Tensor, kinds);
        loss.backward();
        optimizer.step();
        return loss.detach();
      });
    return { model, step };
  });
}

/** A perceptron for two inputs and two classes. */
export function mlp(): Module {
  return new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 16), new ReLU(), new Linear(16, 2));
}

/** Points of two half moons, and which of them each belongs to. */
export function moons(device: Backend): { inputs: Tensor; kinds: Tensor } {
  const r = new Random(44);
  const count = 32;
  const values = new Float32Array(count * 2);
  const kinds = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const [side, angle] = [n % 2, r.next() * Math.PI];
    values[2 * n] = Math.cos(angle) * (side === 0 ? 1 : -1) + side + 0.2 * (r.next() - 0.5);
    values[2 * n + 1] = Math.sin(angle) * (side === 0 ? 1 : -1) + 0.5 * side + 0.2 * (r.next() - 0.5);
    kinds[n] = side;
  }
  return { inputs: tensor(values, { shape: [count, 2], device }), kinds: tensor(kinds, { dtype: 'int64', device }) };
}

/** The losses of a run of `steps` steps, each of which is read. */
export async function lossesOf(run: Run, steps: number): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = run.step();
    out.push((await loss.data())[0]!);
    loss.dispose();
  }
  return out;
}

/** The losses of a few steps of Adam. */
export function fewSteps(
  device: Backend,
  make: () => Module,
  data: (device: Backend) => { inputs: Tensor; kinds: Tensor },
  steps: number,
): Promise<number[]> {
  return lossesOf(
    classified(device, make, data, (m) => new Adam(m.parameters(), { lr: 0.02 })),
    steps,
  );
}
