import { type Backend, type Computed, Declined, type View } from '../backend.ts';
import { type DType, isFloating } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import { evaluate } from '../evaluate.ts';
import type { Expr } from '../expr/node.ts';
import { input } from '../expr/node.ts';
import { mapKernel, reduceKernel, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { scope } from '../scope.ts';
import { normalizeDim } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { mul, sub } from './arithmetic.ts';
import { div } from './division.ts';
import { exp, log } from './exponential.ts';

/** Options of {@link softmax} and {@link logSoftmax}. */
export interface SoftmaxOptions {
  /** Cast to this floating dtype first. */
  dtype?: DType;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link softmax} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html */
    softmax<A extends Shape>(this: Tensor<A>, dim: number, options?: SoftmaxOptions): Tensor<A>;
    /** {@link logSoftmax} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html */
    logSoftmax<A extends Shape>(this: Tensor<A>, dim: number, options?: SoftmaxOptions): Tensor<A>;
  }
}

const shifted = exp(sub(input(0), input(1)));
const ratio = div(shifted, input(2));
const logRatio = sub(sub(input(0), input(1)), log(input(2)));

/** Softmax or its logarithm over the last dimension from the contract alone: two reductions and a map. */
function compose(op: string, x: Tensor, result: Expr): Tensor {
  return scope(() => {
    const device = x.device;
    const last = x.ndim - 1;
    const kept = [...x.shape.slice(0, last), 1];
    const common = { params: [], shape: x.shape, compute: x.dtype };
    const reduce = { ...common, dims: [last], output: x.dtype, divisor: 1 };
    const repeated = (t: Tensor): View => ({ ...viewOf(t), shape: x.shape, strides: t.strides.map((s, d) => (d === last ? 0 : s)) });
    const max = wrap(device, reduceKernel(device, op, { ...reduce, kind: 'max', expr: input(0), inputs: [x] }), x.dtype, kept);
    const shift = [x, repeated(max)];
    const sum = wrap(device, reduceKernel(device, op, { ...reduce, kind: 'sum', expr: shifted, inputs: shift }), x.dtype, kept);
    const [out] = mapKernel(device, op, { ...common, exprs: [result], inputs: [...shift, repeated(sum)], outputs: [x.dtype] });
    return wrap(device, out!, x.dtype, x.shape);
  });
}

function viewOf({ handle, dtype, shape, strides, offset }: Tensor): View {
  return { handle, dtype, shape, strides, offset };
}

/** An op over the last dimension: fused where the backend has a kernel, composed elsewhere. */
function define(
  name: 'softmax' | 'logSoftmax',
  fused: (b: Backend, x: View) => Computed | undefined,
  result: Expr,
  backward: (y: Tensor, g: Tensor) => Tensor,
): OpFunction<void> {
  return defineOp<void>({
    name,
    infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    forward: ([x]) => {
      const done = fused(x!.device, x as View);
      if (done === undefined || done instanceof Declined) return [compose(name, x!, result)];
      return [wrap(x!.device, done, x!.dtype, x!.shape)];
    },
    save: (_inputs, [y]) => [y!],
    backward: ({ saved: [y] }, [g]) => [backward(y!, g!)],
  });
}

/** Sum over the last dimension, kept with size 1, of an expression of two tensors of one shape. */
function rowSum(name: string, expr: Expr, inputs: readonly [Tensor, ...Tensor[]]): Tensor {
  const { shape, dtype } = inputs[0];
  const last = shape.length - 1;
  const result = [...shape.slice(0, last), 1];
  return evaluate({ name, expr, inputs, params: [], shape, dims: [last], result, divisor: 1, compute: dtype, output: dtype });
}

/** A map of tensors that broadcast to the first one's shape. */
function rowMap(name: string, expr: Expr, inputs: readonly [Tensor, ...Tensor[]]): Tensor {
  const { shape, dtype } = inputs[0];
  return evaluate({ name, expr, inputs, params: [], shape, dims: [], result: shape, divisor: 1, compute: dtype, output: dtype });
}

// Gradients in terms of the value y: y (g - Σ g y), and g - exp(y) Σ g for the logarithm.
const product = mul(input(0), input(1));
const softmaxGrad = mul(input(0), sub(input(1), input(2)));
const logSoftmaxGrad = sub(input(1), mul(exp(input(0)), input(2)));

const softmaxOp = define(
  'softmax',
  (b, x) => b.fused.softmax?.(x),
  ratio,
  (y, g) => rowMap('softmaxBackward', softmaxGrad, [y, g, rowSum('softmaxBackward', product, [y, g])]),
);

const logSoftmaxOp = define(
  'logSoftmax',
  (b, x) => b.fused.logSoftmax?.(x),
  logRatio,
  (y, g) => rowMap('logSoftmaxBackward', logSoftmaxGrad, [y, g, rowSum('logSoftmaxBackward', input(0), [g])]),
);

function along(op: string, run: OpFunction<void>, x: Tensor, dim: number, options: SoftmaxOptions): Tensor {
  const d = normalizeDim(op, dim, x.shape);
  const dtype = options.dtype ?? x.dtype;
  if (!isFloating(dtype)) throw new DTypeError(`${op}: not defined for ${dtype}; pass { dtype: 'float32' }`);
  const t = x.to(dtype);
  if (t.ndim === 0) return run([t.reshape([1]) as Tensor], undefined)[0]!.reshape([]) as Tensor;
  if (d === t.ndim - 1) return run([t], undefined)[0]!;
  return run([t.transpose(d, -1) as Tensor], undefined)[0]!.transpose(d, -1) as Tensor;
}

/**
 * exp(x) / Σ exp(x) along `dim`: positive numbers that sum to 1. Shifted by the maximum, so that nothing overflows; a
 * row of -inf alone is NaN, as in PyTorch.
 *
 * @param dim the dimension that sums to 1; negative counts from the end
 * @param options `dtype` casts first
 * @throws DTypeError for integers and bools without a floating `dtype`
 * @throws IndexError when `dim` is out of range
 * @example
 * ```ts
 * softmax(tensor([[0, Math.log(3)]]), 1); // [[0.25, 0.75]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 */
export function softmax<A extends Shape>(x: Tensor<A>, dim: number, options: SoftmaxOptions = {}): Tensor<A> {
  return along('softmax', softmaxOp, x, dim, options) as unknown as Tensor<A>;
}

/**
 * The logarithm of {@link softmax} along `dim`, exact where softmax itself would round to 0.
 *
 * @param dim the dimension over which the exponentials are summed; negative counts from the end
 * @param options `dtype` casts first
 * @throws DTypeError for integers and bools without a floating `dtype`
 * @throws IndexError when `dim` is out of range
 * @example
 * ```ts
 * logSoftmax(tensor([0, -1000]), 0); // [0, -1000]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
 */
export function logSoftmax<A extends Shape>(x: Tensor<A>, dim: number, options: SoftmaxOptions = {}): Tensor<A> {
  return along('logSoftmax', logSoftmaxOp, x, dim, options) as unknown as Tensor<A>;
}

/**
 * {@link softmax} of -x along `dim`: the smallest element gets the most.
 *
 * @param dim the dimension that sums to 1; negative counts from the end
 * @param options `dtype` casts first
 * @throws DTypeError for bools, and for integers without a floating `dtype`; IndexError when `dim` is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
 */
export function softmin<A extends Shape>(x: Tensor<A>, dim: number, options: SoftmaxOptions = {}): Tensor<A> {
  return softmax(x.neg() as unknown as Tensor<A>, dim, options);
}

addMethod('softmax', function (this: Tensor, dim: number, options?: SoftmaxOptions) {
  return softmax(this, dim, options);
});
addMethod('logSoftmax', function (this: Tensor, dim: number, options?: SoftmaxOptions) {
  return logSoftmax(this, dim, options);
});
