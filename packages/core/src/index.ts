/**
 * Tensors, automatic differentiation and scalar expressions.
 *
 * @packageDocumentation
 */
export { type BackwardOptions, backward, type GradOptions, grad } from './autograd/engine.ts';
export { type CustomFunction, customFunction, type FunctionContext } from './autograd/function.ts';
export {
  type FunctionalOptions,
  type FunctionOf,
  hessian,
  type Jacobian,
  jacobian,
  jvp,
  type Like,
  type Tensors,
  vjp,
} from './autograd/functional.ts';
export { type GradcheckOptions, gradcheck, gradgradcheck } from './autograd/gradcheck.ts';
export { enableGrad, isGradEnabled, noGrad } from './autograd/modes.ts';
export type { Backend, BackendReport, Capabilities, Fallback, MemoryReport } from './backend.ts';
export { cpu } from './backend-cpu/index.ts';
export { type DType, FloatScalar, float, promoteTypes, resultType, type Scalar, type TypedArray } from './dtype.ts';
export { type ElementwiseOp, elementwise, type Operand } from './elementwise.ts';
export * from './errors.ts';
export { Expr, type ExprLike } from './expr/node.ts';
export { type BackwardContext, defineOp, defineView, type Meta, type OpDefinition, type OpFunction, type ViewDefinition } from './op.ts';
export * from './ops/index.ts';
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from './random/generator.ts';
export type { Dims, KeepDim, ReduceFunction, ReduceMethod, ReduceOver } from './reduction.ts';
export { keep, scope } from './scope.ts';
export type { Shape } from './shape-types.ts';
export { addMethod, addProperty, isTensor, Tensor } from './tensor.ts';
export type { Ok, Out, ShapeOf } from './typed.ts';
