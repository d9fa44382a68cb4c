import type { Tensor } from '@nabla/core';

/** Rounds to the dtype of the parameters: scalars of a search in float32 are float32 numbers in PyTorch. */
export type Round = (x: number) => number;

/** What a step of length t gives: the loss there and the gradient. */
export type Evaluate = (t: number) => { readonly loss: number; readonly gradient: Tensor };

/** Where a search ended. */
export interface SearchResult {
  readonly loss: number;
  readonly gradient: Tensor;
  readonly t: number;
  readonly evaluations: number;
}

/** A step length with the loss, the gradient and the slope there. */
interface Point {
  readonly t: number;
  readonly loss: number;
  readonly gradient: Tensor;
  readonly slope: number;
}

/** The minimum of the cubic through two points with their slopes, within bounds; the middle where it has none. */
function cubicMinimum(a: Point, b: Point, low: number, high: number, r: Round): number {
  const d1 = r(r(a.slope + b.slope) - r((3 * (a.loss - b.loss)) / (a.t - b.t)));
  const square = r(r(d1 * d1) - r(a.slope * b.slope));
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = r(Math.sqrt(square));
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const weight = r(r(r(right.slope + d2) - d1) / r(r(right.slope - left.slope) + 2 * d2));
  return Math.min(Math.max(r(right.t - r((right.t - left.t) * weight)), low), high);
}

/**
 * A step length along a direction that satisfies the strong Wolfe conditions: the loss falls by at least c₁ = 1e-4 of what
 * the slope promises, and the slope to at most c₂ = 0.9 of its magnitude (Nocedal and Wright 2006, algorithms 3.5 and 3.6,
 * with cubic interpolation), as PyTorch's `strong_wolfe` searches.
 *
 * @param start loss, gradient and slope at t = 0
 * @param t the first length to try
 * @param largest largest magnitude of the direction, by which the size of the bracket is judged
 */
export function strongWolfe(
  evaluate: Evaluate,
  slopeOf: (gradient: Tensor) => number,
  start: Point,
  t: number,
  largest: number,
  r: Round,
  toleranceChange: number,
): SearchResult {
  const c1 = 1e-4;
  const c2 = 0.9;
  const most = 25;
  let evaluations = 0;
  const at = (length: number): Point => {
    const { loss, gradient } = evaluate(length);
    evaluations++;
    return { t: length, loss, gradient, slope: slopeOf(gradient) };
  };
  const tooHigh = (p: Point): boolean => p.loss > r(start.loss + r(c1 * p.t * start.slope));
  const flat = (p: Point): boolean => Math.abs(p.slope) <= r(-c2 * start.slope);

  let point = at(t);
  let before = start;
  let bracket: [Point, Point] | null = null;
  let iteration = 0;
  for (; iteration < most; iteration++) {
    if (tooHigh(point) || (iteration > 1 && point.loss >= before.loss)) {
      bracket = [before, point];
      break;
    }
    if (flat(point)) return { ...point, evaluations };
    if (point.slope >= 0) {
      bracket = [before, point];
      break;
    }
    const next = cubicMinimum(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10, r);
    before = point;
    point = at(next);
  }
  bracket ??= [start, point];

  let insufficient = false;
  let low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  while (iteration < most) {
    const [a, b] = bracket;
    if (Math.abs(b.t - a.t) * largest < toleranceChange) break;
    const [from, to] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
    let next = cubicMinimum(a, b, from, to, r);
    // A trial next to an end, twice or beyond it, is moved a tenth of the bracket inwards.
    const margin = 0.1 * (to - from);
    if (Math.min(to - next, next - from) < margin) {
      if (insufficient || next >= to || next <= from) {
        next = Math.abs(next - to) < Math.abs(next - from) ? to - margin : from + margin;
        insufficient = false;
      } else insufficient = true;
    } else insufficient = false;

    point = at(next);
    iteration++;
    const high = 1 - low;
    if (tooHigh(point) || point.loss >= bracket[low]!.loss) {
      bracket[high] = point;
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
      continue;
    }
    const done = flat(point);
    if (!done && point.slope * (bracket[high]!.t - bracket[low]!.t) >= 0) bracket[high] = bracket[low]!;
    bracket[low] = point;
    if (done) break;
  }
  return { ...bracket[low]!, evaluations };
}
