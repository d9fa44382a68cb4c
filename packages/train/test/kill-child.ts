// A training run that the test of crashes starts, kills and starts again: it always goes on from its checkpoint. What it is
// about to do stands on its standard output before it does it.
import { writeSync } from 'node:fs';
import { manualSeed, randn, type Tensor } from '@nabla/core';
import { BatchNorm1d, CrossEntropyLoss, Dropout, Linear, ReLU, Sequential } from '@nabla/nn';
import { Adam, CosineAnnealingLR } from '@nabla/optim';
import { Accuracy, type Checkpoint, DataLoader, fit, TensorDataset } from '../src/index.ts';
import { checkpointFile } from '../src/node/checkpoint-file.ts';

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

manualSeed(20);
const x = randn([330, 32]) as Tensor;
const y = x.narrow(1, 0, 4).sum(1).gt(0).to('int64') as Tensor;
const model = new Sequential(new Linear(32, 64), new BatchNorm1d(64), new ReLU(), new Dropout(0.25), new Linear(64, 2));
const optimizer = new Adam(model.parameters(), { lr: 0.01 });
const file = checkpointFile(process.argv[2]!, { everySteps: 2 });
const checkpoint: Checkpoint = {
  ...file,
  save: async (parts) => {
    say('save');
    await file.save(parts);
    say('saved');
  },
};
const history = await fit(model, {
  optimizer,
  loss: new CrossEntropyLoss(),
  data: new DataLoader(new TensorDataset(x, y), { batchSize: 16, shuffle: true }),
  epochs: 14,
  accumulate: 2,
  metrics: { accuracy: new Accuracy() },
  schedules: { schedule: new CosineAnnealingLR(optimizer, 154), every: 'step' },
  earlyStopping: { monitor: 'accuracy', patience: 14, restoreBest: true },
  checkpoint,
  resume: true,
  callbacks: {
    onFitStart: ({ step }) => say(`start ${step}`),
    onStep: ({ step }) => say(`step ${step}`),
  },
});
const weights = [...model.stateDict()].map(([key, t]) => [key, Buffer.from(t.dataSync().buffer as ArrayBuffer).toString('base64')]);
say(`done ${JSON.stringify([weights, history.epochs.map(({ seconds: _, ...record }) => record), history.best])}`);
