import { withSign } from './scaling.ts';

/** Magnitudes between which a sum of squares is as good as exact. */
const [tiny, huge] = [1e-140, 1e140];

/** Euclidean length of `n` elements from `at`, `step` apart, without overflow or underflow. */
export function length(x: Float64Array, at: number, step: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[at + i * step]! * x[at + i * step]!;
  const plain = Math.sqrt(sum);
  if (plain > tiny && plain < huge) return plain;
  let most = 0;
  for (let i = 0; i < n; i++) {
    const v = Math.abs(x[at + i * step]!);
    if (!(v <= most)) most = v;
  }
  if (most === 0 || !Number.isFinite(most)) return most;
  sum = 0;
  for (let i = 0; i < n; i++) sum += (x[at + i * step]! / most) ** 2;
  return most * Math.sqrt(sum);
}

/**
 * The Householder reflection H = I - tau v vᵀ with v₀ = 1 that turns a vector x into (beta, 0, ..., 0). On return x holds
 * beta and the rest of v. The sign of beta is the opposite of that of x₀, so that nothing cancels; when there is nothing
 * to do, H is the identity (Golub and Van Loan, Matrix Computations, 5.1; the convention is LAPACK's).
 *
 * @returns tau
 */
export function reflector(x: Float64Array, at: number, step: number, n: number): number {
  if (n <= 1) return 0;
  const rest = length(x, at + step, step, n - 1);
  if (rest === 0) return 0;
  const alpha = x[at]!;
  const norm = Math.hypot(alpha, rest);
  const beta = -withSign(norm, alpha);
  const pivot = alpha - beta;
  // Division instead of multiplication by the reciprocal: that of a subnormal is infinite.
  for (let i = 1; i < n; i++) x[at + i * step]! /= pivot;
  x[at] = beta;
  return (beta - alpha) / beta;
}

/** Copies the `n` elements of v from where {@link reflector} left them, with the 1 that is not stored. */
export function loadReflector(v: Float64Array, x: Float64Array, at: number, step: number, n: number): void {
  v[0] = 1;
  for (let i = 1; i < n; i++) v[i] = x[at + i * step]!;
}

/**
 * Multiplies rows `row`.. and columns `column`..`end` of a matrix with `stride` columns by I - tau v vᵀ from the left.
 *
 * @param v the `n` elements of v
 * @param work at least as long as a row
 */
export function reflectRows(
  a: Float64Array,
  stride: number,
  row: number,
  n: number,
  column: number,
  end: number,
  v: Float64Array,
  tau: number,
  work: Float64Array,
): void {
  if (tau === 0 || n === 0 || end <= column) return;
  work.fill(0, column, end);
  for (let i = 0; i < n; i++) {
    const f = v[i]!;
    const base = (row + i) * stride;
    for (let j = column; j < end; j++) work[j]! += f * a[base + j]!;
  }
  for (let i = 0; i < n; i++) {
    const f = tau * v[i]!;
    const base = (row + i) * stride;
    for (let j = column; j < end; j++) a[base + j]! -= f * work[j]!;
  }
}

/** Multiplies rows `row`..`endRow` and `n` columns from `column` by I - tau v vᵀ from the right. */
export function reflectColumns(
  a: Float64Array,
  stride: number,
  row: number,
  endRow: number,
  column: number,
  n: number,
  v: Float64Array,
  tau: number,
): void {
  if (tau === 0) return;
  for (let i = row; i < endRow; i++) {
    const base = i * stride + column;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[base + j]! * v[j]!;
    sum *= tau;
    for (let j = 0; j < n; j++) a[base + j]! -= sum * v[j]!;
  }
}

/**
 * QR by Householder reflections, in place: R in the upper triangle, the reflections' vectors below it.
 *
 * @returns tau of each reflection
 */
export function factorQR(a: Float64Array, m: number, n: number): Float64Array {
  const k = Math.min(m, n);
  const tau = new Float64Array(k);
  const v = new Float64Array(m);
  const work = new Float64Array(n);
  for (let j = 0; j < k; j++) {
    tau[j] = reflector(a, j * n + j, n, m - j);
    loadReflector(v, a, j * n + j, n, m - j);
    reflectRows(a, n, j, m - j, j + 1, n, v, tau[j]!, work);
  }
  return tau;
}

/**
 * The first `columns` columns of H₀ H₁ ... of reflections stored as {@link factorQR} leaves them.
 *
 * @param q m × columns, zeros on entry
 */
export function formQ(q: Float64Array, columns: number, a: Float64Array, m: number, n: number, tau: Float64Array): void {
  for (let i = 0; i < Math.min(m, columns); i++) q[i * columns + i] = 1;
  const v = new Float64Array(m);
  const work = new Float64Array(columns);
  for (let j = tau.length - 1; j >= 0; j--) {
    loadReflector(v, a, j * n + j, n, m - j);
    // Columns before j are still those of the identity.
    reflectRows(q, columns, j, m - j, j, columns, v, tau[j]!, work);
  }
}

/** Multiplies `b` (m × columns) by Q = H₀ H₁ ... from the left, or by Qᵀ. */
export function applyReflectors(
  b: Float64Array,
  columns: number,
  a: Float64Array,
  m: number,
  n: number,
  tau: Float64Array,
  transpose: boolean,
): void {
  const v = new Float64Array(m);
  const work = new Float64Array(columns);
  const k = tau.length;
  for (let s = 0; s < k; s++) {
    const j = transpose ? s : k - 1 - s;
    loadReflector(v, a, j * n + j, n, m - j);
    reflectRows(b, columns, j, m - j, 0, columns, v, tau[j]!, work);
  }
}
