/**
 * Tensors, automatic differentiation and scalar expressions.
 *
 * @packageDocumentation
 */
export { detectAnomaly, isAnomalyEnabled, setDetectAnomaly } from './autograd/anomaly.ts';
export { checkpoint, checkpointSequential, type SequentialStep } from './autograd/checkpoint.ts';
export { type BackwardOptions, backward, type Gradient, type GradOptions, grad } from './autograd/engine.ts';
export { type CustomFunction, customFunction, type FunctionContext } from './autograd/function.ts';
export {
  type FunctionalOptions,
  type FunctionOf,
  hessian,
  hvp,
  type Jacobian,
  jacobian,
  jvp,
  type Like,
  type Tensors,
  valueAndGrad,
  vhp,
  vjp,
} from './autograd/functional.ts';
export { type Checked, type GradcheckOptions, gradcheck, gradgradcheck } from './autograd/gradcheck.ts';
export { type GraphOptions, graphToDot, graphToMermaid, type TensorNames } from './autograd/graph.ts';
export { enableGrad, inferenceMode, isGradEnabled, isInferenceMode, noGrad } from './autograd/modes.ts';
export type { TensorInfo } from './autograd/node.ts';
export { Profile, type ProfileRow, profile } from './autograd/profiler.ts';
export * from './backend.ts';
export { CpuBackend, cpu } from './backend-cpu/index.ts';
export {
  canCast,
  type DType,
  FloatScalar,
  float,
  type Promotable,
  promoteTypes,
  resultType,
  type Scalar,
  type TypedArray,
} from './dtype.ts';
export { type DTypeRule, type ElementwiseOp, elementwise, type Operand, type UserElementwiseOptions } from './elementwise.ts';
export * from './errors.ts';
export type { Derivative, FunctionOptions, FunctionRow, GpuBody, Printer } from './expr/function.ts';
export { constant, Expr, type ExprLike } from './expr/node.ts';
export * as linalg from './linalg.ts';
export {
  type BackwardContext,
  defineUserOp as defineOp,
  defineUserView as defineView,
  type Meta,
  type OpDefinition,
  type OpFunction,
  type ViewDefinition,
  type ViewWindow,
} from './op.ts';
export * from './ops/index.ts';
export type { Dims, KeepDim, ReduceAll, ReduceFunction, ReduceMethod, ReduceOver } from './parts/reduction.ts';
export type { PerDim } from './parts/spatial.ts';
export type { Pair, Single, Triple } from './parts/windows.ts';
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from './random/generator.ts';
export { keep, scope } from './scope.ts';
export type * from './shape-types.ts';
export { addMethod, addProperty, isTensor, Tensor } from './tensor.ts';
export type { Ok, Out, ShapeOf } from './typed.ts';
export type * from './view-types.ts';
export { setRelaxedSimd } from './wasm/relaxed.ts';
export { getThreads, setThreads } from './wasm/threads.ts';
