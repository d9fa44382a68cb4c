/**
 * What tests of backends and ops are made of: the conformance suite, gradient checks derived from samples, mutation of
 * derivatives, a simulated device. Runs in Node and in browsers.
 *
 * @packageDocumentation
 */
export { allCases, type Case, expandOps, nameOf } from './cases.ts';
export { ConformanceError, type ConformanceTest, compareValues } from './compare.ts';
export { type ConformanceOptions, conformance, type Exemption } from './conformance.ts';
export { checkGradients, GradientError } from './gradients.ts';
export { type MutationOptions, type MutationReport, mutationTest } from './mutate.ts';
export { SimulatedDevice, type SimulatedOptions } from './simulated-device.ts';
export { measureTemporaries, trainingLoop } from './training-loop.ts';
