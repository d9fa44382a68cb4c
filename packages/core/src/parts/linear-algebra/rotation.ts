import { withSign } from './scaling.ts';

/** Results of {@link planeRotation}, reused by its callers: nothing is allocated in a sweep. */
export interface Rotation {
  c: number;
  s: number;
  r: number;
}

/**
 * The rotation with [c s; -s c] [f; g] = [r; 0], c >= 0 (Anderson, "Algorithm 978: Safe scaling in the level 1 BLAS",
 * ACM TOMS 44, 2017).
 */
export function planeRotation(f: number, g: number, out: Rotation): void {
  if (g === 0) {
    out.c = 1;
    out.s = 0;
    out.r = f;
  } else if (f === 0) {
    out.c = 0;
    out.s = withSign(1, g);
    out.r = Math.abs(g);
  } else {
    const square = f * f + g * g;
    const norm = square > 1e-280 && square < 1e280 ? Math.sqrt(square) : Math.hypot(f, g);
    out.c = Math.abs(f) / norm;
    out.r = withSign(norm, f);
    out.s = g / out.r;
  }
}

/** Rotates two adjacent rows: row i becomes c·row i + s·row (i+1), row i+1 becomes c·row (i+1) - s·row i. */
export function rotateRows(a: Float64Array, columns: number, i: number, c: number, s: number): void {
  if (c === 1 && s === 0) return;
  const p = i * columns;
  const q = p + columns;
  for (let j = 0; j < columns; j++) {
    const x = a[p + j]!;
    const y = a[q + j]!;
    a[q + j] = c * y - s * x;
    a[p + j] = s * y + c * x;
  }
}

/** Exchanges two rows. */
export function swapRows(a: Float64Array, columns: number, i: number, j: number): void {
  if (i === j) return;
  for (let p = i * columns, q = j * columns, k = 0; k < columns; k++) {
    const x = a[p + k]!;
    a[p + k] = a[q + k]!;
    a[q + k] = x;
  }
}
