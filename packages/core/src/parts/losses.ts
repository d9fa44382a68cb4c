import { isFloating, resultType, type Scalar, scalarValue } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import type { Expr } from '../expr/node.ts';
import { fuseMap, fuseSum } from '../fuse.ts';
import { sameShape, sizeOf } from '../layout.ts';
import { broadcastOf, broadcastShapes, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** What becomes of the loss of each element: kept, averaged, or summed. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Options of every loss. */
export interface LossOptions {
  /** Default `'mean'`. */
  reduction?: Reduction;
}

/** Checks a reduction's name and fills in the default. */
export function reductionOf(op: string, options: LossOptions): Reduction {
  const reduction = options.reduction ?? 'mean';
  if (reduction !== 'none' && reduction !== 'mean' && reduction !== 'sum') {
    throw new ValueError(`${op}: reduction must be 'none', 'mean' or 'sum', got ${JSON.stringify(reduction)}`);
  }
  return reduction;
}

/** `expr` over the inputs' common shape, reduced. The mean of nothing is NaN. */
export function reduceLoss(op: string, expr: Expr, inputs: readonly Tensor[], params: readonly number[], reduction: Reduction): Tensor {
  if (reduction === 'none') return fuseMap(op, expr, inputs, params);
  const shape = broadcastOf(op, inputs);
  return fuseSum(op, expr, inputs, params, { divisor: reduction === 'mean' ? sizeOf(shape) : 1 });
}

/**
 * {@link reduceLoss} for losses that are defined on integers too: numbers take part in the promotion, and only a floating
 * loss has a mean.
 */
export function promotedLoss(op: string, expr: Expr, inputs: readonly Tensor[], params: readonly Scalar[], reduction: Reduction): Tensor {
  const dtype = resultType([...inputs, ...params]);
  const shape = broadcastOf(op, inputs);
  const numbers = params.map(scalarValue);
  if (isFloating(dtype) && reduction !== 'none')
    return fuseSum(op, expr, inputs, numbers, { divisor: reduction === 'mean' ? sizeOf(shape) : 1, dtype });
  const base = { name: op, expr, inputs, params: numbers, shape, dims: [], result: shape, divisor: 1 };
  return reduceEach(op, evaluate({ ...base, compute: dtype, output: dtype }), reduction);
}

/** The losses of the elements, kept, averaged or summed. */
export function reduceEach(op: string, each: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return each;
  if (reduction === 'sum') return each.sum();
  checkFloating(op, 'loss of a mean', each);
  return each.mean();
}

/** Refuses an input that is not floating. */
export function checkFloating(op: string, what: string, t: Tensor): void {
  if (!isFloating(t.dtype)) throw new DTypeError(`${op}: the ${what} must be floating, got ${t.dtype}; convert it with to('float32')`);
}

/** Refuses a factor that does not broadcast to the input. */
export function checkFactor(op: string, what: string, factor: Tensor, shape: readonly number[]): void {
  if (!sameShape(broadcastShapes(op, [factor.shape, shape]), shape)) {
    throw new ShapeError(`${op}: a ${what} of shape ${show(factor.shape)} does not broadcast to the input ${show(shape)}`);
  }
}
