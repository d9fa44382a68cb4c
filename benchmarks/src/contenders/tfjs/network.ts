import * as tf from '@tensorflow/tfjs';
import type { Arrays, NamedArray } from '../tensors.ts';
import { make } from './arrays.ts';

/** A variable by name. */
export type Lookup = (name: string) => tf.Variable;

/** A model in the layout of this library, and its loss on the batch. */
export interface Network {
  readonly parameters: Arrays;
  /** What is updated beside the parameters: running statistics. */
  readonly buffers: Arrays;
  readonly loss: (p: Lookup, b: Lookup) => tf.Scalar;
}

/** What a network is trained on. */
export interface Batch {
  readonly x: NamedArray;
  readonly y: NamedArray;
}

/** x Wᵀ + b, with PyTorch's weights. */
export function linear(x: tf.Tensor, p: Lookup, name: string): tf.Tensor {
  return tf.add(tf.matMul(x, p(`${name}.weight`) as tf.Tensor, false, true), p(`${name}.bias`));
}

/** Labels as one-hot rows, which is what the loss takes. */
export function oneHot({ data }: NamedArray, classes: number): tf.Tensor {
  return tf.oneHot(make({ shape: [data.length], data }), classes).toFloat();
}

/** Mean cross-entropy of rows of logits. */
export function crossEntropy(labels: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  return tf.losses.softmaxCrossEntropy(labels, logits);
}
