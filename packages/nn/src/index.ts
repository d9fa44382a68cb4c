/**
 * Layers, losses and initializers.
 *
 * @packageDocumentation
 */
export {
  ELU,
  GELU,
  type GELUOptions,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  Mish,
  ReLU,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Tanh,
} from './activation.ts';
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from './batchnorm.ts';
export { type AfterLayer, type CheckLayers, ModuleDict, ModuleList, Sequential, type Slot } from './container.ts';
export { Conv2d, type Conv2dLayerOptions, type ConvPadding, type PaddingMode } from './conv.ts';
export { Dropout } from './dropout.ts';
export { Flatten } from './flatten.ts';
export * as functional from './functional.ts';
export type {
  ForwardHook,
  ForwardPreHook,
  FullBackwardHook,
  FullBackwardPreHook,
  HookOptions,
  ModuleGradients,
} from './hooks.ts';
export { Identity } from './identity.ts';
export * as init from './init.ts';
export type { LayerOptions, PairLike } from './layer.ts';
export { LayerNorm, type LayerNormOptions, type NormalizedShape, type ShapeOfNormalized } from './layernorm.ts';
export { Linear, type LinearOptions } from './linear.ts';
export {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  HuberLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from './loss.ts';
export { type LoadResult, Module } from './module.ts';
export { Buffer, type BufferOptions, isBuffer, isParameter, Parameter, type ParameterOptions } from './parameter.ts';
export {
  AdaptiveAvgPool2d,
  type AdaptiveSize,
  AvgPool2d,
  type AvgPool2dLayerOptions,
  MaxPool2d,
  type MaxPool2dLayerOptions,
} from './pool.ts';
export { RNN, type RNNOptions } from './rnn.ts';
export type { Apply, CallArgs, CallResult, FnOf, IdentityFn, In, ShapeFn, Side, Untyped } from './shape-fn.ts';
export { isModule, type Mismatch, StateDictError } from './state.ts';
