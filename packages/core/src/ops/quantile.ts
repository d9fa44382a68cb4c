import { isFloating } from '../dtype.ts';
import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { checkTensor, isOptions, type KeepDim } from '../parts/reduction.ts';
import { normalizeDim, show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, isTensor, type Tensor } from '../tensor.ts';
import { full } from './full.ts';
import { sort } from './sort.ts';

/** What a quantile between two elements is. */
export type Interpolation = 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint';

/** Options of {@link quantile} and {@link nanquantile}. */
export interface QuantileOptions extends KeepDim {
  /** Default `linear`. */
  interpolation?: Interpolation;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link quantile} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.quantile.html */
    quantile(q: number | Tensor, dim?: number | null, options?: QuantileOptions): Tensor;
    quantile(q: number | Tensor, options: QuantileOptions): Tensor;
    /** {@link nanquantile} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.nanquantile.html */
    nanquantile(q: number | Tensor, dim?: number | null, options?: QuantileOptions): Tensor;
    nanquantile(q: number | Tensor, options: QuantileOptions): Tensor;
  }
}

const interpolations: readonly string[] = ['linear', 'lower', 'higher', 'nearest', 'midpoint'];

/** The probabilities as a tensor of the input's dtype, checked where they can be read. */
function probabilities(op: string, x: Tensor, q: number | Tensor): Tensor {
  if (isTensor(q)) {
    if (q.ndim > 1) throw new ShapeError(`${op}: q must be a number or a tensor of at most 1 dimension, got ${show(q.shape)}`);
    if (q.dtype !== x.dtype) throw new DTypeError(`${op}: q is ${q.dtype} but the tensor ${x.dtype}`);
    if (
      q.device.caps.syncRead &&
      q
        .detach()
        .dataSync()
        .some((p) => !(p >= 0 && p <= 1))
    ) {
      throw new ValueError(`${op}: the values of q must lie in [0, 1]`);
    }
    return q;
  }
  if (typeof q !== 'number' || !(q >= 0 && q <= 1)) throw new ValueError(`${op}: q must lie in [0, 1], got ${String(q)}`);
  return full([], q, { dtype: x.dtype, device: x.device });
}

/** Elements at (fractional) ranks of sorted lines [.., n]; ranks broadcast against the lines, and are differentiable too. */
function atRanks(sorted: Tensor, ranks: Tensor, interpolation: Interpolation): Tensor {
  if (interpolation === 'lower') return gatherAlong(sorted, sorted.ndim - 1, ranks.floor().to('int64') as Tensor);
  if (interpolation === 'higher') return gatherAlong(sorted, sorted.ndim - 1, ranks.ceil().to('int64') as Tensor);
  if (interpolation === 'nearest') return gatherAlong(sorted, sorted.ndim - 1, ranks.round().to('int64') as Tensor);
  const low = ranks.detach().floor() as Tensor;
  const below = gatherAlong(sorted, sorted.ndim - 1, low.to('int64') as Tensor);
  const above = gatherAlong(sorted, sorted.ndim - 1, ranks.detach().ceil().to('int64') as Tensor);
  return below.lerp(above as never, (interpolation === 'midpoint' ? 0.5 : ranks.sub(low as never)) as never) as Tensor;
}

function quantiles(op: 'quantile' | 'nanquantile', x: Tensor, q: number | Tensor, dim: number | null, options: QuantileOptions): Tensor {
  checkTensor(op, x);
  const { keepdim = false, interpolation = 'linear' } = options;
  if (!interpolations.includes(interpolation)) {
    throw new ValueError(`${op}: interpolation must be one of ${interpolations.join(', ')}, got '${interpolation}'`);
  }
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: not defined for ${x.dtype}; convert with to('float32') first`);
  const d = dim === null ? null : normalizeDim(op, dim, x.shape);
  const p = probabilities(op, x, q);
  if (x.size === 0) throw new IndexError(`${op}: of no elements there is none, got ${show(x.shape)}`);
  // Lines last: [.., n].
  const lines = (d === null ? x.flatten() : x.ndim === 0 ? x.reshape([1]) : x.movedim(d, -1)) as Tensor;
  const sorted = sort(lines, -1).values;
  const n = sorted.shape[sorted.ndim - 1]!;
  const flat = p.ndim === 0 ? (p.reshape([1]) as Tensor) : p;
  const missing = sorted.isnan() as Tensor;
  const each = [...sorted.shape.slice(0, -1), flat.size];
  let ranks: Tensor;
  if (op === 'quantile') {
    // A NaN comes last: its line has no other quantile.
    ranks = (flat.mul(n - 1) as Tensor).expand(each).maskedFill(missing.any(-1, { keepdim: true }).expand(each) as Tensor, n - 1) as Tensor;
  } else {
    const last = missing.logicalNot().sum(-1, { keepdim: true }).sub(1).clampMin(0) as Tensor;
    ranks = flat.mul(last as never) as Tensor;
  }
  const found = atRanks(sorted, ranks, interpolation).movedim(-1, 0) as Tensor;
  const rest = keepdim ? x.shape.map((k, i) => (d === null || i === d ? 1 : k)) : x.shape.filter((_, i) => d !== null && i !== d);
  return found.reshape(p.ndim === 0 ? rest : [flat.size, ...rest]) as Tensor;
}

type Second = number | null | QuantileOptions;

const dimOf = (second: Second | undefined): number | null => (isOptions<QuantileOptions>(second) ? null : (second ?? null));
const optionsOf = (second: Second | undefined, third: QuantileOptions | undefined): QuantileOptions =>
  isOptions<QuantileOptions>(second) ? second : (third ?? {});

/**
 * The q-th quantile along `dim`, or of all elements; with a tensor of probabilities one each, in a new first dimension.
 * A NaN among the elements makes it NaN. The gradient flows to the elements beside the quantile, and to `q`.
 *
 * @param q between 0 and 1: a number, or a tensor of at most 1 dimension of the dtype of `x`
 * @param dim null (the default) for all elements
 * @param options `interpolation` between the two elements around the quantile, default `linear`
 * @throws ValueError for q outside [0, 1]; DTypeError for integers and bools; IndexError for no elements
 * @example
 * ```ts
 * quantile(tensor([1, 2, 3, 4]), 0.5); // 2.5
 * quantile(x, tensor([0.25, 0.75]), 1); // [2, rows]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.quantile.html
 */
export function quantile(x: Tensor, q: number | Tensor, dim?: number | null, options?: QuantileOptions): Tensor;
export function quantile(x: Tensor, q: number | Tensor, options: QuantileOptions): Tensor;
export function quantile(x: Tensor, q: number | Tensor, second?: Second, third?: QuantileOptions): Tensor {
  return quantiles('quantile', x, q, dimOf(second), optionsOf(second, third));
}

/**
 * {@link quantile} of the elements that are not NaN.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nanquantile.html
 */
export function nanquantile(x: Tensor, q: number | Tensor, dim?: number | null, options?: QuantileOptions): Tensor;
export function nanquantile(x: Tensor, q: number | Tensor, options: QuantileOptions): Tensor;
export function nanquantile(x: Tensor, q: number | Tensor, second?: Second, third?: QuantileOptions): Tensor {
  return quantiles('nanquantile', x, q, dimOf(second), optionsOf(second, third));
}

addMethod('quantile', function (this: Tensor, q: number | Tensor, dim?: number | null, options?: QuantileOptions) {
  return quantile(this, q, dim, options);
});
addMethod('nanquantile', function (this: Tensor, q: number | Tensor, dim?: number | null, options?: QuantileOptions) {
  return nanquantile(this, q, dim, options);
});
