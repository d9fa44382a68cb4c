import { type Backend, cat, type DType, ShapeError, stack, type Tensor, tensor, ValueError } from '@nabla/core';
import { Dropout } from './dropout.ts';
import { checkSize, showShape } from './layer.ts';
import { Module } from './module.ts';
import { Buffer } from './parameter.ts';

/** Options of {@link sinusoidalEncoding}. */
export interface SinusoidalOptions {
  /** The longest wavelength, over 2π. Default 10000. */
  base?: number;
  /** Default float32. */
  dtype?: DType;
  /** The default backend if omitted. */
  device?: Backend;
}

/** Angles position / base^(2i / dim) of positions first, first + 1, ... */
function angles(first: number, length: number, dim: number, base: number): Float64Array {
  const half = dim / 2;
  const out = new Float64Array(length * half);
  for (let p = 0; p < length; p++) for (let i = 0; i < half; i++) out[p * half + i] = (first + p) / base ** ((2 * i) / dim);
  return out;
}

/**
 * Positions as sines and cosines of different wavelengths (Vaswani et al. 2017): entry 2i of position p is sin(p / base^(2i/dim)),
 * entry 2i + 1 the cosine.
 *
 * @returns [length, dim]
 * @throws ValueError for an odd size
 * @example
 * ```ts
 * sinusoidalEncoding(100, 512); // [100, 512]
 * ```
 * @see https://arxiv.org/abs/1706.03762
 */
export function sinusoidalEncoding(length: number, dim: number, options: SinusoidalOptions = {}): Tensor {
  checkSize('sinusoidalEncoding', 'length', length);
  checkSize('sinusoidalEncoding', 'dim', dim, 2);
  if (dim % 2 !== 0) throw new ValueError(`sinusoidalEncoding: dim must be even, got ${dim}`);
  const { base = 10000, dtype = 'float32', device } = options;
  const given = angles(0, length, dim, base);
  const values = new Float64Array(length * dim);
  given.forEach((angle, k) => {
    values[2 * k] = Math.sin(angle);
    values[2 * k + 1] = Math.cos(angle);
  });
  return tensor(values, { dtype, ...(device === undefined ? {} : { device }) }).reshape([length, dim]) as Tensor;
}

/** Options of {@link PositionalEncoding}. */
export interface PositionalEncodingOptions extends SinusoidalOptions {
  /** Probability of dropout of the sum, in training. Default 0.1. */
  dropout?: number;
  /** The longest sequence. Default 5000. */
  maxLength?: number;
  /** Inputs are [N, L, E] instead of [L, N, E]. Default false. */
  batchFirst?: boolean;
}

/**
 * Adds {@link sinusoidalEncoding} to a sequence, then drops out.
 *
 * @throws ValueError for an odd size; ShapeError at the call when the sequence is too long or has another size
 * @example
 * ```ts
 * new PositionalEncoding(512, { batchFirst: true }).call(zeros([32, 10, 512]));
 * ```
 * @see https://arxiv.org/abs/1706.03762
 */
export class PositionalEncoding extends Module {
  readonly dModel: number;
  readonly maxLength: number;
  readonly batchFirst: boolean;
  readonly dropout: Dropout;
  /** [maxLength, dModel]; no part of the state dict, since it follows from the options. */
  readonly pe: Buffer;

  constructor(dModel: number, options: PositionalEncodingOptions = {}) {
    super();
    const { dropout = 0.1, maxLength = 5000, batchFirst = false, ...rest } = options;
    this.dModel = dModel;
    this.maxLength = maxLength;
    this.batchFirst = batchFirst;
    this.dropout = new Dropout(dropout);
    this.pe = new Buffer(sinusoidalEncoding(maxLength, dModel, rest), { persistent: false });
  }

  /** @param x [L, N, dModel] ([N, L, dModel] with `batchFirst`), or [L, dModel] */
  forward(x: Tensor): Tensor {
    const time = x.ndim === 3 && this.batchFirst ? 1 : 0;
    const length = x.shape[time];
    if ((x.ndim !== 2 && x.ndim !== 3) || x.shape[x.ndim - 1] !== this.dModel || length! > this.maxLength) {
      const shown = `at most ${this.maxLength} positions of size ${this.dModel}`;
      throw new ShapeError(`PositionalEncoding(${this.dModel}) expects ${shown} but the input is ${showShape(x.shape)}`);
    }
    const rows = this.pe.narrow(0, 0, length!) as Tensor;
    return this.dropout.call(x.add((x.ndim === 3 && time === 0 ? rows.unsqueeze(1) : rows) as Tensor) as Tensor);
  }

  override extraRepr(): string {
    return `${this.dModel}, max_length=${this.maxLength}`;
  }
}

/** Options of {@link rotaryEmbedding}. */
export interface RotaryOptions {
  /** Position of the first entry, for parts of a sequence. Default 0. */
  offset?: number;
  /** The longest wavelength, over 2π. Default 10000. */
  base?: number;
  /** Whether pairs are neighbours (2i, 2i + 1), as in the paper, or lie half the size apart (i, i + dim/2). Default true. */
  interleaved?: boolean;
}

/**
 * Rotates pairs of entries of queries or keys by angles that grow with the position (Su et al. 2021), so that their products
 * depend on distances only.
 *
 * @param x [..., L, dim]
 * @returns the same shape
 * @throws ShapeError for fewer than 2 dimensions or an odd size
 * @example
 * ```ts
 * const scores = rotaryEmbedding(q).matmul(rotaryEmbedding(k).mT);
 * ```
 * @see https://arxiv.org/abs/2104.09864
 */
export function rotaryEmbedding(x: Tensor, options: RotaryOptions = {}): Tensor {
  const { offset = 0, base = 10000, interleaved = true } = options;
  const dim = x.shape[x.ndim - 1];
  if (x.ndim < 2 || dim === undefined || dim === 0 || dim % 2 !== 0)
    throw new ShapeError(`rotaryEmbedding expects [..., L, even size] but the input is ${showShape(x.shape)}`);
  const length = x.shape[x.ndim - 2]!;
  const half = dim / 2;
  const angle = angles(offset, length, dim, base);
  const like = { dtype: x.dtype, device: x.device };
  const cos = tensor(angle.map(Math.cos), like).reshape([length, half]) as Tensor;
  const sin = tensor(angle.map(Math.sin), like).reshape([length, half]) as Tensor;
  const pairs = interleaved ? (x.unflatten(-1, [half, 2]) as Tensor) : (x.unflatten(-1, [2, half]) as Tensor);
  const [a, b] = pairs.unbind(interleaved ? -1 : -2) as Tensor[];
  const turned = [a!.mul(cos).sub(b!.mul(sin) as Tensor), a!.mul(sin).add(b!.mul(cos) as Tensor)] as Tensor[];
  return interleaved ? (stack(turned, -1).flatten(-2, -1) as Tensor) : (cat(turned, -1) as Tensor);
}
