import { type Interval, interval } from './stats.ts';

/** What the measurements say of a claim. */
export type Verdict = 'holds' | 'does not hold' | 'inconclusive' | 'too few seeds';

/** Pairs below which no verdict is given. */
const leastPairs = 5;

/**
 * What is claimed of the paired differences of two arms.
 *
 * - `above`: they are greater than zero on average
 * - `below`: they are smaller than zero on average
 * - `within`: on average they lie between -margin and margin
 * - `exactly`: every single one of them lies between -margin and margin
 */
export type Direction = 'above' | 'below' | 'within' | 'exactly';

/**
 * The verdict, by rules that were fixed before anything was measured.
 *
 * A difference is claimed (`above`, `below`): it holds when the whole interval lies on the claimed side of zero, and does
 * not when the whole interval lies on the other side, or when all of it is smaller than `margin`: then there may be a
 * difference, but none that matters. Equality is claimed (`within`): it holds when the whole interval lies within the
 * margin, and does not when the whole interval lies outside. `exactly` has no interval: one pair outside refutes it.
 */
export function judge(differences: readonly number[], direction: Direction, margin: number): { verdict: Verdict; interval: Interval } {
  const found = interval(differences);
  const decide = (): Verdict => {
    if (differences.length < leastPairs) return 'too few seeds';
    const { low, high } = found;
    if (direction === 'exactly') return differences.every((d) => Math.abs(d) <= margin) ? 'holds' : 'does not hold';
    const small = low >= -margin && high <= margin;
    if (direction === 'within') return small ? 'holds' : low > margin || high < -margin ? 'does not hold' : 'inconclusive';
    const [bound, other] = direction === 'above' ? [low, high] : [-high, -low];
    if (bound > 0) return 'holds';
    return other < 0 || small ? 'does not hold' : 'inconclusive';
  };
  return { verdict: decide(), interval: found };
}
