import { swapRows } from './rotation.ts';

/**
 * LU with partial pivoting of a row-major m × n matrix, in place: the unit lower triangle below the diagonal, U on and
 * above it. A pivot of zero leaves its column as it is, as in LAPACK.
 *
 * @param pivots gets, for each step, the row (from 0) that it was exchanged with
 * @returns the position of the first pivot of zero; -1 when there is none
 */
export function factorLU(a: Float64Array, m: number, n: number, pivots: Float64Array): number {
  const k = Math.min(m, n);
  let singular = -1;
  for (let j = 0; j < k; j++) {
    let best = j;
    let most = Math.abs(a[j * n + j]!);
    for (let i = j + 1; i < m; i++) {
      const x = Math.abs(a[i * n + j]!);
      if (x > most) {
        most = x;
        best = i;
      }
    }
    pivots[j] = best;
    swapRows(a, n, j, best);
    const pivot = a[j * n + j]!;
    if (pivot === 0) {
      if (singular < 0) singular = j;
      continue;
    }
    for (let i = j + 1; i < m; i++) {
      const f = a[i * n + j]! / pivot;
      a[i * n + j] = f;
      if (f === 0) continue;
      for (let c = j + 1, p = j * n, q = i * n; c < n; c++) a[q + c]! -= f * a[p + c]!;
    }
  }
  return singular;
}

/** Makes the row exchanges of {@link factorLU} in `b`, or undoes them. */
export function exchangeRows(b: Float64Array, columns: number, pivots: Float64Array, undo: boolean): void {
  const k = pivots.length;
  for (let s = 0; s < k; s++) {
    const j = undo ? k - 1 - s : s;
    swapRows(b, columns, j, pivots[j]!);
  }
}

/** Which row of P L U's input each row of L U comes from. */
export function permutationOf(pivots: Float64Array, m: number): Float64Array {
  const order = Float64Array.from({ length: m }, (_, i) => i);
  for (let j = 0; j < pivots.length; j++) {
    const other = pivots[j]!;
    const t = order[j]!;
    order[j] = order[other]!;
    order[other] = t;
  }
  return order;
}

/** The sign of the permutation: -1 for an odd number of exchanges. */
export function parity(pivots: Float64Array): number {
  let sign = 1;
  for (let j = 0; j < pivots.length; j++) if (pivots[j] !== j) sign = -sign;
  return sign;
}
