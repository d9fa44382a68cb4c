import { type DType, isFloating } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import { inPlace } from '../inplace.ts';
import { fullData } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { scatterAddAlong } from '../parts/gathering.ts';
import { checkTensor } from '../parts/reduction.ts';
import { recurrence, scanData, scanExtremeData, shifted } from '../parts/scan.ts';
import { normalizeDim } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import type { ReduceDType } from './sum.ts';

/** Running extremes and, int64, where the latest of each lies. */
export interface RunningExtremes<A extends Shape = Shape> {
  readonly values: Tensor<A>;
  readonly indices: Tensor<A>;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link cumsum} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.cumsum.html */
    cumsum<A extends Shape>(this: Tensor<A>, dim: number, options?: ReduceDType): Tensor<A>;
    /** {@link cumprod} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.cumprod.html */
    cumprod<A extends Shape>(this: Tensor<A>, dim: number, options?: ReduceDType): Tensor<A>;
    /** In-place {@link Tensor.cumsum}. */
    cumsum_<A extends Shape>(this: Tensor<A>, dim: number): Tensor<A>;
    /** In-place {@link Tensor.cumprod}. */
    cumprod_<A extends Shape>(this: Tensor<A>, dim: number): Tensor<A>;
    /** {@link logcumsumexp} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html */
    logcumsumexp<A extends Shape>(this: Tensor<A>, dim: number): Tensor<A>;
    /** {@link cummax} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.cummax.html */
    cummax<A extends Shape>(this: Tensor<A>, dim: number): RunningExtremes<A>;
    /** {@link cummin} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.cummin.html */
    cummin<A extends Shape>(this: Tensor<A>, dim: number): RunningExtremes<A>;
  }
}

interface ScanAttrs {
  readonly dim: number;
  readonly reverse: boolean;
}

const cumsumOp: OpFunction<ScanAttrs> = defineOp<ScanAttrs>({
  name: 'cumsum',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  forward: ([x], { dim, reverse }) => [scanData(x!, 'sum', dim, reverse)],
  backward: ({ attrs: { dim, reverse } }, [g]) => [cumsumOp([g!], { dim, reverse: !reverse })[0]!],
});

const cumprodOp: OpFunction<number> = defineOp<number>({
  name: 'cumprod',
  infer: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  forward: ([x], dim) => [scanData(x!, 'prod', dim, false)],
  save: ([x]) => [x!],
  backward: ({ attrs: dim, saved: [x] }, [g]) => {
    if ((x!.shape[dim] ?? 1) <= 1) return [g!];
    // Nothing is divided, so that zeros are exact: what follows element i is a recurrence over the next factors.
    const before = shifted(cumprodOp([x!], dim)[0]!, dim, 1, 1);
    return [before.mul(recurrence(shifted(x!, dim, -1, 0), g!, dim, true)) as Tensor];
  },
});

const logcumsumexpOp: OpFunction<number> = defineOp<number>({
  name: 'logcumsumexp',
  infer: ([x]) => {
    if (!isFloating(x!.dtype)) throw new DTypeError(`logcumsumexp: not defined for ${x!.dtype}; convert with to('float32') first`);
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  forward: ([x], dim) => [scanData(x!, 'logaddexp', dim, false)],
  save: ([x], [y]) => [x!, y!],
  backward: ({ attrs: dim, saved: [x, y] }, [g]) => {
    if (x!.ndim === 0) return [g!];
    // The sum over j >= i of g[j] exp(x[i] - y[j]), by factors exp(y[i] - y[i + 1]) that are never above 1.
    const factors = y!.sub(shifted(y!, dim, -1, Number.POSITIVE_INFINITY)) as Tensor;
    return [recurrence(factors.exp(), g!, dim, true).mul((x!.sub(y!) as Tensor).exp()) as Tensor];
  },
});

function defineRunning(name: 'cummax' | 'cummin', kind: 'max' | 'min'): OpFunction<number> {
  return defineOp<number>({
    name,
    infer: ([x]) => [
      { shape: x!.shape, dtype: x!.dtype },
      { shape: x!.shape, dtype: 'int64' },
    ],
    forward: ([x], dim) => scanExtremeData(x!, kind, dim),
    save: (_inputs, [, indices]) => [indices!],
    backward: ({ attrs: dim, saved: [indices] }, [g]) => {
      if (indices!.ndim === 0) return [g!];
      return [scatterAddAlong(fullData(g!.device, 0, g!.dtype, g!.shape), dim, indices!, g!)];
    },
  });
}

const cummaxOp = defineRunning('cummax', 'max');
const cumminOp = defineRunning('cummin', 'min');

/** Sums and products of integers and bools are int64. */
function widened(name: string, x: Tensor, dtype: DType | undefined): Tensor {
  checkTensor(name, x);
  if (dtype === 'bool') throw new DTypeError(`${name}: not defined for bool`);
  return x.to(dtype ?? (isFloating(x.dtype) ? x.dtype : 'int64'));
}

/**
 * Running sums along `dim`; integers and bools give int64.
 *
 * @param options `dtype` casts first
 * @throws IndexError when `dim` is out of range; DTypeError for `dtype: 'bool'`
 * @example
 * ```ts
 * cumsum(tensor([1, 2, 3]), 0); // [1, 3, 6]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cumsum.html
 */
export function cumsum<A extends Shape>(x: Tensor<A>, dim: number, options: ReduceDType = {}): Tensor<A> {
  const t = widened('cumsum', x as Tensor, options.dtype);
  return cumsumOp([t], { dim: normalizeDim('cumsum', dim, x.shape), reverse: false })[0]! as unknown as Tensor<A>;
}

/**
 * Running products along `dim`; integers and bools give int64. Gradients are exact where elements are 0.
 *
 * @param options `dtype` casts first
 * @throws IndexError when `dim` is out of range; DTypeError for `dtype: 'bool'`
 * @example
 * ```ts
 * cumprod(tensor([1, 2, 3]), 0); // [1, 2, 6]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cumprod.html
 */
export function cumprod<A extends Shape>(x: Tensor<A>, dim: number, options: ReduceDType = {}): Tensor<A> {
  const t = widened('cumprod', x as Tensor, options.dtype);
  return cumprodOp([t], normalizeDim('cumprod', dim, x.shape))[0]! as unknown as Tensor<A>;
}

/**
 * Running log(Σ exp(x)) along `dim`, without overflow.
 *
 * @throws DTypeError for integers and bools; IndexError when `dim` is out of range
 * @example
 * ```ts
 * logcumsumexp(tensor([1000, 1000]), 0); // [1000, 1000.6931]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html
 */
export function logcumsumexp<A extends Shape>(x: Tensor<A>, dim: number): Tensor<A> {
  checkTensor('logcumsumexp', x);
  return logcumsumexpOp([x], normalizeDim('logcumsumexp', dim, x.shape))[0]! as unknown as Tensor<A>;
}

function running<A extends Shape>(name: string, op: OpFunction<number>, x: Tensor<A>, dim: number): RunningExtremes<A> {
  checkTensor(name, x);
  const [values, indices] = op([x], normalizeDim(name, dim, x.shape)) as unknown as [Tensor<A>, Tensor<A>];
  return { values, indices };
}

/**
 * The largest element so far along `dim` and (int64) where it lies: the last one of equal ones. NaN counts as largest.
 * The gradient goes where the index points.
 *
 * @throws IndexError when `dim` is out of range
 * @example
 * ```ts
 * const { values, indices } = cummax(tensor([1, 3, 2]), 0); // [1, 3, 3], [0, 1, 1]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cummax.html
 */
export function cummax<A extends Shape>(x: Tensor<A>, dim: number): RunningExtremes<A> {
  return running('cummax', cummaxOp, x, dim);
}

/**
 * The smallest element so far along `dim` and where it lies; as {@link cummax} otherwise.
 *
 * @throws IndexError when `dim` is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.cummin.html
 */
export function cummin<A extends Shape>(x: Tensor<A>, dim: number): RunningExtremes<A> {
  return running('cummin', cumminOp, x, dim);
}

addMethod('cumsum', function (this: Tensor, dim: number, options?: ReduceDType) {
  return cumsum(this, dim, options);
});
addMethod('cumprod', function (this: Tensor, dim: number, options?: ReduceDType) {
  return cumprod(this, dim, options);
});
addMethod('cumsum_', function (this: Tensor, dim: number) {
  return inPlace('cumsum_', this, () => cumsum(this, dim, { dtype: this.dtype }));
});
addMethod('cumprod_', function (this: Tensor, dim: number) {
  return inPlace('cumprod_', this, () => cumprod(this, dim, { dtype: this.dtype }));
});
addMethod('logcumsumexp', function (this: Tensor, dim: number) {
  return logcumsumexp(this, dim);
});
addMethod('cummax', function (this: Tensor, dim: number) {
  return cummax(this, dim);
});
addMethod('cummin', function (this: Tensor, dim: number) {
  return cummin(this, dim);
});
