import { lax, nn, numpy as np } from '@jax-js/jax';
import type { NamedArray } from '../tensors.ts';

// Every function of this library takes its arguments over: `.ref` is one more use of an array.

export type Arr = np.Array;
export type Params = Record<string, Arr>;

/** What the layers of Nabla and PyTorch add to the variance. */
const eps = 1e-5;

export function make({ shape, data }: NamedArray): Arr {
  return np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]);
}

/** LayerNorm over the last dimension. */
export function layerNorm(x: Arr, weight: Arr, bias: Arr): Arr {
  return nn.standardize(x, -1, { epsilon: eps }).mul(weight).add(bias);
}

/** BatchNorm in training of [N, C, H, W], with the mean and the biased variance of each channel. */
export function batchNorm(x: Arr, weight: Arr, bias: Arr): { y: Arr; mean: Arr; variance: Arr } {
  const column = [1, x.shape[1]!, 1, 1];
  const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
  const centered = x.sub(mean.ref);
  const variance = np.mean(np.square(centered.ref), [0, 2, 3], { keepdims: true });
  const normalized = centered.div(np.sqrt(variance.ref.add(eps)));
  const y = normalized.mul(weight.reshape(column)).add(bias.reshape(column));
  return { y, mean: mean.reshape([-1]), variance: variance.reshape([-1]) };
}

/** Convolution of [N, C, H, W] with 3×3 kernels and padding 1. */
export function conv(x: Arr, weight: Arr, bias: Arr): Arr {
  const padding: [number, number][] = [
    [1, 1],
    [1, 1],
  ];
  return lax.conv(x, weight, [1, 1], padding).add(bias.reshape([1, -1, 1, 1]));
}

/** x Wᵀ + b, with PyTorch's weights. */
export function linear(x: Arr, p: Params, name: string): Arr {
  return np.matmul(x, p[`${name}.weight`]!.transpose()).add(p[`${name}.bias`]!);
}

/** Mean cross-entropy of rows of logits, given their classes. */
export function crossEntropy(logits: Arr, y: Arr): Arr {
  const labels = nn.oneHot(y, logits.shape.at(-1)!);
  return nn.logSoftmax(logits, -1).mul(labels).sum(-1).mean().neg();
}
