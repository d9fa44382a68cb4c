import { type Accuracy, none, type Scalar } from './rule.ts';

/** Arithmetic of numbers with bounds for what an implementation may be off by. An infinite bound says that nothing is known. */

/** How a dtype rounds. */
export interface Precision {
  /** What every operation is off by, relative to its result; the accuracies of the rules come on top. */
  readonly unit: number;
  /** A bound above this part of a number (or of 1) counts as infinite: the arithmetic of bounds is of first order. */
  readonly lost: number;
  /** Magnitudes beyond which nothing is known: of values ... */
  readonly range: readonly [low: number, high: number];
}

/** Both sides round alike, where the rules do not say otherwise. */
export const double: Precision = { unit: 0, lost: 1e-5, range: [0, Infinity] };

/** The naive evaluator does not round to float32, core does after every function. */
export const single: Precision = { unit: 2 ** -22, lost: 1e-2, range: [1e-30, 1e30] };

/** ... and of derivatives: the order of multiplications decides between a number, 0 and infinity. */
const extreme = [1e-100, 1e100] as const;

/** The rounding of a product or sum of gradients. */
const epsilon = 2 ** -52;

/** A bounded number. */
export interface Flow {
  readonly value: number;
  readonly bound: number;
}

/** What a derivative is off by, if it is one at all. */
type Slope = number | typeof none;

/** How far two results are apart; infinite when one is a number and the other is not. */
function distance(a: Slope, b: Slope): number {
  if (a === none || b === none) return a === b ? 0 : Infinity;
  if (Object.is(a, b)) return 0;
  return Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) : Infinity;
}

function beyond(x: number, [low, high]: readonly [number, number]): boolean {
  const a = Math.abs(x);
  return a !== 0 && a !== Infinity && (a < low || a > high);
}

function settled(value: number, bound: number, { lost, range }: Precision): Flow {
  const unknown = beyond(value, range) || bound > lost * Math.max(1, Math.abs(value)) || Number.isNaN(bound);
  return { value, bound: unknown ? Infinity : bound };
}

/** A function of bounded numbers. */
export function applied(f: Scalar, x: readonly number[], e: readonly number[], off: Accuracy, precision: Precision): Flow {
  const y = f(...x);
  let bound = 0;
  if (Number.isFinite(y)) {
    // Zeros at integers are values that functions have there; at other arguments they are what rounding left.
    const isCorner = y === 0 && x.every((v) => Number.isInteger(v) || !Number.isFinite(v));
    bound = (off.relative + precision.unit) * Math.abs(y) + (isCorner ? 0 : off.absolute);
  }
  return settled(y, bound + spread(f, y, x, e), precision);
}

/** A derivative at bounded numbers; `d` is its value there. */
export function slopeAt(
  at: (...x: number[]) => Slope,
  d: Slope,
  x: readonly number[],
  e: readonly number[],
  off: Accuracy,
): Flow | typeof none {
  const bound = spread(at, d, x, e);
  if (d === none) return bound === 0 ? none : { value: 0, bound: Infinity };
  if (!Number.isFinite(d) || d === 0) {
    // The formula may have left the range of numbers on its way there.
    return { value: d, bound: x.some((v) => beyond(v, extreme)) ? Infinity : bound + (d === 0 ? off.absolute : 0) };
  }
  return settled(d, bound + off.relative * Math.abs(d) + off.absolute, double);
}

/** How much a function varies within the bounds of its arguments. */
function spread(f: (...x: number[]) => Slope, y: Slope, x: readonly number[], e: readonly number[]): number {
  if (e.every((bound) => bound === 0)) return 0;
  let sum = 0;
  for (const [point, weight] of neighbours(x, e)) sum += weight * distance(y, f(...point));
  return e.includes(Infinity) && !ignoresUnknowns(f, x, e) ? Infinity : sum;
}

type Neighbour = readonly [point: readonly number[], weight: number];

/** Where to try arguments that are known within bounds: one at a time, and together, since they may depend on each other. */
function neighbours(x: readonly number[], e: readonly number[]): Neighbour[] {
  const alone = x.flatMap((_, i) => within(x, e, i).map(([other, weight]) => [x.with(i, other), weight] as const));
  if (e.filter((bound) => bound > 0 && bound < Infinity).length < 2) return alone;
  const move = (i: number, end: number): number => {
    const [at, bound] = [x[i]!, e[i]!];
    if (bound === Infinity) return at;
    return end === 0 && Math.abs(at) <= bound ? 0 : at + end * bound;
  };
  return [...alone, ...[-1, 0, 1].map((end) => [x.map((_, i) => move(i, end)), 1] as const)];
}

/**
 * One of them: at both ends, nearby (a periodic function may be the same at the ends), and at the points in between at which
 * functions jump, which are the other arguments and the integers.
 */
function within(x: readonly number[], e: readonly number[], i: number): (readonly [other: number, weight: number])[] {
  const [at, bound] = [x[i]!, e[i]!];
  if (bound === 0 || bound === Infinity) return [];
  const jumps = [...x, Math.round(at), 0, -0].filter((p) => Math.abs(p - at) <= bound && !Object.is(p, at));
  return [
    ...[1, -1, 1 / 16, -1 / 16].map((part) => [at + part * bound, 1 / Math.abs(part)] as const),
    ...jumps.map((p) => [p, 1] as const),
  ];
}

/** Whether a function does not depend on the arguments of which nothing is known, wherever the others may be. */
function ignoresUnknowns(f: (...x: number[]) => Slope, x: readonly number[], e: readonly number[]): boolean {
  const bases = [x, ...neighbours(x, e).map(([point]) => point)];
  return bases.every((base) => unknowns(base, e).every((point) => Object.is(f(...point), f(...base))));
}

/** Where to try arguments of which nothing is known, each for itself and together: a branch not taken ignores them. */
function unknowns(x: readonly number[], e: readonly number[]): number[][] {
  const others = [NaN, 0, 1, -1, Infinity, -Infinity, 1e9, 0.3];
  const together = others.map((other) => x.map((v, i) => (e[i] === Infinity ? other : v)));
  return [...together, ...x.flatMap((_, i) => (e[i] === Infinity ? others.map((other) => x.with(i, other)) : []))];
}

/** A product of gradients. */
export function times(g: Flow, d: Flow): Flow {
  const value = g.value * d.value;
  const underflow = value === 0 && g.value !== 0 && d.value !== 0;
  if (g.bound === Infinity || d.bound === Infinity || underflow || [g.value, d.value, value].some((v) => beyond(v, extreme))) {
    return { value, bound: Infinity };
  }
  let bound = 0;
  for (const a of [g.value - g.bound, g.value + g.bound]) {
    for (const b of [d.value - d.bound, d.value + d.bound]) bound = Math.max(bound, distance(value, a * b));
  }
  return { value, bound: Number.isFinite(value) ? bound + epsilon * Math.abs(value) : bound };
}

/** A sum of gradients, in no particular order. */
export class Sum {
  #value = 0;
  #bound = 0;
  #terms = 0;
  #magnitude = 0;

  add(x: Flow): void {
    this.#value += x.value;
    this.#bound += x.bound;
    this.#terms++;
    if (Number.isFinite(x.value)) this.#magnitude += Math.abs(x.value);
  }

  /** No gradient arrived, which is not a gradient of 0. */
  get isEmpty(): boolean {
    return this.#terms === 0;
  }

  get flow(): Flow {
    const rounding = this.#terms > 1 ? epsilon * this.#terms * this.#magnitude : 0;
    // An infinite or undefined sum is certain unless some term is unknown.
    const bound = Number.isFinite(this.#value) || this.#bound === Infinity ? this.#bound + rounding : 0;
    return { value: this.#value, bound };
  }
}
