import { fileURLToPath } from 'node:url';
import { cat, noGrad, scope, type Tensor, tensor } from '@nabla/core';
import { functional as F, type Module } from '@nabla/nn';
import { AdamW, OneCycleLR } from '@nabla/optim';
import { DataLoader, TensorDataset } from '@nabla/train';
import { loadData } from '../norm-lab/data.ts';
import type { LabelledImages } from '../norm-lab/idx.ts';
import { integer, main, type Program, type ProgramOptions } from '../program.ts';
import { ConvNet, VisionTransformer } from './models.ts';

// Digits in typefaces that were never seen: read by a convolutional network and by a vision transformer.

interface Options extends ProgramOptions {
  readonly limit: number;
}

type Digits = TensorDataset<[images: Tensor, labels: Tensor]>;

const folder = fileURLToPath(new URL('../../data/typefaces', import.meta.url));

/** Images [n, 1, height, width] between 0 and 1, and their digits. */
function digits({ images, labels, count, height, width }: LabelledImages): Digits {
  const pixels = tensor(images).reshape([count, 1, height, width]).to('float32').div(255);
  return new TensorDataset(pixels, tensor(labels).to('int64'));
}

const share = (right: number, data: Digits): number => right / data.length;

/** How many digits are read right when each image gets the digit of the training image whose pixels are closest. */
function nearestNeighbour(train: Digits, test: Digits): number {
  const [known, answers] = [train.tensors[0].flatten(1), train.tensors[1]];
  const norms = known.square().sum(1);
  // |a - b|² = |a|² - 2 a·b + |b|², and |a|² is the same for all b: one product of matrices does it.
  const closest = test.tensors[0]
    .flatten(1)
    .split(256)
    .map((some) => scope(() => norms.sub(some.matmul(known.T).mul(2)).argmin(1)));
  return share(answers.index(cat(closest)).eq(test.tensors[1]).sum().item(), test);
}

async function accuracy(model: Module, data: Digits): Promise<number> {
  model.eval();
  let right = 0;
  for await (const [x, y] of new DataLoader(data, { batchSize: 256 })) {
    right += scope(() => noGrad(() => model.call(x).argmax(1).eq(y).sum().item()));
  }
  model.train();
  return share(right, data);
}

/** Trains the model and gives the seconds that an epoch took. */
async function train(name: string, model: Module, data: Digits, test: Digits, epochs: number, lr: number): Promise<number> {
  const loader = new DataLoader(data, { batchSize: 64, shuffle: true });
  const optimizer = new AdamW(model.parameters(), { lr, weightDecay: 0.05 });
  // Up, then down to nearly nothing: large steps find the place, small ones settle there.
  const schedule = new OneCycleLR(optimizer, lr, { totalSteps: Math.max(1, epochs * loader.length!), pctStart: 0.2 });
  let spent = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    let total = 0;
    for await (const [x, y] of loader) {
      total += scope(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.call(x), y);
        loss.backward();
        optimizer.step();
        schedule.step();
        return loss.item();
      });
    }
    spent += (performance.now() - start) / 1000;
    const seen = (total / loader.length!).toFixed(3);
    console.log(`${name}, epoch ${epoch}: loss ${seen}, accuracy on unseen typefaces ${(await accuracy(model, test)).toFixed(4)}`);
  }
  return spent / Math.max(1, epochs);
}

export const vision: Program<Options> = {
  name: 'vision',
  description: 'Reads digits in unseen typefaces with a convolutional network and with a vision transformer.',
  epochs: 6,
  configure: (command) => command.option('--limit <n>', 'training images, 0 for all', integer(0), 0),
  async run({ epochs, limit }) {
    const data = await loadData(folder, limit);
    const [known, unseen] = [digits(data.train), digits(data.test)];
    console.log(`${known.length} training images, ${unseen.length} in other typefaces`);
    const contenders: readonly [name: string, model: Module, lr: number][] = [
      ['convolutions', new ConvNet(), 0.01],
      ['transformer', new VisionTransformer(), 0.004],
    ];
    const rows: { model: string; accuracy: number; parameters: number; seconds: number }[] = [];
    for (const [name, model, lr] of contenders) {
      const seconds = await train(name, model, known, unseen, epochs, lr);
      const parameters = model.parameters().reduce((sum, p) => sum + p.size, 0);
      rows.push({ model: name, accuracy: await accuracy(model, unseen), parameters, seconds });
    }
    const baseline = nearestNeighbour(known, unseen);
    console.log(`\n${'model'.padEnd(18)}accuracy  parameters  seconds per epoch`);
    console.log(`${'nearest neighbour'.padEnd(18)}${baseline.toFixed(4).padStart(8)}`);
    for (const r of rows) {
      const cells = [r.accuracy.toFixed(4).padStart(8), `${r.parameters}`.padStart(12), r.seconds.toFixed(1).padStart(19)];
      console.log(r.model.padEnd(18) + cells.join(''));
    }
    console.log();
    return {
      metric: 'accuracy on unseen typefaces',
      value: Math.max(...rows.map((r) => r.accuracy)),
      // Half the errors of the neighbour.
      target: (1 + baseline) / 2,
      better: 'higher',
      baseline: { name: 'nearest neighbour', value: baseline },
    };
  },
};

await main(import.meta.url, vision);
