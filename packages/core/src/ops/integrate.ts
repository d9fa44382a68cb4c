import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.ts';
import { checkTensor, isOptions } from '../parts/reduction.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { cat } from './join.ts';

/** Options of {@link diff}. */
export interface DiffOptions {
  /** What goes before the tensor along the dimension. */
  prepend?: Tensor;
  /** What goes behind it. */
  append?: Tensor;
}

/** Options of {@link trapezoid} and {@link cumulativeTrapezoid}. */
export interface TrapezoidOptions {
  /** Distance between neighbouring points, where there are no points `x`. Default 1. */
  dx?: number;
  /** Default -1. */
  dim?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link diff} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.diff.html */
    diff(n?: number, dim?: number, options?: DiffOptions): Tensor;
  }
}

/**
 * The n-th differences of neighbours along `dim`: each is the element behind minus the one before. Of bools, whether they
 * differ.
 *
 * @param n how often; default 1
 * @param dim default -1
 * @param options `prepend` and `append` are joined to the tensor first
 * @throws ShapeError for a 0-d tensor, or when what is joined does not fit; IndexError when `dim` is out of range
 * @example
 * ```ts
 * diff(tensor([1, 3, 2]));    // [2, -1]
 * diff(tensor([1, 3, 2]), 2); // [-3]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.diff.html
 */
export function diff(x: Tensor, n: number = 1, dim: number = -1, options: DiffOptions = {}): Tensor {
  checkTensor('diff', x);
  if (x.ndim === 0) throw new ShapeError('diff: the tensor must have at least 1 dimension');
  const d = normalizeDim('diff', dim, x.shape);
  if (!Number.isInteger(n)) throw new ValueError(`diff: n must be an integer, got ${n}`);
  const { prepend, append } = options;
  for (const t of [prepend, append]) {
    if (t === undefined || t === null) continue;
    if (t.ndim !== x.ndim || t.shape.some((size, k) => k !== d && size !== x.shape[k])) {
      throw new ShapeError(`diff: prepend and append must fit ${show(x.shape)} in all dimensions but ${d}, got ${show(t.shape)}`);
    }
  }
  const parts = [prepend, x, append].filter((t) => t !== undefined && t !== null);
  let y = n <= 0 ? (x.clone() as Tensor) : parts.length > 1 ? (cat(parts, d) as Tensor) : x;
  for (let k = 0; k < n; k++) {
    const left = Math.max(y.shape[d]! - 1, 0);
    const [before, behind] = [y.narrow(d, 0, left), y.narrow(d, y.shape[d]! - left, left)];
    y = (y.dtype === 'bool' ? behind.logicalXor(before as never) : behind.sub(before as never)) as Tensor;
    if (left === 0) break;
  }
  return y;
}

/** The widths of the intervals: a number, or a tensor that broadcasts against the sums of neighbours. */
function widths(op: string, y: Tensor, x: Tensor | null | undefined, dx: number, dim: number): number | Tensor {
  if (x === undefined || x === null) return dx;
  if (x.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
  let points = x;
  if (x.ndim === 1) {
    if (x.size !== y.shape[dim])
      throw new ShapeError(`${op}: ${x.size} points for ${y.shape[dim]} values along dim ${dim} of ${show(y.shape)}`);
    points = x.reshape(y.shape.map((_, k) => (k === dim ? x.size : 1))) as Tensor;
  } else if (x.ndim < y.ndim) points = x.reshape([...new Array<number>(y.ndim - x.ndim).fill(1), ...x.shape]) as Tensor;
  return diff(points, 1, dim);
}

/** Twice the areas under the intervals along `dim`. */
function doubledAreas(y: Tensor, width: number | Tensor, dim: number): Tensor {
  const left = Math.max(y.shape[dim]! - 1, 0);
  const sums = y.narrow(dim, 0, left).add(y.narrow(dim, y.shape[dim]! - left, left) as never) as Tensor;
  return sums.mul(width as never) as Tensor;
}

interface Integral {
  readonly y: Tensor;
  readonly dim: number;
  readonly width: number | Tensor;
}

function understood(
  op: string,
  y: Tensor,
  second: Tensor | TrapezoidOptions | null | undefined,
  third: TrapezoidOptions | undefined,
): Integral {
  checkTensor(op, y);
  const [x, options] = isOptions<TrapezoidOptions>(second) ? [null, second] : [second as Tensor | null | undefined, third ?? {}];
  if (x != null && options.dx !== undefined) throw new ValueError(`${op}: give the points x or their distance dx, not both`);
  if (y.ndim === 0) throw new IndexError(`${op}: a 0-d tensor has no dimension to integrate over`);
  if (y.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
  const dim = normalizeDim(op, options.dim ?? -1, y.shape);
  return { y, dim, width: y.shape[dim] === 0 ? 1 : widths(op, y, x, options.dx ?? 1, dim) };
}

/**
 * The integral along a dimension by the trapezoidal rule, over points `x` or points `dx` apart.
 *
 * @param x 1-d points for the dimension, or points for every line; broadcast in the other dimensions
 * @throws ShapeError when the points do not fit; DTypeError for bools; IndexError for a 0-d tensor
 * @example
 * ```ts
 * trapezoid(tensor([1, 5, 10]));                     // 10.5
 * trapezoid(tensor([1, 5, 10]), tensor([1, 3, 6]));  // 28.5
 * trapezoid(tensor([1, 5, 10]), { dx: 2 });          // 21
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.trapezoid.html
 */
export function trapezoid(y: Tensor, x?: Tensor | null, options?: TrapezoidOptions): Tensor;
export function trapezoid(y: Tensor, options: TrapezoidOptions): Tensor;
export function trapezoid(y: Tensor, second?: Tensor | TrapezoidOptions | null, third?: TrapezoidOptions): Tensor {
  const { y: values, width, dim } = understood('trapezoid', y, second, third);
  if (typeof width !== 'number' || values.shape[dim] === 0) return doubledAreas(values, width, dim).sum(dim).div(2) as Tensor;
  // Every value counts, but those at the ends only half.
  const ends = values.select(dim, 0).add(values.select(dim, -1) as never) as Tensor;
  return values.sum(dim).sub(ends.mul(0.5)).mul(width) as Tensor;
}

/** {@link trapezoid} under its old name. @see https://pytorch.org/docs/stable/generated/torch.trapz.html */
export const trapz: typeof trapezoid = trapezoid;

/**
 * The running integral along a dimension by the trapezoidal rule: as {@link trapezoid}, with cumulative sums.
 *
 * @throws ShapeError when the points do not fit; DTypeError for bools; IndexError for a 0-d tensor
 * @example
 * ```ts
 * cumulativeTrapezoid(tensor([1, 5, 10])); // [3, 10.5]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html
 */
export function cumulativeTrapezoid(y: Tensor, x?: Tensor | null, options?: TrapezoidOptions): Tensor;
export function cumulativeTrapezoid(y: Tensor, options: TrapezoidOptions): Tensor;
export function cumulativeTrapezoid(y: Tensor, second?: Tensor | TrapezoidOptions | null, third?: TrapezoidOptions): Tensor {
  const { y: values, width, dim } = understood('cumulativeTrapezoid', y, second, third);
  return doubledAreas(values, width, dim).cumsum(dim).div(2) as Tensor;
}

addMethod('diff', function (this: Tensor, n?: number, dim?: number, options?: DiffOptions) {
  return diff(this, n, dim, options);
});
