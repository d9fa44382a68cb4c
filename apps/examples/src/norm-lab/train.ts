import { type Backend, Generator, noGrad, randperm, scope, stack, type Tensor, tensor } from '@nabla/core';
import { CrossEntropyLoss, type Module } from '@nabla/nn';
import { Adam, SGD } from '@nabla/optim';
import { type Arm, buildModel, type Experiment } from './experiments.ts';
import type { ImageData, LabelledImages } from './idx.ts';

/** One training run. */
export interface Job {
  readonly experiment: Experiment;
  readonly arm: Arm;
  readonly seed: number;
  readonly epochs: number;
}

/** What a run measured. */
export interface JobResult {
  readonly experiment: string;
  readonly arm: Arm;
  readonly seed: number;
  /** Training loss of every step. */
  readonly losses: readonly number[];
  /** Share of test images classified correctly, after every epoch, in evaluation mode. */
  readonly accuracies: readonly number[];
  /** Milliseconds per training step, the first epoch's first steps (compilation) included. */
  readonly stepMs: number;
}

/** Images and labels on a backend, standardized with the mean and deviation of the training images. */
interface DeviceImages {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly count: number;
}

/** Uploads both parts of a data set. */
function upload(data: ImageData, device: Backend): { train: DeviceImages; test: DeviceImages } {
  let sum = 0;
  let squares = 0;
  for (const v of data.train.images) {
    sum += v;
    squares += v * v;
  }
  const n = data.train.images.length;
  const mean = sum / n;
  const std = Math.sqrt(Math.max(squares / n - mean * mean, 1));
  const part = (p: LabelledImages): DeviceImages => ({
    x: tensor(
      Float32Array.from(p.images, (v) => (v - mean) / std),
      { shape: [p.count, 1, p.height, p.width], device },
    ),
    y: tensor(p.labels, { dtype: 'int64', device }),
    count: p.count,
  });
  return { train: part(data.train), test: part(data.test) };
}

/** Number of optimizer steps of a job. Incomplete batches are dropped: batch statistics should mean the same at every step. */
export function stepsOf(job: Job, trainCount: number): number {
  return job.epochs * Math.floor(trainCount / job.experiment.batchSize);
}

/** Trains one network and measures it. The batches depend on the seed alone, not on the arm. */
export async function runJob(job: Job, data: ImageData, device: Backend, onStep: () => void): Promise<JobResult> {
  const { train, test } = upload(data, device);
  const geometry = { height: data.train.height, width: data.train.width, classes: data.classes };
  const model = buildModel(job.experiment, job.arm, geometry, job.seed);
  model.to(device);
  const optimizer = optimizerOf(job.experiment, model);
  const lossOf = new CrossEntropyLoss();
  const generator = new Generator(job.seed);
  const losses: number[] = [];
  const accuracies: number[] = [];
  const steps = stepsOf(job, train.count);
  let elapsed = 0;
  for (let epoch = 0; epoch < job.epochs; epoch++) {
    model.train();
    const order = randperm(train.count, { generator, device });
    const kept: Tensor[] = [];
    const started = performance.now();
    for (let at = 0; at + job.experiment.batchSize <= train.count; at += job.experiment.batchSize) {
      const rate = job.experiment.learningRate * (1 - (losses.length + kept.length) / steps);
      for (const group of optimizer.paramGroups) group.lr = rate;
      const loss = scope(() => {
        const batch = order.narrow(0, at, job.experiment.batchSize);
        optimizer.zeroGrad();
        const scores = model.call(train.x.indexSelect(0, batch)) as Tensor;
        const value = lossOf.call(scores as never, train.y.indexSelect(0, batch)) as Tensor;
        value.backward();
        optimizer.step();
        return value.detach();
      });
      kept.push(loss);
      onStep();
    }
    const epochLosses = await readAll(kept);
    elapsed += performance.now() - started;
    losses.push(...epochLosses);
    for (const t of kept) t.dispose();
    order.dispose();
    accuracies.push(await accuracy(model, test));
  }
  for (const { x, y } of [train, test]) {
    x.dispose();
    y.dispose();
  }
  return {
    experiment: job.experiment.name,
    arm: job.arm,
    seed: job.seed,
    losses,
    accuracies,
    stepMs: elapsed / Math.max(losses.length, 1),
  };
}

function optimizerOf(e: Experiment, model: Module): SGD | Adam {
  const lr = e.learningRate;
  return e.optimizer === 'SGD' ? new SGD(model.parameters(), { lr, momentum: 0.9 }) : new Adam(model.parameters(), { lr });
}

/** One transfer for a whole epoch of losses. */
async function readAll(values: readonly Tensor[]): Promise<number[]> {
  if (values.length === 0) return [];
  const all = scope(() => stack(values) as Tensor);
  const numbers = Array.from(await all.data());
  all.dispose();
  return numbers;
}

/** Share of correct answers in evaluation mode. */
async function accuracy(model: Module, test: DeviceImages): Promise<number> {
  const batch = 250;
  model.eval();
  const counts: Tensor[] = [];
  for (let at = 0; at < test.count; at += batch) {
    const n = Math.min(batch, test.count - at);
    counts.push(
      noGrad(() =>
        scope(() => {
          const scores = model.call(test.x.narrow(0, at, n)) as Tensor;
          return scores
            .argmax(1)
            .eq(test.y.narrow(0, at, n))
            .to('float32')
            .sum();
        }),
      ) as Tensor,
    );
  }
  const correct = (await readAll(counts)).reduce((a, b) => a + b, 0);
  for (const t of counts) t.dispose();
  return correct / test.count;
}
