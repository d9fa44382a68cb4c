import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { convSamples } from './conv.samples.ts';
import { crossEntropySamples } from './cross-entropy.samples.ts';
import { lossSamples } from './loss.samples.ts';
import { softmaxSamples } from './softmax.samples.ts';

/** The samples of every op, family by family. */
export const opSamples: readonly OpSamples[] = [...convSamples, ...softmaxSamples, ...lossSamples, ...crossEntropySamples];
export const elementwiseSamples: readonly ElementwiseSamples[] = [];
