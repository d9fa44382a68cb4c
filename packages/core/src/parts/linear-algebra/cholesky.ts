/**
 * The lower Cholesky factor of the symmetric matrix in the lower triangle of a row-major n × n matrix, in place; the
 * upper triangle is left alone.
 *
 * @returns the order of the leading minor that is not positive-definite; 0 when all are
 */
export function factorCholesky(a: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) {
    const p = i * n;
    for (let j = 0; j < i; j++) {
      const q = j * n;
      let sum = a[p + j]!;
      for (let k = 0; k < j; k++) sum -= a[p + k]! * a[q + k]!;
      a[p + j] = sum / a[q + j]!;
    }
    let d = a[p + i]!;
    for (let k = 0; k < i; k++) d -= a[p + k]! * a[p + k]!;
    if (!(d > 0)) return i + 1;
    a[p + i] = Math.sqrt(d);
  }
  return 0;
}
