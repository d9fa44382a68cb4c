import { cat, DTypeError, logicalOr, ShapeError, type Tensor, ValueError, where, zeros } from '@nabla/core';
import * as F from './functional.ts';
import { xavierNormal_, xavierUniform_, zeros_ } from './init.ts';
import { checkProbability, checkSize, type LayerOptions, parameter, showShape } from './layer.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions extends LayerOptions {
  /** Probability of an attention weight to be dropped, in training. Default 0. */
  dropout?: number;
  /** Biases of the projections. Default true. */
  bias?: boolean;
  /** A learned key and value in addition to the given ones. Default false. */
  addBiasKv?: boolean;
  /** A key and a value of zeros in addition to the given ones. Default false. */
  addZeroAttn?: boolean;
  /** Size of the keys. Default `embedDim`. */
  kdim?: number | null;
  /** Size of the values. Default `embedDim`. */
  vdim?: number | null;
  /** Inputs and outputs are [N, L, E] instead of [L, N, E]. Default false. */
  batchFirst?: boolean;
}

/** Options of {@link MultiheadAttention.forward}. */
export interface AttentionCallOptions {
  /** Of shape [N, S] (or [S]), true, or a number added to the scores, where a key is padding. */
  keyPaddingMask?: Tensor | null;
  /** Give the attention weights too. Default true. */
  needWeights?: boolean;
  /** Of shape [L, S] or [N · numHeads, L, S], true where a query must not attend to a key, or numbers added to the scores. */
  attnMask?: Tensor | null;
  /** Weights averaged over the heads, instead of one for each. Default true. */
  averageAttnWeights?: boolean;
}

/**
 * Attention in several heads (Vaswani et al. 2017): softmax(Q Kᵀ / √d) V with projections of queries, keys and values for each
 * head, and one of the result.
 *
 * Parameters are `inProjWeight` [3 · embedDim, embedDim] (or `qProjWeight`, `kProjWeight` and `vProjWeight` where `kdim` or `vdim`
 * differ), which start as Xavier's uniform numbers, `inProjBias` (zeros), `biasK` and `biasV` (Xavier's normal numbers), and
 * the layer `outProj`, whose bias starts as zeros.
 *
 * @throws ValueError when the heads do not divide the size; ShapeError at the call when sizes do not fit
 * @example
 * ```ts
 * const attention = new MultiheadAttention(16, 4, { batchFirst: true });
 * const [output, weights] = attention.call(x, x, x); // [N, L, 16], [N, L, L]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  readonly qProjWeight: Parameter | null;
  readonly kProjWeight: Parameter | null;
  readonly vProjWeight: Parameter | null;
  readonly inProjWeight: Parameter | null;
  readonly inProjBias: Parameter | null;
  readonly outProj: Linear<number, number>;
  readonly biasK: Parameter | null;
  readonly biasV: Parameter | null;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    const name = 'MultiheadAttention';
    const { dropout = 0, bias = true, addBiasKv = false, addZeroAttn = false, batchFirst = false } = options;
    checkSize(name, 'embedDim', embedDim, 1);
    checkSize(name, 'numHeads', numHeads, 1);
    checkProbability(name, 'dropout', dropout);
    if (embedDim % numHeads !== 0) throw new ValueError(`${name}: embedDim must be divisible by numHeads, got ${embedDim} and ${numHeads}`);
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.headDim = embedDim / numHeads;
    this.kdim = options.kdim ?? embedDim;
    this.vdim = options.vdim ?? embedDim;
    checkSize(name, 'kdim', this.kdim, 1);
    checkSize(name, 'vdim', this.vdim, 1);
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.addZeroAttn = addZeroAttn;
    const one = this.kdim === embedDim && this.vdim === embedDim;
    this.qProjWeight = one ? null : parameter(name, [embedDim, embedDim], options);
    this.kProjWeight = one ? null : parameter(name, [embedDim, this.kdim], options);
    this.vProjWeight = one ? null : parameter(name, [embedDim, this.vdim], options);
    this.inProjWeight = one ? parameter(name, [3 * embedDim, embedDim], options) : null;
    this.inProjBias = bias ? parameter(name, [3 * embedDim], options) : null;
    const { dtype, device } = options;
    this.outProj = new Linear(embedDim as number, embedDim as number, {
      bias,
      ...(dtype === undefined ? {} : { dtype }),
      ...(device === undefined ? {} : { device }),
    });
    this.biasK = addBiasKv ? parameter(name, [1, 1, embedDim], options) : null;
    this.biasV = addBiasKv ? parameter(name, [1, 1, embedDim], options) : null;
    this.resetParameters();
  }

  /** Draws the initial values again (not those of the output projection's weight, as in PyTorch). */
  resetParameters(): void {
    for (const w of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) if (w !== null) xavierUniform_(w);
    if (this.inProjBias !== null) zeros_(this.inProjBias);
    if (this.outProj.bias !== null) zeros_(this.outProj.bias);
    for (const w of [this.biasK, this.biasV]) if (w !== null) xavierNormal_(w);
  }

  /**
   * @param query [L, N, embedDim] ([N, L, embedDim] with `batchFirst`), or [L, embedDim]
   * @param key [S, N, kdim] ([N, S, kdim] with `batchFirst`), or [S, kdim]
   * @param value [S, N, vdim] ([N, S, vdim] with `batchFirst`), or [S, vdim]
   * @returns the result, shaped as the query, and the attention weights [N, L, S] (with `averageAttnWeights: false`
   * [N, numHeads, L, S]; without N for one sequence; null with `needWeights: false`)
   */
  forward(query: Tensor, key: Tensor, value: Tensor, options: AttentionCallOptions = {}): [output: Tensor, weights: Tensor | null] {
    this.#check(query, key, value);
    const { needWeights = true, averageAttnWeights = true } = options;
    const single = query.ndim === 2;
    // [N, L, E] inside.
    const inside = (t: Tensor): Tensor => (single ? t.unsqueeze(0) : this.batchFirst ? t : t.transpose(0, 1)) as Tensor;
    const outside = (t: Tensor): Tensor => (single ? t.squeeze(0) : this.batchFirst ? t : t.transpose(0, 1)) as Tensor;
    const padding = options.keyPaddingMask ?? null;
    const [count, length] = inside(query).shape as readonly [number, number];
    const size = inside(key).shape[1]!;
    let mask = this.#mask(options.attnMask ?? null, single && padding !== null ? (padding.unsqueeze(0) as Tensor) : padding, query, [
      count,
      length,
      size,
    ]);
    let [q, k, v] = this.#project(inside(query), inside(key), inside(value), query === key && key === value);
    const extra: [Tensor, Tensor][] = [];
    if (this.biasK !== null)
      extra.push([this.biasK.expand([count, 1, this.embedDim]), this.biasV!.expand([count, 1, this.embedDim])] as never);
    if (this.addZeroAttn) {
      const blank = zeros([count, 1, this.embedDim], { dtype: q.dtype, device: q.device }) as unknown as Tensor;
      extra.push([blank, blank]);
    }
    if (extra.length > 0) {
      k = cat([k, ...extra.map(([e]) => e)], 1) as Tensor;
      v = cat([v, ...extra.map(([, e]) => e)], 1) as Tensor;
      // Whoever is masked may attend to what was added.
      if (mask !== null) mask = F.pad(mask, [0, extra.length]);
    }
    const heads = (t: Tensor): Tensor => t.reshape([count, t.shape[1]!, this.numHeads, this.headDim]).transpose(1, 2) as Tensor;
    let scores = heads(q).div(Math.sqrt(this.headDim)).matmul(heads(k).mT) as Tensor;
    if (mask !== null) scores = scores.add(mask) as Tensor;
    const weights = F.softmax(scores, -1);
    const dropped = F.dropout(weights, this.dropout, this.training);
    const joined = dropped.matmul(heads(v)).transpose(1, 2).reshape([count, length, this.embedDim]) as Tensor;
    const output = outside(this.outProj.call(joined) as Tensor);
    if (!needWeights) return [output, null];
    const shown = (averageAttnWeights ? weights.mean(1) : weights) as Tensor;
    return [output, single ? (shown.squeeze(0) as Tensor) : shown];
  }

  /** Projected queries, keys and values, [N, L, embedDim] each; one product where all three are the same tensor. */
  #project(query: Tensor, key: Tensor, value: Tensor, same: boolean): [Tensor, Tensor, Tensor] {
    const biases = this.inProjBias === null ? [null, null, null] : (this.inProjBias.chunk(3, 0) as Tensor[]);
    if (this.inProjWeight !== null && same) return F.linear(query, this.inProjWeight, this.inProjBias).chunk(3, -1) as never;
    const weights =
      this.inProjWeight !== null ? (this.inProjWeight.chunk(3, 0) as Tensor[]) : [this.qProjWeight!, this.kProjWeight!, this.vProjWeight!];
    return [query, key, value].map((t, i) => F.linear(t, weights[i]!, biases[i]!)) as [Tensor, Tensor, Tensor];
  }

  /** Both masks as numbers to be added to the scores [N, numHeads, L, S]. */
  #mask(attn: Tensor | null, padding: Tensor | null, query: Tensor, [n, l, s]: readonly [number, number, number]): Tensor | null {
    const fit = (what: string, t: Tensor | null, shapes: readonly (readonly number[])[]): void => {
      if (t === null) return;
      if (t.dtype !== 'bool' && t.dtype !== 'float32' && t.dtype !== 'float64')
        throw new DTypeError(`MultiheadAttention: ${what} must be bool or floating, got ${t.dtype}`);
      if (!shapes.some((shape) => shape.join() === t.shape.join())) {
        const expected = shapes.map(showShape).join(' or ');
        throw new ShapeError(`MultiheadAttention: ${what} has shape ${showShape(t.shape)}, expected ${expected}`);
      }
    };
    const all = [l, s];
    fit('attnMask', attn, [all, [n * this.numHeads, l, s]]);
    fit('keyPaddingMask', padding, [[n, s]]);
    const a = attn?.ndim === 3 ? (attn.reshape([n, this.numHeads, l, s]) as Tensor) : attn;
    const p = padding === null ? null : (padding.reshape([n, 1, 1, s]) as Tensor);
    if (a !== null && p !== null && a.dtype === 'bool' && p.dtype === 'bool') return additive(logicalOr(a, p) as Tensor, query);
    const parts = [a, p].filter((t) => t !== null).map((t) => additive(t, query));
    return parts.length === 0 ? null : parts.length === 1 ? parts[0]! : (parts[0]!.add(parts[1]!) as Tensor);
  }

  #check(query: Tensor, key: Tensor, value: Tensor): void {
    const { embedDim, kdim, vdim, numHeads } = this;
    const fail = (what: string): never => {
      const given = `query ${showShape(query.shape)}, key ${showShape(key.shape)} and value ${showShape(value.shape)}`;
      throw new ShapeError(`MultiheadAttention(${embedDim}, ${numHeads}) ${what}: ${given}`);
    };
    const rank = query.ndim;
    if ((rank !== 2 && rank !== 3) || key.ndim !== rank || value.ndim !== rank) fail('expects three inputs [L, N, E] or [L, E]');
    const sizes: readonly (readonly [string, Tensor, number])[] = [
      ['queries', query, embedDim],
      ['keys', key, kdim],
      ['values', value, vdim],
    ];
    for (const [what, t, size] of sizes) if (t.shape[rank - 1] !== size) fail(`expects ${what} of size ${size} (dimension -1)`);
    if (key.shape.slice(0, -1).join() !== value.shape.slice(0, -1).join()) fail('expects as many keys as values');
    const batch = this.batchFirst ? 0 : 1;
    if (rank === 3 && query.shape[batch] !== key.shape[batch]) fail(`expects one batch size (dimension ${batch})`);
  }
}

/** A mask as numbers to be added: -∞ where a bool one is true. */
function additive(mask: Tensor, like: Tensor): Tensor {
  if (mask.dtype !== 'bool') return mask.dtype === like.dtype ? mask : (mask.to(like.dtype) as Tensor);
  const blank = zeros([], { dtype: like.dtype, device: like.device }) as unknown as Tensor;
  return where(mask, Number.NEGATIVE_INFINITY, blank) as unknown as Tensor;
}
