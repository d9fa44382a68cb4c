import type { View } from '../backend.ts';
import { promoteTypes } from '../dtype.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { backendOf, matmulData } from '../kernels.ts';
import { broadcastStrides, sameShape, sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { checkAlike, checkInner, checkRank } from '../parts/products.ts';
import { sumTo } from '../parts/sum-to.ts';
import { matmulShape, show } from '../shape.ts';
import type { MatMul, Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out, ShapeOf } from '../typed.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Matrix product. Vectors are promoted and batch dimensions broadcast: [m, k] @ [k, n], [.., m, k] @ [.., k, n],
     * [k] @ [k, n], [m, k] @ [k], [k] @ [k].
     *
     * @throws ShapeError when inner or batch dimensions do not fit
     * @see https://pytorch.org/docs/stable/generated/torch.matmul.html
     */
    matmul<A extends Shape, T extends Tensor>(this: Tensor<A>, other: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
    /** {@link mm} of this matrix and another. @see https://pytorch.org/docs/stable/generated/torch.mm.html */
    mm<A extends Shape, T extends Tensor>(this: Tensor<A>, mat2: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
    /** {@link bmm} of this batch of matrices and another. @see https://pytorch.org/docs/stable/generated/torch.bmm.html */
    bmm<A extends Shape, T extends Tensor>(this: Tensor<A>, mat2: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
    /** {@link mv} of this matrix and a vector. @see https://pytorch.org/docs/stable/generated/torch.mv.html */
    mv<A extends Shape, T extends Tensor>(this: Tensor<A>, vec: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
    /** {@link dot} of this vector and another. @see https://pytorch.org/docs/stable/generated/torch.dot.html */
    dot<A extends Shape, T extends Tensor>(this: Tensor<A>, tensor: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
    /** {@link vdot} of this vector and another. @see https://pytorch.org/docs/stable/generated/torch.vdot.html */
    vdot<A extends Shape, T extends Tensor>(this: Tensor<A>, other: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
  }
}

/** A view of a matrix batch under broadcast batch dimensions. */
function batched(t: Tensor, batch: readonly number[]): View {
  if (batch.length === 0) return t as View;
  const shape = [...batch, ...t.shape.slice(-2)];
  return { handle: t.handle, dtype: t.dtype, shape, strides: broadcastStrides(t.shape, t.strides, shape), offset: t.offset };
}

/** The product of matrices (rank 2 and more on both sides). */
const matmulOp = defineOp<void>({
  name: 'matmul',
  infer: ([a, b]) => {
    const shape = matmulShape(a!.shape, b!.shape);
    if (a!.dtype !== b!.dtype) throw new DTypeError(`matmul: dtypes differ: ${a!.dtype} and ${b!.dtype}`);
    if (a!.dtype === 'bool') throw new DTypeError('matmul: not defined for bool');
    return [{ shape, dtype: promoteTypes(a!.dtype, b!.dtype) }];
  },
  forward: ([a, b], _attrs, [out]) => {
    const backend = backendOf('matmul', [a!, b!]);
    const batch = out!.shape.slice(0, -2);
    return [matmulData(backend, 'matmul', batched(a!, batch), batched(b!, batch), out!.dtype, out!.shape)];
  },
  save: ([a, b]) => [a!, b!],
  backward: ({ saved: [a, b], needs }, [g]) => [
    needs[0] ? sumTo(g!.matmul(b!.mT) as Tensor, a!.shape) : null,
    needs[1] ? sumTo(a!.mT.matmul(g! as never) as Tensor, b!.shape) : null,
  ],
});

/** Matrix product of tensors of any rank from 1; see {@link Tensor.matmul}. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const shape = matmulShape(a.shape, b.shape);
  const x = a.ndim === 1 ? (a.reshape([1, a.shape[0]!]) as Tensor) : a;
  const y = b.ndim === 1 ? (b.reshape([b.shape[0]!, 1]) as Tensor) : b;
  // A batch by one matrix is one tall product, and so is its gradient: no batch of gradients that are summed afterwards.
  const tall = x.ndim > 2 && y.ndim === 2;
  const rows = tall ? (x.reshape([sizeOf(x.shape.slice(0, -1)), x.shape[x.ndim - 1]!]) as Tensor) : x;
  const out = matmulOp([rows, y], undefined)[0]!;
  return sameShape(out.shape, shape) ? out : (out.reshape(shape) as Tensor);
}

/**
 * The product of two matrices: [n, m] by [m, p] to [n, p]. Nothing broadcasts.
 *
 * @throws ShapeError when an operand is no matrix or the inner dimensions differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @example
 * ```ts
 * mm(ones([2, 3]), ones([3, 4])).shape; // [2, 4]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.mm.html
 */
export function mm<A extends Shape, T extends Tensor>(input: Tensor<A>, mat2: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
export function mm(input: Tensor, mat2: Tensor): Tensor {
  return strict('mm', input, 2, mat2, 2);
}

/**
 * The products of the matrices of two batches: [b, n, m] by [b, m, p] to [b, n, p]. Nothing broadcasts.
 *
 * @throws ShapeError when an operand has not three dimensions, or the batches or inner dimensions differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.bmm.html
 */
export function bmm<A extends Shape, T extends Tensor>(input: Tensor<A>, mat2: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
export function bmm(input: Tensor, mat2: Tensor): Tensor {
  return strict('bmm', input, 3, mat2, 3);
}

/**
 * A matrix times a vector: [n, m] by [m] to [n].
 *
 * @throws ShapeError when the operands are no matrix and vector or the inner dimensions differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.mv.html
 */
export function mv<A extends Shape, T extends Tensor>(input: Tensor<A>, vec: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
export function mv(input: Tensor, vec: Tensor): Tensor {
  return strict('mv', input, 2, vec, 1);
}

/**
 * The sum of the products of two vectors' elements: [n] by [n] to [].
 *
 * @throws ShapeError when an operand is no vector or the sizes differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @example
 * ```ts
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // 11
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.dot.html
 */
export function dot<A extends Shape, T extends Tensor>(input: Tensor<A>, tensor: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
export function dot(input: Tensor, tensor: Tensor): Tensor {
  return strict('dot', input, 1, tensor, 1);
}

/**
 * {@link dot} under the name for complex numbers; of real ones it is the same.
 *
 * @throws ShapeError when an operand is no vector or the sizes differ
 * @throws DTypeError when the dtypes differ, or for bool
 * @see https://pytorch.org/docs/stable/generated/torch.vdot.html
 */
export function vdot<A extends Shape, T extends Tensor>(input: Tensor<A>, other: Ok<MatMul<A, ShapeOf<T>>, T>): Out<MatMul<A, ShapeOf<T>>>;
export function vdot(input: Tensor, other: Tensor): Tensor {
  return strict('vdot', input, 1, other, 1);
}

/** A product of operands of these very ranks. */
function strict(op: string, a: Tensor, rankA: number, b: Tensor, rankB: number): Tensor {
  checkRank(op, 'first operand', a, rankA);
  checkRank(op, 'second operand', b, rankB);
  if (rankA === 3 && a.shape[0] !== b.shape[0]) {
    throw new ShapeError(
      `${op}: the batches differ: ${a.shape[0]} in ${show(a.shape)} and ${b.shape[0]} in ${show(b.shape)} (dimension 0)`,
    );
  }
  checkInner(op, a, rankA - 1, b, Math.max(rankB - 2, 0));
  checkAlike(op, [a, b]);
  return matmul(a, b);
}

addMethod('matmul', function (this: Tensor, other: Tensor) {
  return matmul(this, other);
});
for (const [name, run] of Object.entries({ mm, bmm, mv, dot, vdot })) {
  addMethod(name, function (this: Tensor, other: Tensor) {
    return (run as (a: Tensor, b: Tensor) => Tensor)(this, other);
  });
}
