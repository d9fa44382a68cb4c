import { lax, nn, numpy as np } from '@jax-js/jax';
import type { ModelName } from '../../protocol.ts';
import { type Arrays, layersOf } from '../tensors.ts';
import { type Arr, batchNorm, conv, crossEntropy, layerNorm, linear, type Params } from './layers.ts';

/** The loss of a model on a batch, and its running statistics after it. */
export type Loss = (p: Params, buffers: Params, x: Arr, y: Arr) => [loss: Arr, buffers: Params];

function forward(x: Arr, p: Params, layers: readonly string[], activation: (t: Arr) => Arr): Arr {
  return layers.reduce((h, name, i) => {
    const out = linear(h, p, name);
    return i < layers.length - 1 ? activation(out) : out;
  }, x);
}

function mlp(state: Arrays): Loss {
  const layers = layersOf(state);
  return (p, buffers, x, y) => [crossEntropy(forward(x, p, layers, nn.relu), y), buffers];
}

function tinyMlp(state: Arrays): Loss {
  const layers = layersOf(state);
  return (p, buffers, x, y) => [np.square(forward(x, p, layers, np.tanh).sub(y)).mean(), buffers];
}

/** Two blocks of convolution, BatchNorm, ReLU and pooling; then a linear layer. */
function convnet(): Loss {
  const momentum = 0.1;
  return (p, buffers, x, y) => {
    const updated: Params = {};
    const block = (h: Arr, at: number): Arr => {
      const norm = at + 1;
      const convolved = conv(h, p[`${at}.weight`]!, p[`${at}.bias`]!);
      const [n, channels, height, width] = convolved.shape as [number, number, number, number];
      const { y: normalized, mean, variance } = batchNorm(convolved, p[`${norm}.weight`]!, p[`${norm}.bias`]!);
      const update = (name: string, value: Arr): void => {
        updated[name] = buffers[name]!.mul(1 - momentum).add(lax.stopGradient(value).mul(momentum));
      };
      const count = n * height * width;
      update(`${norm}.running_mean`, mean);
      update(`${norm}.running_var`, variance.mul(count / (count - 1)));
      const cells = nn.relu(normalized).reshape([n, channels, height / 2, 2, width / 2, 2]);
      return np.max(cells, [3, 5]);
    };
    const flat = block(block(x, 0), 4).reshape([y.shape[0]!, -1]);
    return [crossEntropy(linear(flat, p, '9'), y), updated];
  };
}

/** Rows of a table. The gradient of `take` does not compile under `jit`; a product with one-hot rows has one. */
function embedding(table: Arr, ids: Arr): Arr {
  const rows = table.shape[0]!;
  return np.matmul(nn.oneHot(ids, rows), table);
}

/** One LSTM layer over [B, T, E]: the input's part of the gates of every step in one product, then step by step. */
function lstmLayer(x: Arr, p: Params, layer: number): Arr {
  const [batch, length] = x.shape as [number, number];
  const whh = p[`lstm.weight_hh_l${layer}`]!.transpose();
  const hidden = whh.shape[0]!;
  const bias = p[`lstm.bias_ih_l${layer}`]!.add(p[`lstm.bias_hh_l${layer}`]!);
  const fromInput = np.unstack(np.matmul(x, p[`lstm.weight_ih_l${layer}`]!.transpose()).add(bias), 1);
  let h: Arr = np.zeros([batch, hidden]);
  let c: Arr = np.zeros([batch, hidden]);
  const states: Arr[] = [];
  for (let t = 0; t < length; t++) {
    const gates = fromInput[t]!.add(np.matmul(h, whh.ref));
    const [i, f, g, o] = np.split(gates, 4, 1) as [Arr, Arr, Arr, Arr];
    c = nn
      .sigmoid(f)
      .mul(c)
      .add(nn.sigmoid(i).mul(np.tanh(g)));
    h = nn.sigmoid(o).mul(np.tanh(c.ref));
    states.push(h.ref);
  }
  for (const t of [whh, h, c]) t.dispose();
  return np.stack(states, 1);
}

function lstm(state: Arrays): Loss {
  const layers = [...state.keys()].filter((name) => name.startsWith('lstm.weight_hh')).length;
  return (p, buffers, x, y) => {
    let h = embedding(p['embedding.weight']!, x);
    for (let layer = 0; layer < layers; layer++) h = lstmLayer(h, p, layer);
    return [crossEntropy(linear(h, p, 'head'), y), buffers];
  };
}

function attention(h: Arr, p: Params, name: string, heads: number): Arr {
  const [batch, length, width] = h.shape as [number, number, number];
  const each = width / heads;
  const parts = np.split(linear(h, p, `${name}.qkv`), 3, -1);
  const [q, k, v] = parts.map((t) => t.reshape([batch, length, heads, each]).transpose([0, 2, 1, 3])) as [Arr, Arr, Arr];
  // `dotProductAttention` needs Node 22. A large negative number keeps tokens from looking ahead.
  const mask = np.tri(length, length).sub(1).mul(1e9);
  const scores = np
    .matmul(q, np.matrixTranspose(k))
    .mul(each ** -0.5)
    .add(mask);
  const mixed = np.matmul(nn.softmax(scores, -1), v).transpose([0, 2, 1, 3]);
  return linear(mixed.reshape([batch, length, width]), p, `${name}.projection`);
}

function gpt(state: Arrays, heads: number): Loss {
  const layers = [...state.keys()].filter((name) => name.endsWith('.qkv.weight')).length;
  const norm = (h: Arr, p: Params, name: string): Arr => layerNorm(h, p[`${name}.weight`]!, p[`${name}.bias`]!);
  return (p, buffers, x, y) => {
    let h = embedding(p['tokens.weight']!, x).add(p['positions']!);
    for (let i = 0; i < layers; i++) {
      const name = `blocks.${i}`;
      h = h.ref.add(attention(norm(h, p, `${name}.norm1`), p, name, heads));
      const up = linear(norm(h.ref, p, `${name}.norm2`), p, `${name}.up`);
      h = h.add(linear(nn.gelu(up, { approximate: false }), p, `${name}.down`));
    }
    return [crossEntropy(linear(norm(h, p, 'norm'), p, 'head'), y), buffers];
  };
}

/** The loss function of a model, given its initial state and its heads of attention. */
export function lossOf(model: ModelName, state: Arrays, heads: number): Loss {
  switch (model) {
    case 'mlp':
      return mlp(state);
    case 'tinyMlp':
      return tinyMlp(state);
    case 'convnet':
      return convnet();
    case 'lstm':
      return lstm(state);
    case 'gpt':
      return gpt(state, heads);
  }
}
