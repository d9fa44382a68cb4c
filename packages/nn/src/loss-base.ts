import type { Tensor } from '@nabla/core';
import { Module } from './module.ts';
import { Buffer } from './parameter.ts';

/** What losses share: options, which are no state. */
export abstract class Loss<Options extends object> extends Module {
  readonly #options: Options;

  constructor(options: Options) {
    super();
    this.#options = options;
  }

  /** What the constructor was given. */
  protected get options(): Options {
    return this.#options;
  }
}

/** A weight as state that moves with the loss; PyTorch saves it too. */
export function weightBuffer(weight: Tensor | null | undefined): Buffer | null {
  return weight == null ? null : new Buffer(weight);
}
