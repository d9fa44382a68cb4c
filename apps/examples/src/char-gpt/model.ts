import type { Tensor } from '@nabla/core';
import { arange } from '@nabla/core';
import * as nn from '@nabla/nn';
import { functional as F } from '@nabla/nn';

/** The sizes of a {@link Gpt}. */
export interface GptSizes {
  /** How many different characters there are. */
  readonly vocabulary: number;
  /** How many characters the model sees at once. */
  readonly context: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly dropout: number;
}

/** Every position gathers from those before it what it needs. */
class CausalSelfAttention extends nn.Module {
  readonly heads: number;
  readonly qkv: nn.Linear<number, number>;
  readonly projection: nn.Linear<number, number>;

  constructor({ width, heads }: GptSizes) {
    super();
    this.heads = heads;
    this.qkv = new nn.Linear(width, 3 * width);
    this.projection = new nn.Linear(width, width);
  }

  forward(x: Tensor): Tensor {
    const [batch, length, width] = x.shape as readonly [number, number, number];
    // Each head has a slice of the width to itself: [batch, heads, length, width / heads].
    const split = (t: Tensor): Tensor => t.reshape([batch, length, this.heads, width / this.heads]).transpose(1, 2);
    const [q, k, v] = this.qkv.call(x).chunk(3, -1).map(split) as [Tensor, Tensor, Tensor];
    // isCausal hides what comes later: without it the model would read the answer instead of predicting it.
    const mixed = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.projection.call(mixed.transpose(1, 2).reshape([batch, length, width]));
  }
}

/** Attention, then a small network at every position. Both add to a stream that runs from the first block to the last. */
class Block extends nn.Module {
  readonly norm1: nn.LayerNorm<number>;
  readonly attention: CausalSelfAttention;
  readonly norm2: nn.LayerNorm<number>;
  readonly up: nn.Linear<number, number>;
  readonly down: nn.Linear<number, number>;
  readonly dropout: nn.Dropout;

  constructor(sizes: GptSizes) {
    super();
    const { width } = sizes;
    this.norm1 = new nn.LayerNorm(width);
    this.attention = new CausalSelfAttention(sizes);
    this.norm2 = new nn.LayerNorm(width);
    this.up = new nn.Linear(width, 4 * width);
    this.down = new nn.Linear(4 * width, width);
    this.dropout = new nn.Dropout(sizes.dropout);
  }

  forward(x: Tensor): Tensor {
    const h = x.add(this.dropout.call(this.attention.call(this.norm1.call(x))));
    const hidden = F.gelu(this.up.call(this.norm2.call(h)));
    return h.add(this.dropout.call(this.down.call(hidden)));
  }
}

/** Characters [batch, length] to scores of the character after each, [batch, length, vocabulary]. */
export class Gpt extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly positions: nn.Embedding;
  readonly blocks: nn.ModuleList;
  readonly norm: nn.LayerNorm<number>;
  readonly head: nn.Linear<number, number>;

  constructor(sizes: GptSizes) {
    super();
    const { vocabulary, context, width, layers } = sizes;
    this.tokens = new nn.Embedding(vocabulary, width);
    this.positions = new nn.Embedding(context, width);
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, () => new Block(sizes)));
    this.norm = new nn.LayerNorm(width);
    this.head = new nn.Linear(width, vocabulary);
    // Small weights, as GPT-2's: at first every character is about as likely as any other.
    for (const m of this.modules()) {
      if (m instanceof nn.Linear || m instanceof nn.Embedding) nn.init.normal_(m.weight, 0, 0.02);
      if (m instanceof nn.Linear && m.bias !== null) nn.init.zeros_(m.bias);
    }
  }

  forward(x: Tensor): Tensor {
    const positions = arange(x.shape[1]!, { dtype: 'int64' });
    let h = this.tokens.call(x).add(this.positions.call(positions));
    for (const block of this.blocks) h = block.call(h);
    return this.head.call(this.norm.call(h));
  }
}
