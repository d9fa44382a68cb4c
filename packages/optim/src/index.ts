/**
 * Optimizers, learning-rate schedules and gradient clipping.
 *
 * @packageDocumentation
 */
export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions, type AdamParams, AdamW } from './adam.ts';
export { Adamax, type AdamaxOptions } from './adamax.ts';
export { ASGD, type ASGDOptions } from './asgd.ts';
export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_, NonFiniteGradientError } from './clip.ts';
export { ChainedScheduler, SequentialLR } from './composite-lr.ts';
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine-lr.ts';
export { CyclicLR, type CyclicLROptions } from './cyclic-lr.ts';
export { LambdaLR, type LrLambda, MultiplicativeLR } from './lambda-lr.ts';
export { LBFGS, type LBFGSOptions } from './lbfgs.ts';
export { ConstantLR, type ConstantLROptions, LinearLR, type LinearLROptions, PolynomialLR, type PolynomialLROptions } from './linear-lr.ts';
export { Lion, type LionOptions } from './lion.ts';
export { LRScheduler, type ScheduledGroup, type ScheduledOptimizer, type SchedulerOptions } from './lr-scheduler.ts';
export { Muon, type MuonOptions, newtonSchulz } from './muon.ts';
export { NAdam, type NAdamOptions } from './nadam.ts';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle-lr.ts';
export {
  type Closure,
  Optimizer,
  type OptimizerStateDict,
  type OptionValue,
  type ParamGroup,
  type ParamGroupInput,
  type ParamState,
  type ScheduleNotes,
  type StateValue,
} from './optimizer.ts';
export { RAdam, type RAdamOptions } from './radam.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduce-lr-on-plateau.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export { Rprop, type RpropOptions } from './rprop.ts';
export type { SchedulerStateDict, SchedulerValue } from './scheduler-state.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export { ExponentialLR, MultiStepLR, StepLR, type StepLROptions } from './step-lr.ts';
export { SWALR, type SWALROptions } from './swa-lr.ts';
