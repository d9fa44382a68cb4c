import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';
import { convSamples } from './conv.samples.ts';

/** The samples of every op, family by family. */
export const opSamples: readonly OpSamples[] = [...convSamples];
export const elementwiseSamples: readonly ElementwiseSamples[] = [];
