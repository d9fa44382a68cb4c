import { arange, type Backend, type Tensor, tensor } from '@nabla/core';
import { Embedding, functional as F, LayerNorm, Linear, LSTM, Module, ModuleList } from '@nabla/nn';
import { Random } from './support.ts';

const vocabulary = 12;
const length = 16;

/** Sequences in which every symbol follows from the one before, but for some noise; and what comes next at each place. */
export function texts(device: Backend): { inputs: Tensor; kinds: Tensor } {
  const r = new Random(45);
  const batch = 4;
  const symbols = new Int32Array(batch * (length + 1));
  for (let n = 0; n < batch; n++) {
    let s = r.below(vocabulary);
    for (let t = 0; t <= length; t++) {
      symbols[n * (length + 1) + t] = s;
      s = r.next() < 0.1 ? r.below(vocabulary) : (5 * s + 3) % vocabulary;
    }
  }
  const rows = tensor(symbols, { dtype: 'int64', shape: [batch, length + 1], device });
  return { inputs: rows.slice(1, 0, length).contiguous(), kinds: rows.slice(1, 1).flatten() as Tensor };
}

/** Symbols to scores of the next one, by a recurrent layer. */
export class LstmText extends Module {
  readonly embed = new Embedding(vocabulary, 16);
  readonly lstm = new LSTM(16, 24, { batchFirst: true });
  readonly head = new Linear(24, vocabulary);

  forward(x: Tensor): Tensor {
    const [all] = this.lstm.call(this.embed.call(x) as Tensor) as [Tensor, unknown];
    return (this.head.call(all as never) as Tensor).reshape([-1, vocabulary]) as Tensor;
  }
}

class Block extends Module {
  readonly norm1 = new LayerNorm(32);
  readonly qkv = new Linear(32, 96);
  readonly projection = new Linear(32, 32);
  readonly norm2 = new LayerNorm(32);
  readonly up = new Linear(32, 128);
  readonly down = new Linear(128, 32);

  forward(x: Tensor): Tensor {
    const [batch, places] = x.shape as readonly [number, number, number];
    const split = (t: Tensor): Tensor => t.reshape([batch, places, 4, 8]).transpose(1, 2) as Tensor;
    const [q, k, v] = (this.qkv.call(this.norm1.call(x as never) as never) as Tensor).chunk(3, -1).map(split) as [Tensor, Tensor, Tensor];
    const mixed = F.scaledDotProductAttention(q, k, v, { isCausal: true }).transpose(1, 2).reshape([batch, places, 32]);
    const h = x.add(this.projection.call(mixed as never) as Tensor) as Tensor;
    return h.add(this.down.call(F.gelu(this.up.call(this.norm2.call(h as never) as never) as Tensor) as never) as Tensor) as Tensor;
  }
}

/** Symbols to scores of the next one, by a transformer of width 32 with 4 heads. */
export class GptText extends Module {
  readonly tokens = new Embedding(vocabulary, 32);
  readonly positions = new Embedding(length, 32);
  readonly blocks = new ModuleList([new Block(), new Block()]);
  readonly norm = new LayerNorm(32);
  readonly head = new Linear(32, vocabulary);

  forward(x: Tensor): Tensor {
    const places = arange(x.shape[1]!, { dtype: 'int64', device: x.device });
    let h = (this.tokens.call(x) as Tensor).add(this.positions.call(places) as Tensor) as Tensor;
    for (const block of this.blocks) h = block.call(h) as Tensor;
    return (this.head.call(this.norm.call(h as never) as never) as Tensor).reshape([-1, vocabulary]) as Tensor;
  }
}
