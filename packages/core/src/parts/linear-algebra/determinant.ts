import { factorLU, parity } from './lu.ts';
import { factorSVD } from './svd.ts';
import { solveTriangle } from './triangular.ts';

/** Determinant of a row-major n × n matrix, which is overwritten. */
export function determinant(a: Float64Array, n: number): number {
  const pivots = new Float64Array(n);
  factorLU(a, n, n, pivots);
  let det = parity(pivots);
  for (let i = 0; i < n; i++) det *= a[i * n + i]!;
  return det;
}

/** Sign (0 for NaN, as PyTorch's) and logarithm of the magnitude of the determinant; the matrix is overwritten. */
export function signAndLog(a: Float64Array, n: number): readonly [sign: number, log: number] {
  const pivots = new Float64Array(n);
  factorLU(a, n, n, pivots);
  let sign = parity(pivots);
  let log = 0;
  for (let i = 0; i < n; i++) {
    const d = a[i * n + i]!;
    sign *= Number.isNaN(d) ? 0 : Math.sign(d);
    log += Math.log(Math.abs(d));
  }
  return [sign, log];
}

/** det(U) det(V), each 1 or -1, of A = U S Vᵀ, and the rest of the decomposition; null when it does not converge. */
interface Oriented {
  readonly sign: number;
  readonly s: Float64Array;
  readonly ut: Float64Array;
  readonly vt: Float64Array;
}

function oriented(a: Float64Array, n: number): Oriented | null {
  const f = factorSVD(a, n, n, 'thin');
  return f === null ? null : { ...f, sign: Math.sign(determinant(f.ut.slice(), n) * determinant(f.vt.slice(), n)) };
}

/**
 * The matrix of cofactors, which is the derivative of the determinant: det(A) A⁻ᵀ, by LU where that is well-conditioned,
 * else from singular values, which is right for singular matrices too (N. Higham, "What is the adjugate of a matrix?").
 *
 * @returns false when the decomposition does not converge
 */
export function cofactors(a: Float64Array, n: number, out: Float64Array): boolean {
  const f = a.slice();
  const pivots = new Float64Array(n);
  factorLU(f, n, n, pivots);
  let det = parity(pivots);
  let most = 0;
  let least = Infinity;
  for (let i = 0; i < n; i++) {
    const d = Math.abs(f[i * n + i]!);
    most = Math.max(most, d);
    least = Math.min(least, d);
    det *= f[i * n + i]!;
  }
  if (least > 1e-3 * most && Number.isFinite(det) && Math.abs(det) > 1e-290) {
    // Pᵀ (A⁻ᵀ): Aᵀ X = det I, Uᵀ Lᵀ Pᵀ X = det I.
    for (let i = 0; i < n; i++) out[i * n + i] = det;
    solveTriangle(f, n, out, n, { upper: true, unit: false, transpose: true });
    solveTriangle(f, n, out, n, { upper: false, unit: true, transpose: true });
    for (let j = n - 1; j >= 0; j--) {
      const p = pivots[j]!;
      if (p !== j) for (let c = 0; c < n; c++) [out[j * n + c], out[p * n + c]] = [out[p * n + c]!, out[j * n + c]!];
    }
    return true;
  }
  const svd = oriented(a, n);
  if (svd === null) return false;
  const { sign, s, ut, vt } = svd;
  for (let k = 0; k < n; k++) {
    let others = sign;
    for (let i = 0; i < n; i++) if (i !== k) others *= s[i]!;
    if (others === 0) continue;
    for (let i = 0; i < n; i++) {
      const x = others * ut[k * n + i]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += x * vt[k * n + j]!;
    }
  }
  return true;
}

/** out = Xᵀ-or-X products of n × n matrices: a bᵀ. */
function timesTransposed(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[i * n + k]! * b[j * n + k]!;
      out[i * n + j] = sum;
    }
  }
  return out;
}

/**
 * The derivative of the cofactors of A in direction H. In the basis of singular vectors it is a polynomial of the singular
 * values, so that nothing is divided.
 *
 * @returns false when the decomposition does not converge
 */
export function cofactorsAlong(a: Float64Array, h: Float64Array, n: number, out: Float64Array): boolean {
  const svd = oriented(a, n);
  if (svd === null) return false;
  const { sign, s, ut, vt } = svd;
  // Uᵀ H V, transposed: rows of Vᵀ times rows of (Uᵀ H).
  const turned = timesTransposed(timesTransposed(vt, h, n), ut, n);
  const inner = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let others = sign;
      for (let k = 0; k < n; k++) if (k !== i && k !== j) others *= s[k]!;
      inner[i * n + i]! += others * turned[j * n + j]!;
      inner[j * n + j]! += others * turned[i * n + i]!;
      // `turned` is transposed, as the entries of the result are.
      inner[i * n + j] = -others * turned[i * n + j]!;
      inner[j * n + i] = -others * turned[j * n + i]!;
    }
  }
  // U inner Vᵀ, with both factors at hand transposed.
  const left = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      const x = ut[k * n + i]!;
      for (let j = 0; j < n; j++) left[i * n + j]! += x * inner[k * n + j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = left[i * n + k]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += x * vt[k * n + j]!;
    }
  }
  return true;
}
