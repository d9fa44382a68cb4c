import { affine } from './affine.ts';
import { batchSize } from './batch-size.ts';
import { convergence } from './convergence.ts';
import { convnets } from './convnets.ts';
import { costPerStep } from './cost.ts';
import type { Experiment } from './experiment.ts';
import { independence } from './independence.ts';
import { initialWeights } from './initial-weights.ts';
import { learningRate } from './learning-rate.ts';
import { modes } from './modes.ts';
import { recurrent } from './recurrent.ts';
import { smoothness } from './smoothness.ts';
import { transformers } from './transformers.ts';

/** Every experiment, in the order of the report. */
export const experiments: readonly Experiment[] = [
  convergence,
  learningRate,
  initialWeights,
  batchSize,
  modes,
  independence,
  affine,
  recurrent,
  convnets,
  transformers,
  costPerStep,
  smoothness,
];
