import { type Tensor, ValueError } from '@nabla/core';
import { Dropout } from './dropout.ts';
import * as F from './functional.ts';
import type { LayerOptions } from './layer.ts';
import { LayerNorm } from './layernorm.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { MultiheadAttention } from './multihead-attention.ts';

/** What the layers of a transformer put between their linear maps: a name or a function. */
export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

/** Options of {@link TransformerEncoderLayer} and {@link TransformerDecoderLayer}. */
export interface TransformerLayerOptions extends LayerOptions {
  /** Size between the linear maps. Default 2048. */
  dimFeedforward?: number;
  /** Default 0.1. */
  dropout?: number;
  /** Default `'relu'`. */
  activation?: TransformerActivation;
  /** The layer norms' eps. Default 1e-5. */
  layerNormEps?: number;
  /** Inputs and outputs are [N, L, E] instead of [L, N, E]. Default false. */
  batchFirst?: boolean;
  /** Normalize before attention and linear maps instead of after adding their results. Default false. */
  normFirst?: boolean;
}

function activationOf(name: string, activation: TransformerActivation): (x: Tensor) => Tensor {
  if (typeof activation === 'function') return activation;
  if (activation === 'relu') return (x) => F.relu(x);
  if (activation === 'gelu') return (x) => F.gelu(x);
  throw new ValueError(`${name}: activation must be 'relu', 'gelu' or a function, got '${String(activation)}'`);
}

/** Options of the parts of a layer. */
function placement({ dtype, device }: LayerOptions): LayerOptions {
  return { ...(dtype === undefined ? {} : { dtype }), ...(device === undefined ? {} : { device }) };
}

/** Options of {@link TransformerEncoderLayer.forward}. */
export interface EncoderMasks {
  /** Of shape [L, L] or [N · nhead, L, L], true where a position must not attend to another, or numbers added to the scores. */
  srcMask?: Tensor | null;
  /** Of shape [N, L], true where the source is padding. */
  srcKeyPaddingMask?: Tensor | null;
}

/**
 * One layer of a transformer's encoder (Vaswani et al. 2017): attention of the positions to each other, then two linear maps,
 * each with dropout, a shortcut and a layer norm.
 *
 * Its parts are `selfAttn`, `linear1`, `linear2`, `norm1` and `norm2`.
 *
 * @throws ValueError when the heads do not divide the size, or for an unknown activation; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * new TransformerEncoderLayer(512, 8, { batchFirst: true }).call(rand([32, 10, 512])); // [32, 10, 512]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 */
export class TransformerEncoderLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear<number, number>;
  readonly dropout: Dropout;
  readonly linear2: Linear<number, number>;
  readonly normFirst: boolean;
  readonly norm1: LayerNorm<number>;
  readonly norm2: LayerNorm<number>;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #made: readonly [dModel: number, nhead: number, options: TransformerLayerOptions];

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super();
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, batchFirst = false } = options;
    const where = placement(options);
    this.#made = [dModel, nhead, options];
    this.#activation = activationOf('TransformerEncoderLayer', options.activation ?? 'relu');
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...where });
    this.linear1 = new Linear(dModel, dimFeedforward, where);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, where);
    this.normFirst = options.normFirst ?? false;
    this.norm1 = new LayerNorm(dModel, { eps, ...where });
    this.norm2 = new LayerNorm(dModel, { eps, ...where });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
  }

  /** Another layer with the same options, values and mode, and parameters of its own. */
  clone(): TransformerEncoderLayer {
    const copy = new TransformerEncoderLayer(...this.#made);
    copy.to(this.linear1.weight.device, this.linear1.weight.dtype).loadStateDict(this.stateDict());
    return copy.train(this.training);
  }

  /** @param src [L, N, E] ([N, L, E] with `batchFirst`), or [L, E] */
  forward(src: Tensor, masks: EncoderMasks = {}): Tensor {
    const attend = (x: Tensor): Tensor => {
      const options = { attnMask: masks.srcMask ?? null, keyPaddingMask: masks.srcKeyPaddingMask ?? null, needWeights: false };
      return this.dropout1.call(this.selfAttn.call(x, x, x, options)[0]);
    };
    const feed = (x: Tensor): Tensor => {
      const hidden = this.dropout.call(this.#activation(this.linear1.call(x) as Tensor));
      return this.dropout2.call(this.linear2.call(hidden) as Tensor);
    };
    if (this.normFirst) {
      const x = src.add(attend(this.norm1.call(src) as Tensor)) as Tensor;
      return x.add(feed(this.norm2.call(x) as Tensor)) as Tensor;
    }
    const x = this.norm1.call(src.add(attend(src)) as Tensor) as Tensor;
    return this.norm2.call(x.add(feed(x)) as Tensor) as Tensor;
  }
}

/** Options of {@link TransformerDecoderLayer.forward}. */
export interface DecoderMasks {
  /** Of shape [T, T] or [N · nhead, T, T], true where a target position must not attend to another, or numbers added to the scores. */
  tgtMask?: Tensor | null;
  /** Of shape [T, S] or [N · nhead, T, S], the same for what the target attends to in the memory. */
  memoryMask?: Tensor | null;
  /** Of shape [N, T], true where the target is padding. */
  tgtKeyPaddingMask?: Tensor | null;
  /** Of shape [N, S], true where the memory is padding. */
  memoryKeyPaddingMask?: Tensor | null;
}

/**
 * One layer of a transformer's decoder (Vaswani et al. 2017): attention of the target positions to each other, then to the memory,
 * then two linear maps, each with dropout, a shortcut and a layer norm.
 *
 * Its parts are `selfAttn`, `multiheadAttn`, `linear1`, `linear2`, `norm1`, `norm2` and `norm3`.
 *
 * @throws ValueError when the heads do not divide the size, or for an unknown activation; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const layer = new TransformerDecoderLayer(512, 8, { batchFirst: true });
 * layer.call(rand([32, 20, 512]), rand([32, 10, 512])); // [32, 20, 512]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 */
export class TransformerDecoderLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly multiheadAttn: MultiheadAttention;
  readonly linear1: Linear<number, number>;
  readonly dropout: Dropout;
  readonly linear2: Linear<number, number>;
  readonly normFirst: boolean;
  readonly norm1: LayerNorm<number>;
  readonly norm2: LayerNorm<number>;
  readonly norm3: LayerNorm<number>;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #made: readonly [dModel: number, nhead: number, options: TransformerLayerOptions];

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super();
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps: eps = 1e-5, batchFirst = false } = options;
    const where = placement(options);
    this.#made = [dModel, nhead, options];
    this.#activation = activationOf('TransformerDecoderLayer', options.activation ?? 'relu');
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...where });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, ...where });
    this.linear1 = new Linear(dModel, dimFeedforward, where);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, where);
    this.normFirst = options.normFirst ?? false;
    this.norm1 = new LayerNorm(dModel, { eps, ...where });
    this.norm2 = new LayerNorm(dModel, { eps, ...where });
    this.norm3 = new LayerNorm(dModel, { eps, ...where });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
  }

  /** Another layer with the same options, values and mode, and parameters of its own. */
  clone(): TransformerDecoderLayer {
    const copy = new TransformerDecoderLayer(...this.#made);
    copy.to(this.linear1.weight.device, this.linear1.weight.dtype).loadStateDict(this.stateDict());
    return copy.train(this.training);
  }

  /**
   * @param tgt [T, N, E] ([N, T, E] with `batchFirst`), or [T, E]
   * @param memory what the encoder gave: [S, N, E] ([N, S, E] with `batchFirst`), or [S, E]
   */
  forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    const attend = (x: Tensor): Tensor => {
      const options = { attnMask: masks.tgtMask ?? null, keyPaddingMask: masks.tgtKeyPaddingMask ?? null, needWeights: false };
      return this.dropout1.call(this.selfAttn.call(x, x, x, options)[0]);
    };
    const recall = (x: Tensor): Tensor => {
      const options = { attnMask: masks.memoryMask ?? null, keyPaddingMask: masks.memoryKeyPaddingMask ?? null, needWeights: false };
      return this.dropout2.call(this.multiheadAttn.call(x, memory, memory, options)[0]);
    };
    const feed = (x: Tensor): Tensor => {
      const hidden = this.dropout.call(this.#activation(this.linear1.call(x) as Tensor));
      return this.dropout3.call(this.linear2.call(hidden) as Tensor);
    };
    if (this.normFirst) {
      const x = tgt.add(attend(this.norm1.call(tgt) as Tensor)) as Tensor;
      const y = x.add(recall(this.norm2.call(x) as Tensor)) as Tensor;
      return y.add(feed(this.norm3.call(y) as Tensor)) as Tensor;
    }
    const x = this.norm1.call(tgt.add(attend(tgt)) as Tensor) as Tensor;
    const y = this.norm2.call(x.add(recall(x)) as Tensor) as Tensor;
    return this.norm3.call(y.add(feed(y)) as Tensor) as Tensor;
  }
}
