/**
 * What layers compute, as functions without state: PyTorch's `torch.nn.functional`.
 *
 * @packageDocumentation
 */
export {
  batchNorm,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  celu,
  conv1d,
  conv2d,
  crossEntropy,
  dropout,
  elu,
  gelu,
  groupNorm,
  huberLoss,
  l1Loss,
  layerNorm,
  leakyRelu,
  linear,
  logSoftmax,
  logsigmoid,
  mish,
  mseLoss,
  nllLoss,
  oneHot,
  pad,
  relu,
  selu,
  sigmoid,
  silu,
  smoothL1Loss,
  softmax,
  softplus,
  tanh,
} from '@nabla/core';
