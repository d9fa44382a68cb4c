import { type Tensor, ValueError } from '@nabla/core';
import * as F from './functional.ts';
import { Module } from './module.ts';
import type { IdentityFn } from './shape-fn.ts';

/**
 * In training, sets every element to zero with probability `p` and scales the others by 1 / (1 - p); otherwise gives its
 * input back.
 *
 * @example
 * ```ts
 * new Dropout(0.2).eval().call(x); // x
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export class Dropout extends Module<IdentityFn> {
  readonly p: number;

  /**
   * @param p default 0.5
   * @throws ValueError when `p` is not in [0, 1]
   */
  constructor(p: number = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new ValueError(`Dropout: the probability must lie in [0, 1], got ${p}`);
    this.p = p;
  }

  /** The input with some elements dropped. */
  forward(x: Tensor): Tensor {
    return F.dropout(x, this.p, this.training);
  }

  override extraRepr(): string {
    return `p=${this.p}, inplace=False`;
  }
}
