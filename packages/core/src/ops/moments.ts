import { type DType, isFloating } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError } from '../errors.ts';
import { constant, input } from '../expr/node.ts';
import { reduceKernel, wrap } from '../kernels.ts';
import { broadcastStrides, sizeOf } from '../layout.ts';
import { defineOp } from '../op.ts';
import { type Dims, defineReduction, type KeepDim, type ReduceFunction, type ReduceMethod, withKept } from '../reduction.ts';
import { normalizeDims, reducedShape } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { eq } from './compare.ts';
import { where } from './where.ts';

/** Options of variances. */
export interface Correction {
  /** Subtracted from the number of elements in the divisor: 1 for a sample (the default), 0 for a population. */
  correction?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Variance over `dim` (one, several, or all), divided by n - 1 unless `correction` says otherwise. @throws DTypeError for integers and bools @see https://pytorch.org/docs/stable/generated/torch.var.html */
    readonly var: ReduceMethod<Correction>;
    /** Standard deviation: the root of {@link Tensor.var}, with gradient 0 where it is 0. @throws DTypeError for integers and bools @see https://pytorch.org/docs/stable/generated/torch.std.html */
    readonly std: ReduceMethod<Correction>;
  }
}

interface VarianceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Number of elements minus the correction, at least 0. */
  readonly divisor: number;
}

const squaredDeviation = input(0)
  .sub(input(1))
  .mul(input(0).sub(input(1)));
const deviationTimes = elementwise('varBackward', (g, x, m, scale) => g.mul(x.sub(m)).mul(scale));

const varOp = defineOp<VarianceAttrs>({
  name: 'var',
  doc: 'the mean squared deviation from the mean, in two passes',
  infer: ([x], { dims, keepdim }) => {
    if (!isFloating(x!.dtype)) throw new DTypeError(`var: not defined for ${x!.dtype}; convert with to('float32') first`);
    return [{ shape: reducedShape(x!.shape, dims, keepdim), dtype: x!.dtype }];
  },
  forward: ([x], { dims, divisor }, [out]) => {
    const { device, shape } = x!;
    // A mean rounded to float32 would spoil the deviations of elements that are large and close to each other.
    const wide: DType = device.caps.dtypes.includes('float64') ? 'float64' : x!.dtype;
    const common = { kind: 'sum', params: [], shape, dims, compute: wide } as const;
    const count = sizeOf(dims.map((d) => shape[d]!));
    const mean = reduceKernel(device, 'var', { ...common, expr: input(0), inputs: [x!], output: wide, divisor: count });
    const kept = reducedShape(shape, dims, true);
    const m = wrap(device, mean, wide, kept);
    const inputs = [x!, { handle: m.handle, dtype: wide, shape, strides: broadcastStrides(kept, m.strides, shape), offset: 0 }];
    const handle = reduceKernel(device, 'var', { ...common, expr: squaredDeviation, inputs, output: out!.dtype, divisor });
    m.dispose();
    return [wrap(device, handle, out!.dtype, out!.shape)];
  },
  save: ([x]) => [x!],
  backward: ({ attrs: { dims, divisor }, saved: [x] }, [g]) => [
    deviationTimes(withKept(g!, x!.shape, dims), x!, x!.mean(dims, { keepdim: true }), 2 / divisor),
  ],
});

function variance(x: Tensor, dim: Dims, options: Correction & KeepDim): Tensor {
  const dims = normalizeDims('var', dim, x.shape);
  const count = sizeOf(dims.map((d) => x.shape[d]!));
  const divisor = Math.max(count - (options.correction ?? 1), 0);
  return varOp([x], { dims, keepdim: options.keepdim ?? false, divisor })[0]!;
}

/** A square root whose derivative at 0 is taken to be 0. */
const rootOfVariance = elementwise('std', (v) => v.sqrt(), { grad: [(_v, y) => where(eq(y!, 0), 0, constant(0.5).div(y!))] });

const variances: ReduceFunction<Correction> = defineReduction('var', variance);

/** Variance over `dim`; see {@link Tensor.var}. */
export { variances as var };

/** Standard deviation over `dim`; see {@link Tensor.std}. */
export const std: ReduceFunction<Correction> = defineReduction('std', (x, dim, options) => rootOfVariance(variance(x, dim, options)));

/**
 * Variance and mean over `dim`, as `[variance, mean]`.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.var_mean.html
 */
export function varMean(x: Tensor, dim?: Dims, options: Correction & KeepDim = {}): [variance: Tensor, mean: Tensor] {
  return [variance(x, dim, options), x.mean(dim, options)];
}
