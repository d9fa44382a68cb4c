import * as tf from '@tensorflow/tfjs';
import { type Arrays, arrayOf, permute } from '../tensors.ts';
import { make } from './arrays.ts';
import { gelu, layerNorm } from './layers.ts';
import { type Batch, crossEntropy, type Lookup, linear, type Network, oneHot } from './network.ts';

/** Looks rows of a table up. The gradient of `gather` needs a kernel that the WebAssembly backend lacks; a product has one. */
function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== 'wasm') return tf.gather(table, ids as tf.Tensor1D);
  return tf.matMul(tf.oneHot(ids as tf.Tensor1D, table.shape[0]!).toFloat(), table as tf.Tensor2D);
}

/** One LSTM layer over [T, B, E]: the input's part of the gates of every step in one product, then step by step. */
function lstmLayer(x: tf.Tensor, p: Lookup, layer: number): tf.Tensor {
  const [length, batch, size] = x.shape as [number, number, number];
  const [wih, whh] = [p(`lstm.weight_ih_l${layer}`) as tf.Tensor, p(`lstm.weight_hh_l${layer}`) as tf.Tensor];
  const hidden = whh.shape[1]!;
  const bias = tf.add(p(`lstm.bias_ih_l${layer}`), p(`lstm.bias_hh_l${layer}`));
  const projected = tf.add(tf.matMul(tf.reshape(x, [length * batch, size]), wih, false, true), bias);
  const fromInput = tf.unstack(tf.reshape(projected, [length, batch, 4 * hidden]));
  let h: tf.Tensor = tf.zeros([batch, hidden]);
  let c: tf.Tensor = tf.zeros([batch, hidden]);
  const states = fromInput.map((part) => {
    const gates = tf.add(part, tf.matMul(h, whh, false, true));
    const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    return h;
  });
  return tf.stack(states);
}

export function lstm(state: Arrays, { x, y }: Batch): Network {
  const vocabulary = arrayOf(state, 'head.weight').shape[0]!;
  const layers = [...state.keys()].filter((name) => name.startsWith('lstm.weight_hh')).length;
  const [batch, length] = x.shape as readonly [number, number];
  // Time first, as the loop over it wants; the mean loss does not mind.
  const ids = make({ shape: [length * batch], data: permute(x, [1, 0]).data });
  const labels = oneHot(permute(y, [1, 0]), vocabulary);
  return {
    parameters: state,
    buffers: new Map(),
    loss: (p) => {
      let h: tf.Tensor = tf.reshape(embedding(p('embedding.weight'), ids), [length, batch, -1]);
      for (let layer = 0; layer < layers; layer++) h = lstmLayer(h, p, layer);
      return crossEntropy(labels, linear(tf.reshape(h, [length * batch, -1]), p, 'head'));
    },
  };
}

export function gpt(state: Arrays, { x, y }: Batch, heads: number): Network {
  const [vocabulary, width] = arrayOf(state, 'head.weight').shape as readonly [number, number];
  const [batch, length] = x.shape as readonly [number, number];
  const layers = [...state.keys()].filter((name) => name.endsWith('.qkv.weight')).length;
  const each = width / heads;
  const ids = make({ shape: [batch * length], data: x.data });
  const labels = oneHot(y, vocabulary);
  // A large negative number keeps tokens from looking ahead.
  const ahead = Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0));
  const mask = make({ shape: [length, length], data: ahead });
  const norm = (h: tf.Tensor, p: Lookup, name: string): tf.Tensor => layerNorm(h, p(`${name}.weight`), p(`${name}.bias`));
  const attention = (h: tf.Tensor, p: Lookup, name: string): tf.Tensor => {
    const qkv = tf.reshape(linear(h, p, `${name}.qkv`), [batch, length, 3, heads, each]);
    const [q, k, v] = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4])) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), each ** -0.5), mask);
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
    return linear(tf.reshape(mixed, [batch * length, width]), p, `${name}.projection`);
  };
  return {
    parameters: state,
    buffers: new Map(),
    loss: (p) => {
      const tokens = tf.reshape(embedding(p('tokens.weight'), ids), [batch, length, width]);
      let h: tf.Tensor = tf.reshape(tf.add(tokens, p('positions')), [batch * length, width]);
      for (let i = 0; i < layers; i++) {
        const name = `blocks.${i}`;
        h = tf.add(h, attention(norm(h, p, `${name}.norm1`), p, name));
        h = tf.add(h, linear(gelu(linear(norm(h, p, `${name}.norm2`), p, `${name}.up`)), p, `${name}.down`));
      }
      return crossEntropy(labels, linear(norm(h, p, 'norm'), p, 'head'));
    },
  };
}
