/**
 * What the naive evaluator knows of one scalar function. Written from the function's definition and from PyTorch's formulas for
 * its gradient (derivatives.yaml), not from core's rows.
 */
export interface Rule {
  /** The value in float64. */
  readonly value: Scalar;
  /** One per argument. */
  readonly grads: readonly PartialDerivative[];
  /** What the arguments should be, so that most elements are numbers. */
  readonly domains: readonly Domain[];
  /** What an implementation of the value may be off by, beyond the rounding of its arguments. */
  readonly off: Accuracy;
  /** The same for the derivatives. */
  readonly gradOff: Accuracy;
}

export type Scalar = (...x: number[]) => number;

/**
 * The factor by which an argument's gradient is the incoming one: of the arguments and the value. `none` at a point where PyTorch
 * selects 0 whatever comes in (a branch not taken), unlike a factor of 0, which makes NaN of an infinity. 'flat': PyTorch's
 * gradient is zeros everywhere. null: no gradient is recorded.
 */
export type PartialDerivative = ((...argsThenValue: number[]) => number | typeof none) | 'flat' | null;

/** No gradient at this point, whatever comes in. */
export const none = Symbol('none');

export interface Accuracy {
  readonly relative: number;
  readonly absolute: number;
}

/**
 * - `any`: every number. `factor` too; a derivative is this argument itself.
 * - `moderate`, `positive`, `unit` (-1 to 1), `probability` (0 to 1), `beyond1`: usually brought there by other functions.
 * - `integer`, `count` (0 to 5): always, the function takes nothing else.
 * - `order`: a small integer constant. `number`: a constant. `fixed`: what has no gradient, positive.
 */
export type Domain =
  | 'any'
  | 'factor'
  | 'moderate'
  | 'positive'
  | 'unit'
  | 'probability'
  | 'beyond1'
  | 'integer'
  | 'count'
  | 'order'
  | 'number'
  | 'fixed';

/** Both sides round the same operations, or call the same function of `Math`. */
const exact: Accuracy = { relative: 0, absolute: 0 };

/** Both sides compute it in several steps, not necessarily the same. */
export const steps: Accuracy = { relative: 1e-14, absolute: 0 };

/** Both sides compute it in several steps, some of which cancel. */
export const cancels: Accuracy = { relative: 1e-13, absolute: 1e-14 };

/** Two algorithms for a special function. */
export const special: Accuracy = { relative: 1e-11, absolute: 1e-12 };

/** A rule; derivatives take several steps unless said otherwise. */
export function rule(
  domains: Domain | readonly Domain[],
  value: Scalar,
  grads: readonly PartialDerivative[],
  accuracy: { readonly off?: Accuracy; readonly gradOff?: Accuracy } = {},
): Rule {
  const list = typeof domains === 'string' ? grads.map(() => domains) : domains;
  if (list.length !== grads.length) throw new RangeError(`${list.length} domains for ${grads.length} derivatives`);
  return { value, grads, domains: list, off: accuracy.off ?? exact, gradOff: accuracy.gradOff ?? steps };
}

/** `d` where the condition holds, nothing elsewhere. */
export function only(condition: boolean, d: number): number | typeof none {
  return condition ? d : none;
}
