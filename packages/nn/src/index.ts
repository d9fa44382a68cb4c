/**
 * Layers, losses and initializers.
 *
 * @packageDocumentation
 */
export {
  Hardsigmoid,
  Hardswish,
  LogSigmoid,
  Mish,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softsign,
  Tanh,
  Tanhshrink,
} from './activation.ts';
export type { InplaceOptions } from './activation-base.ts';
export {
  CELU,
  ELU,
  type ELUOptions,
  Hardshrink,
  Hardtanh,
  type HardtanhLayerOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  PReLU,
  type PReLUOptions,
  RReLU,
  type RReLULayerOptions,
  Softplus,
  Softshrink,
  Threshold,
} from './activation-parametric.ts';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptiveMaxPoolLayerOptions,
  type AdaptiveSizes,
} from './adaptive-pool.ts';
export { type AdaptiveLogSoftmaxOptions, type AdaptiveLogSoftmaxResult, AdaptiveLogSoftmaxWithLoss } from './adaptive-softmax.ts';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from './batchnorm.ts';
export { type AfterLayer, type CheckLayers, ModuleDict, ModuleList, Sequential, type Slot } from './container.ts';
export {
  Conv1d,
  type Conv1dLayerOptions,
  Conv2d,
  type Conv2dLayerOptions,
  Conv3d,
  type Conv3dLayerOptions,
  type ConvPadding,
  type SingleLike,
  type TripleLike,
} from './conv.ts';
export type { ConvLayerOptions, PaddingMode } from './conv-base.ts';
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvTransposeLayerOptions } from './conv-transpose.ts';
export {
  Bilinear,
  type BilinearOptions,
  CosineSimilarity,
  type CosineSimilarityLayerOptions,
  PairwiseDistance,
  type PairwiseDistanceLayerOptions,
} from './distance.ts';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './dropout.ts';
export { Embedding, EmbeddingBag, type EmbeddingBagLayerOptions, type EmbeddingLayerOptions } from './embedding.ts';
export { Flatten } from './flatten.ts';
export { FractionalMaxPool2d, FractionalMaxPool3d, type FractionalMaxPoolLayerOptions } from './fractional-pool.ts';
export * as functional from './functional.ts';
export { type ForwardResult, functionalCall } from './functional-call.ts';
export { type AnyBatchNorm, type AnyConv, type AnyTransposed, fuseConvBnEval, fuseLinearBnEval } from './fuse.ts';
export {
  GroupNorm,
  type GroupNormOptions,
  LocalResponseNorm,
  type LocalResponseNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from './groupnorm.ts';
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
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, type InstanceNormLayerOptions } from './instancenorm.ts';
export type { LayerOptions, PairLike, SizeLike } from './layer.ts';
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
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  MarginRankingLoss,
  MultiLabelMarginLoss,
  MultiLabelSoftMarginLoss,
  MultiMarginLoss,
  SoftMarginLoss,
  TripletMarginLoss,
  TripletMarginWithDistanceLoss,
} from './loss-margin.ts';
export { CTCLoss, GaussianNLLLoss, KLDivLoss, PoissonNLLLoss } from './loss-probability.ts';
export { type LoadResult, Module } from './module.ts';
export { type AttentionCallOptions, MultiheadAttention, type MultiheadAttentionOptions } from './multihead-attention.ts';
export { type OrthogonalMap, type OrthogonalOptions, orthogonal } from './orthogonal.ts';
export {
  PackedSequence,
  type PackOptions,
  type PadSequenceOptions,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
  type SequenceLengths,
  type UnpackOptions,
  unpackSequence,
  unpadSequence,
} from './packed-sequence.ts';
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  type PaddingLike,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './padding.ts';
export { Buffer, type BufferOptions, isBuffer, isParameter, Parameter, type ParameterOptions } from './parameter.ts';
export { ParameterDict, ParameterList } from './parameter-containers.ts';
export { parametersToVector, vectorToParameters } from './parameter-vector.ts';
export { type SpectralNormOptions, spectralNorm, type WeightNormOptions, weightNorm } from './parametrizations.ts';
export { isParametrized, type Parametrization, registerParametrization, removeParametrizations } from './parametrize.ts';
export {
  AdaptiveAvgPool2d,
  type AdaptiveSize,
  AvgPool2d,
  type AvgPool2dLayerOptions,
  MaxPool2d,
  type MaxPool2dLayerOptions,
} from './pool.ts';
export {
  AvgPool1d,
  AvgPool3d,
  type AvgPool3dLayerOptions,
  type AvgPoolLayerOptions,
  MaxPool1d,
  MaxPool3d,
  type MaxPoolLayerOptions,
} from './pool-nd.ts';
export {
  PositionalEncoding,
  type PositionalEncodingOptions,
  type RotaryOptions,
  rotaryEmbedding,
  type SinusoidalOptions,
  sinusoidalEncoding,
} from './positional.ts';
export type { RecurrentOptions } from './recurrent.ts';
export {
  ChannelShuffle,
  Fold,
  PixelShuffle,
  PixelUnshuffle,
  Unflatten,
  Unfold,
  type UnfoldLayerOptions,
  Upsample,
  type UpsampleLayerOptions,
  type Upsampling2dOptions,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
} from './reshape.ts';
export { GRU, LSTM, type LSTMOptions, RNN, type RNNOptions } from './rnn.ts';
export { type CellOptions, GRUCell, LSTMCell, RNNCell, type RNNCellOptions } from './rnn-cells.ts';
export type { Apply, CallArgs, CallResult, FnOf, IdentityFn, In, ShapeFn, Side, Untyped } from './shape-fn.ts';
export { GELU, type GELUOptions, GLU, LogSoftmax, Softmax, Softmax2d, Softmin } from './softmax.ts';
export { isModule, type Mismatch, StateDictError } from './state.ts';
export { type ModelSummary, type SummaryRow, summary } from './summary.ts';
export {
  type CloneableLayer,
  type EncoderStackMasks,
  Transformer,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerMasks,
  type TransformerOptions,
  type TransformerStackOptions,
} from './transformer.ts';
export {
  type DecoderMasks,
  type EncoderMasks,
  type TransformerActivation,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-layers.ts';
export {
  LPPool1d,
  LPPool2d,
  type LPPoolLayerOptions,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
  type MaxUnpoolLayerOptions,
} from './unpool.ts';
