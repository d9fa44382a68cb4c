import { ValueError } from '@nabla/core';

/** The entries of `options` that are not undefined. */
export function definedOf<O extends object>(options: O): Partial<O> {
  return Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)) as Partial<O>;
}

/** PyTorch's options that say how a step is carried out, not what it computes. */
const execution: readonly string[] = ['foreach', 'fused', 'capturable', 'differentiable'];

/** The error for an option that does not exist. */
export function unknownOption(of: string, name: string, known: object): ValueError {
  const hint = execution.includes(name)
    ? 'every update is one fused kernel here, so there is nothing to choose; leave it out'
    : `there are ${Object.keys(known).join(', ')}`;
  return new ValueError(`${of}: unknown option '${name}'; ${hint}`);
}

/**
 * `defaults` with what `options` gives.
 *
 * @throws ValueError for an option that is not among the defaults
 */
export function withDefaults<O extends object>(of: string, defaults: O, options: Partial<O>): O {
  const given = definedOf(options);
  for (const name of Object.keys(given)) if (!(name in defaults)) throw unknownOption(of, name, defaults);
  return { ...defaults, ...given };
}

/** Checks a number that may not be negative. */
export function nonNegative(what: string, value: number): void {
  if (!(value >= 0)) throw new ValueError(`Invalid ${what}: ${value}`);
}

/** Checks the two decay rates of the running means of Adam and its kin. */
export function checkBetas(betas: readonly [number, number]): void {
  for (const [i, beta] of betas.entries()) {
    if (!(beta >= 0 && beta < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${beta}`);
  }
}
