import { manualSeed, randint, randn, scope, type Tensor } from '@nabla/core';
import { BatchNorm2d, Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from '@nabla/nn';
import { Adam } from '@nabla/optim';
import { addLoop, columnSumsLoop, matmulLoop, siluLoop, softmaxLoop } from './plain.ts';

/** One implementation of a workload. `run` gives its result as flat numbers, which must agree with Nabla's. */
export interface Contender {
  readonly name: string;
  readonly run: () => ArrayLike<number>;
}

/** Something to time. The first contender is Nabla. */
export interface Workload {
  readonly name: string;
  /** Built when the workload runs, so that a selection costs nothing for the rest. */
  readonly contenders: () => readonly Contender[];
}

const loop = 'JavaScript loop';

/** Runs `op` in a scope, as a program in a loop would, so that buffers are used again. */
function nabla(op: () => Tensor): Contender {
  return { name: 'Nabla', run: () => scope(() => op().dataSync()) };
}

function flat(t: Tensor): Float32Array {
  return t.dataSync() as Float32Array;
}

function matmul(n: number): Workload {
  return {
    name: `matmul ${n}`,
    contenders: () => {
      manualSeed(1);
      const [a, b] = [randn([n, n]), randn([n, n])];
      const [x, y] = [flat(a), flat(b)];
      return [nabla(() => a.matmul(b as never) as Tensor), { name: loop, run: () => matmulLoop(x, y, n) }];
    },
  };
}

function elementwise(
  name: string,
  n: number,
  op: (a: Tensor, b: Tensor) => Tensor,
  peer: (a: Float32Array, b: Float32Array) => Float32Array,
): Workload {
  return {
    name: `${name} ${n.toExponential(0)}`,
    contenders: () => {
      manualSeed(1);
      const [a, b] = [randn([n]), randn([n])] as [Tensor, Tensor];
      const [x, y] = [flat(a), flat(b)];
      return [nabla(() => op(a, b)), { name: loop, run: () => peer(x, y) }];
    },
  };
}

function rows(name: string, m: number, n: number, op: (a: Tensor) => Tensor, peer: (a: Float32Array, n: number) => Float32Array): Workload {
  return {
    name: `${name} ${m} x ${n}`,
    contenders: () => {
      manualSeed(1);
      const a = randn([m, n]) as Tensor;
      const x = flat(a);
      return [nabla(() => op(a)), { name: loop, run: () => peer(x, n) }];
    },
  };
}

/** A full training step: forward, loss, backward, Adam. */
function training(name: string, build: () => Module, shape: readonly number[], classes: number): Workload {
  return {
    name: `training step: ${name}`,
    contenders: () => {
      manualSeed(1);
      const model = build();
      const x = randn(shape as number[]) as Tensor;
      const y = randint(0, classes, [shape[0]!]) as Tensor;
      const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
      const lossOf = new CrossEntropyLoss();
      const run = (): ArrayLike<number> =>
        scope(() => {
          optimizer.zeroGrad();
          const loss = lossOf.call(model.call(x as never) as never, y as never) as Tensor;
          loss.backward();
          optimizer.step();
          return loss.dataSync();
        });
      return [{ name: 'Nabla', run }];
    },
  };
}

/** Every workload, in the order of the table. */
export const workloads: readonly Workload[] = [
  ...[64, 256, 512].map(matmul),
  ...[1e3, 1e6].map((n) => elementwise('add', n, (a, b) => a.add(b as never) as Tensor, addLoop)),
  ...[1e3, 1e6].map((n) => elementwise('silu', n, (a) => a.silu(), siluLoop)),
  rows('softmax', 1024, 1024, (a) => a.softmax(-1 as never) as Tensor, softmaxLoop),
  rows('column sums', 1024, 1024, (a) => a.sum(0 as never) as Tensor, columnSumsLoop),
  training(
    'MLP 784-256-128-10, batch 64',
    () => new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 128), new ReLU(), new Linear(128, 10)),
    [64, 784],
    10,
  ),
  training(
    'tiny MLP 2-16-16-2, batch 1',
    () => new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 16), new ReLU(), new Linear(16, 2)),
    [1, 2],
    2,
  ),
  training(
    'convnet 16-32 with BatchNorm, 28 x 28, batch 64',
    () =>
      new Sequential(
        new Conv2d(1, 16, 3, { padding: 1 }),
        new BatchNorm2d(16),
        new ReLU(),
        new MaxPool2d(2),
        new Conv2d(16, 32, 3, { padding: 1 }),
        new BatchNorm2d(32),
        new ReLU(),
        new MaxPool2d(2),
        new Flatten(),
        new Linear(1568, 10),
      ),
    [64, 1, 28, 28],
    10,
  ),
];
