import { noGrad, ShapeError, type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { normal_, zeros_ } from './init.ts';
import { bool, checkSize, type LayerOptions, parameter, showShape } from './layer.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends LayerOptions {
  /** A row that starts as zeros and gets no gradient; a negative number counts from the end. */
  paddingIdx?: number | null;
  /** Rows that are looked up and whose norm is larger are scaled to it, in place. */
  maxNorm?: number | null;
  /** Order of that norm. Default 2. */
  normType?: number;
  /** Divide each row's gradient by how often it was looked up. Default false. */
  scaleGradByFreq?: boolean;
}

/** The row of a padding index, counted from the front. */
function paddingRow(name: string, paddingIdx: number | null | undefined, rows: number): number | null {
  if (paddingIdx == null) return null;
  if (!Number.isInteger(paddingIdx) || paddingIdx >= rows || paddingIdx < -rows)
    throw new ValueError(`${name}: paddingIdx must lie within the ${rows} embeddings, got ${paddingIdx}`);
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

/** N(0, 1), and zeros in the row of the padding index. */
function resetRows(weight: Parameter, paddingIdx: number | null): void {
  normal_(weight);
  if (paddingIdx !== null) noGrad(() => zeros_(weight.select(0, paddingIdx) as Tensor));
}

/**
 * Rows of a learned table, looked up by index: [...] of integers to [..., embeddingDim].
 *
 * Weight [numEmbeddings, embeddingDim] starts as N(0, 1), the padding row as zeros.
 *
 * @throws ValueError for a padding index outside of the table; IndexError at the call for a row that does not exist, where
 * values can be read at once
 * @example
 * ```ts
 * new Embedding(1000, 64).call(tensor([[1, 5], [7, 2]], { dtype: 'int64' })); // [2, 2, 64]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super();
    checkSize('Embedding', 'numEmbeddings', numEmbeddings);
    checkSize('Embedding', 'embeddingDim', embeddingDim);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingRow('Embedding', options.paddingIdx, numEmbeddings);
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    this.weight = parameter('Embedding', [numEmbeddings, embeddingDim], options);
    this.resetParameters();
  }

  /**
   * A layer with given rows.
   *
   * @param rows [numEmbeddings, embeddingDim], used as they are, in their own memory
   * @param options those of the constructor, and `freeze` (default true): the rows are not trained
   * @throws ShapeError for rows of another rank
   * @see https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html#torch.nn.Embedding.from_pretrained
   */
  static fromPretrained(rows: Tensor, options: Omit<EmbeddingLayerOptions, keyof LayerOptions> & { freeze?: boolean } = {}): Embedding {
    if (rows.ndim !== 2) throw new ShapeError(`Embedding.fromPretrained expects [rows, size] but the rows are ${showShape(rows.shape)}`);
    const { freeze = true, ...rest } = options;
    const layer = new Embedding(0, rows.shape[1]!, { ...rest, paddingIdx: null });
    const own = layer as { -readonly [K in keyof Embedding]: Embedding[K] };
    own.paddingIdx = paddingRow('Embedding', rest.paddingIdx, rows.shape[0]!);
    own.numEmbeddings = rows.shape[0]!;
    own.weight = new Parameter(rows.detach(), { requiresGrad: !freeze });
    return layer;
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    resetRows(this.weight, this.paddingIdx);
  }

  /** @param x integers of any shape */
  forward(x: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return F.embedding(x, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  override extraRepr(): string {
    const parts = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    if (this.paddingIdx !== null) parts.push(`padding_idx=${this.paddingIdx}`);
    if (this.maxNorm !== null) parts.push(`max_norm=${this.maxNorm}`);
    if (this.normType !== 2) parts.push(`norm_type=${this.normType}`);
    if (this.scaleGradByFreq) parts.push(`scale_grad_by_freq=${bool(true)}`);
    return parts.join(', ');
  }
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions extends LayerOptions {
  /** What becomes of the rows of a bag. Default `'mean'`. */
  mode?: 'sum' | 'mean' | 'max';
  /** Rows that are looked up and whose norm is larger are scaled to it, in place. */
  maxNorm?: number | null;
  /** Order of that norm. Default 2. */
  normType?: number;
  /** Divide each row's gradient by how often it was looked up. Not for `'max'`. Default false. */
  scaleGradByFreq?: boolean;
  /** Offsets have one entry more: where the last bag ends. Default false. */
  includeLastOffset?: boolean;
  /** An index that does not count and gets no gradient; a negative number counts from the end. */
  paddingIdx?: number | null;
}

/**
 * Sums, means or maxima of bags of rows of a learned table: [bags, N] of integers, or [N] with offsets, to [bags, embeddingDim].
 *
 * Weight [numEmbeddings, embeddingDim] starts as N(0, 1), the padding row as zeros.
 *
 * @throws ValueError for an unknown mode or a padding index outside of the table; at the call for offsets with a 2-d input or
 * without them for a 1-d one, or weights with another mode than `'sum'`
 * @example
 * ```ts
 * new EmbeddingBag(10, 3, { mode: 'sum' }).call(tensor([1, 2, 4], { dtype: 'int64' }), tensor([0, 2], { dtype: 'int64' })); // [2, 3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 */
export class EmbeddingBag extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly mode: 'sum' | 'mean' | 'max';
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly includeLastOffset: boolean;
  readonly paddingIdx: number | null;
  readonly weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagLayerOptions = {}) {
    super();
    checkSize('EmbeddingBag', 'numEmbeddings', numEmbeddings);
    checkSize('EmbeddingBag', 'embeddingDim', embeddingDim);
    const { mode = 'mean' } = options;
    if (!['sum', 'mean', 'max'].includes(mode))
      throw new ValueError(`EmbeddingBag: mode must be 'sum', 'mean' or 'max', got '${String(mode)}'`);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.mode = mode;
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    this.scaleGradByFreq = options.scaleGradByFreq ?? false;
    this.includeLastOffset = options.includeLastOffset ?? false;
    this.paddingIdx = paddingRow('EmbeddingBag', options.paddingIdx, numEmbeddings);
    this.weight = parameter('EmbeddingBag', [numEmbeddings, embeddingDim], options);
    this.resetParameters();
  }

  /** Draws the initial values again. */
  resetParameters(): void {
    resetRows(this.weight, this.paddingIdx);
  }

  /**
   * @param x [bags, N], or [N] with offsets
   * @param offsets where each bag of a 1-d input begins
   * @param perSampleWeights factors of the rows, of the input's shape; mode `'sum'` only
   */
  forward(x: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { mode, maxNorm, normType, scaleGradByFreq, includeLastOffset, paddingIdx } = this;
    const options = { mode, maxNorm, normType, scaleGradByFreq, includeLastOffset, paddingIdx, perSampleWeights };
    return F.embeddingBag(x, this.weight, offsets, options);
  }

  override extraRepr(): string {
    const parts = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    if (this.maxNorm !== null) parts.push(`max_norm=${this.maxNorm}`);
    if (this.normType !== 2) parts.push(`norm_type=${this.normType}`);
    if (this.scaleGradByFreq) parts.push(`scale_grad_by_freq=${bool(true)}`);
    parts.push(`mode='${this.mode}'`);
    if (this.paddingIdx !== null) parts.push(`padding_idx=${this.paddingIdx}`);
    return parts.join(', ');
  }
}
