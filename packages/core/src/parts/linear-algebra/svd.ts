import { bidiagonalSVD, type Rows, toUpper } from './bidiagonal.ts';
import { applyReflectors, factorQR, formQ, loadReflector, reflectColumns, reflector, reflectRows } from './householder.ts';
import { normalize, scale, transposed, withSign } from './scaling.ts';

/** A = left B rightᵀ with B upper bidiagonal; both sides are kept as reflections in `a`. */
interface Bidiagonal {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly tauLeft: Float64Array;
  readonly tauRight: Float64Array;
}

/** Reduces a row-major m × n matrix, m >= n, to upper bidiagonal form (Golub and Kahan, 1965). */
function bidiagonalize(a: Float64Array, m: number, n: number): Bidiagonal {
  const d = new Float64Array(n);
  const e = new Float64Array(Math.max(n - 1, 0));
  const tauLeft = new Float64Array(n);
  const tauRight = new Float64Array(Math.max(n - 1, 0));
  const v = new Float64Array(m);
  const work = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    tauLeft[i] = reflector(a, i * n + i, n, m - i);
    d[i] = a[i * n + i]!;
    loadReflector(v, a, i * n + i, n, m - i);
    reflectRows(a, n, i, m - i, i + 1, n, v, tauLeft[i]!, work);
    if (i === n - 1) break;
    const k = n - 1 - i;
    tauRight[i] = reflector(a, i * n + i + 1, 1, k);
    e[i] = a[i * n + i + 1]!;
    loadReflector(v, a, i * n + i + 1, 1, k);
    reflectColumns(a, n, i + 1, m, i + 1, k, v, tauRight[i]!);
  }
  return { d, e, tauLeft, tauRight };
}

/** The right side of a bidiagonalization, transposed: n × n. */
function formRight(a: Float64Array, n: number, tau: Float64Array): Float64Array {
  const p = new Float64Array(n * n);
  for (let i = 0; i < n; i++) p[i * n + i] = 1;
  const v = new Float64Array(n);
  // Pᵀ = ... G₁ᵀ G₀ᵀ: reflections come from the right, the first one last.
  for (let i = n - 2; i >= 0; i--) {
    loadReflector(v, a, i * n + i + 1, 1, n - 1 - i);
    reflectColumns(p, n, i + 1, n, i + 1, n - 1 - i, v, tau[i]!);
  }
  return p;
}

/** What {@link factorSVD} gives: rows are singular vectors. */
export interface Factors {
  readonly s: Float64Array;
  /** Left vectors as rows, each of length m: k of them, or m with `full`. */
  readonly ut: Float64Array;
  /** Right vectors as rows, each of length n. */
  readonly vt: Float64Array;
}

/** What a tall matrix gives. `far` belongs to its long side, `near` to the short one. */
interface TallFactors {
  readonly s: Float64Array;
  readonly far: Float64Array;
  readonly near: Float64Array;
}

/** As LAPACK's: from this ratio of sides on, a QR factorization comes first. */
const isVeryTall = (m: number, n: number): boolean => m >= Math.floor((n * 11) / 6);

/**
 * Singular value decomposition of a row-major m × n matrix, which is overwritten: Householder bidiagonalization, then
 * implicit QR iterations. Signs are LAPACK's.
 *
 * @param vectors null: singular values alone; 'thin' or 'full' sets of vectors
 * @returns null when the iteration does not converge
 */
export function factorSVD(a: Float64Array, m: number, n: number, vectors: 'thin' | 'full' | null): Factors | null {
  const factor = normalize(a);
  const wide = m < n;
  const tall = factorTall(wide ? transposed(a, m, n) : a, wide ? n : m, wide ? m : n, wide, vectors);
  if (tall === null) return null;
  scale(tall.s, factor);
  return wide ? { s: tall.s, ut: tall.near, vt: tall.far } : { s: tall.s, ut: tall.far, vt: tall.near };
}

/** Of a matrix with m >= n. `flipped`: it is the transpose of what was asked for. */
function factorTall(a: Float64Array, m: number, n: number, flipped: boolean, vectors: 'thin' | 'full' | null): TallFactors | null {
  const columns = vectors === 'full' ? m : n;
  if (isVeryTall(m, n)) {
    const tau = factorQR(a, m, n);
    let r = new Float64Array(n * n);
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) r[i * n + j] = a[i * n + j]!;
    // The triangle is decomposed as it stands in the matrix that was asked for.
    if (flipped) r = transposed(r, n, n) as Float64Array<ArrayBuffer>;
    const square = factorDirect(r, n, n, false, vectors === null ? null : n);
    if (square === null) return null;
    const [long, near] = flipped ? [square.near, square.far] : [square.far, square.near];
    return { s: square.s, near, far: vectors === null ? long : extend(long, a, m, n, tau, columns) };
  }
  return factorDirect(a, m, n, flipped, vectors === null ? null : columns);
}

/** Rows of length n in the coordinates of Q, an m × n factor, as rows of length m; the rest of Q behind them. */
function extend(rows: Float64Array, a: Float64Array, m: number, n: number, tau: Float64Array, columns: number): Float64Array {
  // Columns of Q times the vectors: [vectors 0; 0 I] is multiplied by the reflections.
  const q = new Float64Array(m * columns);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) q[i * columns + j] = rows[j * n + i]!;
  for (let i = n; i < columns; i++) q[i * columns + i] = 1;
  applyReflectors(q, columns, a, m, n, tau, false);
  return transposed(q, m, columns);
}

/** Bidiagonalization without a QR factorization first. `columns`: how many vectors of the long side; null for none. */
function factorDirect(a: Float64Array, m: number, n: number, flipped: boolean, columns: number | null): TallFactors | null {
  const { d, e, tauLeft, tauRight } = bidiagonalize(a, m, n);
  if (columns === null) {
    if (flipped) toUpper(d, e, null);
    const none = new Float64Array(0);
    return bidiagonalSVD(d, e, null, null) ? { s: d, far: none, near: none } : null;
  }
  const q = new Float64Array(m * columns);
  formQ(q, columns, a, m, n, tauLeft);
  const far: Rows = { data: transposed(q, m, columns), columns: m };
  const near: Rows = { data: formRight(a, n, tauRight), columns: n };
  // Of the transpose, the bidiagonal matrix is lower, and the short side is the left one.
  const [ut, vt] = flipped ? [near, far] : [far, near];
  if (n === 1) {
    const sign = withSign(1, d[0]!);
    for (let j = 0; j < ut.columns; j++) ut.data[j]! *= sign;
    d[0] = Math.abs(d[0]!);
  } else {
    if (flipped) toUpper(d, e, ut);
    if (!bidiagonalSVD(d, e, ut, vt)) return null;
  }
  return { s: d, far: far.data, near: near.data };
}
