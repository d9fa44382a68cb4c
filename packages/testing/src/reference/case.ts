import type { Json, TensorRef } from '../golden.ts';

/** Where a recorded gradient belongs, and what it is; `none` when PyTorch gave none. */
export type GradRef = TensorRef & { readonly path: string; readonly none?: boolean };

/** One recorded call; see fixtures/pytorch/FORMAT.md. */
export interface OpCase {
  readonly id: string;
  readonly op: string;
  readonly dtype: string;
  readonly args: readonly Json[];
  readonly kwargs: { readonly [key: string]: Json };
  readonly out?: Json;
  readonly mutated?: readonly GradRef[];
  readonly grad_out?: readonly (TensorRef | null)[];
  readonly grads?: readonly GradRef[];
  readonly gradgrad?: {
    readonly weights: readonly (TensorRef | null)[];
    readonly grads: readonly GradRef[];
    readonly grad_out_grads: readonly (TensorRef | null)[];
  };
  readonly tags?: readonly string[];
  readonly error?: { readonly type: string; readonly message: string };
}

/** A case that is not replayed, and why. */
export class Skip extends Error {
  override readonly name = 'Skip';
}
