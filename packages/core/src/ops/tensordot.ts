import { ShapeError, ValueError } from '../errors.ts';
import { sizeOf } from '../layout.ts';
import { checkAlike } from '../parts/products.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { matmul } from './matmul.ts';

/** The dimensions that {@link tensordot} sums over: how many at the end of `a` and the start of `b`, or a list for each. */
export type ContractedDims = number | readonly [readonly number[], readonly number[]];

/** The dimensions of both operands, from the front. */
function pairsOf(a: Tensor, b: Tensor, dims: ContractedDims): [number[], number[]] {
  const op = 'tensordot';
  if (typeof dims === 'number') {
    if (!Number.isInteger(dims) || dims < 0) throw new ValueError(`${op}: dims must be a whole number of at least 0, got ${dims}`);
    const from = a.ndim - dims;
    if (from < 0 || dims > b.ndim)
      throw new ShapeError(`${op}: ${show(a.shape)} and ${show(b.shape)} have not both ${dims} dimensions to sum over`);
    return [Array.from({ length: dims }, (_, i) => from + i), Array.from({ length: dims }, (_, i) => i)];
  }
  if (dims.length !== 2 || dims.some((list) => !Array.isArray(list))) {
    throw new ValueError(`${op}: dims must be a number or two lists of dimensions`);
  }
  const [x, y] = dims;
  if (x.length !== y.length) throw new ValueError(`${op}: the lists of dimensions ${show(x)} and ${show(y)} have different lengths`);
  const fromFront = (t: Tensor, list: readonly number[]): number[] => {
    const out = list.map((d) => normalizeDim(op, d, t.shape));
    if (new Set(out).size !== out.length) throw new ValueError(`${op}: a dimension is repeated in ${show(list)}`);
    return out;
  };
  return [fromFront(a, x), fromFront(b, y)];
}

/**
 * Sums of products over any dimensions of two tensors: the result has the other dimensions of `a`, then those of `b`. A
 * dimension of size 1 repeats where its partner is larger.
 *
 * @param dims a number of dimensions, the last of `a` and the first of `b`; or two lists of dimensions that belong
 *   together. Default 2
 * @throws ShapeError when sizes of dimensions that belong together differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @throws IndexError when a dimension is out of range; ValueError when one is repeated
 * @example
 * ```ts
 * tensordot(ones([2, 3, 4]), ones([4, 3, 5]), [[1, 2], [1, 0]]).shape; // [2, 5]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.tensordot.html
 */
export function tensordot(a: Tensor, b: Tensor, dims: ContractedDims = 2): Tensor {
  const [x, y] = pairsOf(a, b, dims);
  let [left, right] = [a, b];
  x.forEach((d, i) => {
    const [n, m] = [a.shape[d]!, b.shape[y[i]!]!];
    if (n === m) return;
    if (n !== 1 && m !== 1) {
      throw new ShapeError(
        `tensordot: ${show(a.shape)} has size ${n} at dimension ${d} but ${show(b.shape)} has size ${m} at dimension ${y[i]!}; they are summed over together`,
      );
    }
  });
  checkAlike('tensordot', [a, b]);
  x.forEach((d, i) => {
    const [n, m] = [a.shape[d]!, b.shape[y[i]!]!];
    // Where one side repeats, the other can be summed beforehand.
    if (n === 1 && m !== 1) right = right.sum(y[i]!, { keepdim: true, dtype: b.dtype }) as Tensor;
    else if (m === 1 && n !== 1) left = left.sum(d, { keepdim: true, dtype: a.dtype }) as Tensor;
  });
  const freeX = a.shape.map((_, d) => d).filter((d) => !x.includes(d));
  const freeY = b.shape.map((_, d) => d).filter((d) => !y.includes(d));
  const rows = freeX.map((d) => a.shape[d]!);
  const columns = freeY.map((d) => b.shape[d]!);
  const inner = sizeOf(x.map((d) => left.shape[d]!));
  const flatX = left.permute(...[...freeX, ...x]).reshape([sizeOf(rows), inner]) as Tensor;
  const flatY = right.permute(...[...y, ...freeY]).reshape([inner, sizeOf(columns)]) as Tensor;
  return matmul(flatX, flatY).reshape([...rows, ...columns]) as Tensor;
}
