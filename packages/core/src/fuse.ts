import { type DType, isFloating, resultType } from './dtype.ts';
import { evaluate } from './evaluate.ts';
import type { Expr } from './expr/node.ts';
import { broadcastOf, reducedShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

// Differentiable maps and sums of one expression over broadcast tensors, for ops that are compositions of a few kernels.

/** The dtype of a computation on floating tensors; integer operands (class numbers, masks) do not count. */
function floatType(inputs: readonly Tensor[]): DType {
  const first = inputs[0]?.dtype;
  if (first !== undefined && isFloating(first) && inputs.every((t) => t.dtype === first)) return first;
  return resultType(inputs.filter((t) => isFloating(t.dtype)));
}

/** `expr` at every element of the inputs' common shape. `name` is for graphs, messages and reports. */
export function fuseMap(name: string, expr: Expr, inputs: readonly Tensor[], params: readonly number[] = []): Tensor {
  const dtype = floatType(inputs);
  const shape = broadcastOf(name, inputs);
  return evaluate({ name, expr, inputs, params, shape, dims: [], result: shape, divisor: 1, compute: dtype, output: dtype });
}

/** What {@link fuseSum} sums over, and how. */
export interface SumOver {
  /** Dimensions of the inputs' common shape, ascending; all when omitted. */
  readonly dims?: readonly number[];
  /** Keep them with size 1. Default false. */
  readonly keepdim?: boolean;
  /** Divide the sum by this. Default 1. */
  readonly divisor?: number;
  /** dtype of the computation and the result; default: what the floating inputs promote to. */
  readonly dtype?: DType;
}

/** The sum of `expr` over dimensions of the inputs' common shape. */
export function fuseSum(name: string, expr: Expr, inputs: readonly Tensor[], params: readonly number[], over: SumOver): Tensor {
  const dtype = over.dtype ?? floatType(inputs);
  const shape = broadcastOf(name, inputs);
  const dims = over.dims ?? shape.map((_, d) => d);
  const result = reducedShape(shape, dims, over.keepdim ?? false);
  const divisor = over.divisor ?? 1;
  return evaluate({ name, expr, inputs, params, shape, dims, result, divisor, compute: dtype, output: dtype });
}
