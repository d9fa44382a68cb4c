import { keep, type Tensor, zerosLike } from '@nabla/core';
import { type Expr, input, param } from '@nabla/core/internals';
import type { ParamState } from './optimizer.ts';

/**
 * Builds the expressions of each variant of an update once: what differs in structure is the variant, numbers are
 * arguments of the kernel, so that a new learning rate compiles nothing.
 */
export function variants<K extends Readonly<Record<string, boolean | string>>>(
  build: (variant: K) => readonly Expr[],
): (variant: K) => readonly Expr[] {
  const known = new Map<string, readonly Expr[]>();
  let last: K | null = null;
  let lastMade: readonly Expr[] = [];
  return (variant) => {
    // An optimizer asks for one variant over and over, once for each parameter.
    if (last !== null && same(last, variant)) return lastMade;
    const key = Object.values(variant).join();
    let made = known.get(key);
    if (made === undefined) {
      made = build(variant);
      known.set(key, made);
    }
    last = variant;
    lastMade = made;
    return made;
  };
}

function same<K extends Readonly<Record<string, boolean | string>>>(a: K, b: K): boolean {
  for (const name in b) if (a[name] !== b[name]) return false;
  return true;
}

/** Of a kernel whose inputs 0 and 1 are the parameter and its gradient, and whose arguments 0 and 1 are 1 or -1 and the weight decay. */
export function decayedGradient(decay: boolean): Expr {
  const g = input(1).mul(param(0));
  return decay ? g.add(input(0).mul(param(1))) : g;
}

/** The state tensor `name`, zeros of the parameter's shape when it is new. */
export function zeroState(state: ParamState, name: string, p: Tensor): Tensor {
  const known = state[name];
  if (known !== undefined) return known as Tensor;
  const made = keep(zerosLike(p.detach())) as Tensor;
  state[name] = made;
  return made;
}

/** Counts a step. */
export function nextStep(state: ParamState): number {
  const t = ((state['step'] as number | undefined) ?? 0) + 1;
  state['step'] = t;
  return t;
}
