import { grad, linalg, noGrad, randn, scope, type Tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { functional as F } from '@nabla/nn';
import { Adam, CosineAnnealingLR } from '@nabla/optim';
import { AveragedModel, getEmaAvgFn } from '@nabla/train';
import { main, type Program, type ProgramOptions } from '../program.ts';
import { fit, sampleRing, sketch } from './ring.ts';

// A generative adversarial network (Goodfellow et al., 2014). A generator turns noise into points, a discriminator learns to
// tell them from true ones, and the generator learns what would have fooled it.

const noiseSize = 8;
const batch = 256;
const stepsPerEpoch = 100;

const perceptron = (inputs: number, outputs: number) =>
  new nn.Sequential(
    new nn.Linear(inputs, 128),
    new nn.LeakyReLU(0.2),
    new nn.Linear(128, 128),
    new nn.LeakyReLU(0.2),
    new nn.Linear(128, outputs),
  );

/**
 * The discriminator's loss: to say yes to true points and no to others. Its slope at true points costs too, by R1 (Mescheder
 * et al., 2018), which keeps the game from going in circles; a gradient of a gradient does it.
 */
function discriminatorLoss(discriminator: nn.Module, real: Tensor, fake: Tensor): Tensor {
  real.requiresGrad_(true);
  const yes = discriminator.call(real) as Tensor;
  const no = discriminator.call(fake) as Tensor;
  const [slope] = grad(yes.sum(), [real], { createGraph: true });
  const penalty = slope.square().sum(1).mean().mul(0.02);
  return F.softplus(yes.neg()).mean().add(F.softplus(no).mean()).add(penalty);
}

/** Points of a normal distribution with the mean and the covariance of `data`: what fits best without any network. */
function oneGaussian(data: Tensor, n: number): Tensor {
  const root = linalg.cholesky(data.mT.cov());
  return randn([n, 2]).matmul(root.mT).add(data.mean(0));
}

export const gan: Program<ProgramOptions> = {
  name: 'gan',
  description: 'Fits a ring of eight normal distributions with a generative adversarial network.',
  epochs: 30,
  run({ epochs }) {
    const generator = perceptron(noiseSize, 2);
    const discriminator = perceptron(2, 1);
    // The last weights are always on the way to somewhere; their running average stays in the middle.
    const average = new AveragedModel(generator, { avgFn: getEmaAvgFn(0.995) });
    const optimizers = [generator, discriminator].map((m) => new Adam(m.parameters(), { lr: 0.002, betas: [0.5, 0.99] }));
    const [generatorAdam, discriminatorAdam] = optimizers as [Adam, Adam];
    const schedules = optimizers.map((o) => new CosineAnnealingLR(o, Math.max(epochs, 1)));
    const draw = (n: number): Tensor => noGrad(() => average.call(randn([n, noiseSize])) as Tensor);

    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (let step = 0; step < stepsPerEpoch; step++) {
        scope(() => {
          discriminatorAdam.zeroGrad();
          const fake = noGrad(() => generator.call(randn([batch, noiseSize])));
          discriminatorLoss(discriminator, sampleRing(batch), fake).backward();
          discriminatorAdam.step();
        });
        scope(() => {
          generatorAdam.zeroGrad();
          const answer = discriminator.call(generator.call(randn([batch, noiseSize])));
          F.softplus(answer.neg()).mean().backward();
          generatorAdam.step();
          average.updateParameters();
        });
      }
      for (const schedule of schedules) schedule.step();
      if (epoch % 5 === 0) {
        console.log(`epoch ${epoch}: ${(100 * fit(draw(4000))).toFixed(1)}% of the points fit`);
      }
    }
    const points = draw(4000);
    console.log(sketch(points));
    return {
      metric: 'share of points that fit',
      value: fit(points),
      target: 0.7,
      better: 'higher',
      baseline: { name: 'one normal distribution', value: fit(oneGaussian(sampleRing(4000), 4000)) },
    };
  },
};

await main(import.meta.url, gan);
