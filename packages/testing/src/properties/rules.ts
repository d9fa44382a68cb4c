import { activations } from './activations.ts';
import { arithmetic } from './arithmetic.ts';
import type { Rule } from './rule.ts';
import { transcendental } from './transcendental.ts';

/** Every named function of the expression language. */
const rules: Readonly<Record<string, Rule>> = { ...arithmetic, ...transcendental, ...activations };

/** Their names, in the order in which cases pick them. */
export const ruleNames: readonly string[] = Object.keys(rules);

export function ruleOf(name: string): Rule {
  const found = rules[name];
  if (found === undefined) throw new RangeError(`no rule for the function '${name}'`);
  return found;
}
