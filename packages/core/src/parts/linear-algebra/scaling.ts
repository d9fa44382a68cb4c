/** The largest magnitude among the elements; NaN if there is one. */
export function largest(a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const x = Math.abs(a[i]!);
    if (!(x <= most)) most = x;
  }
  return most;
}

/** Multiplies every element in place. */
export function scale(a: Float64Array, factor: number): void {
  if (factor !== 1) for (let i = 0; i < a.length; i++) a[i]! *= factor;
}

/**
 * Brings a matrix with a very large or very small element into the range where squares neither overflow nor vanish, by a
 * power of two, which rounds nothing. Gives the factor that leads back.
 */
export function normalize(a: Float64Array): number {
  const most = largest(a);
  if (most === 0 || !Number.isFinite(most) || (most > 2 ** -300 && most < 2 ** 300)) return 1;
  // In two steps: 2^1074 itself would not be finite.
  const exponent = Math.max(Math.min(Math.round(Math.log2(most)), 1000), -1000);
  scale(a, 2 ** -exponent);
  return 2 ** exponent;
}

/** The transpose of a row-major matrix. */
export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  return out;
}

/** |a| with the sign of b; +0 counts as positive. */
export function withSign(a: number, b: number): number {
  return b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a);
}
