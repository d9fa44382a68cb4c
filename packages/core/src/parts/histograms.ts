import { allocate, type DType, type TypedArray } from '../dtype.ts';
import { ValueError } from '../errors.ts';

/** Arithmetic in the dtype of the values, so that an element on the edge of a bin falls where it does in PyTorch. */
export type Round = (x: number) => number;

/** Rounding to a floating dtype. */
export function roundingOf(dtype: DType): Round {
  return dtype === 'float32' ? Math.fround : (x) => x;
}

/** The outer edges of a histogram: as given, or those of the values; one point becomes an interval of `around` to both sides. */
export function outerEdges(
  op: string,
  values: TypedArray,
  given: readonly [number, number] | null,
  around: number,
  round: Round,
): [lo: number, hi: number] {
  let [lo, hi] = given ?? [0, values.length === 0 ? 1 : 0];
  if (given === null && values.length > 0) {
    [lo, hi] = [values[0]!, values[0]!];
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!;
      lo = Math.min(lo, v);
      hi = Math.max(hi, v);
    }
  }
  if (!Number.isFinite(lo) || !Number.isFinite(hi)) throw new ValueError(`${op}: the range [${lo}, ${hi}] is not finite`);
  if (lo > hi) throw new ValueError(`${op}: the lower end of the range, ${lo}, is above the upper, ${hi}`);
  return lo === hi ? [round(lo - around), round(hi + around)] : [round(lo), round(hi)];
}

/** Edges of equal bins, computed from both ends. */
export function equalEdges(lo: number, hi: number, bins: number, round: Round): Float64Array {
  const out = new Float64Array(bins + 1);
  const step = round(round(hi - lo) / bins);
  for (let i = 0; i <= bins; i++) out[i] = i < (bins + 1) / 2 ? round(lo + round(step * i)) : round(hi - round(step * (bins - i)));
  return out;
}

/** The bin of a value between `lo` and `hi` among equal bins; the last one holds its upper edge. */
export type Placing = (value: number) => number;

/** By proportion alone. */
export function proportional(lo: number, hi: number, bins: number, round: Round): Placing {
  const span = round(hi - lo);
  return (v) => Math.min(Math.trunc(round(round(round(v - lo) * bins) / span)), bins - 1);
}

/** By proportion, then corrected by the edges beside. */
export function corrected(edges: Float64Array, round: Round): Placing {
  const bins = edges.length - 1;
  const guess = proportional(edges[0]!, edges[bins]!, bins, round);
  return (v) => {
    const at = guess(v);
    const from = Math.max(at - 1, 0);
    return Math.min(lastNotAbove(edges, from, Math.min(at + 2, edges.length), v), bins - 1);
  };
}

/** By bisection of any ascending edges. */
export function bisected(edges: Float64Array): Placing {
  return (v) => Math.min(lastNotAbove(edges, 0, edges.length, v), edges.length - 2);
}

/** The place of the last edge in [from, to) that is not above `v`. */
function lastNotAbove(edges: Float64Array, from: number, to: number, v: number): number {
  let [lo, hi] = [from, to];
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (edges[mid]! > v) hi = mid;
    else lo = mid + 1;
  }
  return lo - 1;
}

/** How many values (or what weight of them) each bin holds. What lies outside, and NaN, counts nowhere. */
export function countInto(
  values: TypedArray,
  weights: TypedArray | undefined,
  bins: number,
  [lo, hi]: readonly [number, number],
  placing: Placing,
): Float64Array {
  const out = new Float64Array(bins);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (v >= lo && v <= hi) out[placing(v)]! += weights === undefined ? 1 : weights[i]!;
  }
  return out;
}

/** Counts as elements of a dtype. */
export function stored(values: Float64Array, dtype: DType): TypedArray {
  const out = allocate(dtype, values.length);
  out.set(values);
  return out;
}
