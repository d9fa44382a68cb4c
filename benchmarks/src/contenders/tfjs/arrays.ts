import * as tf from '@tensorflow/tfjs';
import type { NamedArray } from '../tensors.ts';

/** [N, C, H, W] to [N, H, W, C], the layout of images that the library is made for. */
export const imageOrder: readonly number[] = [0, 2, 3, 1];

/** [O, I, H, W] to [H, W, I, O], that of kernels. */
export const kernelOrder: readonly number[] = [2, 3, 1, 0];

export function make({ shape, data }: NamedArray): tf.Tensor {
  return tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32');
}
