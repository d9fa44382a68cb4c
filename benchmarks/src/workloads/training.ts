import { manualSeed, randint, randn, type Tensor } from '@nabla/core';
import { convnet, gpt, lstm, mlp, type Trainable, tinyMlp } from '../contenders/nabla/models.ts';
import { statePrefix } from '../contenders/tensors.ts';
import type { ModelName } from '../protocol.ts';
import type { Workload } from './workload.ts';

/** A network and the batch that it is trained on. */
export interface Training {
  readonly name: string;
  readonly shapes: string;
  readonly build: () => Trainable;
  readonly x: () => Tensor;
  readonly y: () => Tensor;
  /** Steps in one round. */
  readonly steps: number;
  readonly heads: number;
}

const [vocabulary, length, width, heads] = [65, 64, 128, 4];

/** Normal numbers. */
export const draw = (...shape: readonly number[]): Tensor => randn(shape as number[]) as Tensor;
/** Class labels, or tokens. */
export const drawClasses = (count: number, ...shape: readonly number[]): Tensor => randint(0, count, shape as number[]) as Tensor;

/** Every network, by the name that contenders know it by. */
export const trainings: Readonly<Record<ModelName, Training>> = {
  mlp: {
    name: 'MLP step',
    shapes: '784-256-128-10, ReLU, batch 64',
    build: () => mlp([784, 256, 128, 10]),
    x: () => draw(64, 784),
    y: () => drawClasses(10, 64),
    steps: 20,
    heads: 1,
  },
  tinyMlp: {
    name: 'tiny MLP step',
    shapes: '2-16-16-1, tanh, batch 1',
    build: () => tinyMlp([2, 16, 16, 1]),
    x: () => draw(1, 2),
    y: () => draw(1, 1),
    steps: 200,
    heads: 1,
  },
  convnet: {
    name: 'convnet step',
    shapes: 'convolutions to 16 and 32 channels with BatchNorm, 28×28, batch 64',
    build: () => convnet([16, 32], 28, 10),
    x: () => draw(64, 1, 28, 28),
    y: () => drawClasses(10, 64),
    steps: 4,
    heads: 1,
  },
  lstm: {
    name: 'LSTM step',
    shapes: '2 layers of 128, 64 steps in time, batch 32, vocabulary 65',
    build: () => lstm(vocabulary, width, 2),
    x: () => drawClasses(vocabulary, 32, length),
    y: () => drawClasses(vocabulary, 32, length),
    steps: 3,
    heads: 1,
  },
  gpt: {
    name: 'GPT step',
    shapes: '4 layers of 128, 4 heads, 64 tokens, batch 16, vocabulary 65',
    build: () => gpt(vocabulary, length, width, heads, 4),
    x: () => drawClasses(vocabulary, 16, length),
    y: () => drawClasses(vocabulary, 16, length),
    steps: 3,
    heads,
  },
};

/** The workload that trains a network: forward, loss, backward and Adam at a rate of 0.001. */
export function trainWorkload(model: ModelName, t: Training): Workload {
  return {
    name: t.name,
    shapes: t.shapes,
    task: { kind: 'train', model, lr: 1e-3, heads: t.heads },
    steps: t.steps,
    tolerance: 1e-3,
    quick: true,
    tensors: () => {
      manualSeed(1);
      const state = [...t.build().module.stateDict()].map(([key, value]) => [`${statePrefix}${key}`, value] as const);
      return new Map<string, Tensor>([...state, ['x', t.x()], ['y', t.y()]]);
    },
  };
}

/** Full training steps. */
export const trainingSteps: readonly Workload[] = (Object.keys(trainings) as ModelName[]).map((model) =>
  trainWorkload(model, trainings[model]),
);
