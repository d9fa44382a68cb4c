import { ValueError } from '@nabla/core';

/** Refuses a name that is none of `known`: most often it is a mistyped one. @throws ValueError */
export function checkNames(of: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new ValueError(`${of}: unknown option '${name}'; there are ${known.join(', ')}`);
  }
}

/** `defaults` with what `options` gives. @throws ValueError for an option that is not among the defaults */
export function withDefaults<O extends object>(of: string, defaults: O, options: Partial<O>): O {
  const given = Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)) as Partial<O>;
  checkNames(of, given, Object.keys(defaults));
  return { ...defaults, ...given };
}
