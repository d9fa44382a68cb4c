/** How values are spread: the share of values in each of equal intervals. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  /** Of all values, so that they sum to 1. */
  readonly shares: Float32Array;
  readonly mean: number;
  readonly deviation: number;
  /** The share of values that are exactly 0. */
  readonly zeros: number;
}

/** Values that are not finite are left out. */
export function histogramOf(values: ArrayLike<number>, bins: number): Histogram {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let [sum, squares, zeros, n] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (!Number.isFinite(v)) continue;
    n++;
    if (v < from) from = v;
    if (v > to) to = v;
    if (v === 0) zeros++;
    sum += v;
    squares += v * v;
  }
  const shares = new Float32Array(bins);
  if (n === 0) return { from: 0, to: 0, shares, mean: Number.NaN, deviation: Number.NaN, zeros: 0 };
  // All values equal: one full bin.
  const width = to > from ? (to - from) / bins : 1;
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (Number.isFinite(v)) shares[Math.min(bins - 1, Math.floor((v - from) / width))]! += 1 / n;
  }
  const mean = sum / n;
  return { from, to, shares, mean, deviation: Math.sqrt(Math.max(0, squares / n - mean * mean)), zeros: zeros / n };
}
