import { manualSeed, type Tensor, zeros } from '@nabla/core';
import { BatchNorm1d, BatchNorm2d, Conv2d, Flatten, Identity, LayerNorm, Linear, MaxPool2d, Module, ReLU, Sequential } from '@nabla/nn';

/** What stands between a linear map and its activation. */
export type Arm = 'none' | 'batch' | 'layer';

/** Every arm, in the order of tables and legends. */
export const arms: readonly Arm[] = ['none', 'batch', 'layer'];

/** Arms as people call them. */
export const armNames: Readonly<Record<Arm, string>> = { none: 'no normalization', batch: 'BatchNorm', layer: 'LayerNorm' };

/** The size of one image and the number of classes. */
export interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** One task: a network per arm and how it is trained. The same numbers hold for every arm. */
export interface Experiment {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly batchSize: number;
  readonly epochs: number;
  readonly optimizer: 'SGD' | 'Adam';
  /** At the first step; it falls linearly to zero over the run. */
  readonly learningRate: number;
  /** Builds the network for images [N, 1, H, W]. */
  build(arm: Arm, g: Geometry): Module;
}

/** A normalization over the channels of [N, C, H, W] images. */
function imageNorm(arm: Arm, channels: number, height: number, width: number): Module {
  if (arm === 'batch') return new BatchNorm2d(channels);
  return arm === 'layer' ? new LayerNorm([channels, height, width]) : new Identity();
}

function featureNorm(arm: Arm, features: number): Module {
  if (arm === 'batch') return new BatchNorm1d(features);
  return arm === 'layer' ? new LayerNorm([features]) : new Identity();
}

function convnet(arm: Arm, { height, width, classes }: Geometry): Module {
  const h = Math.floor(height / 2);
  const w = Math.floor(width / 2);
  return new Sequential(
    new Conv2d(1, 8, 3, { padding: 1 }),
    imageNorm(arm, 8, height, width),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(8, 16, 3, { padding: 1 }),
    imageNorm(arm, 16, h, w),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(16 * Math.floor(h / 2) * Math.floor(w / 2), classes),
  ) as unknown as Module;
}

/**
 * A recurrent network that reads an image from top to bottom: h = tanh(norm(W x + U h)). The normalization acts on the
 * summed input of each step, with one set of statistics and weights for all steps, as in Ba et al. 2016 (equation 4).
 */
class RowReader extends Module {
  readonly rows: number;
  readonly hidden: number;
  readonly input: Linear<number, number>;
  readonly recurrent: Linear<number, number>;
  readonly norm: Module;
  readonly head: Linear<number, number>;

  /** `rows` rows of `width` pixels are one step of the sequence. */
  constructor(arm: Arm, rows: number, width: number, hidden: number, classes: number) {
    super();
    this.rows = rows;
    this.hidden = hidden;
    this.input = new Linear(rows * width, hidden);
    this.recurrent = new Linear(hidden, hidden, { bias: false });
    this.norm = featureNorm(arm, hidden);
    this.head = new Linear(hidden, classes);
  }

  /** Images [N, 1, H, W] to class scores [N, classes]; rows that do not fill a step are left out. */
  forward(x: Tensor): Tensor {
    const [n, , height, width] = x.shape as unknown as [number, number, number, number];
    const steps = Math.floor(height / this.rows);
    const sequence = x.narrow(2, 0, steps * this.rows).reshape([n, steps, this.rows * width]);
    let h: Tensor = zeros([n, this.hidden], { device: x.device });
    for (let t = 0; t < steps; t++) {
      const sum = this.input.call(sequence.select(1, t)).add(this.recurrent.call(h)) as Tensor;
      h = (this.norm.call(sum) as Tensor).tanh();
    }
    return this.head.call(h) as Tensor;
  }
}

/** Every experiment of this version of the lab. */
export const experiments: readonly Experiment[] = [
  {
    name: 'convnet',
    title: 'A convolutional network on images',
    description:
      'Two 3 x 3 convolutions (8 and 16 channels), each followed by the normalization, ReLU and 2 x 2 max pooling, then a linear classifier.',
    batchSize: 64,
    epochs: 3,
    optimizer: 'SGD',
    learningRate: 0.02,
    build: convnet,
  },
  {
    name: 'rnn',
    title: 'A recurrent network on sequences',
    description:
      'A tanh recurrent network of 64 units reads each image from top to bottom, two rows a step; the normalization acts on the summed input of every step; a linear classifier reads the last state.',
    batchSize: 64,
    epochs: 5,
    optimizer: 'Adam',
    learningRate: 0.004,
    build: (arm, g) => new RowReader(arm, 2, g.width, 64, g.classes),
  },
];

/** The network of an experiment. Normalization layers draw no random numbers, so one seed gives every arm the same weights. */
export function buildModel(experiment: Experiment, arm: Arm, geometry: Geometry, seed: number): Module {
  manualSeed(seed);
  return experiment.build(arm, geometry);
}
