import { type DType, isFloating } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import { type Expr, input } from '../expr/node.ts';
import { type Dims, defineReduction, type KeepDim, type ReduceFunction, type ReduceMethod, reduceData } from '../parts/reduction.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { isnan, ne } from './compare.ts';
import { where } from './where.ts';

/** The dtype in which a reduction works. */
export interface ReduceDType {
  /** Cast to this dtype before reducing. */
  dtype?: DType;
}

/** Options of sums and means. */
export interface ReduceOptions<K extends boolean = boolean> extends KeepDim<K>, ReduceDType {}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Sum over `dim` (one, several, or all); integers and bools sum to int64. @see https://pytorch.org/docs/stable/generated/torch.sum.html */
    readonly sum: ReduceMethod<ReduceDType>;
    /** Mean over `dim` (one, several, or all). @throws DTypeError for integers and bools @see https://pytorch.org/docs/stable/generated/torch.mean.html */
    readonly mean: ReduceMethod<ReduceDType>;
    /** {@link Tensor.sum} that counts NaN as 0. @see https://pytorch.org/docs/stable/generated/torch.nansum.html */
    readonly nansum: ReduceMethod<ReduceDType>;
    /** {@link Tensor.mean} of the elements that are not NaN. @see https://pytorch.org/docs/stable/generated/torch.nanmean.html */
    readonly nanmean: ReduceMethod<ReduceDType>;
    /** Number of elements that are not 0, int64. @see https://pytorch.org/docs/stable/generated/torch.count_nonzero.html */
    readonly countNonzero: ReduceMethod;
  }
}

/** Sum (or mean) of an expression of the elements, over some dimensions. */
function total(name: string, t: Tensor, expr: Expr, dim: Dims, options: ReduceOptions, divide: boolean): Tensor {
  const dims = normalizeDims(name, dim, t.shape);
  const output = options.dtype ?? (isFloating(t.dtype) ? t.dtype : 'int64');
  if (divide && !isFloating(output)) throw new DTypeError(`${name}: not defined for ${output}; convert with to('float32') first`);
  // A sum of bools is whether any holds.
  if (output === 'bool') return reduceData(name, 'any', t, dims, options.keepdim ?? false, 'bool', expr);
  return evaluate({
    name,
    expr,
    inputs: [t],
    params: [],
    shape: t.shape,
    dims,
    result: reducedShape(t.shape, dims, options.keepdim ?? false),
    divisor: divide ? dims.reduce((n, d) => n * t.shape[d]!, 1) : 1,
    compute: output,
    output,
  });
}

/** Sum over `dim`; see {@link Tensor.sum}. */
export const sum: ReduceFunction<ReduceDType> = defineReduction('sum', (x, dim, options) => total('sum', x, input(0), dim, options, false));

/** Mean over `dim`; see {@link Tensor.mean}. */
export const mean: ReduceFunction<ReduceDType> = defineReduction('mean', (x, dim, options) =>
  total('mean', x, input(0), dim, options, true),
);

/** NaN as 0. Its gradient is a product, as in PyTorch: that of a mean of nothing stays NaN. */
const nanToZero = elementwise('nansum', (x) => where(isnan(x), 0, x), { grad: [(x) => isnan(x!).logicalNot()] })(input(0));
const isNumber = isnan(input(0)).logicalNot();
const isNonzero = ne(input(0), 0);

/** Sum over `dim` with NaN as 0; see {@link Tensor.nansum}. */
export const nansum: ReduceFunction<ReduceDType> = defineReduction('nansum', (x, dim, options) => {
  if (isFloating(x.dtype) && !isFloating(options.dtype ?? x.dtype)) {
    throw new DTypeError(`nansum: the dtype of the sum of a ${x.dtype} tensor must be floating, got ${options.dtype}`);
  }
  return total('nansum', x, nanToZero, dim, options, false);
});

/** Mean over `dim` of what is not NaN; see {@link Tensor.nanmean}. */
export const nanmean: ReduceFunction<ReduceDType> = defineReduction('nanmean', (x, dim, options) => {
  if (!isFloating(x.dtype)) throw new DTypeError(`nanmean: not defined for ${x.dtype}; convert with to('float32') first`);
  const dims = normalizeDims('nanmean', dim, x.shape);
  const count = reduceData('nanmean', 'sum', x, dims, options.keepdim ?? false, 'int64', isNumber);
  return total('nansum', x, nanToZero, dim, options, false).div(count) as Tensor;
});

/** How many elements are not 0; see {@link Tensor.countNonzero}. NaN counts. */
export const countNonzero: ReduceFunction = defineReduction('countNonzero', (x, dim, options) =>
  reduceData('countNonzero', 'sum', x, normalizeDims('countNonzero', dim, x.shape), options.keepdim ?? false, 'int64', isNonzero),
);
