import { noGrad, type Tensor } from '@nabla/core';
import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  Flatten,
  GELU,
  GroupNorm,
  LayerNorm,
  LeakyReLU,
  Linear,
  MaxPool2d,
  type Module,
  type Parameter,
  ReLU,
  RMSNorm,
  Sequential,
  Sigmoid,
  SiLU,
  Tanh,
} from '@nabla/nn';
import { Adam, AdamW, type Optimizer, RMSprop, SGD } from '@nabla/optim';
import type { Config } from '../config/config.ts';
import { activations, type LayerName, type LayerPlan, optimizerOf, planOf } from '../config/plan.ts';

// One by one, so that a bundler leaves out the rest.
const layers = {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  Flatten,
  GELU,
  GroupNorm,
  LayerNorm,
  LeakyReLU,
  Linear,
  MaxPool2d,
  ReLU,
  RMSNorm,
  Sigmoid,
  SiLU,
  Tanh,
};
const optimizers = { Adam, AdamW, RMSprop, SGD };

/** A network, and the parts of it that are looked at. */
export interface Network {
  readonly model: Module;
  /** The activation functions, in order. */
  readonly activations: readonly Module[];
  /** The weights of linear layers and convolutions, in order, with names to show. */
  readonly weights: readonly (readonly [name: string, weight: Parameter])[];
}

type Constructors = Readonly<Record<LayerName, new (...args: LayerPlan['args']) => Module>>;

export function buildNetwork(config: Config): Network {
  // The plan holds the arguments of each; the compiler only knows that of all.
  const constructors = layers as unknown as Constructors;
  const modules = planOf(config).map(({ name, args }) => new constructors[name](...args));
  const model = new Sequential(...modules);
  const weighted = modules.filter((m) => m instanceof Linear || m instanceof Conv2d);
  if (config.init !== 1) {
    for (const { weight } of weighted) noGrad(() => (weight as Tensor).mul_(config.init));
  }
  const Activation = layers[activations[config.activation]];
  return {
    model: model as Module,
    activations: modules.filter((m) => m instanceof Activation),
    weights: weighted.map((m, i) => [i === weighted.length - 1 ? 'output' : `layer ${i + 1}`, m.weight] as const),
  };
}

export function buildOptimizer(config: Config, model: Module): Optimizer<{ lr: number }> {
  const { name, options } = optimizerOf(config);
  return new optimizers[name](model.parameters(), options) as unknown as Optimizer<{ lr: number }>;
}
