import type { Config } from './config.ts';
import { isConvolutional } from './config.ts';

/** A layer as it is written: `new Name(...args)`. The network is built from these, and so is its code. */
export interface LayerPlan {
  readonly name: LayerName;
  readonly args: readonly (number | readonly number[] | Readonly<Record<string, number>>)[];
}

export type LayerName =
  | 'BatchNorm1d'
  | 'BatchNorm2d'
  | 'Conv2d'
  | 'Flatten'
  | 'GELU'
  | 'GroupNorm'
  | 'LayerNorm'
  | 'LeakyReLU'
  | 'Linear'
  | 'MaxPool2d'
  | 'ReLU'
  | 'RMSNorm'
  | 'Sigmoid'
  | 'SiLU'
  | 'Tanh';

export const activations = {
  relu: 'ReLU',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  gelu: 'GELU',
  silu: 'SiLU',
  leaky: 'LeakyReLU',
} as const satisfies Record<Config['activation'], LayerName>;

/** The side of the images. */
export const side = 14;

/** At most four groups of channels, and at least two channels in each. */
const groups = (width: number): number => Math.max(1, Math.min(4, width / 2));

/** The normalization of [n, width] or, with the side of an image, of [n, width, side, side]. */
function normPlan(norm: Config['norm'], width: number, image: number | null): LayerPlan[] {
  const sample = image === null ? width : [width, image, image];
  switch (norm) {
    case 'none':
      return [];
    case 'batch':
      return [{ name: image === null ? 'BatchNorm1d' : 'BatchNorm2d', args: [width] }];
    case 'layer':
      return [{ name: 'LayerNorm', args: [sample] }];
    case 'group':
      return [{ name: 'GroupNorm', args: [groups(width), width] }];
    case 'rms':
      return [{ name: 'RMSNorm', args: [sample] }];
  }
}

/** The layers of a network: normalization stands between each hidden layer and its activation, and never on the logits. */
export function planOf(config: Config): LayerPlan[] {
  const activation: LayerPlan = { name: activations[config.activation], args: [] };
  const { layers, width, norm } = config;
  const images = config.data === 'digits';
  const classes = images ? 10 : 2;
  const plan: LayerPlan[] = [];
  if (isConvolutional(config)) {
    let image = side;
    let channels = 1;
    for (let i = 0; i < layers; i++) {
      plan.push({ name: 'Conv2d', args: [channels, width, 3, { padding: 1 }] }, ...normPlan(norm, width, image), activation);
      channels = width;
      // Twice, to 3 x 3 pixels; smaller images would have nothing left to look at.
      if (i < 2) {
        plan.push({ name: 'MaxPool2d', args: [2] });
        image = Math.floor(image / 2);
      }
    }
    plan.push({ name: 'Flatten', args: [] }, { name: 'Linear', args: [channels * image * image, classes] });
    return plan;
  }
  if (images) plan.push({ name: 'Flatten', args: [] });
  let features = images ? side * side : 2;
  for (let i = 0; i < layers; i++) {
    plan.push({ name: 'Linear', args: [features, width] }, ...normPlan(norm, width, null), activation);
    features = width;
  }
  plan.push({ name: 'Linear', args: [features, classes] });
  return plan;
}

/** An optimizer as it is written: `new name(parameters, options)`. */
export interface OptimizerPlan {
  readonly name: 'Adam' | 'AdamW' | 'RMSprop' | 'SGD';
  readonly options: Readonly<Record<string, number>> & { readonly lr: number };
}

export function optimizerOf({ optimizer, lr }: Config): OptimizerPlan {
  switch (optimizer) {
    case 'sgd':
      return { name: 'SGD', options: { lr } };
    case 'momentum':
      return { name: 'SGD', options: { lr, momentum: 0.9 } };
    case 'adam':
      return { name: 'Adam', options: { lr } };
    case 'adamw':
      return { name: 'AdamW', options: { lr } };
    case 'rmsprop':
      return { name: 'RMSprop', options: { lr } };
  }
}
