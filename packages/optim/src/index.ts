/**
 * Optimizers and gradient clipping.
 *
 * @packageDocumentation
 */
export { Adam, type AdamOptions, type AdamParams, AdamW } from './adam.ts';
export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_, NonFiniteGradientError } from './clip.ts';
export {
  type Closure,
  Optimizer,
  type OptimizerStateDict,
  type OptionValue,
  type ParamGroup,
  type ParamGroupInput,
  type ParamState,
} from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
