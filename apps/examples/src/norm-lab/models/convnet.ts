import type { Tensor } from '@nabla/core';
import { Conv2d, Linear, MaxPool2d, Module } from '@nabla/nn';
import { imageNorm, type Norm } from '../norms.ts';
import { type Design, type Geometry, initialize } from './mlp.ts';

/** Two 3 x 3 convolutions, each normalized, activated and halved by pooling; then a linear layer. */
export class Convnet extends Module {
  readonly conv1: Conv2d<1, number, number>;
  readonly norm1: Norm;
  readonly conv2: Conv2d<number, number, number>;
  readonly norm2: Norm;
  readonly pool: MaxPool2d<number>;
  readonly head: Linear<number, number>;

  constructor({ model, arm, weightScale }: Design<'convnet'>, { height, width, classes }: Geometry) {
    super();
    const [first, second] = model.channels;
    this.conv1 = new Conv2d(1, first, 3, { padding: 1 });
    this.norm1 = imageNorm(arm, first);
    this.conv2 = new Conv2d(first, second, 3, { padding: 1 });
    this.norm2 = imageNorm(arm, second);
    this.pool = new MaxPool2d(2);
    this.head = new Linear(second * Math.floor(height / 4) * Math.floor(width / 4), classes);
    initialize(this.conv1, 'relu', weightScale);
    initialize(this.conv2, 'relu', weightScale);
    initialize(this.head, 'linear', 1);
  }

  /** Images [N, 1, H, W] to scores [N, classes]. */
  forward(x: Tensor): Tensor {
    const first = (this.norm1.call(this.conv1.call(x)) as Tensor).relu();
    const second = (this.norm2.call(this.conv2.call(this.pool.call(first))) as Tensor).relu();
    return this.head.call(this.pool.call(second).flatten(1)) as Tensor;
  }
}
