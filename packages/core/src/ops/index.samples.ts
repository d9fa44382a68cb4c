import type { ElementwiseSamples, OpSamples } from '../op.samples.ts';

/** The samples of every op, family by family. */
export const opSamples: readonly OpSamples[] = [];
export const elementwiseSamples: readonly ElementwiseSamples[] = [];
