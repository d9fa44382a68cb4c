import { AutogradError, LinAlgError, ShapeError, ValueError } from '../errors.ts';
import { defineOp } from '../op.ts';
import { checkFinite, entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { type LeastSquares, solveBySVD, solveFullRank, solveOrthogonal } from '../parts/linear-algebra/least-squares.ts';
import { batchOf, broadcastBatches, checkMatrix, checkSameFloating, product } from '../parts/linear-algebra/tensors.ts';
import { readNow } from '../parts/positions.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { zeros } from './create.ts';
import { epsilonOf, pinv, pinvBackward } from './pinv.ts';

/** LAPACK's names of the methods of {@link lstsq}. */
export type LstsqDriver = 'gels' | 'gelsy' | 'gelsd' | 'gelss';

/** Options of {@link lstsq}. */
export interface LstsqOptions {
  /** What counts as zero, relative to the largest singular value. Default: the dtype's epsilon times the longer side. */
  rcond?: number;
  /**
   * 'gelsy' (the default): QR with column pivoting, for any rank. 'gels': QR, for matrices of full rank. 'gelsd' and
   * 'gelss': singular values, for any rank (here one method).
   */
  driver?: LstsqDriver;
}

/** Result of {@link lstsq}. */
export interface LstsqResult {
  readonly solution: Tensor;
  /** Squared lengths of A X - B, per column, where m > n and all matrices have full rank, with a driver that gives them; else empty. */
  readonly residuals: Tensor;
  /** int64 [..]; empty for 'gels'. */
  readonly rank: Tensor;
  /** [.., min(m, n)] for 'gelsd' and 'gelss'; else empty. */
  readonly singularValues: Tensor;
}

interface Attrs {
  readonly driver: LstsqDriver;
  readonly rcond: number;
}

/** Squared lengths of the columns of A X - B. */
function residualsOf({ a, m, n, b, columns }: LeastSquares, x: Float64Array, out: Float64Array): void {
  const row = new Float64Array(columns);
  for (let i = 0; i < m; i++) {
    for (let c = 0; c < columns; c++) row[c] = -b[i * columns + c]!;
    for (let k = 0; k < n; k++) {
      const f = a[i * n + k]!;
      for (let c = 0; c < columns; c++) row[c]! += f * x[k * columns + c]!;
    }
    for (let c = 0; c < columns; c++) out[c]! += row[c]! * row[c]!;
  }
}

/** A [.., m, n] and B [.., m, k] of one batch shape, to the solution, residuals, rank and singular values. */
const lstsqOp = defineOp<Attrs>({
  name: 'linalg.lstsq',
  infer: ([a, b]) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const [batch, k, { dtype }] = [batchOf(a!), b!.shape[b!.ndim - 1]!, b!];
    return [
      { shape: [...batch, n, k], dtype },
      { shape: [...batch, k], dtype },
      { shape: batch, dtype: 'int64' },
      { shape: [...batch, Math.min(m, n)], dtype },
    ];
  },
  forward: ([a, b], { driver, rcond }, out) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    const columns = b!.shape[b!.ndim - 1]!;
    const batch = batchOf(a!);
    const results = out.map((meta) => ({ shape: meta.shape.slice(batch.length), dtype: meta.dtype }));
    const op = 'linalg.lstsq';
    return perMatrix(op, [a!, b!], batch, results, ([x, y], [solution, residuals, rank, values], entry) => {
      checkFinite(op, x!, batch, entry);
      const problem = { a: x!, m, n, b: y!, columns };
      const given = { ...problem, a: x!.slice(), b: y!.slice() };
      if (driver === 'gels') {
        const zero = solveFullRank(problem, solution!);
        if (zero >= 0)
          throw new LinAlgError(
            `${op}: ${entryName(batch, entry)}the matrix has no full rank (R[${zero}, ${zero}] is zero); use another driver`,
          );
        rank![0] = n;
      } else if (driver === 'gelsy') rank![0] = solveOrthogonal(problem, solution!, rcond);
      else {
        const found = solveBySVD(problem, solution!, values!, rcond);
        if (found < 0) throw new LinAlgError(`${op}: ${entryName(batch, entry)}the singular values did not converge`);
        rank![0] = found;
      }
      if (m > n) residualsOf(given, solution!, residuals!);
    });
  },
  save: ([a, b]) => [a!, b!],
  backward: ({ saved: [a, b], needs }, [gx, gr]) => {
    // X = pinv(A) B.
    if (gr != null) throw new AutogradError('linalg.lstsq: the residuals have no gradient; compute them from the solution');
    if (gx == null) return [null, null];
    const p = pinv(a!);
    return [needs[0] ? pinvBackward(product(gx, b!.mT as Tensor), a!, p) : null, needs[1] ? product(p.mT as Tensor, gx) : null];
  },
});

/**
 * The shortest X that minimizes |A X - B| for A [.., m, n] and B [.., m, k] (or [.., m]: one right side per matrix). The
 * solution has a gradient, which is that of pinv(A) B.
 *
 * @throws ShapeError when A and B do not fit
 * @throws LinAlgError when driver 'gels' finds that a matrix has no full rank, or for values that are not finite
 * @throws DeviceError for 'gelsd' and 'gelss' on a device that cannot be read at once: whether there are residuals depends on values
 * @example
 * ```ts
 * const { solution } = linalg.lstsq(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5])); // [1, 2]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html
 */
export function lstsq(a: Tensor, b: Tensor, options: LstsqOptions = {}): LstsqResult {
  const op = 'linalg.lstsq';
  const { driver = 'gelsy' } = options;
  const [m, n] = checkMatrix(op, a);
  checkSameFloating(op, a, b);
  if (!['gels', 'gelsy', 'gelsd', 'gelss'].includes(driver))
    throw new ValueError(`${op}: driver must be 'gels', 'gelsy', 'gelsd' or 'gelss', got '${driver}'`);
  const missing = a.ndim - b.ndim;
  if (b.ndim === 0 || missing < 0 || missing > 1)
    throw new ShapeError(`${op}: B ${show(b.shape)} must have the rank of A ${show(a.shape)}, or one less`);
  const vector = missing === 1;
  const right = vector ? (b.unsqueeze(-1) as Tensor) : b;
  const rows = right.shape[right.ndim - 2]!;
  if (rows !== m) throw new ShapeError(`${op}: A ${show(a.shape)} does not fit B ${show(b.shape)}: ${m} vs ${rows} rows`);
  const [x, y] = broadcastBatches(op, a, right);
  const rcond = options.rcond ?? epsilonOf(a.dtype) * Math.max(m, n);
  const [solution, residuals, rank, values] = lstsqOp([x, y], { driver, rcond }) as readonly [Tensor, Tensor, Tensor, Tensor];
  const none = (like: Tensor): Tensor => zeros([0], { dtype: like.dtype, device: like.device });
  const bySVD = driver === 'gelsd' || driver === 'gelss';
  const full = (): boolean => readNow(op, rank, "use driver 'gelsy' or 'gels'").every((r) => r === n);
  return {
    solution: vector ? (solution.squeeze(-1) as Tensor) : solution,
    residuals: m > n && (driver === 'gels' || (bySVD && full())) ? residuals : none(a),
    rank: driver === 'gels' ? none(rank) : rank,
    singularValues: bySVD ? values : none(a),
  };
}
