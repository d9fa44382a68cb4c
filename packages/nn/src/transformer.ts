import { type CreationOptions, full, noGrad, ShapeError, type Tensor, ValueError } from '@nabla/core';
import { ModuleList } from './container.ts';
import { xavierUniform_ } from './init.ts';
import { checkSize, showShape } from './layer.ts';
import { LayerNorm } from './layernorm.ts';
import { Module } from './module.ts';
import {
  type DecoderMasks,
  type EncoderMasks,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformer-layers.ts';

/** Options of {@link TransformerEncoder} and {@link TransformerDecoder}. */
export interface TransformerStackOptions {
  /** What normalizes the result of the last layer. Default none. */
  norm?: Module | null;
}

/** A layer that stacks can copy: with a `clone` method, such as {@link TransformerEncoderLayer}'s. */
export interface CloneableLayer extends Module {
  clone(): Module;
}

/** So many layers: copies of one (itself among them not), or what a function makes. */
function stackOf(name: string, layer: CloneableLayer | (() => Module), numLayers: number): ModuleList {
  checkSize(name, 'numLayers', numLayers);
  if (typeof layer !== 'function' && typeof layer?.clone !== 'function')
    throw new ValueError(`${name}: a layer needs a clone method; or give a function that makes one`);
  return new ModuleList(Array.from({ length: numLayers }, () => (typeof layer === 'function' ? layer() : layer.clone())));
}

/** Names of the masks of {@link TransformerEncoder.forward}. */
export interface EncoderStackMasks {
  /** As `srcMask` of {@link EncoderMasks}. */
  mask?: Tensor | null;
  /** As in {@link EncoderMasks}. */
  srcKeyPaddingMask?: Tensor | null;
}

/**
 * Layers of an encoder one after the other. All start with the values of the layer they are copies of, as in PyTorch; a
 * function that makes layers gives each its own.
 *
 * @throws ValueError for a number of layers that makes no sense, or a layer that cannot be copied
 * @example
 * ```ts
 * const encoder = new TransformerEncoder(new TransformerEncoderLayer(512, 8), 6);
 * encoder.call(rand([10, 32, 512])); // [10, 32, 512]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList;
  readonly norm: Module | null;

  constructor(layer: CloneableLayer | (() => Module), numLayers: number, options: TransformerStackOptions = {}) {
    super();
    this.layers = stackOf('TransformerEncoder', layer, numLayers);
    this.norm = options.norm ?? null;
  }

  /** @param src what the layers take */
  forward(src: Tensor, masks: EncoderStackMasks = {}): Tensor {
    const given: EncoderMasks = { srcMask: masks.mask ?? null, srcKeyPaddingMask: masks.srcKeyPaddingMask ?? null };
    let x = src;
    for (const layer of this.layers) x = (layer as TransformerEncoderLayer).call(x, given);
    return this.norm === null ? x : (this.norm.call(x) as Tensor);
  }
}

/**
 * Layers of a decoder one after the other. All start with the values of the layer they are copies of, as in PyTorch; a
 * function that makes layers gives each its own.
 *
 * @throws ValueError for a number of layers that makes no sense, or a layer that cannot be copied
 * @example
 * ```ts
 * const decoder = new TransformerDecoder(new TransformerDecoderLayer(512, 8), 6);
 * decoder.call(rand([20, 32, 512]), rand([10, 32, 512])); // [20, 32, 512]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
 */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList;
  readonly norm: Module | null;

  constructor(layer: CloneableLayer | (() => Module), numLayers: number, options: TransformerStackOptions = {}) {
    super();
    this.layers = stackOf('TransformerDecoder', layer, numLayers);
    this.norm = options.norm ?? null;
  }

  /**
   * @param tgt what the layers take
   * @param memory what the encoder gave
   */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let x = tgt;
    for (const layer of this.layers) x = (layer as TransformerDecoderLayer).call(x, memory, masks);
    return this.norm === null ? x : (this.norm.call(x) as Tensor);
  }
}

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Size of the positions. Default 512. */
  dModel?: number;
  /** Heads of each attention. Default 8. */
  nhead?: number;
  /** Default 6. */
  numEncoderLayers?: number;
  /** Default 6. */
  numDecoderLayers?: number;
  /** Instead of the usual encoder. */
  customEncoder?: Module | null;
  /** Instead of the usual decoder. */
  customDecoder?: Module | null;
}

/** Options of {@link Transformer.forward}. */
export interface TransformerMasks extends EncoderMasks, DecoderMasks {}

/**
 * Encoder and decoder (Vaswani et al. 2017), each with a layer norm at its end. Parameters with more than one dimension start as
 * Xavier's uniform numbers.
 *
 * @throws ValueError for options that make no sense; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const model = new Transformer({ nhead: 16, numEncoderLayers: 12 });
 * model.call(rand([10, 32, 512]), rand([20, 32, 512])); // [20, 32, 512]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
 */
export class Transformer extends Module {
  readonly encoder: Module;
  readonly decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(options: TransformerOptions = {}) {
    super();
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, customEncoder, customDecoder, ...rest } = options;
    const { dtype, device } = rest;
    const where = { ...(dtype === undefined ? {} : { dtype }), ...(device === undefined ? {} : { device }) };
    const norm = (): Module => new LayerNorm(dModel, { eps: rest.layerNormEps ?? 1e-5, ...where }) as unknown as Module;
    this.encoder =
      customEncoder ?? new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, rest), numEncoderLayers, { norm: norm() });
    this.decoder =
      customDecoder ?? new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, rest), numDecoderLayers, { norm: norm() });
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = rest.batchFirst ?? false;
    this.resetParameters();
  }

  /** Draws the values of parameters with more than one dimension again. */
  resetParameters(): void {
    for (const p of this.parameters()) if (p.ndim > 1) xavierUniform_(p);
  }

  /**
   * @param src [S, N, E] ([N, S, E] with `batchFirst`), or [S, E]
   * @param tgt [T, N, E] ([N, T, E] with `batchFirst`), or [T, E]
   * @returns shaped as the target
   */
  forward(src: Tensor, tgt: Tensor, masks: TransformerMasks = {}): Tensor {
    const { dModel } = this;
    const batch = this.batchFirst ? 0 : 1;
    const fits = src.shape[src.ndim - 1] === dModel && tgt.shape[tgt.ndim - 1] === dModel && src.ndim === tgt.ndim;
    if (!fits || (src.ndim === 3 && src.shape[batch] !== tgt.shape[batch])) {
      const given = `source ${showShape(src.shape)} and target ${showShape(tgt.shape)}`;
      throw new ShapeError(`Transformer expects the same batch and size ${dModel} (dimension -1), got ${given}`);
    }
    const { srcMask = null, srcKeyPaddingMask = null, ...rest } = masks;
    const memory = (this.encoder as TransformerEncoder).call(src, { mask: srcMask, srcKeyPaddingMask });
    return (this.decoder as TransformerDecoder).call(tgt, memory, rest);
  }

  /**
   * A mask [size, size] that lets every position attend to itself and to what comes before: 0 there, -∞ elsewhere.
   *
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html#torch.nn.Transformer.generate_square_subsequent_mask
   */
  static generateSquareSubsequentMask(size: number, options: CreationOptions = {}): Tensor {
    checkSize('Transformer', 'size', size);
    return noGrad(() => full([size, size], Number.NEGATIVE_INFINITY, options).triu(1) as unknown as Tensor);
  }
}
