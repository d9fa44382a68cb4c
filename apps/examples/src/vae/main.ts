import { noGrad, randn, randnLike, scope, type Tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { functional as F } from '@nabla/nn';
import { AdamW, OneCycleLR } from '@nabla/optim';
import { DataLoader, TensorDataset } from '@nabla/train';
import { loadDigits } from '../lib/digits.ts';
import { main, type Program, type ProgramOptions } from '../program.ts';
import { sideBySide } from './text-art.ts';

// A variational autoencoder (Kingma and Welling, 2014): a model of digits that new digits can be drawn from.

const codeSize = 16;

class Vae extends nn.Module {
  readonly encoder = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 2 * codeSize));
  readonly decoder = new nn.Sequential(new nn.Linear(codeSize, 256), new nn.ReLU(), new nn.Linear(256, 784));

  /** The normal distribution of codes that fit an image: its mean and the logarithm of its variance, [n, codeSize] each. */
  encode(images: Tensor): { mean: Tensor; logVariance: Tensor } {
    const [mean, logVariance] = this.encoder.call(images).chunk(2, 1) as [Tensor, Tensor];
    return { mean, logVariance };
  }

  /**
   * The negative evidence lower bound of every image, [n] in nats: how many it takes to say the image given its code, and
   * how many to say the code. No more are needed to say the image than that.
   */
  forward(images: Tensor): Tensor {
    const { mean, logVariance } = this.encode(images);
    // The reparametrization: noise from outside is scaled and shifted, so that gradients reach the scale and the shift.
    const code = logVariance.mul(0.5).exp().mul(randnLike(mean)).add(mean);
    const image = pixelLoss(this.decoder.call(code), images);
    // The divergence of the code's distribution from the standard normal distribution, in closed form.
    const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).mul(0.5).sum(1);
    return image.add(divergence);
  }
}

/** Cross-entropy of the pixels of every image, [n], if each pixel has these log odds. A grey level counts as a share of white. */
function pixelLoss(logits: Tensor, images: Tensor): Tensor {
  return F.binaryCrossEntropyWithLogits(logits, images, { reduction: 'none' }).sum(1);
}

async function train(model: Vae, images: Tensor, epochs: number): Promise<void> {
  if (epochs === 0) return;
  const loader = new DataLoader(new TensorDataset(images), { batchSize: 50, shuffle: true, dropLast: true });
  const steps = loader.length!;
  const optimizer = new AdamW(model.parameters());
  const schedule = new OneCycleLR(optimizer, 0.003, { epochs, stepsPerEpoch: steps });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for await (const [x] of loader) {
      sum += scope(() => {
        optimizer.zeroGrad();
        const loss = (model.call(x) as Tensor).mean();
        loss.backward();
        optimizer.step();
        return loss.item() as number;
      });
      schedule.step();
    }
    console.log(`epoch ${epoch}: negative ELBO ${(sum / steps).toFixed(1)} nats an image`);
  }
}

export const vae: Program<ProgramOptions> = {
  name: 'vae',
  description: 'Learns a distribution of digits with a variational autoencoder, and draws new ones.',
  epochs: 12,
  async run({ epochs }) {
    const { train: training, test } = await loadDigits();
    const model = new Vae();
    await train(model, training.images, epochs);
    return noGrad(() => {
      const samples = model.decoder.call(randn([5, codeSize])).sigmoid();
      console.log(sideBySide(samples.reshape([5, 28, 28])));
      // Pixels that know nothing of each other: each is white as often as it was in the training images.
      const logits = training.images
        .mean(0)
        .clamp(1e-3, 1 - 1e-3)
        .logit();
      return {
        metric: 'test negative ELBO',
        value: (model.call(test.images) as Tensor).mean().item() as number,
        target: 135,
        better: 'lower',
        baseline: {
          name: 'independent pixels',
          value: pixelLoss(logits.expand(test.images.shape), test.images).mean().item() as number,
        },
      };
    });
  },
};

await main(import.meta.url, vae);
