/**
 * Linear algebra, as PyTorch's `torch.linalg`.
 *
 * @packageDocumentation
 */
export * from './linalg/norms.ts';
