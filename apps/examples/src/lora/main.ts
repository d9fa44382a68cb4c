import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noGrad, randperm, rot90, scope, type Tensor } from '@nabla/core';
import { loadSafetensors, saveSafetensors } from '@nabla/io/node';
import { CrossEntropyLoss } from '@nabla/nn';
import { AdamW, OneCycleLR } from '@nabla/optim';
import { type Digits, loadDigits } from '../lib/digits.ts';
import { integer, main, type Program, type ProgramOptions } from '../program.ts';
import { addAdapters, DigitReader, mergeAdapters } from './models.ts';

// A transformer that PyTorch trained to read digits is loaded as it is, and learns to read digits that lie on their side by
// adapters alone: its own weights stay as they came.

interface Options extends ProgramOptions {
  readonly rank: number;
  readonly out?: string;
}

const BATCH = 64;
const given = (name: string): string => fileURLToPath(new URL(`../../data/lora/${name}.safetensors`, import.meta.url));

/** A model with the weights of a file. Every key has to fit: nothing is renamed. */
async function load(path: string): Promise<DigitReader> {
  const model = new DigitReader();
  model.loadStateDict(await loadSafetensors(path));
  return model.eval();
}

/** The largest difference between what PyTorch answered and what the model answers. */
async function checkParity(model: DigitReader): Promise<void> {
  const recorded = await loadSafetensors(given('digit-reader-answers'));
  const [images, scores] = [recorded.get('images')!, recorded.get('scores')!];
  const off = noGrad(() => model.call(images).sub(scores).abs().max().item() as number);
  if (!(off < 1e-4)) throw new Error(`the model answers otherwise than in PyTorch: ${off} off`);
  console.log(`the weights of PyTorch give PyTorch's answers (to 1e-4, of up to ${(scores.abs().max().item() as number).toFixed(1)})`);
}

/** The digits turned by a quarter, [n, 28, 28]. */
const turned = ({ images, labels }: Digits): Digits => ({ images: rot90(images.reshape([-1, 28, 28]), 1, [1, 2]), labels });

function accuracy(model: DigitReader, { images, labels }: Digits): number {
  model.eval();
  return noGrad(() => scope(() => model.call(images).argmax(1).eq(labels).to('float32').mean().item() as number));
}

function train(model: DigitReader, epochs: number, data: Digits, test: Digits): void {
  // What is frozen needs no optimizer; in backward no gradient is computed for it.
  const parameters = model.parameters().filter((p) => p.requiresGrad);
  const size = (list: readonly Tensor[]): number => list.reduce((sum, p) => sum + p.size, 0);
  console.log(`${size(parameters)} of ${size(model.parameters())} numbers are trained`);
  const stepsPerEpoch = Math.floor(data.labels.size / BATCH);
  const optimizer = new AdamW(parameters, { weightDecay: 0 });
  const scheduler = epochs === 0 ? null : new OneCycleLR(optimizer, 5e-3, { epochs, stepsPerEpoch });
  const criterion = new CrossEntropyLoss();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    const order = randperm(data.labels.size);
    for (let step = 0; step < stepsPerEpoch; step++) {
      scope(() => {
        const rows = order.narrow(0, step * BATCH, BATCH);
        optimizer.zeroGrad();
        const scores = model.call(data.images.indexSelect(0, rows));
        criterion.call(scores, data.labels.indexSelect(0, rows)).backward();
        optimizer.step();
      });
      scheduler?.step();
    }
    console.log(`epoch ${epoch}: test accuracy ${accuracy(model, test).toFixed(4)}`);
  }
}

/** Writes the model to a file and reads it again: what others would get. */
async function exported(model: DigitReader, out: string | undefined): Promise<DigitReader> {
  const folder = out === undefined ? await mkdtemp(join(tmpdir(), 'lora-')) : null;
  try {
    const file = out ?? join(folder!, 'merged.safetensors');
    await saveSafetensors(file, model.stateDict());
    return await load(file);
  } finally {
    if (folder !== null) await rm(folder, { recursive: true });
  }
}

export const lora: Program<Options> = {
  name: 'lora',
  description: 'Fine-tunes a model from PyTorch with low-rank adapters.',
  epochs: 3,
  configure: (command) =>
    command.option('--rank <n>', 'rank of the adapters', integer(1), 8).option('--out <file>', 'keep the merged weights (safetensors)'),
  async run({ epochs, rank, out }) {
    const { train: upright, test } = await loadDigits();
    const model = await load(given('digit-reader'));
    await checkParity(model);
    console.log(`accuracy on upright digits: ${accuracy(model, test).toFixed(4)}`);
    const lying = turned(test);
    const before = accuracy(model, lying);

    const places = addAdapters(model, rank);
    train(model, epochs, turned(upright), lying);
    mergeAdapters(places);
    const merged = await exported(model, out);
    console.log(`merged, exported and loaded under the ${merged.stateDict().size} keys that it came with`);
    return {
      metric: 'accuracy on digits that lie on their side',
      value: accuracy(merged, lying),
      target: 0.92,
      better: 'higher',
      baseline: { name: 'the model as it came', value: before },
    };
  },
};

await main(import.meta.url, lora);
