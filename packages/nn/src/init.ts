import { full, noGrad, type RandomOptions, ShapeError, scope, type Tensor, ValueError } from '@nabla/core';

export {
  dirac_,
  eye_,
  type OrthogonalOptions,
  orthogonal_,
  type SparseOptions,
  sparse_,
  type TruncNormalOptions,
  truncNormal_,
} from './init-structured.ts';

/** Nonlinearities with a recommended gain. */
export type Nonlinearity =
  | 'linear'
  | `conv${1 | 2 | 3}d`
  | `convTranspose${1 | 2 | 3}d`
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leakyRelu'
  | 'selu';

/**
 * The gain by which weights before a nonlinearity are scaled, so that activations keep their spread.
 *
 * @param slope negative slope of `leakyRelu`; default 0.01
 * @throws ValueError for an unknown nonlinearity
 * @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
 */
export function calculateGain(nonlinearity: Nonlinearity, slope: number = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'conv1d':
    case 'conv2d':
    case 'conv3d':
    case 'convTranspose1d':
    case 'convTranspose2d':
    case 'convTranspose3d':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope * slope));
    case 'selu':
      return 3 / 4;
    default:
      throw new ValueError(`calculateGain: unknown nonlinearity '${String(nonlinearity)}'`);
  }
}

/**
 * How many inputs reach one output of a weight [out, in, ...kernel], and how many outputs one input reaches.
 *
 * @throws ShapeError for tensors with fewer than 2 dimensions
 */
export function calculateFan(weight: Tensor): { fanIn: number; fanOut: number } {
  if (weight.ndim < 2) {
    throw new ShapeError(
      `fan in and fan out can not be computed for a tensor with fewer than 2 dimensions, got [${weight.shape.join(', ')}]`,
    );
  }
  const [out, into, ...kernel] = weight.shape as [number, number, ...number[]];
  const field = kernel.reduce((a, b) => a * b, 1);
  return { fanIn: into * field, fanOut: out * field };
}

/** Fills with numbers drawn evenly from [from, to). @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.uniform_ */
export function uniform_<T extends Tensor>(t: T, from: number = 0, to: number = 1, options: RandomOptions = {}): T {
  if (t.size > 0) noGrad(() => t.uniform_(from, to, options));
  return t;
}

/** Fills with normally distributed numbers. @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.normal_ */
export function normal_<T extends Tensor>(t: T, mean: number = 0, std: number = 1, options: RandomOptions = {}): T {
  if (t.size > 0) noGrad(() => t.normal_(mean, std, options));
  return t;
}

/** Fills with one value. @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.constant_ */
export function constant_<T extends Tensor>(t: T, value: number): T {
  // In a scope, for models are made outside of one: a device's buffer would wait for the collector.
  noGrad(() => scope(() => void t.copy_(full([], value, { dtype: t.dtype, device: t.device }))));
  return t;
}

/** Fills with zeros. */
export function zeros_<T extends Tensor>(t: T): T {
  return constant_(t, 0);
}

/** Fills with ones. */
export function ones_<T extends Tensor>(t: T): T {
  return constant_(t, 1);
}

/** Options of the Xavier initializers. */
export interface XavierOptions extends RandomOptions {
  /** Factor on the spread; see {@link calculateGain}. Default 1. */
  gain?: number;
}

function xavierStd(t: Tensor, gain: number): number {
  const { fanIn, fanOut } = calculateFan(t);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** Even numbers of variance 2·gain² / (fanIn + fanOut) (Glorot and Bengio 2010). @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_uniform_ */
export function xavierUniform_<T extends Tensor>(t: T, options: XavierOptions = {}): T {
  const bound = Math.sqrt(3) * xavierStd(t, options.gain ?? 1);
  return uniform_(t, -bound, bound, options);
}

/** Normal numbers of variance 2·gain² / (fanIn + fanOut) (Glorot and Bengio 2010). @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.xavier_normal_ */
export function xavierNormal_<T extends Tensor>(t: T, options: XavierOptions = {}): T {
  return normal_(t, 0, xavierStd(t, options.gain ?? 1), options);
}

/** Options of the Kaiming initializers. */
export interface KaimingOptions extends RandomOptions {
  /** Negative slope of the leaky ReLU that follows. Default 0. */
  a?: number;
  /** Keep the spread of activations (`fanIn`, default) or of gradients (`fanOut`). */
  mode?: 'fanIn' | 'fanOut';
  /** Default `leakyRelu`. */
  nonlinearity?: Nonlinearity;
}

function kaimingStd(t: Tensor, options: KaimingOptions): number {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  if (mode !== 'fanIn' && mode !== 'fanOut') throw new ValueError(`kaiming: mode must be 'fanIn' or 'fanOut', got '${String(mode)}'`);
  return calculateGain(nonlinearity, a) / Math.sqrt(calculateFan(t)[mode]);
}

/** Even numbers of variance gain² / fan (He et al. 2015). @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_ */
export function kaimingUniform_<T extends Tensor>(t: T, options: KaimingOptions = {}): T {
  if (t.size === 0) return t;
  const bound = Math.sqrt(3) * kaimingStd(t, options);
  return uniform_(t, -bound, bound, options);
}

/** Normal numbers of variance gain² / fan (He et al. 2015). @see https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_normal_ */
export function kaimingNormal_<T extends Tensor>(t: T, options: KaimingOptions = {}): T {
  return t.size === 0 ? t : normal_(t, 0, kaimingStd(t, options), options);
}
