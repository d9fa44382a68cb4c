import type { View } from '../backend.ts';
import { runMatmul } from '../backend-cpu/matmul.ts';

// The exponential of one matrix in float64, by scaling, a Taylor polynomial in few products, and squaring.
// P. Bader, S. Blanes, F. Casas: Computing the matrix exponential with an optimized Taylor polynomial approximation,
// Mathematics 7(12), 2019.

type Matrix = Float64Array;

/** Up to which 1-norm the polynomial of each degree is exact to the last bit of float32 and of float64. */
const bounds: Readonly<Record<'float32' | 'float64', readonly (readonly [degree: Degree, norm: number])[]>> = {
  float32: [
    [1, 1.192092800768788e-7],
    [2, 5.978858893805233e-4],
    [4, 5.116619363445086e-2],
    [8, 5.800524627688768e-1],
    [12, 1.461661507209034],
    [18, 3.010066362817634],
  ],
  float64: [
    [1, 2.220446049250313e-16],
    [2, 2.580956802971767e-8],
    [4, 3.397168839976962e-4],
    [8, 4.991228871115323e-2],
    [12, 2.99615891381158e-1],
    [18, 1.090863719290036],
  ],
};

type Degree = 1 | 2 | 4 | 8 | 12 | 18;

function times(a: Matrix, b: Matrix, n: number): Matrix {
  const view = (handle: Matrix): View => ({ handle, dtype: 'float64', shape: [n, n], strides: [n, 1], offset: 0 });
  return runMatmul({ a: view(a), b: view(b), dtype: 'float64' }) as Matrix;
}

/** `c0` I + the sum of coefficients times matrices. */
function combine(n: number, c0: number, coefficients: readonly number[], matrices: readonly Matrix[]): Matrix {
  const out = new Float64Array(n * n);
  for (let k = 0; k < matrices.length; k++) {
    const c = coefficients[k]!;
    if (c === 0) continue;
    const m = matrices[k]!;
    for (let i = 0; i < out.length; i++) out[i]! += c * m[i]!;
  }
  for (let i = 0; i < out.length; i += n + 1) out[i]! += c0;
  return out;
}

function taylor8(a: Matrix, n: number): Matrix {
  const r = Math.sqrt(177);
  const x3 = 2 / 3;
  const a2 = times(a, a, n);
  const a4 = times(a2, combine(n, 0, [(x3 * (1 + r)) / 88, (x3 * (1 + r)) / 352], [a, a2]), n);
  const left = combine(n, 0, [x3, 1], [a2, a4]);
  const right = combine(
    n,
    (-271 + 29 * r) / (315 * x3),
    [(11 * (-1 + r)) / (1260 * x3), (11 * (-9 + r)) / (5040 * x3), (89 - r) / (5040 * x3 * x3)],
    [a, a2, a4],
  );
  return combine(n, 1, [1, (857 - 58 * r) / 630, 1], [a, a2, times(left, right, n)]);
}

function taylor12(a: Matrix, n: number): Matrix {
  const a2 = times(a, a, n);
  const a3 = times(a2, a, n);
  const q = (c0: number, c1: number, c2: number, c3: number): Matrix => combine(n, c0, [c1, c2, c3], [a, a2, a3]);
  const q0 = q(9.0198e-16, 0.4693211759541824, -0.20099424927047285, -0.04623946134063072);
  const q1 = q(5.315978957598713, 1.1992679041713223, 0.01179296240992997, 0.01108844528519168);
  const q2 = q(0.18188869982170436, 0.05502798439925399, 0.09351590770535415, 0.006107005288980582);
  const q3 = q(-2.086132e-13, -0.13181061013830184, -0.02027855540589259, -0.006759518468630863);
  const a6 = combine(n, 0, [1, 1], [q2, times(q3, q3, n)]);
  return combine(n, 0, [1, 1], [q0, times(combine(n, 0, [1, 1], [q1, a6]), a6, n)]);
}

function taylor18(a: Matrix, n: number): Matrix {
  const a2 = times(a, a, n);
  const a3 = times(a2, a, n);
  const a6 = times(a3, a3, n);
  const q = (c0: number, c1: number, c2: number, c3: number, c6: number): Matrix => combine(n, c0, [c1, c2, c3, c6], [a, a2, a3, a6]);
  const q0 = q(0, -0.10036558103014462, -0.00802924648241157, -0.00089213849804573, 0);
  const q1 = q(0, 0.3978497494996451, 1.3678377846041172, 0.49828962252538267, -0.0006378981945947233);
  const q2 = q(-10.967639605296206, 1.680158138789062, 0.05717798464788655, -0.0069821012248805206, 3.349750170860705e-5);
  const q3 = q(-0.09043168323908106, -0.06764045190713819, 0.06759613017704597, 0.029555257042931552, -1.391802575160607e-5);
  const q4 = q(0, 0, -0.09233646193671186, -0.016936493900208172, -1.400867981820361e-5);
  const a9 = combine(n, 0, [1, 1], [q3, times(q0, q4, n)]);
  return combine(n, 0, [1, 1], [q1, times(combine(n, 0, [1, 1], [q2, a9]), a9, n)]);
}

function taylor(a: Matrix, n: number, degree: Degree): Matrix {
  switch (degree) {
    case 1:
      return combine(n, 1, [1], [a]);
    case 2:
      return combine(n, 1, [1, 0.5], [a, times(a, a, n)]);
    case 4: {
      const a2 = times(a, a, n);
      return combine(n, 1, [1, 1], [a, times(a2, combine(n, 0.5, [1 / 6, 1 / 24], [a, a2]), n)]);
    }
    case 8:
      return taylor8(a, n);
    case 12:
      return taylor12(a, n);
    default:
      return taylor18(a, n);
  }
}

/** The largest sum of the magnitudes of a column; NaN if an element is. */
function norm1(a: Matrix, n: number): number {
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = j; i < a.length; i += n) sum += Math.abs(a[i]!);
    if (!(sum <= largest)) largest = sum;
    if (sum !== sum) return sum;
  }
  return largest;
}

/** The exponential of an n by n matrix, accurate to the precision of `dtype`; all NaN when an element is not finite. */
export function expOfMatrix(a: Matrix, n: number, dtype: 'float32' | 'float64'): Matrix {
  const norm = norm1(a, n);
  if (!Number.isFinite(norm)) return new Float64Array(n * n).fill(Number.NaN);
  for (const [degree, bound] of bounds[dtype]) if (norm <= bound) return taylor(a, n, degree);
  const [degree, bound] = bounds[dtype][bounds[dtype].length - 1]!;
  const halvings = Math.max(0, Math.ceil(Math.log2(norm / bound)));
  let out = taylor(combine(n, 0, [2 ** -halvings], [a]), n, degree);
  for (let i = 0; i < halvings; i++) out = times(out, out, n);
  return out;
}
