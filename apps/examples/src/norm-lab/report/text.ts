import type { Claim, Unit } from '../analysis.ts';
import type { Outcome } from '../lab.ts';
import type { Verdict } from '../verdict.ts';

/** How the numbers were made. */
export interface Protocol {
  readonly profile: string;
  readonly images: string;
  readonly text: string;
  readonly seeds: readonly number[];
  readonly tuneSeeds: readonly number[];
  /** The device that computed, in the backend's own words. */
  readonly device: string;
}

/** What both reports are written from. */
export interface Report {
  readonly protocol: Protocol;
  readonly outcomes: readonly Outcome[];
}

const signed = (text: string): string => (text.startsWith('-') ? `−${text.slice(1)}` : text === '0' ? text : `+${text}`);
const fixed = (x: number, digits: number): string => (Math.abs(x) < 0.5 * 10 ** -digits ? '0' : x.toFixed(digits));

/** A difference as text. */
function shown(x: number, unit: Unit): string {
  if (!Number.isFinite(x)) return x < 0 ? '−∞' : '∞';
  switch (unit) {
    case 'points':
      return `${signed(fixed(100 * x, 2))} points`;
    case 'nats':
      return Math.abs(x) < 1e-3 && x !== 0 ? `${signed(x.toExponential(1))} nats` : `${signed(fixed(x, 3))} nats`;
    case 'decades':
      return `${signed(fixed(x, 2))} decades`;
    case 'log':
      return `× ${(2 ** x).toFixed(2)}`;
    case 'cosine':
      return signed(fixed(x, 3));
    case 'factor':
      return fixed(x, 2);
  }
}

/** A difference on an axis, without its unit. */
export function tickOf(x: number, unit: Unit): string {
  if (unit === 'log') return `×${Number((2 ** x).toPrecision(2))}`;
  const value = Number((unit === 'points' ? 100 * x : x).toPrecision(3));
  return signed(String(value));
}

/** The mean and the interval of a claim. */
export function measured({ interval: { n, mean, low, high }, direction, unit, differences }: Claim): string {
  if (n === 0) return 'no pair could be measured';
  if (direction === 'exactly') return `largest ${shown(Math.max(...differences.map(Math.abs)), unit)} of ${n}`;
  return `${shown(mean, unit)} (95% interval ${shown(low, unit)} to ${shown(high, unit)}, n = ${n})`;
}

/** A claim's margin in words. */
export function marginOf({ margin, unit, direction }: Claim): string {
  if (unit === 'log') return `differences below ${Math.round(100 * (2 ** margin - 1))}% do not matter`;
  const size =
    unit === 'points'
      ? `${Number((100 * margin).toPrecision(2))} points`
      : `${margin}${unit === 'cosine' || unit === 'factor' ? '' : ` ${unit}`}`;
  return direction === 'exactly' ? `allowed: ${size}` : `margin: ${size}`;
}

/** Verdicts with how many claims have each. */
export function tally(outcomes: readonly Outcome[]): [Verdict, number][] {
  const order: readonly Verdict[] = ['holds', 'does not hold', 'inconclusive', 'too few seeds'];
  const all = outcomes.flatMap((o) => o.analysis.claims.map((c) => c.verdict));
  return order.map((v): [Verdict, number] => [v, all.filter((x) => x === v).length]).filter(([, n]) => n > 0);
}

/** Sentences about how everything was measured. */
export function howMeasured({ protocol: p, outcomes }: Report): string[] {
  const claims = outcomes.flatMap((o) => o.analysis.claims).filter((c) => c.direction !== 'exactly').length;
  return [
    `Data: ${p.images}; ${p.text}. Profile: ${p.profile}. Device: ${p.device}.`,
    `Every comparison is of pairs: the same seed gives all arms the same initial weights, as far as they have the same, and the same samples in the same order. Seeds ${p.seeds[0]} to ${p.seeds.at(-1)} are measured. Learning rates are chosen with other seeds (${p.tuneSeeds.join(', ')}) on validation data that is neither trained on nor tested on; where the best rate is the first or the last tried, further ones are tried. All arms see equal numbers of samples, have the same linear head, whose scores are never normalized, and are measured in evaluation mode unless something else is said.`,
    `A verdict follows from the paired differences by rules that were fixed before the measurements. A claimed difference holds when its 95% interval (Student’s t) lies on the claimed side of zero, and does not when the interval lies on the other side or within the margin, below which a difference does not matter; otherwise the seeds do not decide. A claimed equality holds when the interval lies within the margin. No verdict is given on fewer than five pairs. Of ${claims} intervals about ${Math.max(1, Math.round(claims / 20))} can be expected to miss by chance.`,
    'The networks are small and trained for seconds. A claim that does not hold here may well hold for the deep networks on large data that it was made for; what is measured is whether it can be seen at this size.',
  ];
}

/** What should be known about the chosen rates. */
export function rateRemark({ chosen }: Outcome): string | null {
  const edges = chosen.filter((c) => c.atEdge);
  if (edges.length === 0) return null;
  return `The best rate tried was at an end of the grid, after growing it twice, for ${edges.map((c) => `${c.tuning} (${c.rate})`).join(', ')}.`;
}
