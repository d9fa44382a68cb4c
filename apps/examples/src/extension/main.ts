import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cat, equal, linalg, noGrad, ones, rand, randn, randperm, scope, type Tensor } from '@nabla/core';
import { loadSafetensors, saveSafetensors } from '@nabla/io/node';
import { AdamW, CosineAnnealingLR } from '@nabla/optim';
import { main, type Program, type ProgramOptions } from '../program.ts';
import { checkParts, logCosh, SnakeNet } from './parts.ts';

// A regression with nothing from the shelf but Linear and the optimizer: the activation, the loss and the layers come from
// parts.ts. They are checked, trained together, saved, and loaded into a new model.

const BATCH = 64;

interface Points {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** Something that repeats along one input and bends along the other, with noise. */
function makePoints(count: number): Points {
  const x = rand([count, 2]).mul(4).sub(2);
  const [a, b] = [x.narrow(1, 0, 1), x.narrow(1, 1, 1)];
  const y = a.mul(3).sin().add(a.mul(b)).add(b.mul(0.5));
  return { x, y: y.add(randn([count, 1]).mul(0.05)) };
}

const meanSquare = (a: Tensor, b: Tensor): number => a.sub(b).square().mean().item() as number;

/** What a linear model reaches that fits the training points as well as any can. */
function linearError(data: Points, test: Points): number {
  const withOne = (x: Tensor): Tensor => cat([x, ones([x.shape[0]!, 1])], 1);
  const { solution } = linalg.lstsq(withOne(data.x), data.y);
  return meanSquare(withOne(test.x).matmul(solution), test.y);
}

function train(model: SnakeNet, epochs: number, data: Points): void {
  const count = data.x.shape[0]!;
  const optimizer = new AdamW(model.parameters(), { lr: 5e-3 });
  const scheduler = new CosineAnnealingLR(optimizer, Math.max(1, epochs));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = randperm(count);
    let sum = 0;
    for (let at = 0; at < count; at += BATCH) {
      sum += scope(() => {
        const rows = order.narrow(0, at, Math.min(BATCH, count - at));
        optimizer.zeroGrad();
        const off = model.call(data.x.indexSelect(0, rows)).sub(data.y.indexSelect(0, rows));
        const loss = logCosh(off).mean();
        loss.backward();
        optimizer.step();
        return (loss.item() as number) * rows.size;
      });
    }
    scheduler.step();
    if (epoch % 10 === 0) console.log(`epoch ${epoch}: loss ${(sum / count).toFixed(5)}`);
  }
}

/** Writes the model to a file and reads it into a new one, which has to answer with the same bits. */
async function saveAndLoad(model: SnakeNet, build: () => SnakeNet, x: Tensor): Promise<SnakeNet> {
  const folder = await mkdtemp(join(tmpdir(), 'extension-'));
  try {
    const file = join(folder, 'model.safetensors');
    await saveSafetensors(file, model.stateDict());
    const loaded = build();
    loaded.loadStateDict(await loadSafetensors(file));
    if (!noGrad(() => equal(model.call(x), loaded.call(x)))) throw new Error('the loaded model differs from the one saved');
    console.log(
      `saved and loaded, with equal answers: ${[...loaded.stateDict().keys()].filter((key) => key.startsWith('blocks.0')).join(' ')} ...`,
    );
    return loaded;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const extension: Program<ProgramOptions> = {
  name: 'extension',
  description: 'Trains a network made of an op, a loss and layers that the program defines itself.',
  epochs: 60,
  async run({ epochs }) {
    checkParts();
    const data = makePoints(2048);
    const test = makePoints(512);
    const build = (): SnakeNet => new SnakeNet(2, 32, 2);
    const model = build();
    train(model, epochs, data);
    const loaded = await saveAndLoad(model, build, test.x);
    const { frequency } = loaded.blocks[0]!;
    const [low, high] = [frequency.min(), frequency.max()].map((t) => (t.item() as number).toFixed(2));
    console.log(`frequencies that the first block learned: ${low} to ${high}`);
    return {
      metric: 'mean squared error on test points',
      value: noGrad(() => meanSquare(loaded.call(test.x), test.y)),
      target: 0.01,
      better: 'lower',
      baseline: { name: 'a linear model', value: linearError(data, test) },
    };
  },
};

await main(import.meta.url, extension);
