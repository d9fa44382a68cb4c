import { type DType, isFloating } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { input } from '../expr/node.ts';
import { reduceKernel, wrap } from '../kernels.ts';
import { broadcastStrides, sizeOf } from '../layout.ts';
import { defineOp, type Meta, type OpFunction } from '../op.ts';
import {
  checkTensor,
  type Dims,
  isOptions,
  type KeepDim,
  type ReduceFunction,
  type ReduceMethod,
  type ReduceOver,
  withKept,
} from '../parts/reduction.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';

/** Options of variances. */
export interface Correction {
  /** Subtracted from the number of elements in the divisor: 1 for a sample (the default), 0 for a population. */
  correction?: number;
  /** The same in other words: true is a correction of 1, false of 0. */
  unbiased?: boolean;
}

/** `var` or `std` as a method. */
export interface VarianceMethod extends ReduceMethod<Correction> {
  <A extends Shape>(this: Tensor<A>, unbiased: boolean): Tensor<readonly []>;
}

/** `var` or `std` as a function. */
export interface VarianceFunction extends ReduceFunction<Correction> {
  <A extends Shape>(x: Tensor<A>, unbiased: boolean): Tensor<readonly []>;
}

/** `varMean` or `stdMean`: a spread and the mean. */
export interface SpreadAndMeanFunction {
  <A extends Shape>(x: Tensor<A>, unbiased?: boolean): [spread: Tensor<readonly []>, mean: Tensor<readonly []>];
  <A extends Shape>(x: Tensor<A>, options: Correction & KeepDim): [spread: Tensor, mean: Tensor];
  <A extends Shape, const X extends Dims, const K extends boolean = false>(
    x: Tensor<A>,
    dim: Ok<ReduceOver<A, X, K>, X>,
    options?: KeepDim<K> & Correction,
  ): [spread: Out<ReduceOver<A, X, K>>, mean: Out<ReduceOver<A, X, K>>];
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /**
     * Variance over `dim` (one, several, or all), divided by n - 1 unless `correction` or `unbiased` say otherwise;
     * `x.var(false)` is the population's of all elements. @throws DTypeError for integers and bools
     * @see https://pytorch.org/docs/stable/generated/torch.var.html
     */
    readonly var: VarianceMethod;
    /** Standard deviation: the root of {@link Tensor.var}, with gradient 0 where it is 0. @throws DTypeError for integers and bools @see https://pytorch.org/docs/stable/generated/torch.std.html */
    readonly std: VarianceMethod;
  }
}

interface VarianceAttrs {
  /** What the user called. */
  readonly name: string;
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Number of elements minus the correction, at least 0. */
  readonly divisor: number;
}

const squaredDeviation = input(0)
  .sub(input(1))
  .mul(input(0).sub(input(1)));
const deviationTimes = elementwise('varBackward', (g, x, m, scale) => g.mul(x.sub(m)).mul(scale));

function varianceMeta(x: Tensor, { name, dims, keepdim }: VarianceAttrs): Meta[] {
  if (!isFloating(x.dtype)) throw new DTypeError(`${name}: not defined for ${x.dtype}; convert with to('float32') first`);
  return [{ shape: reducedShape(x.shape, dims, keepdim), dtype: x.dtype }];
}

/** The variance in two passes. */
function varianceData(x: Tensor, { name, dims, divisor }: VarianceAttrs, out: Meta): Tensor {
  const { device, shape } = x;
  // A mean rounded to float32 would spoil the deviations of elements that are large and close to each other.
  const wide: DType = device.caps.dtypes.includes('float64') ? 'float64' : x.dtype;
  const common = { kind: 'sum', params: [], shape, dims, compute: wide } as const;
  const count = sizeOf(dims.map((d) => shape[d]!));
  const mean = reduceKernel(device, name, { ...common, expr: input(0), inputs: [x], output: wide, divisor: count });
  const kept = reducedShape(shape, dims, true);
  const m = wrap(device, mean, wide, kept);
  const inputs = [x, { handle: m.handle, dtype: wide, shape, strides: broadcastStrides(kept, m.strides, shape), offset: 0 }];
  const handle = reduceKernel(device, name, { ...common, expr: squaredDeviation, inputs, output: out.dtype, divisor });
  m.dispose();
  return wrap(device, handle, out.dtype, out.shape);
}

const varOp = defineOp<VarianceAttrs>({
  name: 'var',
  infer: ([x], attrs) => varianceMeta(x!, attrs),
  forward: ([x], attrs, out) => [varianceData(x!, attrs, out[0]!)],
  save: ([x]) => [x!],
  backward: ({ attrs, saved: [x] }, [g]) => [varianceGradient(x!, g!, attrs)],
});

function varianceGradient(x: Tensor, g: Tensor, { dims, divisor }: VarianceAttrs): Tensor {
  return deviationTimes(withKept(g, x.shape, dims), x, x.mean(dims, { keepdim: true }), 2 / divisor);
}

const stdOp = defineOp<VarianceAttrs>({
  name: 'std',
  infer: ([x], attrs) => varianceMeta(x!, attrs),
  forward: ([x], attrs, out) => [varianceData(x!, attrs, out[0]!).sqrt()],
  save: ([x], [y]) => [x!, y!],
  backward: ({ attrs, saved: [x, y] }, [g]) => {
    const ofVariance = g!.div(y!.mul(2) as never) as Tensor;
    return [varianceGradient(x!, ofVariance.maskedFill(y!.eq(0) as Tensor, 0), attrs)];
  },
});

/** What follows the tensor: dimensions, the choice of an unbiased estimate, or the options at once. */
type Second = Dims | boolean | (Correction & KeepDim);
type Spread = (x: Tensor, second?: Second, options?: Correction & KeepDim) => Tensor;

/** Dimensions and options however they were given. */
function understood(name: string, x: Tensor, second: Second, options: Correction & KeepDim = {}): [Dims, Correction & KeepDim] {
  checkTensor(name, x);
  const [dim, given] =
    typeof second === 'boolean'
      ? [null, { ...options, unbiased: second }]
      : isOptions<Correction & KeepDim>(second)
        ? [null, second]
        : [second, options];
  if (given.unbiased !== undefined && given.correction !== undefined) {
    throw new ValueError(`${name}: unbiased and correction say the same thing; give one of them`);
  }
  return [dim as Dims, given];
}

function spread(op: OpFunction<VarianceAttrs>, name: string, x: Tensor, dim: Dims, options: Correction & KeepDim): Tensor {
  const dims = normalizeDims(name, dim, x.shape);
  const count = sizeOf(dims.map((d) => x.shape[d]!));
  const correction = options.correction ?? (options.unbiased === false ? 0 : 1);
  return op([x], { name, dims, keepdim: options.keepdim ?? false, divisor: Math.max(count - correction, 0) })[0]!;
}

function defineSpread(name: 'var' | 'std'): VarianceFunction {
  const op = name === 'std' ? stdOp : varOp;
  const run: Spread = (x, second, options) => spread(op, name, x, ...understood(name, x, second, options));
  addMethod(name, function (this: Tensor, second?: Second, options?: Correction & KeepDim) {
    return run(this, second, options);
  });
  return run as VarianceFunction;
}

const variances: VarianceFunction = defineSpread('var');

/** Variance over `dim`; see {@link Tensor.var}. */
export { variances as var };

/** Standard deviation over `dim`; see {@link Tensor.std}. */
export const std: VarianceFunction = defineSpread('std');

function withMean(name: 'varMean' | 'stdMean'): SpreadAndMeanFunction {
  const run = (x: Tensor, second?: Second, options?: Correction & KeepDim): [Tensor, Tensor] => {
    const [dim, given] = understood(name, x, second, options);
    return [spread(name === 'stdMean' ? stdOp : varOp, name, x, dim, given), x.mean(dim as number, { keepdim: given.keepdim ?? false })];
  };
  return run as SpreadAndMeanFunction;
}

/**
 * Variance and mean over `dim`, as `[variance, mean]`.
 *
 * @throws DTypeError for integers and bools
 * @see https://pytorch.org/docs/stable/generated/torch.var_mean.html
 */
export const varMean: SpreadAndMeanFunction = withMean('varMean');

/**
 * Standard deviation and mean over `dim`, as `[deviation, mean]`.
 *
 * @throws DTypeError for integers and bools
 * @see https://pytorch.org/docs/stable/generated/torch.std_mean.html
 */
export const stdMean: SpreadAndMeanFunction = withMean('stdMean');
