import { type DType, isFloating } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import { input } from '../expr/node.ts';
import { sizeOf } from '../layout.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Reduce, Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

/** Options of reductions. */
export interface ReduceOptions<K extends boolean = boolean> {
  /** Keep reduced dimensions with size 1. Default false. */
  keepdim?: K;
  /** Cast to this dtype before reducing. */
  dtype?: DType;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Sum over `dim` (one, several, or all); integers and bools sum to int64. @see https://pytorch.org/docs/stable/generated/torch.sum.html */
    sum<A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
    sum<A extends Shape, const X extends number, const K extends boolean = false>(
      this: Tensor<A>,
      dim: Ok<Reduce<A, X, K>, X>,
      options?: ReduceOptions<K>,
    ): Out<Reduce<A, X, K>>;
    sum(dim?: number | readonly number[] | null, options?: ReduceOptions): Tensor;
    /** Mean over `dim` (one, several, or all). @throws DTypeError for integers and bools @see https://pytorch.org/docs/stable/generated/torch.mean.html */
    mean<A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
    mean<A extends Shape, const X extends number, const K extends boolean = false>(
      this: Tensor<A>,
      dim: Ok<Reduce<A, X, K>, X>,
      options?: ReduceOptions<K>,
    ): Out<Reduce<A, X, K>>;
    mean(dim?: number | readonly number[] | null, options?: ReduceOptions): Tensor;
  }
}

/** Sum or mean of a tensor: the identity expression, reduced. */
function total(
  name: string,
  t: Tensor,
  dim: number | readonly number[] | null | undefined,
  options: ReduceOptions,
  divide: boolean,
): Tensor {
  const dims = normalizeDims(name, dim, t.shape);
  const output = options.dtype ?? (isFloating(t.dtype) ? t.dtype : 'int64');
  if (divide && !isFloating(output)) throw new DTypeError(`${name}: not defined for ${t.dtype}; convert with to('float32') first`);
  const count = sizeOf(dims.map((d) => t.shape[d]!));
  return evaluate({
    name,
    expr: input(0),
    inputs: [t],
    params: [],
    shape: t.shape,
    dims,
    result: reducedShape(t.shape, dims, options.keepdim ?? false),
    divisor: divide ? count : 1,
    compute: output,
    output,
  });
}

addMethod('sum', function (this: Tensor, dim?: number | readonly number[] | null, options: ReduceOptions = {}) {
  return total('sum', this, dim, options, false);
});
addMethod('mean', function (this: Tensor, dim?: number | readonly number[] | null, options: ReduceOptions = {}) {
  return total('mean', this, dim, options, true);
});
