import { type DType, isFloating } from '../dtype.ts';
import { ValueError } from '../errors.ts';
import { sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { checkTensor, isOptions, type KeepDim, type ReduceAll, type ReduceOver, reduceData, withKept } from '../parts/reduction.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { onesLike } from './create.ts';
import { cat } from './join.ts';
import type { ReduceDType } from './sum.ts';

/** `prod` as a method. */
export interface ProdMethod {
  <A extends Shape>(this: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(this: Tensor<A>, options: KeepDim<K> & ReduceDType): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends number | null | undefined, const K extends boolean = false>(
    this: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & ReduceDType,
  ): Out<ReduceOver<A, X, K>>;
}

/** `prod` as a function. */
export interface ProdFunction {
  <A extends Shape>(x: Tensor<A>): Tensor<readonly []>;
  <A extends Shape, const K extends boolean = false>(x: Tensor<A>, options: KeepDim<K> & ReduceDType): Tensor<ReduceAll<A, K>>;
  <A extends Shape, const X extends number | null | undefined, const K extends boolean = false>(
    x: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & ReduceDType,
  ): Out<ReduceOver<A, X, K>>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Product of all elements, or along `dim`; integers and bools multiply to int64. Gradients are exact where elements are 0. @see https://pytorch.org/docs/stable/generated/torch.prod.html */
    readonly prod: ProdMethod;
  }
}

interface ProdAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  readonly dtype: DType;
}

const prodOp = defineOp<ProdAttrs>({
  name: 'prod',
  infer: ([x], { dims, keepdim, dtype }) => [{ shape: reducedShape(x!.shape, dims, keepdim), dtype }],
  forward: ([x], { dims, keepdim, dtype }) => [reduceData('prod', 'prod', x!, dims, keepdim, dtype, undefined, dtype)],
  save: ([x]) => [x!],
  backward: ({ attrs: { dims, dtype }, saved: [x] }, [g]) => {
    const { shape } = x!;
    // In the dtype of the product, as the forward pass; several dimensions are all of them, walked as one.
    const [line, dim] = dims.length === 1 ? [x!.to(dtype), dims[0]!] : [x!.to(dtype).reshape([sizeOf(shape)]) as Tensor, 0];
    const others = productOfOthers(line, dim).reshape(shape) as Tensor;
    return [withKept(g!, shape, dims).mul(others)];
  },
});

/**
 * At each place along `dim`, the product of all other elements: pairs are multiplied on the way up a binary tree, and what
 * lies outside of a subtree on the way down. Nothing is divided, so zeros are exact, and every order of derivative follows.
 */
function productOfOthers(x: Tensor, dim: number): Tensor {
  const n = x.shape[dim]!;
  if (n <= 1) return onesLike(x);
  const half = n >> 1;
  const left = x.narrow(dim, 0, half);
  const right = x.narrow(dim, half, half);
  const odd = n % 2 === 1 ? [x.narrow(dim, n - 1, 1)] : [];
  const outside = productOfOthers(cat([left.mul(right) as Tensor, ...odd], dim) as Tensor, dim);
  const ofPair = outside.narrow(dim, 0, half);
  return cat(
    [ofPair.mul(right) as Tensor, ofPair.mul(left) as Tensor, ...(odd.length > 0 ? [outside.narrow(dim, half, 1)] : [])],
    dim,
  ) as Tensor;
}

type Options = KeepDim & ReduceDType;

function product(x: Tensor, second?: number | null | Options, third: Options = {}): Tensor {
  checkTensor('prod', x);
  const [dim, options] = isOptions<Options>(second) ? [null, second] : [second, third];
  if (dim !== null && dim !== undefined && typeof dim !== 'number') throw new ValueError('prod: dim must be one dimension or none');
  const dims = normalizeDims('prod', dim, x.shape);
  const dtype = options.dtype ?? (isFloating(x.dtype) ? x.dtype : 'int64');
  return prodOp([x], { dims, keepdim: options.keepdim ?? false, dtype })[0]!;
}

/** Product of elements; see {@link Tensor.prod}. */
export const prod: ProdFunction = product as ProdFunction;

addMethod('prod', function (this: Tensor, dim?: number | null | Options, options?: Options) {
  return product(this, dim, options);
});
