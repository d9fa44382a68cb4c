import { type Backend, Generator, randperm, scope, stack, type Tensor } from '@nabla/core';
import { functional as F, type Module } from '@nabla/nn';
import { Adam, clipGradNorm_, SGD } from '@nabla/optim';
import { measure } from './measure.ts';
import { buildModel, scoresOf } from './models/index.ts';
import { finalProbe } from './probes/index.ts';
import { Landscape } from './probes/landscape.ts';
import type { Check, TrainResult, TrainSpec } from './spec.ts';
import type { Part, TaskData } from './tasks.ts';

/** Points of a training curve. */
const windows = 24;

/** Sample numbers in an order that depends on the seed alone, so that batches of any size and any arm see the same sequence. */
export class Order {
  readonly #generator: Generator;
  readonly #count: number;
  #left: number[] = [];

  constructor(part: Part, seed: number) {
    this.#generator = new Generator(seed);
    this.#count = part.count;
  }

  /** The next `n` numbers; when all samples were seen, they are shuffled anew. */
  next(n: number): number[] {
    while (this.#left.length < n) this.#left.push(...Array.from(randperm(this.#count, { generator: this.#generator }).dataSync(), Number));
    return this.#left.splice(0, n);
  }
}

/** How many optimizer steps a run takes. */
export function stepsOf({ samples, batch }: Pick<TrainSpec, 'samples' | 'batch'>): number {
  return Math.max(1, Math.floor(samples / batch));
}

/** Share of the learning rate at a step: up during the warm-up, then down linearly. */
export function rateAt(step: number, steps: number, warmup: number): number {
  const rising = Math.round(warmup * steps);
  return step < rising ? (step + 1) / (rising + 1) : (steps - step) / (steps - rising);
}

type Rule = Pick<TrainSpec, 'optimizer' | 'lr' | 'task'>;

/** The optimizer of a run. */
export function optimizerOf({ optimizer, lr, task }: Rule, model: Module): SGD | Adam {
  const learned = model.parameters().filter((p) => p.requiresGrad);
  if (optimizer === 'sgd') return new SGD(learned, { lr, momentum: 0.9 });
  // For the transformer as Vaswani et al. (2017, section 5.3).
  return new Adam(learned, task === 'text' ? { lr, betas: [0.9, 0.98], eps: 1e-9 } : { lr });
}

/** One step on these samples; gives the loss before it. */
export function trainStep(model: Module, optimizer: SGD | Adam, part: Part, numbers: readonly number[], clip: boolean): Tensor {
  return scope(() => {
    optimizer.zeroGrad();
    const { input, target } = part.batch(numbers);
    const loss = F.crossEntropy(scoresOf(model, input), target) as Tensor;
    loss.backward();
    if (clip) clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    return loss.detach();
  });
}

/** Several numbers in one transfer; the tensors are given back. */
async function read(values: Tensor[]): Promise<number[]> {
  if (values.length === 0) return [];
  const all = scope(() => stack(values) as Tensor);
  const numbers = Array.from(await all.data(), Number);
  for (const t of [...values, all]) t.dispose();
  return numbers;
}

/** Trains one network and measures it. */
export async function train(spec: TrainSpec, data: TaskData, device: Backend, onSteps: (n: number) => void): Promise<TrainResult> {
  const model = buildModel(spec, data.geometry);
  model.to(device);
  const optimizer = optimizerOf(spec, model);
  const order = new Order(data.train, spec.seed);
  const steps = stepsOf(spec);
  const recurrent = spec.task === 'rows';
  const landscape = spec.probe === 'landscape' ? new Landscape(spec, model, data.train) : null;
  const at = (parts: number): Set<number> => new Set(Array.from({ length: parts }, (_, k) => Math.round(((k + 1) * steps) / parts)));
  const [checkAt, readAt] = [at(Math.min(spec.checks, steps)), at(Math.min(windows, steps))];
  const worst = Math.log(data.geometry.classes);
  const losses: number[] = [];
  const checks: Check[] = [];
  let pending: Tensor[] = [];
  let diverged = false;
  for (let step = 0; step < steps; step++) {
    for (const group of optimizer.paramGroups) group.lr = spec.lr * rateAt(step, steps, spec.warmup);
    if (!diverged) {
      // Before the step after a check: what is probed is the path that training takes.
      if (landscape !== null && (step === 0 || checkAt.has(step))) await landscape.probe();
      pending.push(trainStep(model, optimizer, data.train, order.next(spec.batch), recurrent));
    }
    const done = step + 1;
    if (!diverged && (readAt.has(done) || checkAt.has(done))) {
      const numbers = await read(pending);
      onSteps(numbers.length);
      pending = [];
      diverged = !numbers.every(Number.isFinite);
      if (readAt.has(done) && !diverged) losses.push(Math.min(worst, numbers.reduce((a, b) => a + b, 0) / numbers.length));
    }
    if (!checkAt.has(done)) continue;
    const measured = diverged ? null : await measure(model, data.held, 'eval', 256);
    if (measured !== null && !Number.isFinite(measured.loss)) diverged = true;
    // A network that left the finite numbers, or does worse than guessing, is worth as much as guessing.
    const guess = 1 - 1 / data.geometry.classes;
    checks.push(
      measured === null || diverged
        ? { samples: done * spec.batch, loss: worst, error: guess }
        : { samples: done * spec.batch, loss: Math.min(measured.loss, worst), error: measured.error },
    );
  }
  const probe = diverged ? {} : { ...landscape?.summary(), ...(await finalProbe(spec, model, data)) };
  return { kind: 'train', checks, losses, diverged, probe };
}
