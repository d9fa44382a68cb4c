import type { Tensor } from '@nabla/core';
import { Module } from './module.ts';
import type { IdentityFn } from './shape-fn.ts';

/**
 * Gives its input back: a placeholder where a layer may or may not stand.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Identity.html
 */
export class Identity extends Module<IdentityFn> {
  /** The input itself. */
  forward(x: Tensor): Tensor {
    return x;
  }
}
