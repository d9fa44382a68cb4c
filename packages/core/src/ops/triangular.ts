import { isIntegral } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { checkSizes, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { type CreationOptions, fromBuffer, tensor } from './create.ts';
import { where } from './where.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link tril} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.tril.html */
    tril<A extends Shape>(this: Tensor<A>, diagonal?: number): Tensor<A>;
    /** {@link triu} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.triu.html */
    triu<A extends Shape>(this: Tensor<A>, diagonal?: number): Tensor<A>;
    /** In-place {@link Tensor.tril}. */
    tril_<A extends Shape>(this: Tensor<A>, diagonal?: number): Tensor<A>;
    /** In-place {@link Tensor.triu}. */
    triu_<A extends Shape>(this: Tensor<A>, diagonal?: number): Tensor<A>;
  }
}

/** The matrices of `t` with zeros where `keep(column - row)` does not hold. */
function masked(op: string, t: Tensor, diagonal: number, keep: (above: number) => boolean): Tensor {
  if (t.ndim < 2) throw new ShapeError(`${op}: needs at least 2 dimensions, got ${show(t.shape)}`);
  if (!Number.isInteger(diagonal)) throw new ValueError(`${op}: diagonal must be an integer, got ${diagonal}`);
  const [rows, columns] = t.shape.slice(-2) as [number, number];
  const mask = Uint8Array.from({ length: rows * columns }, (_, i) => (keep((i % columns) - Math.floor(i / columns)) ? 1 : 0));
  // A choice, not a product: what is cut off may be infinite or NaN.
  return where(fromBuffer(mask, 'bool', [rows, columns], { device: t.device }), t, t.dtype === 'bool' ? false : 0) as Tensor;
}

/**
 * The lower triangle of a matrix (or of each in a batch), with zeros above.
 *
 * @param diagonal the last diagonal that stays: 0 the main one, positive above it
 * @throws ShapeError for fewer than 2 dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.tril.html
 */
export function tril<A extends Shape>(t: Tensor<A>, diagonal?: number): Tensor<A>;
export function tril(t: Tensor, diagonal: number = 0): Tensor {
  return masked('tril', t, diagonal, (above) => above <= diagonal);
}

/**
 * The upper triangle of a matrix (or of each in a batch), with zeros below.
 *
 * @param diagonal the first diagonal that stays: 0 the main one, positive above it
 * @throws ShapeError for fewer than 2 dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.triu.html
 */
export function triu<A extends Shape>(t: Tensor<A>, diagonal?: number): Tensor<A>;
export function triu(t: Tensor, diagonal: number = 0): Tensor {
  return masked('triu', t, diagonal, (above) => above >= diagonal);
}

/** Rows and columns of the places in a matrix where `keep(column - row)` holds, row by row. */
function places(
  op: string,
  rows: number,
  columns: number,
  offset: number,
  options: CreationOptions,
  keep: (above: number) => boolean,
): Tensor {
  checkSizes(op, [rows, columns]);
  if (!Number.isInteger(offset)) throw new ValueError(`${op}: offset must be an integer, got ${offset}`);
  const dtype = options.dtype ?? 'int64';
  if (!isIntegral(dtype)) throw new DTypeError(`${op}: places are integers, not ${dtype}`);
  const at: number[][] = [[], []];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (!keep(j - i)) continue;
      at[0]!.push(i);
      at[1]!.push(j);
    }
  }
  return tensor(at.flat(), { ...options, dtype, shape: [2, at[0]!.length] });
}

/**
 * The places of the lower triangle of a matrix, row by row: [2, n], rows first.
 *
 * @param offset the last diagonal that counts: 0 (default) the main one, positive above it
 * @throws ShapeError for a negative size; DTypeError for a dtype that is not integral (int64 by default)
 * @example
 * ```ts
 * trilIndices(2, 2); // [[0, 1, 1], [0, 0, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.tril_indices.html
 */
export function trilIndices(rows: number, columns: number, offset: number = 0, options: CreationOptions = {}): Tensor {
  return places('trilIndices', rows, columns, offset, options, (above) => above <= offset);
}

/** The places of the upper triangle of a matrix; as {@link trilIndices}. @see https://pytorch.org/docs/stable/generated/torch.triu_indices.html */
export function triuIndices(rows: number, columns: number, offset: number = 0, options: CreationOptions = {}): Tensor {
  return places('triuIndices', rows, columns, offset, options, (above) => above >= offset);
}

addMethod('tril', function (this: Tensor, diagonal?: number) {
  return tril(this, diagonal);
});
addMethod('triu', function (this: Tensor, diagonal?: number) {
  return triu(this, diagonal);
});
addMethod('tril_', function (this: Tensor, diagonal?: number) {
  return inPlace('tril_', this, () => tril(this, diagonal) as Tensor);
});
addMethod('triu_', function (this: Tensor, diagonal?: number) {
  return inPlace('triu_', this, () => triu(this, diagonal) as Tensor);
});
