import { isFloating } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { sameShape } from '../../layout.ts';
import { eye } from '../../ops/create.ts';
import { matmul } from '../../ops/matmul.ts';
import { tril } from '../../ops/triangular.ts';
import { where } from '../../ops/where.ts';
import { broadcastShapes, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

// What backward formulas of decompositions are written with.

/** The product of several matrices, from the left. */
export function product(first: Tensor, ...rest: readonly Tensor[]): Tensor {
  return rest.reduce<Tensor>((a, b) => matmul(a, b), first);
}

/** a - b. */
export function minus(a: Tensor, b: Tensor): Tensor {
  return a.sub(b) as Tensor;
}

/** a + b; null counts as zero. */
export function plus(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a === null || b === null ? (a ?? b) : (a.add(b) as Tensor);
}

/** Elementwise product with broadcasting. */
export function times(a: Tensor, b: Tensor | number): Tensor {
  return a.mul(b as Tensor) as Tensor;
}

/** The n × n identity of the dtype and device of `like`. */
export function identity(n: number, like: Tensor): Tensor {
  return eye(n, n, { dtype: like.dtype, device: like.device });
}

/** Where the diagonal of n × n matrices is. */
export function onDiagonal(n: number, like: Tensor): Tensor {
  return eye(n, n, { dtype: 'bool', device: like.device });
}

/** Vectors [.., n] as diagonal matrices [.., n, n]. */
export function diagonalMatrix(v: Tensor): Tensor {
  return where(onDiagonal(v.shape[v.ndim - 1]!, v), v.unsqueeze(-1) as Tensor, 0) as Tensor;
}

/** The diagonals [.., n] of matrices [.., n, n]. */
function diagonalOf(m: Tensor): Tensor {
  return (where(onDiagonal(m.shape[m.ndim - 1]!, m), m, 0) as Tensor).sum([-1]) as Tensor;
}

/** The lower triangle with half of the diagonal: what becomes of a symmetric matrix's derivative in a triangular factor. */
export function halvedTriangle(m: Tensor): Tensor {
  return minus(tril(m), times(diagonalMatrix(diagonalOf(m)), 0.5));
}

/** (m + mᵀ) / 2. */
export function symmetric(m: Tensor): Tensor {
  return times(m.add(m.mT as Tensor) as Tensor, 0.5);
}

/** (m - mᵀ) / 2. */
export function skew(m: Tensor): Tensor {
  return times(minus(m, m.mT as Tensor), 0.5);
}

/** The columns `from`..`to` of matrices. */
export function columnsOf(m: Tensor, from: number, to: number): Tensor {
  return m.narrow(-1, from, to - from);
}

/** @throws DTypeError for integers and bools */
function checkFloating(op: string, t: Tensor): void {
  if (!isFloating(t.dtype)) throw new DTypeError(`${op}: needs float32 or float64, got ${t.dtype}; convert with to('float32') first`);
}

/** @throws DTypeError for integers, or when dtypes differ */
export function checkSameFloating(op: string, a: Tensor, b: Tensor): void {
  checkFloating(op, a);
  if (a.dtype !== b.dtype) throw new DTypeError(`${op}: dtypes differ: ${a.dtype} and ${b.dtype}`);
}

/** Rows and columns. @throws ShapeError for fewer than 2 dimensions; DTypeError for integers and bools */
export function checkMatrix(op: string, t: Tensor): readonly [rows: number, columns: number] {
  if (t.ndim < 2) throw new ShapeError(`${op}: needs a matrix or a batch of them, got ${show(t.shape)}`);
  checkFloating(op, t);
  return [t.shape[t.ndim - 2]!, t.shape[t.ndim - 1]!];
}

/** The size. @throws ShapeError unless the matrices are square; DTypeError for integers and bools */
export function checkSquare(op: string, t: Tensor): number {
  const [m, n] = checkMatrix(op, t);
  if (m !== n) throw new ShapeError(`${op}: needs square matrices, got ${show(t.shape)} (${m} by ${n})`);
  return n;
}

/** The leading dimensions of matrices. */
export function batchOf(t: Tensor): readonly number[] {
  return t.shape.slice(0, -2);
}

/** Expands the leading dimensions of two batches of matrices to common ones. */
export function broadcastBatches(op: string, a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  const batch = broadcastShapes(op, [batchOf(a), batchOf(b)]);
  return [expandBatch(a, batch), expandBatch(b, batch)];
}

/** Expands the leading dimensions of matrices. */
export function expandBatch(t: Tensor, batch: readonly number[]): Tensor {
  return sameShape(batchOf(t), batch) ? t : (t.expand([...batch, ...t.shape.slice(-2)]) as Tensor);
}

/** Whether a right side is a vector, or a batch of them: one dimension less than A, with A's leading dimensions. */
export function isVectorSide(a: Tensor, b: Tensor): boolean {
  return b.ndim === 1 || (a.ndim - 1 === b.ndim && sameShape(a.shape.slice(0, -1), b.shape));
}
