import * as tf from '@tensorflow/tfjs';

/** What the layers of Nabla and PyTorch add to the variance. */
const eps = 1e-5;

/** x Φ(x), which the library has no function for. */
export function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

/** LayerNorm over the last dimension. */
export function layerNorm(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, eps))), weight), bias);
}

/** BatchNorm in training of [N, H, W, C], with the statistics of the batch. */
export function batchNorm(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): { y: tf.Tensor; mean: tf.Tensor1D; variance: tf.Tensor1D } {
  const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
  return { y: tf.batchNorm(x, mean, variance, bias as tf.Tensor1D, weight as tf.Tensor1D, eps), mean, variance };
}

/** Convolution of [N, H, W, C] with 3×3 kernels and padding 1. */
export function conv(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.conv2d(x as tf.Tensor4D, weight as tf.Tensor4D, 1, 'same'), bias);
}
