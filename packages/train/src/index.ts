/**
 * Data sets, loaders and a training loop. Everything here works in Node and in browsers; `@nabla/train/node` has what
 * needs files, worker threads and a terminal.
 *
 * @packageDocumentation
 */
export {
  AveragedModel,
  type AveragedModelOptions,
  type AvgFn,
  type ForwardArgs,
  type ForwardResult,
  getEmaAvgFn,
  getSwaAvgFn,
} from './averaged-model.ts';
export { type UpdateBnOptions, updateBn } from './update-bn.ts';
