import type { TypedArray } from '../dtype.ts';

/** A strided matrix in a buffer. */
export interface Matrix {
  readonly array: TypedArray;
  readonly offset: number;
  /** How far the next row and the next column are. */
  readonly row: number;
  readonly column: number;
}

/**
 * c [m, n] = a [m, k] times b [k, n] where they lie, summed in float64 in the order of k: for products so small that packing
 * would cost more than it saves.
 */
export function smallMatmul(a: Matrix, b: Matrix, c: TypedArray, offset: number, m: number, n: number, k: number): void {
  if (k === 1) outer(a, b, c, offset, m, n);
  else if (n >= m) lines(a.array, a.offset, a.row, a.column, b.array, b.offset, b.column, b.row, c, offset, n, 1, m, n, k);
  else lines(b.array, b.offset, b.column, b.row, a.array, a.offset, a.row, a.column, c, offset, 1, n, n, m, k);
}

function outer(a: Matrix, b: Matrix, c: TypedArray, offset: number, m: number, n: number): void {
  const x = a.array;
  const y = b.array;
  const step = b.column;
  for (let i = 0, at = offset; i < m; i++) {
    const factor = x[a.offset + i * a.row]!;
    for (let j = 0, q = b.offset; j < n; j++, q += step) c[at++] = factor * y[q]!;
  }
}

/**
 * The sums of products of each of `few` lines of x with each of `many` lines of y. Four of these at a time: a sum waits for the
 * one before it, four do not wait for each other.
 */
function lines(
  x: TypedArray,
  xo: number,
  xl: number,
  xk: number,
  y: TypedArray,
  yo: number,
  yl: number,
  yk: number,
  c: TypedArray,
  co: number,
  cx: number,
  cy: number,
  few: number,
  many: number,
  k: number,
): void {
  for (let i = 0; i < few; i++) {
    const start = xo + i * xl;
    let at = co + i * cx;
    let j = 0;
    for (; j + 3 < many; j += 4) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let q = yo + j * yl;
      for (let p = 0, o = start; p < k; p++, o += xk, q += yk) {
        const v = x[o]!;
        s0 += v * y[q]!;
        s1 += v * y[q + yl]!;
        s2 += v * y[q + 2 * yl]!;
        s3 += v * y[q + 3 * yl]!;
      }
      c[at] = s0;
      c[at + cy] = s1;
      c[at + 2 * cy] = s2;
      c[at + 3 * cy] = s3;
      at += 4 * cy;
    }
    for (; j < many; j++, at += cy) {
      let s = 0;
      for (let p = 0, o = start, q = yo + j * yl; p < k; p++, o += xk, q += yk) s += x[o]! * y[q]!;
      c[at] = s;
    }
  }
}
