import * as tf from '@tensorflow/tfjs';
import { type Arrays, arrayOf, isBuffer, layersOf, permute } from '../tensors.ts';
import { imageOrder, kernelOrder, make } from './arrays.ts';
import { batchNorm, conv } from './layers.ts';
import { type Batch, crossEntropy, type Lookup, linear, type Network, oneHot } from './network.ts';

function forward(x: tf.Tensor, p: Lookup, layers: readonly string[], activation: (t: tf.Tensor) => tf.Tensor): tf.Tensor {
  return layers.reduce((h, name, i) => {
    const out = linear(h, p, name);
    return i < layers.length - 1 ? activation(out) : out;
  }, x);
}

export function mlp(state: Arrays, { x, y }: Batch): Network {
  const layers = layersOf(state);
  const labels = oneHot(y, arrayOf(state, `${layers.at(-1)!}.weight`).shape[0]!);
  const input = make(x);
  return { parameters: state, buffers: new Map(), loss: (p) => crossEntropy(labels, forward(input, p, layers, tf.relu)) };
}

export function tinyMlp(state: Arrays, { x, y }: Batch): Network {
  const layers = layersOf(state);
  const [input, target] = [make(x), make(y)];
  return {
    parameters: state,
    buffers: new Map(),
    loss: (p) => tf.losses.meanSquaredError(target, forward(input, p, layers, tf.tanh)),
  };
}

/** The weights of the convnet for channels that come last. */
function channelsLast(state: Arrays, channels: number, side: number): Arrays {
  const parameters = new Map([...state].filter(([name]) => !isBuffer(name)));
  for (const name of ['0.weight', '4.weight']) parameters.set(name, permute(arrayOf(state, name), kernelOrder));
  // The linear layer reads channels last as well.
  const { shape, data } = arrayOf(state, '9.weight');
  const moved = permute({ shape: [shape[0]!, channels, side, side], data }, imageOrder);
  return parameters.set('9.weight', { shape, data: moved.data });
}

/** Two blocks of convolution, BatchNorm, ReLU and pooling; then a linear layer. */
export function convnet(state: Arrays, { x, y }: Batch): Network {
  const momentum = 0.1;
  const [images, labels] = [make(permute(x, imageOrder)), oneHot(y, arrayOf(state, '9.weight').shape[0]!)];
  const block = (h: tf.Tensor, p: Lookup, b: Lookup, at: number): tf.Tensor => {
    const norm = at + 1;
    const convolved = conv(h, p(`${at}.weight`), p(`${at}.bias`));
    const { y: normalized, mean, variance } = batchNorm(convolved, p(`${norm}.weight`), p(`${norm}.bias`));
    const update = (running: tf.Variable, value: tf.Tensor): void =>
      running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(value, momentum)));
    const count = convolved.size / convolved.shape.at(-1)!;
    update(b(`${norm}.running_mean`), mean);
    update(b(`${norm}.running_var`), tf.mul(variance, count / (count - 1)));
    return tf.maxPool(tf.relu(normalized) as tf.Tensor4D, 2, 2, 'valid');
  };
  return {
    parameters: channelsLast(state, arrayOf(state, '4.weight').shape[0]!, x.shape[2]! / 4),
    buffers: new Map([...state].filter(([name]) => name.includes('running_'))),
    loss: (p, b) => {
      const h = block(block(images, p, b, 0), p, b, 4);
      return crossEntropy(labels, linear(tf.reshape(h, [labels.shape[0]!, -1]), p, '9'));
    },
  };
}
