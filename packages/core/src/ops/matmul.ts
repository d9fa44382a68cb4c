import type { View } from '../backend.ts';
import { promoteTypes } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import { backendOf, computeKernel, wrap } from '../kernels.ts';
import { broadcastStrides, sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { matmulShape } from '../shape.ts';
import type { MatMul, Shape } from '../shape-types.ts';
import { sumTo } from '../sum-to.ts';
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
  }
}

/** A view of a matrix batch under broadcast batch dimensions. */
function batched(t: Tensor, batch: readonly number[]): View {
  const shape = [...batch, ...t.shape.slice(-2)];
  return { handle: t.handle, dtype: t.dtype, shape, strides: broadcastStrides(t.shape, t.strides, shape), offset: t.offset };
}

/** The product of matrices (rank 2 and more on both sides). */
const matmulOp = defineOp<void>({
  name: 'matmul',
  doc: 'batched matrix product',
  infer: ([a, b]) => {
    const shape = matmulShape(a!.shape, b!.shape);
    if (a!.dtype !== b!.dtype) throw new DTypeError(`matmul: dtypes differ: ${a!.dtype} and ${b!.dtype}`);
    if (a!.dtype === 'bool') throw new DTypeError('matmul: not defined for bool');
    return [{ shape, dtype: promoteTypes(a!.dtype, b!.dtype) }];
  },
  forward: ([a, b], _attrs, [out]) => {
    const backend = backendOf('matmul', [a!, b!]);
    const batch = out!.shape.slice(0, -2);
    const views = [batched(a!, batch), batched(b!, batch)];
    const handle = computeKernel(backend, 'matmul', views, out!.dtype, sizeOf(out!.shape), (dev, [x, y]) =>
      dev.matmul({ a: x!, b: y!, dtype: out!.dtype }),
    );
    return [wrap(backend, handle, out!.dtype, out!.shape)];
  },
  save: ([a, b]) => [a!, b!],
  backward: ({ saved: [a, b], needs }, [g]) => [
    needs[0] ? sumTo(g!.matmul(b!.mT) as Tensor, a!.shape) : null,
    needs[1] ? sumTo(a!.mT.matmul(g! as never) as Tensor, b!.shape) : null,
  ],
});

/** Matrix product of tensors of any rank from 1; see {@link Tensor.matmul}. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  matmulShape(a.shape, b.shape);
  const x = a.ndim === 1 ? (a.reshape([1, a.shape[0]!]) as Tensor) : a;
  const y = b.ndim === 1 ? (b.reshape([b.shape[0]!, 1]) as Tensor) : b;
  const out = matmulOp([x, y], undefined)[0]!;
  if (x === a && y === b) return out;
  const shape = [...out.shape];
  if (y !== b) shape.pop();
  if (x !== a) shape.splice(y === b ? -2 : -1, 1);
  return out.reshape(shape) as Tensor;
}

addMethod('matmul', function (this: Tensor, other: Tensor) {
  return matmul(this, other);
});
