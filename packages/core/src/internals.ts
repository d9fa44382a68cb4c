/**
 * What backends and the test package need beyond the public surface. No promise of stability.
 *
 * @packageDocumentation
 */
export { clearGrad, replaceData } from './autograd/data.ts';
export { HookList, replacements } from './autograd/hooks.ts';
export type { GraphNode } from './autograd/node.ts';
export { passThrough } from './autograd/passthrough.ts';
export * from './backend.ts';
export { type Blas, type BlasDType, currentBlas, setBlas } from './backend-cpu/blas.ts';
export { clearKernels, compiledKernels, forbidGeneration } from './backend-cpu/compile.ts';
export { CpuBackend, cpu } from './backend-cpu/index.ts';
export { coalesce } from './backend-cpu/loops.ts';
export { debug, directoriesOf, observer } from './debug.ts';
export { allocate, bytesPerElement, castValue, dtypes, isFloating, isIntegral } from './dtype.ts';
export { elementwiseOps } from './elementwise.ts';
export { clearFormulas, type Evaluation, evaluate } from './evaluate.ts';
export { BoundedCache } from './expr/cache.ts';
export { derivative, vectorJacobian } from './expr/derivative.ts';
export { defineFunction, type FunctionRow, functions, type GpuBody } from './expr/function.ts';
export { arityOf, call, constant, Expr, input, param, substitute, topological } from './expr/node.ts';
export { expandCalls, printJs } from './expr/print.ts';
export { updateInPlace } from './inplace.ts';
export { hostReason, referenceBackend, setReferenceBackend } from './kernels.ts';
export * from './layout.ts';
export { camelCase, snakeCase } from './names.ts';
export { type OpDefinition, ops } from './op.ts';
export { type RecurrentOutcome, recurrent, recurrentStep } from './parts/recurrent.ts';
export type { RecurrentKind } from './parts/recurrent-cells.ts';
export { dropoutMask } from './random/mask.ts';
export { release } from './scope.ts';
export type * from './shape-types.ts';
export { Storage } from './storage.ts';
export { residentMade, runtime, setWasmMode, type WasmMode } from './wasm/runtime.ts';
