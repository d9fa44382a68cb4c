import { applyReflectors, factorQR, length, loadReflector, reflector, reflectRows } from './householder.ts';
import { largest, transposed } from './scaling.ts';
import { factorSVD } from './svd.ts';
import { solveTriangle } from './triangular.ts';
import { type TriangleSVD, triangleSVD } from './two-by-two.ts';

/** A least-squares problem: A (m × n) and B (m × columns), row-major; both are overwritten. */
export interface LeastSquares {
  readonly a: Float64Array;
  readonly m: number;
  readonly n: number;
  readonly b: Float64Array;
  readonly columns: number;
}

/**
 * For a matrix of full rank, by QR (or by QR of the transpose, for the shortest solution of a wide system).
 *
 * @param x n × columns, zeros on entry
 * @returns the position of a zero on R's diagonal; -1 when there is none
 */
export function solveFullRank({ a, m, n, b, columns }: LeastSquares, x: Float64Array): number {
  if (largest(a) === 0) return -1; // as LAPACK: nothing is the solution
  const wide = m < n;
  const k = Math.min(m, n);
  const tall = wide ? transposed(a, m, n) : a;
  const tau = factorQR(tall, Math.max(m, n), k);
  for (let i = 0; i < k; i++) if (tall[i * k + i] === 0) return i;
  if (!wide) applyReflectors(b, columns, tall, m, n, tau, true);
  x.set(b.subarray(0, k * columns));
  solveTriangle(top(tall, k), k, x, columns, { upper: true, unit: false, transpose: wide });
  if (wide) applyReflectors(x, columns, tall, n, m, tau, false);
  return -1;
}

const top = (a: Float64Array, k: number): Float64Array => a.subarray(0, k * k);

/** QR with column pivoting, in place: P. Businger and G. Golub, 1965. `order` gets the columns in the order taken. */
function pivotedQR(a: Float64Array, m: number, n: number, order: Float64Array): Float64Array {
  const k = Math.min(m, n);
  const tau = new Float64Array(k);
  const norms = new Float64Array(n);
  const exact = new Float64Array(n);
  const v = new Float64Array(m);
  const work = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    order[j] = j;
    norms[j] = length(a, j, n, m);
    exact[j] = norms[j]!;
  }
  for (let j = 0; j < k; j++) {
    let best = j;
    for (let c = j + 1; c < n; c++) if (norms[c]! > norms[best]!) best = c;
    if (best !== j) {
      for (let i = 0; i < m; i++) exchange(a, i * n + j, i * n + best);
      exchange(order, j, best);
      norms[best] = norms[j]!;
      exact[best] = exact[j]!;
    }
    tau[j] = reflector(a, j * n + j, n, m - j);
    loadReflector(v, a, j * n + j, n, m - j);
    reflectRows(a, n, j, m - j, j + 1, n, v, tau[j]!, work);
    for (let c = j + 1; c < n; c++) {
      if (norms[c] === 0) continue;
      // What is left of a column's norm; formed anew where the difference has lost too many digits.
      const share = Math.max(1 - (a[j * n + c]! / norms[c]!) ** 2, 0);
      if (share * (norms[c]! / exact[c]!) ** 2 > 2 ** -26) norms[c]! *= Math.sqrt(share);
      else {
        norms[c] = j + 1 < m ? length(a, (j + 1) * n + c, n, m - j - 1) : 0;
        exact[c] = norms[c]!;
      }
    }
  }
  return tau;
}

function exchange(a: Float64Array, i: number, j: number): void {
  const t = a[i]!;
  a[i] = a[j]!;
  a[j] = t;
}

const triangle: TriangleSVD = { large: 0, small: 0, cl: 1, sl: 0, cr: 1, sr: 0 };

/**
 * The order of the largest leading triangle of R whose condition, estimated incrementally, is at most 1 / rcond:
 * C. Bischof, "Incremental condition estimation", SIAM J. Matrix Anal. Appl. 11, 1990.
 */
function estimateRank(r: Float64Array, k: number, n: number, rcond: number): number {
  let most = k > 0 ? Math.abs(r[0]!) : 0;
  if (most === 0) return 0;
  let least = most;
  const long = new Float64Array(k);
  const short = new Float64Array(k);
  long[0] = 1;
  short[0] = 1;
  for (let i = 1; i < k; i++) {
    let alongLong = 0;
    let alongShort = 0;
    for (let j = 0; j < i; j++) {
      alongLong += long[j]! * r[j * n + i]!;
      alongShort += short[j]! * r[j * n + i]!;
    }
    const corner = r[i * n + i]!;
    triangleSVD(most, alongLong, corner, triangle);
    const grown = Math.abs(triangle.large);
    const [c, s] = [triangle.cl, triangle.sl];
    triangleSVD(least, alongShort, corner, triangle);
    const shrunk = Math.abs(triangle.small);
    if (!(grown * rcond <= shrunk)) return i;
    for (let j = 0; j < i; j++) {
      long[j]! *= c;
      short[j]! *= -triangle.sl;
    }
    long[i] = s;
    short[i] = triangle.cl;
    most = grown;
    least = shrunk;
  }
  return k;
}

/**
 * The shortest solution for a matrix of any rank, by a complete orthogonal factorization.
 *
 * @param x n × columns, zeros on entry
 * @returns the rank
 */
export function solveOrthogonal({ a, m, n, b, columns }: LeastSquares, x: Float64Array, rcond: number): number {
  const order = new Float64Array(n);
  const tau = pivotedQR(a, m, n, order);
  const rank = estimateRank(a, Math.min(m, n), n, rcond);
  if (rank === 0) return 0;
  applyReflectors(b, columns, a, m, n, tau, true);
  const y = new Float64Array(n * columns);
  y.set(b.subarray(0, rank * columns));
  // The first rows of R, transposed, are Z S: then R = Sᵀ Zᵀ, and the shortest y is Z S⁻ᵀ b.
  const rows = new Float64Array(n * rank);
  for (let i = 0; i < rank; i++) for (let j = i; j < n; j++) rows[j * rank + i] = a[i * n + j]!;
  const turns = factorQR(rows, n, rank);
  solveTriangle(top(rows, rank), rank, y, columns, { upper: true, unit: false, transpose: true });
  applyReflectors(y, columns, rows, n, rank, turns, false);
  for (let j = 0; j < n; j++) for (let c = 0; c < columns; c++) x[order[j]! * columns + c] = y[j * columns + c]!;
  return rank;
}

/**
 * The shortest solution by the singular value decomposition: values up to rcond times the largest count as zero.
 *
 * @param x n × columns, zeros on entry
 * @param values gets the singular values
 * @returns the rank; -1 when the decomposition does not converge
 */
export function solveBySVD({ a, m, n, b, columns }: LeastSquares, x: Float64Array, values: Float64Array, rcond: number): number {
  const factors = factorSVD(a, m, n, 'thin');
  if (factors === null) return -1;
  const { s, ut, vt } = factors;
  values.set(s);
  let rank = 0;
  while (rank < s.length && s[rank]! > rcond * s[0]!) rank++;
  const c = new Float64Array(columns);
  for (let i = 0; i < rank; i++) {
    c.fill(0);
    for (let r = 0; r < m; r++) for (let j = 0; j < columns; j++) c[j]! += ut[i * m + r]! * b[r * columns + j]!;
    for (let r = 0; r < n; r++) {
      const f = vt[i * n + r]! / s[i]!;
      for (let j = 0; j < columns; j++) x[r * columns + j]! += f * c[j]!;
    }
  }
  return rank;
}
