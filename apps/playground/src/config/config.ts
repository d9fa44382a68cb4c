import { choice, scale, type ValueOf, whole } from './field.ts';

/** Everything that can be set, under the names that links use. Controls, links and their checks are made from this table. */
export const fields = {
  data: choice('Data set', { moons: 'Two moons', circles: 'Circles', spirals: 'Spirals', blobs: 'Blobs (xor)', digits: 'Digits' }, 'moons'),
  noise: scale('Noise', [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4], 0.1),
  kind: choice('Layers are', { dense: 'Linear', conv: 'Convolutions' }, 'dense'),
  layers: scale('Hidden layers', [0, 1, 2, 3, 4, 6, 8, 12], 2),
  width: scale('Width', [2, 4, 8, 16, 32, 64], 16),
  activation: choice(
    'Activation',
    { relu: 'ReLU', tanh: 'Tanh', sigmoid: 'Sigmoid', gelu: 'GELU', silu: 'SiLU', leaky: 'LeakyReLU' },
    'relu',
  ),
  norm: choice('Normalization', { none: 'None', batch: 'BatchNorm', layer: 'LayerNorm', group: 'GroupNorm', rms: 'RMSNorm' }, 'none'),
  optimizer: choice('Optimizer', { sgd: 'SGD', momentum: 'SGD, momentum 0.9', adam: 'Adam', adamw: 'AdamW', rmsprop: 'RMSprop' }, 'adam'),
  lr: scale('Learning rate', [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10], 0.01),
  batch: scale('Batch size', [1, 2, 4, 8, 16, 32, 64, 128], 32),
  init: scale('Initial weights times', [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10], 1),
  seed: whole('Seed', 0, 9999, 0),
  epochs: scale('Epochs', [1, 5, 10, 20, 40, 60, 100, 200, 500, 1000], 60),
  pace: choice('Pace', { watch: 'To watch', full: 'As fast as it goes' }, 'watch'),
  device: choice('Device', { cpu: 'CPU (WebAssembly)', gpu: 'GPU (gpu.js)' }, 'cpu'),
} as const;

export type FieldName = keyof typeof fields;

/** A value for each of the fields. */
export type Config = { readonly [K in FieldName]: ValueOf<(typeof fields)[K]> };

export const initialConfig: Config = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.initial])) as Config;

/** What a running network takes without being built anew. */
export const tunable: readonly FieldName[] = ['lr', 'batch', 'epochs', 'pace'];

/** Whether layers are convolutions: points have nothing to convolve over. */
export function isConvolutional(config: Config): boolean {
  return config.data === 'digits' && config.kind === 'conv';
}
