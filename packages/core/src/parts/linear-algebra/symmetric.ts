import { loadReflector, reflector } from './householder.ts';
import { planeRotation, type Rotation, rotateRows, swapRows } from './rotation.ts';
import { normalize, scale, withSign } from './scaling.ts';

const epsilon = 2 ** -53;

/** A symmetric tridiagonal matrix T with A = Q T Qᵀ; Q is kept as reflections. */
interface Tridiagonal {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly tau: Float64Array;
}

/**
 * Reduces the symmetric matrix in the lower triangle of a row-major n × n matrix to tridiagonal form with Householder
 * reflections (Golub and Van Loan, 8.3.1). The vector of reflection i is left in column i from row i + 1 on.
 */
function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const d = new Float64Array(n);
  const e = new Float64Array(Math.max(n - 1, 0));
  const tau = new Float64Array(Math.max(n - 1, 0));
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let i = 0; i < n - 1; i++) {
    const m = n - 1 - i;
    const t = reflector(a, (i + 1) * n + i, n, m);
    tau[i] = t;
    e[i] = a[(i + 1) * n + i]!;
    if (t !== 0) {
      loadReflector(v, a, (i + 1) * n + i, n, m);
      rankTwoUpdate(a, n, i + 1, m, v, w, t);
    }
  }
  for (let i = 0; i < n; i++) d[i] = a[i * n + i]!;
  return { d, e, tau };
}

/** Lower triangle of H A H for the trailing m × m block from `at`, H = I - t v vᵀ. */
function rankTwoUpdate(a: Float64Array, n: number, at: number, m: number, v: Float64Array, w: Float64Array, t: number): void {
  w.fill(0, 0, m);
  for (let i = 0; i < m; i++) {
    const row = (at + i) * n + at;
    const vi = v[i]!;
    let sum = 0;
    for (let j = 0; j < i; j++) {
      const x = a[row + j]!;
      sum += x * v[j]!;
      w[j]! += x * vi;
    }
    w[i]! += sum + a[row + i]! * vi;
  }
  let inner = 0;
  for (let i = 0; i < m; i++) inner += w[i]! * v[i]!;
  const half = 0.5 * t * inner;
  for (let i = 0; i < m; i++) w[i] = t * (w[i]! - half * v[i]!);
  for (let i = 0; i < m; i++) {
    const row = (at + i) * n + at;
    const vi = v[i]!;
    const wi = w[i]!;
    for (let j = 0; j <= i; j++) a[row + j]! -= vi * w[j]! + wi * v[j]!;
  }
}

/** Multiplies the rows of `z` by the reflections that {@link tridiagonalize} left in `a`: z becomes z Qᵀ. */
function reflectVectors(z: Float64Array, a: Float64Array, n: number, tau: Float64Array): void {
  const v = new Float64Array(n);
  for (let i = n - 2; i >= 0; i--) {
    const t = tau[i]!;
    if (t === 0) continue;
    const m = n - 1 - i;
    loadReflector(v, a, (i + 1) * n + i, n, m);
    for (let r = 0; r < n; r++) {
      const base = r * n + i + 1;
      let sum = 0;
      for (let j = 0; j < m; j++) sum += z[base + j]! * v[j]!;
      sum *= t;
      for (let j = 0; j < m; j++) z[base + j]! -= sum * v[j]!;
    }
  }
}

/**
 * Eigenvalues in ascending order of a symmetric matrix, and its eigenvectors as the rows of `z`.
 *
 * Signs are LAPACK's: reflections that start at the side that `upper` says, then implicit QL or QR iterations.
 *
 * @param a row-major n × n, overwritten
 * @param upper the matrix is in the upper triangle; the other one is zero
 * @param z n × n for the eigenvectors; null when they are not wanted
 * @returns the eigenvalues; null when the iteration does not converge
 */
export function symmetricEigen(a: Float64Array, n: number, upper: boolean, z: Float64Array | null): Float64Array | null {
  const factor = normalize(a);
  // The upper triangle, read from the last row and column, is a lower triangle.
  if (upper) a.reverse();
  const { d, e, tau } = tridiagonalize(a, n);
  if (upper) {
    d.reverse();
    e.reverse();
  }
  if (z !== null) for (let i = 0; i < n; i++) z[i * n + i] = 1;
  if (!tridiagonalEigen(d, e, n, z)) return null;
  if (z !== null) {
    if (upper) for (let i = 0; i < n; i++) z.subarray(i * n, (i + 1) * n).reverse();
    reflectVectors(z, a, n, tau);
    if (upper) for (let i = 0; i < n; i++) z.subarray(i * n, (i + 1) * n).reverse();
  }
  scale(d, factor);
  return d;
}

/** Implicit QL or QR iterations on (d, e), block by block; rotates the rows of z. Sorted at the end. */
function tridiagonalEigen(d: Float64Array, e: Float64Array, n: number, z: Float64Array | null): boolean {
  let budget = 30 * n;
  let start = 0;
  while (start < n) {
    // The next block that no zero divides.
    let end = start;
    while (end < n - 1) {
      const test = Math.abs(e[end]!);
      if (test === 0) break;
      if (test <= Math.sqrt(Math.abs(d[end]!)) * Math.sqrt(Math.abs(d[end + 1]!)) * epsilon) {
        e[end] = 0;
        break;
      }
      end++;
    }
    if (end > start) {
      // From the smaller end: the eigenvalues there are found first.
      const used =
        Math.abs(d[end]!) < Math.abs(d[start]!) ? iterateQR(d, e, start, end, n, z, budget) : iterateQL(d, e, start, end, n, z, budget);
      if (used < 0) return false;
      budget -= used;
    }
    start = end + 1;
  }
  sortAscending(d, n, z);
  return true;
}

function negligible(off: number, a: number, b: number): boolean {
  return off * off <= epsilon * epsilon * Math.abs(a) * Math.abs(b) + 2 ** -1022;
}

const rotation: Rotation = { c: 1, s: 0, r: 0 };

/** Wilkinson's shift for the end at `i`, as a difference from the diagonal there. */
function shifted(d: number, next: number, e: number): number {
  const g = (next - d) / (2 * e);
  return e / (g + withSign(Math.hypot(g, 1), g));
}

/** QL on the block l..end. Gives the sweeps used; -1 beyond the budget. */
function iterateQL(
  d: Float64Array,
  e: Float64Array,
  first: number,
  end: number,
  n: number,
  z: Float64Array | null,
  budget: number,
): number {
  let sweeps = 0;
  const cs = new Float64Array(n);
  const sn = new Float64Array(n);
  for (let l = first; l <= end; ) {
    let m = l;
    while (m < end && !negligible(e[m]!, d[m]!, d[m + 1]!)) m++;
    if (m < end) e[m] = 0;
    if (m === l) {
      l++;
      continue;
    }
    if (m === l + 1) {
      twoByTwo(d, e, l, n, z);
      l += 2;
      continue;
    }
    if (sweeps++ >= budget) return -1;
    let g = d[m]! - d[l]! + shifted(d[l]!, d[l + 1]!, e[l]!);
    let s = 1;
    let c = 1;
    let p = 0;
    for (let i = m - 1; i >= l; i--) {
      const f = s * e[i]!;
      const b = c * e[i]!;
      planeRotation(g, f, rotation);
      c = rotation.c;
      s = rotation.s;
      if (i !== m - 1) e[i + 1] = rotation.r;
      g = d[i + 1]! - p;
      const r = (d[i]! - g) * s + 2 * c * b;
      p = s * r;
      d[i + 1] = g + p;
      g = c * r - b;
      cs[i] = c;
      sn[i] = -s;
    }
    if (z !== null) for (let i = m - 1; i >= l; i--) rotateRows(z, n, i, cs[i]!, sn[i]!);
    d[l]! -= p;
    e[l] = g;
  }
  return sweeps;
}

/** QR on the block first..l, from its end. */
function iterateQR(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  n: number,
  z: Float64Array | null,
  budget: number,
): number {
  let sweeps = 0;
  const cs = new Float64Array(n);
  const sn = new Float64Array(n);
  for (let l = last; l >= first; ) {
    let m = l;
    while (m > first && !negligible(e[m - 1]!, d[m]!, d[m - 1]!)) m--;
    if (m > first) e[m - 1] = 0;
    if (m === l) {
      l--;
      continue;
    }
    if (m === l - 1) {
      twoByTwo(d, e, m, n, z);
      l -= 2;
      continue;
    }
    if (sweeps++ >= budget) return -1;
    let g = d[m]! - d[l]! + shifted(d[l]!, d[l - 1]!, e[l - 1]!);
    let s = 1;
    let c = 1;
    let p = 0;
    for (let i = m; i < l; i++) {
      const f = s * e[i]!;
      const b = c * e[i]!;
      planeRotation(g, f, rotation);
      c = rotation.c;
      s = rotation.s;
      if (i !== m) e[i - 1] = rotation.r;
      g = d[i]! - p;
      const r = (d[i + 1]! - g) * s + 2 * c * b;
      p = s * r;
      d[i] = g + p;
      g = c * r - b;
      cs[i] = c;
      sn[i] = s;
    }
    if (z !== null) for (let i = m; i < l; i++) rotateRows(z, n, i, cs[i]!, sn[i]!);
    d[l]! -= p;
    e[l - 1] = g;
  }
  return sweeps;
}

/** Diagonalizes [[d₀, e], [e, d₁]] directly: first the eigenvalue of larger magnitude. */
function twoByTwo(d: Float64Array, e: Float64Array, i: number, n: number, z: Float64Array | null): void {
  const [a, b, c] = [d[i]!, e[i]!, d[i + 1]!];
  const sum = a + c;
  const difference = a - c;
  const root = Math.hypot(difference, 2 * b);
  const larger = 0.5 * (sum < 0 ? sum - root : sum + root);
  const [big, small] = Math.abs(a) > Math.abs(c) ? [a, c] : [c, a];
  // The product of the eigenvalues is the determinant: no cancellation in the smaller one.
  const smaller = sum === 0 ? -larger : (big / larger) * small - (b / larger) * b;
  const cs = difference >= 0 ? difference + root : difference - root;
  let c1: number;
  let s1: number;
  if (Math.abs(cs) > Math.abs(2 * b)) {
    const cot = (-2 * b) / cs;
    s1 = 1 / Math.sqrt(1 + cot * cot);
    c1 = cot * s1;
  } else if (b === 0) {
    c1 = 1;
    s1 = 0;
  } else {
    const tan = -cs / (2 * b);
    c1 = 1 / Math.sqrt(1 + tan * tan);
    s1 = tan * c1;
  }
  // (c1, s1) belongs to the eigenvalue on the side that `cs` was formed for.
  if (sum < 0 === difference < 0) [c1, s1] = [-s1, c1];
  d[i] = larger;
  d[i + 1] = smaller;
  e[i] = 0;
  if (z !== null) rotateRows(z, n, i, c1, s1);
}

/** Selection sort: few exchanges of whole rows. */
function sortAscending(d: Float64Array, n: number, z: Float64Array | null): void {
  if (z === null) {
    d.sort();
    return;
  }
  for (let i = 0; i < n - 1; i++) {
    let k = i;
    for (let j = i + 1; j < n; j++) if (d[j]! < d[k]!) k = j;
    if (k === i) continue;
    const t = d[i]!;
    d[i] = d[k]!;
    d[k] = t;
    swapRows(z, n, i, k);
  }
}

/** Zeros the triangle of a row-major n × n matrix that does not count; the diagonal stays. */
export function keepTriangle(a: Float64Array, n: number, upper: boolean): void {
  for (let i = 0; i < n; i++) {
    if (upper) a.fill(0, i * n, i * n + i);
    else a.fill(0, i * n + i + 1, (i + 1) * n);
  }
}
