import { IndexError, ShapeError, ValueError } from '../errors.ts';
import { defineView } from '../op.ts';
import { padDim, spacedOut } from '../parts/padding.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * The diagonal of the matrices in dimensions `dim1` (default 0) and `dim2` (default 1), as a last dimension. A view.
     *
     * @param offset above the main diagonal when positive; default 0
     * @see https://pytorch.org/docs/stable/generated/torch.diagonal.html
     */
    diagonal(offset?: number, dim1?: number, dim2?: number): Tensor;
    /** {@link diag} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.diag.html */
    diag(diagonal?: number): Tensor;
    /** {@link diagEmbed} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.diag_embed.html */
    diagEmbed(offset?: number, dim1?: number, dim2?: number): Tensor;
    /** {@link diagflat} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.diagflat.html */
    diagflat(offset?: number): Tensor;
  }
}

/** The last dimension of `t` on a diagonal of matrices that are zero elsewhere, in the last two dimensions. */
function onDiagonal(t: Tensor, rows: number, columns: number, offset: number): Tensor {
  const last = t.ndim - 1;
  const length = t.shape[last]!;
  // In a flat matrix a diagonal is one entry in every columns + 1.
  const spaced = spacedOut(t, last, columns);
  const before = length === 0 ? 0 : offset >= 0 ? offset : -offset * columns;
  const flat = padDim(spaced, last, before, rows * columns - before - length * (columns + 1));
  return flat.reshape([...t.shape.slice(0, -1), rows, columns]) as Tensor;
}

const diagonalOp = defineView<{ readonly offset: number; readonly dim1: number; readonly dim2: number }>({
  name: 'diagonal',
  window(t, { offset, dim1, dim2 }) {
    const rest = t.shape.map((_, d) => d).filter((d) => d !== dim1 && d !== dim2);
    const length = Math.max(
      offset >= 0 ? Math.min(t.shape[dim1]!, t.shape[dim2]! - offset) : Math.min(t.shape[dim1]! + offset, t.shape[dim2]!),
      0,
    );
    const shift = offset >= 0 ? offset * t.strides[dim2]! : -offset * t.strides[dim1]!;
    return {
      shape: [...rest.map((d) => t.shape[d]!), length],
      strides: [...rest.map((d) => t.strides[d]!), t.strides[dim1]! + t.strides[dim2]!],
      offset: length === 0 ? t.offset : t.offset + shift,
    };
  },
  backward: ({ attrs: { offset, dim1, dim2 }, input }, g) =>
    onDiagonal(g, input.shape[dim1]!, input.shape[dim2]!, offset).movedim([-2, -1], [dim1, dim2]),
});

/** `offset` where it is an integer. */
function offsetOf(op: string, offset: number): number {
  if (!Number.isInteger(offset)) throw new ValueError(`${op}: offset must be an integer, got ${offset}`);
  return offset;
}

/** Two different dimensions. */
function planeOf(op: string, shape: Shape, dim1: number, dim2: number, extra: number): [number, number] {
  const a = normalizeDim(op, dim1, shape, extra);
  const b = normalizeDim(op, dim2, shape, extra);
  if (a === b) throw new ValueError(`${op}: dim1 and dim2 are the same dimension ${a}`);
  return [a, b];
}

/** {@link Tensor.diagonal} as a function. @see https://pytorch.org/docs/stable/generated/torch.diagonal.html */
export function diagonal(t: Tensor, offset: number = 0, dim1: number = 0, dim2: number = 1): Tensor {
  if (t.ndim < 2) throw new ShapeError(`diagonal: needs at least 2 dimensions, got ${show(t.shape)}`);
  const [a, b] = planeOf('diagonal', t.shape, dim1, dim2, 0);
  return diagonalOp(t, { offset: offsetOf('diagonal', offset), dim1: a, dim2: b });
}

/**
 * Square matrices, in dimensions `dim1` and `dim2` of the result, with the last dimension of `t` on a diagonal and zeros
 * elsewhere.
 *
 * @param offset which diagonal: above the main one when positive; default 0
 * @param dim1 default -2
 * @param dim2 default -1
 * @throws ValueError when both dims are the same; ShapeError for a 0-d tensor
 * @example
 * ```ts
 * diagEmbed(tensor([1, 2])); // [[1, 0], [0, 2]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.diag_embed.html
 */
export function diagEmbed(t: Tensor, offset: number = 0, dim1: number = -2, dim2: number = -1): Tensor {
  if (t.ndim === 0) throw new ShapeError('diagEmbed: needs at least 1 dimension, got a 0-d tensor');
  const [a, b] = planeOf('diagEmbed', t.shape, dim1, dim2, 1);
  const n = t.shape[t.ndim - 1]! + Math.abs(offsetOf('diagEmbed', offset));
  return onDiagonal(t, n, n, offset).movedim([-2, -1], [a, b]);
}

/**
 * Of a vector the square matrix with it on a diagonal; of a matrix a copy of its diagonal.
 *
 * @param diagonal which one: above the main diagonal when positive; default 0
 * @throws ShapeError for other ranks; IndexError for a diagonal that a matrix does not have
 * @see https://pytorch.org/docs/stable/generated/torch.diag.html
 */
export function diag(t: Tensor, diagonal: number = 0): Tensor {
  if (t.ndim === 1) return diagEmbed(t, offsetOf('diag', diagonal));
  if (t.ndim === 2) {
    const [rows, columns] = t.shape as readonly [number, number];
    if (offsetOf('diag', diagonal) > columns || -diagonal > rows) {
      throw new IndexError(`diag: there is no diagonal ${diagonal} in a matrix of shape ${show(t.shape)}`);
    }
    return t.diagonal(diagonal).clone();
  }
  throw new ShapeError(`diag: expected a vector or a matrix, got ${show(t.shape)}`);
}

/** The square matrix with all elements of `t` on a diagonal. @see https://pytorch.org/docs/stable/generated/torch.diagflat.html */
export function diagflat(t: Tensor, offset: number = 0): Tensor {
  return diagEmbed(t.flatten(), offset);
}

addMethod('diagonal', function (this: Tensor, offset?: number, dim1?: number, dim2?: number) {
  return diagonal(this, offset, dim1, dim2);
});
addMethod('diag', function (this: Tensor, offset?: number) {
  return diag(this, offset);
});
addMethod('diagEmbed', function (this: Tensor, offset?: number, dim1?: number, dim2?: number) {
  return diagEmbed(this, offset, dim1, dim2);
});
addMethod('diagflat', function (this: Tensor, offset?: number) {
  return diagflat(this, offset);
});
