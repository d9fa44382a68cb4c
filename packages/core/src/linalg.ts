/**
 * Linear algebra, as PyTorch's `torch.linalg`.
 *
 * @packageDocumentation
 */
export * from './linalg/norms.ts';
export { type AlongOptions, cross, multiDot, vecdot } from './linalg/products.ts';
export { matmul } from './ops/matmul.ts';
export { matrixExp } from './ops/matrix-exp.ts';
