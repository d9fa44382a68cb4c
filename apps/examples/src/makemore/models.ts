import { arange, cat, ones, type Tensor, zeros } from '@nabla/core';
import * as nn from '@nabla/nn';

// The rungs of the ladder. Each takes characters [batch, length] and gives scores for the character after each,
// [batch, length, vocabulary]. They differ in what they know of the characters before: one, three, or all of them.

/** Looks at the last character: a table with a row of scores for each. What counting pairs finds, found by gradients. */
export class Bigram extends nn.Module {
  readonly table: nn.Embedding;

  constructor(vocabulary: number) {
    super();
    this.table = new nn.Embedding(vocabulary, vocabulary);
    nn.init.zeros_(this.table.weight);
  }

  forward(x: Tensor): Tensor {
    return this.table.call(x);
  }
}

/** Looks at the last three characters at once (Bengio et al. 2003). */
export class Mlp extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly hidden: nn.Linear<number, number>;
  readonly head: nn.Linear<number, number>;
  readonly context: number;

  constructor(vocabulary: number, width: number, context = 3) {
    super();
    this.context = context;
    this.embedding = new nn.Embedding(vocabulary, width / 2);
    this.hidden = new nn.Linear((context * width) / 2, 2 * width);
    this.head = new nn.Linear(2 * width, vocabulary);
  }

  forward(x: Tensor): Tensor {
    const [batch, length] = x.shape as readonly [number, number];
    // Before the beginning there is what ends a word, as often as needed. Then each character is beside those before it.
    const padded = cat([zeros([batch, this.context - 1], { dtype: 'int64' }), x], 1);
    const e = this.embedding.call(padded);
    const seen = cat(
      Array.from({ length: this.context }, (_, i) => e.narrow(1, i, length)),
      2,
    );
    return this.head.call(this.hidden.call(seen).tanh());
  }
}

/** Reads from left to right with a memory of fixed size: plain, or with gates that decide what is kept. */
export class Recurrent extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly memory: nn.RNN | nn.GRU | nn.LSTM;
  readonly head: nn.Linear<number, number>;

  constructor(vocabulary: number, memory: nn.RNN | nn.GRU | nn.LSTM) {
    super();
    this.embedding = new nn.Embedding(vocabulary, memory.inputSize);
    this.memory = memory;
    this.head = new nn.Linear(memory.hiddenSize, vocabulary);
  }

  forward(x: Tensor): Tensor {
    // All three are called alike, but only one at a time for the compiler.
    const [states] = (this.memory as nn.GRU).call(this.embedding.call(x));
    return this.head.call(states);
  }
}

/** Every position looks back at all before it and takes what it needs (Vaswani et al. 2017). */
export class Transformer extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly positions: nn.Embedding;
  readonly encoder: nn.TransformerEncoder;
  readonly head: nn.Linear<number, number>;

  constructor(vocabulary: number, width: number, longest: number, heads = 4, layers = 2) {
    super();
    this.tokens = new nn.Embedding(vocabulary, width);
    this.positions = new nn.Embedding(longest, width);
    const options = { dimFeedforward: 2 * width, dropout: 0, activation: 'gelu', batchFirst: true, normFirst: true } as const;
    const layer = (): nn.TransformerEncoderLayer => new nn.TransformerEncoderLayer(width, heads, options);
    this.encoder = new nn.TransformerEncoder(layer, layers, { norm: new nn.LayerNorm(width) });
    this.head = new nn.Linear(width, vocabulary);
  }

  forward(x: Tensor): Tensor {
    const length = x.shape[1]!;
    const h = this.tokens.call(x).add(this.positions.call(arange(length, { dtype: 'int64' })));
    // True above the diagonal: what comes later is hidden.
    const later = ones([length, length], { dtype: 'bool' }).triu(1);
    return this.head.call(this.encoder.call(h, { mask: later }));
  }
}
