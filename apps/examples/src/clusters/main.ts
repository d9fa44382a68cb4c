import { noGrad, rand, scope, stack, type Tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { functional as F } from '@nabla/nn';
import { AdamW, OneCycleLR } from '@nabla/optim';
import { DataLoader, TensorDataset } from '@nabla/train';
import { type Digits, loadDigits } from '../lib/digits.ts';
import { main, type Program, type ProgramOptions } from '../program.ts';
import { kmeans, nearest, purity } from './kmeans.ts';

// Sorting digits into groups without knowing what digits are. k-means on pixels groups what covers the same pixels; an
// autoencoder, taught to undo rotations and shifts, has codes in which the pose of a digit counts for less and its form for more.

const clusters = 20;
const codeSize = 32;

/** Uniform random numbers between -limit and limit. */
const within = (limit: number, n: number): Tensor => rand([n]).mul(2).sub(1).mul(limit);

/** Rotates, resizes, shears and shifts every image [n, 784] at random. */
function disturb(images: Tensor): Tensor {
  const n = images.shape[0]!;
  const angle = within(0.35, n);
  const size = within(0.25, n).exp();
  const cos = angle.cos().mul(size);
  const sin = angle.sin().mul(size);
  // Two rows of an affine map for each image: where in the old image a pixel of the new one comes from.
  const rows = [cos, within(0.3, n).sub(sin), within(0.2, n), sin, cos, within(0.2, n)];
  const grid = F.affineGrid(stack(rows, 1).reshape([n, 2, 3]), [n, 1, 28, 28], { alignCorners: false });
  return F.gridSample(images.reshape([n, 1, 28, 28]), grid, { alignCorners: false }).reshape([n, 784]);
}

class Autoencoder extends nn.Module {
  readonly encoder = new nn.Sequential(
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Linear(128, codeSize),
  );
  readonly decoder = new nn.Sequential(
    new nn.Linear(codeSize, 128),
    new nn.ReLU(),
    new nn.Linear(128, 256),
    new nn.ReLU(),
    new nn.Linear(256, 784),
  );

  /** Pixels' log odds of being white. */
  forward(images: Tensor): Tensor {
    return this.decoder.call(this.encoder.call(images));
  }
}

/** Learns to say from a disturbed image what the undisturbed one looked like. No label is used. */
async function train(model: Autoencoder, images: Tensor, epochs: number): Promise<void> {
  if (epochs === 0) return;
  const loader = new DataLoader(new TensorDataset(images), { batchSize: 100, shuffle: true, dropLast: true });
  const steps = loader.length!;
  const optimizer = new AdamW(model.parameters());
  const schedule = new OneCycleLR(optimizer, 0.003, { epochs, stepsPerEpoch: steps });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for await (const [x] of loader) {
      sum += scope(() => {
        optimizer.zeroGrad();
        const loss = F.binaryCrossEntropyWithLogits(model.call(disturb(x)) as Tensor, x);
        loss.backward();
        optimizer.step();
        return loss.item() as number;
      });
      schedule.step();
    }
    console.log(`epoch ${epoch}: cross-entropy of a pixel ${(sum / steps).toFixed(4)}`);
  }
}

/**
 * Groups the training images by their features, names each group after its most common digit, and reads the test images so.
 * This is the only place that looks at labels.
 */
function accuracy(features: (images: Tensor) => Tensor, training: Digits, test: Digits): number {
  return noGrad(() => {
    const points = features(training.images);
    const centres = kmeans(points, clusters);
    const named = { owner: nearest(points, centres), labels: training.labels };
    const asked = { owner: nearest(features(test.images), centres), labels: test.labels };
    return purity(named, asked, clusters, 10);
  });
}

export const clustersProgram: Program<ProgramOptions> = {
  name: 'clusters',
  description: 'Groups digits without their labels: k-means on the codes of an autoencoder.',
  epochs: 10,
  async run({ epochs }) {
    const { train: training, test } = await loadDigits();
    const pixels = accuracy((images) => images, training, test);
    console.log(`k-means on pixels: accuracy ${pixels.toFixed(4)} with ${clusters} clusters`);
    const model = new Autoencoder();
    await train(model, training.images, epochs);
    return {
      metric: 'test accuracy of clusters',
      value: accuracy((images) => model.encoder.call(images), training, test),
      target: 0.55,
      better: 'higher',
      baseline: { name: 'k-means on pixels', value: pixels },
    };
  },
};

await main(import.meta.url, clustersProgram);
