import { randn, type Tensor } from '@nabla/core';
import {
  BatchNorm2d,
  Conv2d,
  Embedding,
  functional as F,
  Flatten,
  LayerNorm,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  ModuleList,
  Parameter,
  ReLU,
  Sequential,
  Tanh,
} from '@nabla/nn';

/** A model and its loss on a batch. */
export interface Trainable {
  readonly module: Module;
  readonly loss: (x: Tensor, y: Tensor) => Tensor;
}

/** Mean cross-entropy of every prediction along the last dimension. */
function classifier(module: Module, classes: number): Trainable {
  return {
    module,
    loss: (x, y) => F.crossEntropy((module.call(x) as Tensor).reshape([-1, classes]) as Tensor, y.reshape([-1]) as Tensor),
  };
}

/** Linear layers of these sizes with ReLU between them. */
export function mlp(sizes: readonly number[]): Trainable {
  const layers = sizes.slice(1).flatMap((size, i) => [new Linear(sizes[i]!, size), new ReLU()]);
  return classifier(new Sequential(...layers.slice(0, -1)), sizes.at(-1)!);
}

/** Linear layers of these sizes with tanh between them, and a squared error. */
export function tinyMlp(sizes: readonly number[]): Trainable {
  const layers = sizes.slice(1).flatMap((size, i) => [new Linear(sizes[i]!, size), new Tanh()]);
  const module = new Sequential(...layers.slice(0, -1));
  return { module, loss: (x, y) => F.mseLoss(module.call(x) as Tensor, y) };
}

/** Two convolutions with BatchNorm, each followed by pooling, on square images of one channel. */
export function convnet([first, second]: readonly [number, number], side: number, classes: number): Trainable {
  const module = new Sequential(
    new Conv2d(1, first, 3, { padding: 1 }),
    new BatchNorm2d(first),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(first, second, 3, { padding: 1 }),
    new BatchNorm2d(second),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(second * (side / 4) ** 2, classes),
  );
  return classifier(module, classes);
}

/** The next character from those before it. */
class CharLstm extends Module {
  readonly embedding: Embedding;
  readonly lstm: LSTM;
  readonly head: Linear<number, number>;

  constructor(vocabulary: number, hidden: number, numLayers: number) {
    super();
    this.embedding = new Embedding(vocabulary, hidden);
    this.lstm = new LSTM(hidden, hidden, { numLayers, batchFirst: true });
    this.head = new Linear(hidden, vocabulary);
  }

  forward(x: Tensor): Tensor {
    const [output] = this.lstm.call(this.embedding.call(x) as Tensor);
    return this.head.call(output) as Tensor;
  }
}

/** An embedding, LSTM layers, a linear layer. */
export function lstm(vocabulary: number, hidden: number, layers: number): Trainable {
  return classifier(new CharLstm(vocabulary, hidden, layers), vocabulary);
}

/** Attention and a network of two layers, each after a LayerNorm and beside a shortcut. */
class Block extends Module {
  readonly heads: number;
  readonly norm1: LayerNorm<number>;
  readonly qkv: Linear<number, number>;
  readonly projection: Linear<number, number>;
  readonly norm2: LayerNorm<number>;
  readonly up: Linear<number, number>;
  readonly down: Linear<number, number>;

  constructor(width: number, heads: number) {
    super();
    this.heads = heads;
    this.norm1 = new LayerNorm(width);
    this.qkv = new Linear(width, 3 * width);
    this.projection = new Linear(width, width);
    this.norm2 = new LayerNorm(width);
    this.up = new Linear(width, 4 * width);
    this.down = new Linear(4 * width, width);
  }

  forward(x: Tensor): Tensor {
    const attended = x.add(this.#attention(this.norm1.call(x))) as Tensor;
    const hidden = F.gelu(this.up.call(this.norm2.call(attended)) as Tensor) as Tensor;
    return attended.add(this.down.call(hidden) as Tensor) as Tensor;
  }

  #attention(x: Tensor): Tensor {
    const [batch, length, width] = x.shape as readonly [number, number, number];
    const parts = (this.qkv.call(x) as Tensor).chunk(3, -1) as readonly Tensor[];
    const [q, k, v] = parts.map((t) => t.reshape([batch, length, this.heads, width / this.heads]).transpose(1, 2) as Tensor);
    const mixed = F.scaledDotProductAttention(q!, k!, v!, { isCausal: true });
    return this.projection.call(mixed.transpose(1, 2).reshape([batch, length, width]) as Tensor) as Tensor;
  }
}

class Gpt extends Module {
  readonly tokens: Embedding;
  readonly positions: Parameter;
  readonly blocks: ModuleList;
  readonly norm: LayerNorm<number>;
  readonly head: Linear<number, number>;

  constructor(vocabulary: number, length: number, width: number, heads: number, layers: number) {
    super();
    this.tokens = new Embedding(vocabulary, width);
    this.positions = new Parameter(randn([length, width]));
    this.blocks = new ModuleList(Array.from({ length: layers }, () => new Block(width, heads)));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, vocabulary);
  }

  forward(x: Tensor): Tensor {
    let h = (this.tokens.call(x) as Tensor).add(this.positions) as Tensor;
    for (const block of this.blocks) h = block.call(h) as Tensor;
    return this.head.call(this.norm.call(h)) as Tensor;
  }
}

/** A transformer that predicts the next of `length` tokens. */
export function gpt(vocabulary: number, length: number, width: number, heads: number, layers: number): Trainable {
  return classifier(new Gpt(vocabulary, length, width, heads, layers), vocabulary);
}
