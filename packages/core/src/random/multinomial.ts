import type { TypedArray } from '../dtype.ts';
import { ValueError } from '../errors.ts';
import { drawExponential, drawUniform } from './draw.ts';
import type { Generator } from './generator.ts';

/** Gives the indices (int64: doubles) for weights in row-major order. */
export type Sampler = (weights: TypedArray) => Float64Array;

/**
 * Draws the numbers that a choice of `numSamples` of `n` indices in each of `rows` rows needs, and gives the function that
 * makes the choice: weights that are still on a device may follow later, and the position in the stream does not depend
 * on them.
 */
export function sampler(g: Generator, rows: number, n: number, numSamples: number, replacement: boolean): Sampler {
  const numbers = replacement ? drawUniform('multinomial', g, rows * numSamples, 'float64') : drawExponential(g, rows * n);
  const per = replacement ? numSamples : n;
  return (weights) => {
    checkWeights(weights, rows, n, replacement ? 1 : numSamples);
    const out = new Float64Array(rows * numSamples);
    for (let r = 0; r < rows; r++) {
      const row = Float64Array.from(weights.subarray(r * n, (r + 1) * n));
      const mine = numbers.subarray(r * per, (r + 1) * per) as Float64Array;
      const target = out.subarray(r * numSamples, (r + 1) * numSamples);
      if (replacement) withReplacement(row, mine, target);
      else withoutReplacement(row, mine, target);
    }
    return out;
  };
}

/** Refuses weights that are no distribution, or too few to draw `needed` different indices from. */
export function checkWeights(weights: TypedArray, rows: number, n: number, needed: number): void {
  for (let r = 0; r < rows; r++) {
    let positive = 0;
    let total = 0;
    for (const w of weights.subarray(r * n, (r + 1) * n)) {
      if (!(w >= 0 && w < Infinity)) throw new ValueError(`multinomial: weights must be finite and not negative, found ${w} in row ${r}`);
      if (w > 0) positive++;
      total += w;
    }
    if (positive === 0) throw new ValueError(`multinomial: the weights of row ${r} sum to 0`);
    if (total === Infinity) throw new ValueError(`multinomial: the weights of row ${r} sum to infinity`);
    if (positive < needed) {
      throw new ValueError(`multinomial: cannot draw ${needed} without replacement, only ${positive} weights of row ${r} are above 0`);
    }
  }
}

/** The inverse of the cumulative distribution. */
function withReplacement(row: Float64Array, u: Float64Array, out: Float64Array): void {
  let total = 0;
  let last = 0;
  for (let j = 0; j < row.length; j++) {
    if (row[j]! > 0) last = j;
    total += row[j]!;
    row[j] = total;
  }
  for (let k = 0; k < out.length; k++) {
    const x = u[k]! * total;
    let lo = 0;
    let hi = last;
    // The first index whose cumulative weight exceeds x; an index of weight 0 never is.
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (row[mid]! > x) hi = mid;
      else lo = mid + 1;
    }
    out[k] = lo;
  }
}

/**
 * An exponential race: index j arrives at time E_j / w_j, and the order of arrival is that of successive draws without
 * replacement.
 */
function withoutReplacement(row: Float64Array, e: Float64Array, out: Float64Array): void {
  const time = row.map((w, j) => (w > 0 ? e[j]! / w : Number.POSITIVE_INFINITY));
  const order = Array.from(time, (_, j) => j).sort((a, b) => time[a]! - time[b]! || a - b);
  for (let k = 0; k < out.length; k++) out[k] = order[k]!;
}
