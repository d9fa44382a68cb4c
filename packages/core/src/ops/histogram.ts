import { isFloating, isIntegral, type TypedArray } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import { sameShape } from '../layout.ts';
import { bisected, corrected, countInto, equalEdges, outerEdges, proportional, roundingOf, stored } from '../parts/histograms.ts';
import { readNow } from '../parts/positions.ts';
import { checkTensor, isOptions } from '../parts/reduction.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';

/** Options of {@link histc}. */
export interface HistcOptions {
  /** Lower end of the range. When both ends are equal (default 0) the range is that of the elements. */
  min?: number;
  /** Upper end of the range. */
  max?: number;
}

/** Options of {@link histogram}. */
export interface HistogramOptions {
  /** Outer edges; default those of the elements. Only with a number of bins. */
  range?: readonly [number, number];
  /** What each element counts; in the shape of the tensor. */
  weight?: Tensor;
  /** Divide so that the integral is 1. Default false. */
  density?: boolean;
}

/** What {@link histogram} gives. */
export interface Histogram {
  readonly hist: Tensor;
  /** One more than there are bins. */
  readonly binEdges: Tensor;
}

/** Options of {@link bincount}. */
export interface BincountOptions {
  /** The result has at least so many bins. Default 0. */
  minlength?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link histc} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.histc.html */
    histc(bins?: number, options?: HistcOptions): Tensor;
    /** {@link histogram} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.histogram.html */
    histogram(bins: number | Tensor, options?: HistogramOptions): Histogram;
    /** {@link bincount} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.bincount.html */
    bincount(weights?: Tensor | null, options?: BincountOptions): Tensor;
    /** {@link bincountAsync} of this tensor. */
    bincountAsync(weights?: Tensor | null, options?: BincountOptions): Promise<Tensor>;
  }
}

function checkBins(op: string, x: Tensor, bins: number): void {
  checkTensor(op, x);
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: not defined for ${x.dtype}; convert with to('float32') first`);
  if (!Number.isInteger(bins) || bins <= 0) throw new ValueError(`${op}: the number of bins must be a positive integer, got ${bins}`);
}

/**
 * How many elements lie in each of `bins` equal intervals from `min` to `max`, in the dtype of the tensor. Elements outside
 * and NaN count nowhere; the last interval holds its upper end.
 *
 * @param bins default 100
 * @throws DTypeError for integers and bools; ValueError when there are no bins or the range is not finite
 * @example
 * ```ts
 * histc(tensor([1, 2, 1]), 4, { min: 0, max: 3 }); // [0, 2, 1, 0]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.histc.html
 */
export function histc(x: Tensor, bins: number = 100, { min = 0, max = 0 }: HistcOptions = {}): Tensor {
  checkBins('histc', x, bins);
  if (min > max) throw new ValueError(`histc: max (${max}) must not be below min (${min})`);
  if (!Number.isFinite(min) || !Number.isFinite(max)) throw new ValueError(`histc: the range [${min}, ${max}] is not finite`);
  const { dtype } = x;
  const round = roundingOf(dtype);
  return hostCompute('histc', [x.detach()], [{ shape: [bins], dtype }], ([values]) => {
    const [lo, hi] = outerEdges('histc', values!, min === max ? null : [min, max], 1, round);
    return [stored(countInto(values!, undefined, bins, [lo, hi], proportional(lo, hi, bins, round)), dtype)];
  })[0]!;
}

/**
 * How many elements, or what weight of them, lie between neighbouring edges; the last interval holds its upper end.
 *
 * @param bins a number of equal intervals, or the ascending edges
 * @throws DTypeError for integers and bools, or when dtypes differ; ShapeError when the weights or edges do not fit; ValueError
 * @example
 * ```ts
 * const { hist, binEdges } = histogram(tensor([1, 2, 1]), 4, { range: [0, 3] }); // [0, 2, 1, 0]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.histogram.html
 */
export function histogram(x: Tensor, bins: number | Tensor, options: HistogramOptions = {}): Histogram {
  const { range, weight, density = false } = options;
  const count = isTensor(bins) ? bins.size - 1 : bins;
  if (isTensor(bins) && bins.ndim !== 1) throw new ShapeError(`histogram: the edges must be 1-d, got ${show(bins.shape)}`);
  checkBins('histogram', x, count);
  const { dtype, shape } = x;
  if (isTensor(bins) && range != null) throw new ValueError('histogram: the edges are given; there is no range to choose');
  for (const t of [bins, weight]) {
    if (isTensor(t) && t.dtype !== dtype) throw new DTypeError(`histogram: the tensor is ${dtype}, but edges or weights are ${t.dtype}`);
  }
  if (weight != null && !sameShape(weight.shape, shape)) {
    throw new ShapeError(`histogram: weights ${show(weight.shape)} for a tensor ${show(shape)}`);
  }
  if (range != null && !(range[0] <= range[1])) throw new ValueError(`histogram: the range [${range.join(', ')}] is empty`);
  const round = roundingOf(dtype);
  const inputs = [x, ...(isTensor(bins) ? [bins] : []), ...(weight == null ? [] : [weight])].map((t) => t.detach() as Tensor);
  const results = [
    { shape: [count], dtype },
    { shape: [count + 1], dtype },
  ];
  const [hist, binEdges] = hostCompute('histogram', inputs, results, (arrays) => {
    const values = arrays[0]!;
    const weights = weight == null ? undefined : arrays[arrays.length - 1];
    const edges = isTensor(bins)
      ? Float64Array.from(arrays[1]!)
      : equalEdges(...outerEdges('histogram', values, range ?? null, 0.5, round), count, round);
    const placing = isTensor(bins) ? bisected(edges) : corrected(edges, round);
    const counts = countInto(values, weights, count, [edges[0]!, edges[count]!], placing);
    if (density) {
      const total = counts.reduce((a, b) => a + b, 0);
      for (let i = 0; i < count; i++) counts[i]! /= total * (edges[i + 1]! - edges[i]!);
    }
    return [stored(counts, dtype), stored(edges, dtype)];
  }) as [Tensor, Tensor];
  return { hist, binEdges };
}

/** Checks the arguments of a bincount; gives the weights in the dtype of the result. */
function checkCounted(x: Tensor, weights: Tensor | null | undefined, minlength: number): Tensor | null {
  checkTensor('bincount', x);
  if (!isIntegral(x.dtype)) throw new DTypeError(`bincount: not defined for ${x.dtype}, only for integers`);
  if (x.ndim !== 1) throw new ShapeError(`bincount: expected a 1-d tensor, got ${show(x.shape)}`);
  if (!Number.isInteger(minlength) || minlength < 0)
    throw new ValueError(`bincount: minlength must be a non-negative integer, got ${minlength}`);
  if (weights === null || weights === undefined) return null;
  if (!sameShape(weights.shape, x.shape)) throw new ShapeError(`bincount: weights ${show(weights.shape)} for a tensor ${show(x.shape)}`);
  return (isFloating(weights.dtype) ? weights : weights.to('float64')).detach() as Tensor;
}

function counted(x: Tensor, values: TypedArray, weights: TypedArray | undefined, w: Tensor | null, minlength: number): Tensor {
  let n = minlength;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < 0) throw new ValueError(`bincount: the elements must not be negative, found ${values[i]}`);
    n = Math.max(n, values[i]! + 1);
  }
  const out = new Float64Array(n);
  for (let i = 0; i < values.length; i++) out[values[i]!]! += weights === undefined ? 1 : weights[i]!;
  const dtype = w?.dtype ?? 'int64';
  return fromBuffer(stored(out, dtype), dtype, [n], { device: x.device });
}

/** A weight for each element, or the options, where there are no weights. */
export type BincountWeights = Tensor | null | BincountOptions;

const minlengthOf = (weights: BincountWeights | undefined, options: BincountOptions | undefined): number =>
  (isOptions<BincountOptions>(weights) ? weights : options)?.minlength ?? 0;
const weightsOf = (weights: BincountWeights | undefined): Tensor | null => (isTensor(weights) ? weights : null);

/**
 * How often each number from 0 to the largest element occurs, int64; or what weight it has together, in the dtype of the
 * weights (float64 for integers).
 *
 * @param x non-negative integers, 1-d
 * @param weights one per element
 * @throws DeviceError on a device that cannot be read at once; use {@link bincountAsync}. DTypeError, ShapeError, ValueError
 * @example
 * ```ts
 * bincount(tensor([1, 3, 1], { dtype: 'int64' })); // [0, 2, 0, 1]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.bincount.html
 */
export function bincount(x: Tensor, weights?: Tensor | null, options?: BincountOptions): Tensor;
export function bincount(x: Tensor, options: BincountOptions): Tensor;
export function bincount(x: Tensor, second?: BincountWeights, third?: BincountOptions): Tensor {
  const minlength = minlengthOf(second, third);
  const w = checkCounted(x, weightsOf(second), minlength);
  const instead = 'use await bincountAsync(t)';
  const weights = w === null ? undefined : readNow('bincount', w, instead);
  return counted(x, readNow('bincount', x, instead), weights, w, minlength);
}

/** {@link bincount} on any device: waits for the values. */
export async function bincountAsync(x: Tensor, second?: BincountWeights, third?: BincountOptions): Promise<Tensor> {
  const minlength = minlengthOf(second, third);
  const w = checkCounted(x, weightsOf(second), minlength);
  return counted(x, await x.data(), w === null ? undefined : await w.data(), w, minlength);
}

addMethod('histc', function (this: Tensor, bins?: number, options?: HistcOptions) {
  return histc(this, bins, options);
});
addMethod('histogram', function (this: Tensor, bins: number | Tensor, options?: HistogramOptions) {
  return histogram(this, bins, options);
});
addMethod('bincount', function (this: Tensor, weights?: Tensor | null, options?: BincountOptions) {
  return bincount(this, weights, options);
});
addMethod('bincountAsync', function (this: Tensor, weights?: Tensor | null, options?: BincountOptions) {
  return bincountAsync(this, weights, options);
});
