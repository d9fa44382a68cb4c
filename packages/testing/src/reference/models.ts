import { arange, ones, type Tensor, triu } from '@nabla/core';
import {
  BatchNorm2d,
  Conv2d,
  Embedding,
  functional as F,
  LayerNorm,
  Linear,
  LSTM,
  Module,
  ModuleList,
  TransformerEncoderLayer,
} from '@nabla/nn';

/** Two convolutions with batch norms and pooling, and two linear layers. */
class ConvNet extends Module {
  conv1 = new Conv2d(1, 6, 3, { padding: 1 });
  bn1 = new BatchNorm2d(6);
  conv2 = new Conv2d(6, 8, 3, { padding: 1, bias: false });
  bn2 = new BatchNorm2d(8);
  fc1 = new Linear(72, 16);
  fc2 = new Linear(16, 5);

  forward(x: Tensor): Tensor {
    const h = F.maxPool2d(this.bn1.call(this.conv1.call(x)).relu(), 2);
    const k = F.avgPool2d(this.bn2.call(this.conv2.call(h)).relu(), 2);
    return this.fc2.call(this.fc1.call(k.flatten(1)).relu());
  }
}

/** The next character from an LSTM. */
class CharLSTM extends Module {
  emb = new Embedding(12, 8);
  rnn = new LSTM(8, 16, { numLayers: 2, batchFirst: true });
  ln = new LayerNorm(16);
  head = new Linear(16, 12);

  forward(x: Tensor): Tensor {
    const [output] = this.rnn.call(this.emb.call(x));
    return this.head.call(this.ln.call(output)) as Tensor;
  }
}

/** The next token from two layers of masked attention; with `tied` the head's weight is that of the tokens. */
class TinyGPT extends Module {
  tok = new Embedding(12, 16);
  pos = new Embedding(10, 16);
  layers = new ModuleList(
    [0, 1].map(
      () => new TransformerEncoderLayer(16, 2, { dimFeedforward: 32, dropout: 0, activation: 'gelu', batchFirst: true, normFirst: true }),
    ),
  );
  ln = new LayerNorm(16);
  head = new Linear(16, 12, { bias: false });

  constructor(tied: boolean = false) {
    super();
    if (tied) (this.head as { weight: unknown }).weight = this.tok.weight;
  }

  forward(x: Tensor): Tensor {
    const length = x.shape[1]!;
    let h = this.tok.call(x).add(this.pos.call(arange(length, { dtype: 'int64', device: x.device }))) as Tensor;
    const srcMask = triu(ones([length, length], { dtype: 'bool', device: x.device }), 1) as unknown as Tensor;
    for (const layer of this.layers) h = layer.call(h, { srcMask });
    return this.head.call(this.ln.call(h)) as Tensor;
  }
}

/** The models of the records, by name. */
export const models: Readonly<Record<string, (tied: boolean) => Module>> = {
  cnn_bn: () => new ConvNet(),
  char_lstm: () => new CharLSTM(),
  tiny_gpt: (tied) => new TinyGPT(tied),
};
