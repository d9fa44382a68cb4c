import { writeFileSync } from 'node:fs';
import { cat, noGrad, ones, rand, randn, scope, stack, type Tensor, zeros } from '@nabla/core';
import * as nn from '@nabla/nn';
import { AdamW, OneCycleLR } from '@nabla/optim';
import { DataLoader, TensorDataset } from '@nabla/train';
import { main, type Program, type ProgramOptions } from '../program.ts';
import { picture } from './picture.ts';

// Two half circles that reach into each other: no straight line parts them, a small network with a hidden layer does.

interface Options extends ProgramOptions {
  readonly out?: string;
}

interface Points {
  /** [n, 2] */
  readonly x: Tensor;
  /** [n, 1]: 0 for the upper moon, 1 for the lower one. */
  readonly y: Tensor;
}

/** Draws `each` points of either moon. */
function moons(each: number, noise: number): Points {
  const angle = rand([each]).mul(Math.PI);
  const upper = stack([angle.cos(), angle.sin()], 1);
  // The same half circle, turned by 180 degrees and shifted into the first.
  const lower = upper.neg().add(stack([ones([each]), ones([each]).mul(0.5)], 1));
  return {
    x: cat([upper, lower]).add(randn([2 * each, 2]).mul(noise)),
    y: cat([zeros([each, 1]), ones([each, 1])]),
  };
}

/** Trains a model of [n, 2] → [n, 1]: the logarithm of the odds for the lower moon. */
async function train(name: string, model: nn.Module, data: Points, epochs: number): Promise<void> {
  if (epochs === 0) return;
  const loader = new DataLoader(new TensorDataset(data.x, data.y), { batchSize: 50, shuffle: true });
  const steps = loader.length!;
  const criterion = new nn.BCEWithLogitsLoss();
  const optimizer = new AdamW(model.parameters(), { lr: 0.01 });
  const schedule = new OneCycleLR(optimizer, 0.02, { epochs, stepsPerEpoch: steps });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let sum = 0;
    for await (const [x, y] of loader) {
      // A scope gives the buffers of a step back to the next one.
      sum += scope(() => {
        optimizer.zeroGrad();
        const loss = criterion.call(model.call(x) as Tensor, y);
        loss.backward();
        optimizer.step();
        return loss.item() as number;
      });
      schedule.step();
    }
    if (epoch % 10 === 0) console.log(`${name}, epoch ${epoch}: loss ${(sum / steps).toFixed(4)}`);
  }
}

/** Share of points on the right side. */
function accuracy(model: nn.Module, { x, y }: Points): number {
  return noGrad(() => {
    const lower = (model.call(x) as Tensor).gt(0);
    return lower.eq(y.gt(0.5)).to('float32').mean().item() as number;
  });
}

export const twoMoons: Program<Options> = {
  name: 'two-moons',
  description: 'Parts two interleaved half circles with a small network, and draws the boundary.',
  epochs: 40,
  configure: (command) => command.option('--out <file>', 'write a picture (SVG) of the boundary'),
  async run({ epochs, out }) {
    const training = moons(500, 0.15);
    const test = moons(1000, 0.15);

    const line = new nn.Linear(2, 1);
    await train('logistic regression', line, training, epochs);

    const network = new nn.Sequential(new nn.Linear(2, 32), new nn.ReLU(), new nn.Linear(32, 32), new nn.ReLU(), new nn.Linear(32, 1));
    await train('network', network, training, epochs);

    if (out !== undefined) {
      const odds = (x: Tensor): Tensor => noGrad(() => network.call(x) as Tensor);
      writeFileSync(out, picture(odds, training.x, training.y));
      console.log(`wrote ${out}`);
    }
    return {
      metric: 'test accuracy',
      value: accuracy(network, test),
      target: 0.97,
      better: 'higher',
      baseline: { name: 'logistic regression', value: accuracy(line, test) },
    };
  },
};

await main(import.meta.url, twoMoons);
