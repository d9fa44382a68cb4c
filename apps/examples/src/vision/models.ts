import { randn, type Tensor } from '@nabla/core';
import * as nn from '@nabla/nn';

/** The side of the images, and how many digits there are. */
const side = 28;
const classes = 10;

/** Convolutions look at 3 x 3 pixels and do the same everywhere: two facts about images that need not be learned. */
export class ConvNet extends nn.Module {
  readonly conv1 = new nn.Conv2d(1, 8, 3, { padding: 1, bias: false });
  readonly norm1 = new nn.BatchNorm2d(8);
  readonly conv2 = new nn.Conv2d(8, 16, 3, { padding: 1, bias: false });
  readonly norm2 = new nn.BatchNorm2d(16);
  readonly pool = new nn.MaxPool2d(2);
  readonly head = new nn.Linear(16 * (side / 4) ** 2, classes);

  forward(x: Tensor): Tensor {
    const h = this.pool.call(this.norm1.call(this.conv1.call(x)).relu());
    const features = this.pool.call(this.norm2.call(this.conv2.call(h)).relu());
    return this.head.call(features.flatten(1));
  }
}

/** The image as a short sentence: its patches are the words, and every one looks at every other (Dosovitskiy et al. 2020). */
export class VisionTransformer extends nn.Module {
  readonly patches: nn.Conv2d<1, number, number>;
  readonly positions: nn.Parameter;
  readonly encoder: nn.TransformerEncoder;
  readonly head: nn.Linear<number, number>;

  constructor({ patch = 7, width = 32, heads = 4, layers = 3 } = {}) {
    super();
    // A convolution that moves on by its own size is one linear map of each patch.
    this.patches = new nn.Conv2d(1, width, patch, { stride: patch });
    // Attention does not know where a patch lies: a learned vector for every place tells it.
    this.positions = new nn.Parameter(randn([(side / patch) ** 2, width]).mul(0.02));
    const layer = new nn.TransformerEncoderLayer(width, heads, {
      dimFeedforward: 2 * width,
      dropout: 0,
      activation: 'gelu',
      batchFirst: true,
      normFirst: true,
    });
    this.encoder = new nn.TransformerEncoder(layer, layers, { norm: new nn.LayerNorm(width) });
    this.head = new nn.Linear(width, classes);
  }

  forward(x: Tensor): Tensor {
    const words = this.patches.call(x).flatten(2).transpose(1, 2); // [batch, patches, width]
    const read = this.encoder.call(words.add(this.positions));
    return this.head.call(read.mean(1));
  }
}
