import { elementwise } from '../elementwise.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { input as operand } from '../expr/node.ts';
import { fuseSum } from '../fuse.ts';
import { mul } from '../ops/arithmetic.ts';
import { stack } from '../ops/join.ts';
import { matmul } from '../ops/matmul.ts';
import { checkFloating } from '../parts/losses.ts';
import { checkAlike } from '../parts/products.ts';
import { broadcastShapes, normalizeDim, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

// Products that PyTorch has in `torch.linalg` only, or with other defaults there.

/** Options of products along one dimension. */
export interface AlongOptions {
  /** Default -1. */
  dim?: number;
}

const minor = elementwise('cross', (a, b, c, d) => a.mul(b).sub(c.mul(d)), { dtype: 'promote' });

/**
 * The cross products of the vectors of 3 elements along one dimension. The other dimensions broadcast.
 *
 * @param input size 3 along `dim`
 * @param other of as many dimensions, size 3 along `dim`
 * @param options `dim`, default the last
 * @throws ShapeError when the numbers of dimensions differ, the sizes along `dim` are not 3, or the others do not broadcast
 * @throws DTypeError when the dtypes differ, or for bool
 * @throws IndexError when `dim` is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.cross.html
 */
export function cross(input: Tensor, other: Tensor, options: AlongOptions = {}): Tensor {
  const op = 'cross';
  if (input.ndim !== other.ndim || input.ndim === 0) {
    throw new ShapeError(
      `${op}: the operands must have as many dimensions (at least 1), got ${show(input.shape)} and ${show(other.shape)}`,
    );
  }
  const dim = normalizeDim(op, options.dim ?? -1, input.shape);
  for (const t of [input, other]) {
    if (t.shape[dim] !== 3) throw new ShapeError(`${op}: ${show(t.shape)} has size ${t.shape[dim]} at dimension ${dim}, expected 3`);
  }
  checkAlike(op, [input, other]);
  broadcastShapes(op, [input.shape, other.shape]);
  const [a, b] = [input, other].map((t) => [0, 1, 2].map((i) => t.select(dim, i) as Tensor)) as [Tensor[], Tensor[]];
  const parts = [0, 1, 2].map((i) => {
    const [j, k] = [(i + 1) % 3, (i + 2) % 3];
    return minor(a[j]!, b[k]!, a[k]!, b[j]!);
  });
  return stack(parts, dim) as Tensor;
}

const product = mul(operand(0), operand(1));

/**
 * The sums of products along one dimension of two tensors, which broadcast.
 *
 * @param x floating
 * @param y of the same dtype
 * @param options `dim` of the broadcast shape, default the last
 * @throws DTypeError when an operand is not floating or the dtypes differ
 * @throws ShapeError when the shapes do not broadcast
 * @throws IndexError when `dim` is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
 */
export function vecdot(x: Tensor, y: Tensor, options: AlongOptions = {}): Tensor {
  checkFloating('vecdot', 'first operand', x);
  checkAlike('vecdot', [x, y]);
  const shape = broadcastShapes('vecdot', [x.shape, y.shape]);
  const dim = normalizeDim('vecdot', options.dim ?? -1, shape);
  return fuseSum('vecdot', product, [x, y], [], { dims: shape.length === 0 ? [] : [dim] });
}

/**
 * The product of two or more matrices, multiplied in the order that takes the fewest scalar multiplications. The first
 * may be a vector (a row), the last as well (a column); the result lacks that dimension.
 *
 * @throws ValueError for fewer than two tensors
 * @throws ShapeError when one of the others is no matrix or inner dimensions differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @example
 * ```ts
 * linalg.multiDot([ones([10, 100]), ones([100, 5]), ones([5, 50])]).shape; // [10, 50]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const op = 'multiDot';
  const last = tensors.length - 1;
  if (last < 1) throw new ValueError(`${op}: at least two tensors are needed, got ${tensors.length}`);
  tensors.forEach((t, i) => {
    const end = i === 0 || i === last;
    if (t.ndim !== 2 && !(end && t.ndim === 1)) {
      throw new ShapeError(`${op}: tensor ${i} must be a matrix${end ? ' or a vector' : ''}, got ${show(t.shape)}`);
    }
    if (t.dtype !== tensors[0]!.dtype) throw new DTypeError(`${op}: dtypes differ: ${tensors[0]!.dtype} and ${t.dtype} (tensor ${i})`);
  });
  const [row, column] = [tensors[0]!.ndim === 1, tensors[last]!.ndim === 1];
  const matrices = tensors.map((t, i) => (t.ndim === 2 ? t : (t.unsqueeze(i === 0 ? 0 : 1) as Tensor)));
  for (let i = 0; i < last; i++) {
    const [a, b] = [matrices[i]!.shape, matrices[i + 1]!.shape];
    if (a[1] !== b[0]) {
      const shapes = `${show(tensors[i]!.shape)} and ${show(tensors[i + 1]!.shape)}`;
      throw new ShapeError(`${op}: tensors ${i} and ${i + 1} have shapes ${shapes}: inner dimensions ${a[1]} and ${b[0]} differ`);
    }
  }
  checkAlike(op, matrices);
  const out = multiply(matrices, splits([...matrices.map((t) => t.shape[0]!), matrices[last]!.shape[1]!]), 0, last);
  const shape = out.shape.filter((_, d) => !(d === 0 ? row : column));
  return shape.length === 2 ? out : (out.reshape(shape) as Tensor);
}

/**
 * For every run of matrices i to j, after which one to split it so that the products cost least (dynamic programming over
 * the lengths of runs). Matrix i is `sizes[i]` by `sizes[i + 1]`.
 */
function splits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const split = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      cost[i]![j] = Infinity;
      for (let k = i; k < j; k++) {
        const q = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (q < cost[i]![j]!) {
          cost[i]![j] = q;
          split[i]![j] = k;
        }
      }
    }
  }
  return split;
}

function multiply(matrices: readonly Tensor[], split: readonly (readonly number[])[], i: number, j: number): Tensor {
  if (i === j) return matrices[i]!;
  const k = split[i]![j]!;
  return matmul(multiply(matrices, split, i, k), multiply(matrices, split, k + 1, j));
}
