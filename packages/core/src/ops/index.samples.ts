import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { convSamples } from './conv.samples.ts';
import { crossEntropySamples } from './cross-entropy.samples.ts';
import { cumulativeSamples } from './cumulative.samples.ts';
import { fillSamples } from './fill.samples.ts';
import { gatherSamples } from './gather.samples.ts';
import { indexingSamples } from './indexing.samples.ts';
import { joinSamples } from './join.samples.ts';
import { linearSamples } from './linear.samples.ts';
import { logsumexpSamples } from './logsumexp.samples.ts';
import { lossSamples } from './loss.samples.ts';
import { momentSamples } from './moments.samples.ts';
import { nonzeroSamples } from './nonzero.samples.ts';
import { normSamples } from './norm.samples.ts';
import { normalizationSamples } from './normalization.samples.ts';
import { oneHotSamples } from './one-hot.samples.ts';
import { padSamples } from './pad.samples.ts';
import { poolSamples } from './pool.samples.ts';
import { prodSamples } from './prod.samples.ts';
import { reduceSamples } from './reduce.samples.ts';
import { repeatSamples } from './repeat.samples.ts';
import { scatterSamples } from './scatter.samples.ts';
import { sliceSamples } from './slice.samples.ts';
import { softmaxSamples } from './softmax.samples.ts';
import { sumSamples } from './sum.samples.ts';
import { triangularSamples } from './triangular.samples.ts';
import { viewSamples } from './view.samples.ts';

/** The samples of every op, family by family. */
export const opSamples: readonly OpSamples[] = [
  ...convSamples,
  ...crossEntropySamples,
  ...cumulativeSamples,
  ...fillSamples,
  ...gatherSamples,
  ...indexingSamples,
  ...joinSamples,
  ...linearSamples,
  ...logsumexpSamples,
  ...lossSamples,
  ...momentSamples,
  ...nonzeroSamples,
  ...normSamples,
  ...normalizationSamples,
  ...oneHotSamples,
  ...padSamples,
  ...poolSamples,
  ...prodSamples,
  ...reduceSamples,
  ...repeatSamples,
  ...scatterSamples,
  ...sliceSamples,
  ...softmaxSamples,
  ...sumSamples,
  ...triangularSamples,
  ...viewSamples,
];
export const elementwiseSamples: readonly ElementwiseSamples[] = [];
