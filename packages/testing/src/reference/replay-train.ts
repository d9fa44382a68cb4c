import type { Tensor } from '@nabla/core';
import { functional as F, type Module } from '@nabla/nn';
import { clipGradNorm_ } from '@nabla/optim';
import { type Golden, type Json, Mismatch, numberOf, type TensorRef } from '../golden.ts';
import { models } from './models.ts';
import { type AnyOptimizer, buildOptimizer, optionsOf } from './replay-optim.ts';
import { buildSchedule, type SchedulerCase } from './replay-scheduler.ts';

/** A recorded training run; see fixtures/pytorch/FORMAT.md. */
export interface TrainCase {
  readonly id: string;
  readonly model: string;
  readonly tied?: boolean | null;
  readonly dtype: 'f32' | 'f64';
  readonly state: Readonly<Record<string, TensorRef>>;
  readonly X: TensorRef;
  readonly Y: TensorRef;
  readonly batches: number;
  readonly optimizer: {
    readonly type: string;
    readonly kwargs: { readonly [key: string]: Json };
    readonly groups: readonly { readonly names: readonly string[]; readonly [key: string]: Json }[];
  };
  readonly clip_grad_norm: Json;
  readonly scheduler: Json;
  readonly losses: readonly Json[];
  readonly loss_noise?: readonly Json[];
  readonly grad_norms?: readonly Json[];
  readonly grads_step0: Readonly<Record<string, TensorRef>>;
  readonly final_state: Readonly<Record<string, TensorRef>>;
  readonly eval_out: TensorRef;
}

/** The recorded model with its first values. */
export function buildModel(golden: Golden<TrainCase>, c: TrainCase): Module {
  const make = models[c.model];
  if (make === undefined) throw new Mismatch(`there is no model ${c.model}`);
  const model = make(c.tied === true).to(c.dtype === 'f32' ? 'float32' : 'float64');
  if (golden.device !== null) model.to(golden.device);
  model.loadStateDict(new Map(Object.entries(c.state).map(([k, r]) => [k, golden.load(r.$t)])));
  return model;
}

function buildTraining(
  golden: Golden<TrainCase>,
  c: TrainCase,
  model: Module,
): { optimizer: AnyOptimizer; schedule: { step(): void } | null } {
  const parameters = new Map<string, Tensor>(model.namedParameters());
  const groups = c.optimizer.groups.map(({ names, ...options }) => ({
    ...optionsOf(golden, options as { readonly [key: string]: Json }),
    params: names.map((n) => parameters.get(n)!),
  }));
  const optimizer = buildOptimizer(c.optimizer.type, groups, optionsOf(golden, c.optimizer.kwargs));
  if (c.scheduler === null) return { optimizer, schedule: null };
  return { optimizer, schedule: buildSchedule(golden as never, c.scheduler as unknown as SchedulerCase, optimizer) };
}

/** Relative tolerance of whole runs: what rounding leaves after thirty steps. */
const relative = { f32: 1e-4, f64: 1e-9 } as const;

function compareNumber(what: string, got: number, want: number, tolerance: number, noise: number): void {
  // Where PyTorch itself rounds by more than the tolerance, as far as it does.
  if (!(Math.abs(got - want) <= Math.max(tolerance * Math.abs(want), 4 * noise))) throw new Mismatch(`${what}: ${got}, expected ${want}`);
}

/** The loss of the model's scores [..., C] for classes. */
export function lossOf(model: Module, x: Tensor, y: Tensor): Tensor {
  const scores = (model as unknown as { call(x: Tensor): Tensor }).call(x);
  return F.crossEntropy(scores.reshape([-1, scores.shape[scores.ndim - 1]!]) as Tensor, y.reshape([-1]) as Tensor);
}

/**
 * Repeats a recorded training run and compares losses, norms of the gradients, the first gradients, the last state and an
 * evaluation; throws {@link Mismatch}. `within` runs each step (in a scope or not).
 */
export function replayTrain(golden: Golden<TrainCase>, c: TrainCase, within: <T>(step: () => T) => T = (step) => step()): void {
  const model = buildModel(golden, c);
  const { optimizer, schedule } = buildTraining(golden, c, model);
  const parameters = new Map<string, Tensor>(model.namedParameters());
  const [x, y] = [golden.input(c.X.$t), golden.input(c.Y.$t)];
  const clip = c.clip_grad_norm === null ? null : numberOf(c.clip_grad_norm);
  c.losses.forEach((want, t) => {
    const noise = c.loss_noise === undefined ? 0 : numberOf(c.loss_noise[t]!);
    const { loss, norm } = within(() => {
      model.train();
      optimizer.zeroGrad();
      const l = lossOf(model, x.select(0, t % c.batches) as Tensor, y.select(0, t % c.batches) as Tensor);
      l.backward();
      if (t === 0)
        for (const [name, r] of Object.entries(c.grads_step0)) golden.compare(`gradient of ${name}`, parameters.get(name)!.grad!, r);
      const total = clip === null ? null : clipGradNorm_(model.parameters(), clip);
      optimizer.step();
      schedule?.step();
      return { loss: l.detach(), norm: total };
    });
    golden.readNumber(loss, (v) => compareNumber(`loss at step ${t}`, v, numberOf(want), relative[c.dtype], noise));
    if (norm !== null && c.grad_norms !== undefined)
      golden.readNumber(norm, (v) =>
        compareNumber(`norm of the gradients at step ${t}`, v, numberOf(c.grad_norms![t]!), relative[c.dtype], noise),
      );
  });
  const state = model.stateDict();
  for (const [name, r] of Object.entries(c.final_state)) golden.compare(name, state.get(name)!, r);
  golden.compare('evaluation', (model.eval() as unknown as { call(x: Tensor): Tensor }).call(x.select(0, 0) as Tensor), c.eval_out);
}
