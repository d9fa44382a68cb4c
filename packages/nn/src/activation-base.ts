import { type Tensor, ValueError } from '@nabla/core';
import { Module } from './module.ts';
import type { IdentityFn } from './shape-fn.ts';

/** Options of activations that can write to their input. */
export interface InplaceOptions {
  /** Write the result to the input, which must not be needed any more. Default false. */
  inplace?: boolean;
}

/** An activation: a function applied to every element. */
export abstract class Activation extends Module<IdentityFn> {
  /** Every element of `x` through the function. */
  abstract forward(x: Tensor): Tensor;
}

/** An activation that can write to its input. */
export abstract class InplaceActivation extends Activation {
  /** Whether results are written to the input. */
  readonly inplace: boolean;

  constructor(options: InplaceOptions) {
    super();
    this.inplace = options.inplace ?? false;
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/**
 * Parameters given by position, by name in a last options object, or both, as one object.
 *
 * @throws ValueError for one of the wrong kind, or too many
 */
export function named<O extends object>(layer: string, names: readonly (keyof O & string)[], given: readonly unknown[]): Partial<O> {
  const out: Record<string, unknown> = {};
  const positional = given.filter((v) => v !== undefined);
  const last = positional[positional.length - 1];
  if (typeof last === 'object' && last !== null) {
    Object.assign(out, last);
    positional.pop();
  }
  if (positional.length > names.length) throw new ValueError(`${layer} takes ${names.join(', ')}, got ${positional.length} arguments`);
  positional.forEach((value, i) => {
    out[names[i]!] = value;
  });
  for (const name of names) {
    const value = out[name];
    if (value !== undefined && typeof value !== 'number') throw new ValueError(`${layer}: ${name} must be a number, got ${String(value)}`);
  }
  return out as Partial<O>;
}
