/** Which triangle of a matrix counts, and how. */
export interface Triangle {
  readonly upper: boolean;
  /** The diagonal counts as ones. */
  readonly unit: boolean;
  /** The matrix is to be read transposed. */
  readonly transpose: boolean;
  /** A zero on the right side is not divided: it stays zero when the diagonal has one too, as in LAPACK's solution of LU. */
  readonly keepZeros?: boolean;
}

/**
 * Solves T X = B in place by substitution: T is the triangle of a row-major n × n matrix, B is n × columns. A zero on the
 * diagonal gives infinities and NaN, as a division does.
 */
export function solveTriangle(a: Float64Array, n: number, b: Float64Array, columns: number, triangle: Triangle): void {
  const { upper, unit, transpose, keepZeros = false } = triangle;
  // Row i of what is solved is row i of the triangle, or column i of it when that is transposed.
  const [row, column] = transpose ? [1, n] : [n, 1];
  const backward = upper !== transpose;
  for (let s = 0; s < n; s++) {
    const i = backward ? n - 1 - s : s;
    const p = i * columns;
    if (!unit) {
      const d = a[i * n + i]!;
      for (let c = 0; c < columns; c++) if (!keepZeros || b[p + c] !== 0) b[p + c]! /= d;
    }
    // What is known now is taken out of the rows that are still to come.
    const from = backward ? 0 : i + 1;
    const to = backward ? i : n;
    for (let k = from; k < to; k++) {
      const f = a[k * row + i * column]!;
      for (let c = 0, q = k * columns; c < columns; c++) b[q + c]! -= f * b[p + c]!;
    }
  }
}
