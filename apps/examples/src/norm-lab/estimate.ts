import type { Experiment } from './experiments/experiment.ts';
import type { Scale } from './scale.ts';
import { type CostSpec, keyOf, type Model, type RunSpec, type TrainSpec } from './spec.ts';
import { stepsOf } from './train.ts';

/** Seconds of one quiet core that a training step takes: fixed part, and part for each sample. Measured on an AMD EPYC. */
function perStep(model: Model, arm: TrainSpec['arm'], side: number): readonly [fixed: number, sample: number] {
  const bare = arm === 'none';
  switch (model.kind) {
    case 'mlp':
      return [(bare ? 1.2e-4 : 2.4e-4) * (1 + model.depth / 4), 6e-6];
    case 'convnet':
      return [bare ? 3e-4 : 6e-4, 2.8e-5 * (side / 14) ** 2];
    case 'rnn':
      return [bare ? 1.8e-3 : 3.5e-3, 1e-5];
    case 'lstm':
      return [bare ? 3.5e-3 : 7.5e-3, 4e-5];
    case 'transformer':
      return [1.1e-3 * model.layers, 4e-7 * model.layers * model.width * (model.context / 3)];
  }
}

/** How much longer everything takes when the processes share the threads of a core: measured with two on one core. */
const shared = 1.9;

function stepSeconds(spec: TrainSpec | CostSpec, arm: TrainSpec['arm']): number {
  const [fixed, sample] = perStep(spec.model, arm, spec.data.side);
  return shared * (fixed + sample * spec.batch);
}

/** Seconds of one quiet core that a run is expected to take. Only used to show progress and to start long runs first. */
export function estimate(spec: RunSpec): number {
  if (spec.kind === 'single') return 0.01;
  if (spec.kind === 'cost') {
    return spec.arms.reduce((sum, arm) => sum + (spec.rounds + 2) * spec.stepsPerRound * stepSeconds(spec, arm), 0);
  }
  const [, sample] = perStep(spec.model, spec.arm, spec.data.side);
  const measuring = shared * spec.checks * spec.data.held * sample * 0.4;
  const probing = spec.probe === 'landscape' ? spec.checks * 8 * stepSeconds(spec, spec.arm) : spec.probe === 'dependence' ? 0.1 : 0;
  return stepsOf(spec) * stepSeconds(spec, spec.arm) + measuring + probing;
}

/** All runs that experiments will need, as far as that can be known before learning rates are chosen. */
export function foresee(experiment: Experiment, scale: Scale): RunSpec[] {
  const tunings = experiment.tunings(scale);
  const rates = (name: string): number => tunings[name]!.grid[tunings[name]!.grid.length >> 1]!;
  const tuning = Object.values(tunings).flatMap(({ base, grid }) =>
    grid.flatMap((lr) => scale.tuneSeeds.map((seed): RunSpec => ({ ...base, lr, seed, part: 'tune' }))),
  );
  return [...tuning, ...experiment.runs(scale, rates)];
}

/** Runs without those that are there twice. */
export function unique(specs: readonly RunSpec[]): RunSpec[] {
  return [...new Map(specs.map((s) => [keyOf(s), s])).values()];
}
