import type { NdArray, Sample } from '../../op.samples.ts';

// Plain matrices for references: arrays of rows, textbook algorithms other than those of the library.

/** A matrix as rows. */
export type Rows = readonly (readonly number[])[];

const times = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The matrices of a batch. */
export function matricesOf(a: NdArray): Rows[] {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const count = a.shape.slice(0, -2).reduce((p, x) => p * x, 1);
  return times(count).map((b) => times(m).map((i) => a.data.slice((b * m + i) * n, (b * m + i + 1) * n)));
}

/** Matrices of one shape as an array with these leading dimensions. */
export function stacked(batch: readonly number[], m: number, n: number, matrices: readonly Rows[]): NdArray {
  return { shape: [...batch, m, n], data: matrices.flat(2) };
}

/** A function of matrices, entry by entry of a batch. `sides` of the result from those of the argument. */
export function perMatrix(
  f: (a: Rows) => Rows,
  sides: (m: number, n: number) => readonly [number, number] = (m, n) => [m, n],
): (a: NdArray) => NdArray {
  return (a) => {
    const [m, n] = a.shape.slice(-2) as [number, number];
    return stacked(a.shape.slice(0, -2), ...sides(m, n), matricesOf(a).map(f));
  };
}

/** The transpose of a matrix with at least one row. */
export function flip(a: Rows): Rows {
  return (a[0] ?? []).map((_, j) => a.map((row) => row[j]!));
}

/** The product of two matrices. */
export function dot(a: Rows, b: Rows): Rows {
  const columns = flip(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, x, k) => sum + x * column[k]!, 0)));
}

/** a + factor · b. */
export function combined(a: Rows, factor: number, b: Rows): Rows {
  return a.map((row, i) => row.map((x, j) => x + factor * b[i]![j]!));
}

/** The identity. */
export function unit(n: number): Rows {
  return times(n).map((i) => times(n).map((j) => (i === j ? 1 : 0)));
}

/** (A + Aᵀ) / 2. */
export function evened(a: Rows): Rows {
  return a.map((row, i) => row.map((x, j) => (x + a[j]![i]!) / 2));
}

/** A without row i and column j. */
function minor(a: Rows, i: number, j: number): Rows {
  return a.filter((_, r) => r !== i).map((row) => row.filter((_, c) => c !== j));
}

/** The determinant by expansion along the first row. */
export function expansion(a: Rows): number {
  if (a.length === 0) return 1;
  return a[0]!.reduce((sum, x, j) => sum + (j % 2 === 0 ? x : -x) * expansion(minor(a, 0, j)), 0);
}

/** The inverse by Cramer's rule. */
export function cramer(a: Rows): Rows {
  const det = expansion(a);
  return a.map((row, i) => row.map((_, j) => ((i + j) % 2 === 0 ? 1 : -1) * (expansion(minor(a, j, i)) / det)));
}

/** Orthonormal columns Q and R = Qᵀ A with a positive diagonal, by Gram and Schmidt's process, twice. */
export function gramSchmidt(a: Rows): readonly [q: Rows, r: Rows] {
  const q: number[][] = [];
  for (const column of flip(a).slice(0, a.length)) {
    let v = [...column];
    for (let pass = 0; pass < 2; pass++) {
      for (const u of q) {
        const along = u.reduce((sum, x, i) => sum + x * v[i]!, 0);
        v = v.map((x, i) => x - along * u[i]!);
      }
    }
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    q.push(v.map((x) => x / norm));
  }
  return [flip(q), dot(q, a)];
}

/** Eigenvalues in ascending order and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations. */
export function jacobiEigen(a: Rows): readonly [values: readonly number[], vectors: Rows] {
  const n = a.length;
  const w = a.map((row) => [...row]);
  const v = unit(n).map((row) => [...row]);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(w[p]![q]!) < 1e-300) continue;
        const angle = Math.atan2(2 * w[p]![q]!, w[q]![q]! - w[p]![p]!) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (const m of [w, v]) {
          for (const row of m) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
        }
        const [x, y] = [w[p]!, w[q]!];
        w[p] = x.map((z, k) => c * z - s * y[k]!);
        w[q] = x.map((z, k) => s * z + c * y[k]!);
      }
    }
  }
  const order = times(n).sort((i, j) => w[i]![i]! - w[j]![j]!);
  return [order.map((i) => w[i]![i]!), v.map((row) => order.map((i) => row[i]!))];
}

/** Thin singular value decomposition U diag(s) Vᵀ by Jacobi's rotations of columns (Hestenes). */
export function jacobiSVD(a: Rows): { readonly u: Rows; readonly s: readonly number[]; readonly vt: Rows } {
  if (a.length < (a[0] ?? []).length) {
    const { u, s, vt } = jacobiSVD(flip(a));
    return { u: flip(vt), s, vt: flip(u) };
  }
  const columns = flip(a).map((c) => [...c]);
  const v = unit(columns.length).map((row) => [...row]);
  const inner = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, z, i) => sum + z * y[i]!, 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const off = inner(columns[p]!, columns[q]!);
        if (off === 0) continue;
        const angle = Math.atan2(2 * off, inner(columns[q]!, columns[q]!) - inner(columns[p]!, columns[p]!)) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (const m of [columns, v]) {
          const [x, y] = [m[p]!, m[q]!];
          m[p] = x.map((z, k) => c * z - s * y[k]!);
          m[q] = x.map((z, k) => s * z + c * y[k]!);
        }
      }
    }
  }
  const norms = columns.map((c) => Math.sqrt(inner(c, c)));
  const order = times(columns.length).sort((i, j) => norms[j]! - norms[i]!);
  return {
    u: flip(order.map((i) => columns[i]!.map((x) => x / norms[i]!))),
    s: order.map((i) => norms[i]!),
    vt: order.map((i) => v[i]!),
  };
}

/** A sample whose matrices must not become singular by repeated rows. */
export function regular(sample: Sample): Sample {
  return { ...sample, without: ['broadcast'] };
}
