import { DTypeError, ShapeError } from '../errors.ts';
import { checkRank } from '../parts/products.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { tensordot } from './tensordot.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link outer} of this vector and another. @see https://pytorch.org/docs/stable/generated/torch.outer.html */
    outer(vec2: Tensor): Tensor<readonly [number, number]>;
    /** {@link ger} of this vector and another. @see https://pytorch.org/docs/stable/generated/torch.ger.html */
    ger(vec2: Tensor): Tensor<readonly [number, number]>;
    /** {@link inner} of this tensor and another. @see https://pytorch.org/docs/stable/generated/torch.inner.html */
    inner(other: Tensor): Tensor;
    /** {@link kron} of this tensor and another. @see https://pytorch.org/docs/stable/generated/torch.kron.html */
    kron(other: Tensor): Tensor;
    /** {@link trace} of this matrix. @see https://pytorch.org/docs/stable/generated/torch.trace.html */
    trace(): Tensor<readonly []>;
  }
}

function outerProduct(op: string, a: Tensor, b: Tensor): Tensor<readonly [number, number]> {
  checkRank(op, 'first operand', a, 1);
  checkRank(op, 'second operand', b, 1);
  return mul(a.unsqueeze(1) as Tensor, b) as Tensor as Tensor<readonly [number, number]>;
}

/**
 * Every product of an element of one vector and an element of another: [n] by [m] to [n, m]. The dtypes are promoted.
 *
 * @throws ShapeError when an operand is no vector
 * @example
 * ```ts
 * outer(tensor([1, 2]), tensor([3, 4, 5])); // [[3, 4, 5], [6, 8, 10]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.outer.html
 */
export function outer(input: Tensor, vec2: Tensor): Tensor<readonly [number, number]> {
  return outerProduct('outer', input, vec2);
}

/** {@link outer} under its older name. @throws ShapeError when an operand is no vector @see https://pytorch.org/docs/stable/generated/torch.ger.html */
export function ger(input: Tensor, vec2: Tensor): Tensor<readonly [number, number]> {
  return outerProduct('ger', input, vec2);
}

/**
 * Sums of products over the last dimensions: [..., k] by [..., k] to the other dimensions of both. A 0-d operand is a factor.
 *
 * @throws ShapeError when the last dimensions differ
 * @throws DTypeError when the dtypes differ, or for bool, unless an operand is 0-d
 * @example
 * ```ts
 * inner(ones([2, 3, 4]), ones([5, 4])).shape; // [2, 3, 5]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.inner.html
 */
export function inner(input: Tensor, other: Tensor): Tensor {
  if (input.ndim === 0 || other.ndim === 0) return mul(input, other) as Tensor;
  const [x, y] = [input.shape[input.ndim - 1]!, other.shape[other.ndim - 1]!];
  if (x !== y) throw new ShapeError(`inner: the last dimensions of ${show(input.shape)} and ${show(other.shape)} differ: ${x} and ${y}`);
  return tensordot(input, other, [[-1], [-1]]);
}

/**
 * The Kronecker product: every product of an element of one tensor and an element of another, arranged in blocks: the
 * result has `input.shape[d] * other.shape[d]` entries along each dimension. The shorter shape gets leading ones. The
 * dtypes are promoted.
 *
 * @example
 * ```ts
 * kron(eye(2), tensor([[1, 2], [3, 4]])); // [[1, 2, 0, 0], [3, 4, 0, 0], [0, 0, 1, 2], [0, 0, 3, 4]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.kron.html
 */
export function kron(input: Tensor, other: Tensor): Tensor {
  const rank = Math.max(input.ndim, other.ndim);
  const padded = (t: Tensor): number[] => [...new Array<number>(rank - t.ndim).fill(1), ...t.shape];
  const [x, y] = [padded(input), padded(other)];
  const blocks = input.reshape(x.flatMap((n) => [n, 1])) as Tensor;
  const inside = other.reshape(y.flatMap((n) => [1, n])) as Tensor;
  return mul(blocks, inside).reshape(x.map((n, d) => n * y[d]!)) as Tensor;
}

/**
 * The sum of the diagonal of a matrix: [n, m] to []; of integers an int64.
 *
 * @throws ShapeError when the input is no matrix
 * @throws DTypeError for bool
 * @see https://pytorch.org/docs/stable/generated/torch.trace.html
 */
export function trace(input: Tensor): Tensor<readonly []> {
  checkRank('trace', 'input', input, 2);
  if (input.dtype === 'bool') throw new DTypeError("trace: not defined for bool; convert with to('int64') first");
  return input.diagonal().sum();
}

addMethod('outer', function (this: Tensor, vec2: Tensor) {
  return outer(this, vec2);
});
addMethod('ger', function (this: Tensor, vec2: Tensor) {
  return ger(this, vec2);
});
addMethod('inner', function (this: Tensor, other: Tensor) {
  return inner(this, other);
});
addMethod('kron', function (this: Tensor, other: Tensor) {
  return kron(this, other);
});
addMethod('trace', function (this: Tensor) {
  return trace(this);
});
