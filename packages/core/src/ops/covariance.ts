import { type DType, isFloating } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { checkTensor } from '../parts/reduction.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

/** Options of {@link cov}. */
export interface CovOptions {
  /** Subtracted from the number of observations in the divisor. Default 1. */
  correction?: number;
  /** How often each observation counts: integers, 1-d. */
  fweights?: Tensor;
  /** How much each observation weighs: floating, 1-d. */
  aweights?: Tensor;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link cov} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.cov.html */
    cov(options?: CovOptions): Tensor;
    /** {@link corrcoef} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.corrcoef.html */
    corrcoef(): Tensor;
  }
}

/** Variables in rows, observations in columns. */
function observations(op: string, x: Tensor): Tensor {
  checkTensor(op, x);
  if (x.ndim > 2) throw new ShapeError(`${op}: expected at most 2 dimensions, got ${show(x.shape)}`);
  if (x.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`);
  return x.ndim < 2 ? (x.reshape([1, x.size]) as Tensor) : x;
}

function checkWeights(name: string, weights: Tensor, count: number, fits: (dtype: DType) => boolean): void {
  checkTensor('cov', weights);
  if (weights.ndim > 1) throw new ShapeError(`cov: ${name} must have at most 1 dimension, got ${show(weights.shape)}`);
  if (!fits(weights.dtype)) throw new DTypeError(`cov: ${name} cannot be ${weights.dtype}`);
  if (weights.size !== count) throw new ShapeError(`cov: ${weights.size} ${name} for ${count} observations`);
  if (
    weights.device.caps.syncRead &&
    weights
      .detach()
      .dataSync()
      .some((w) => w < 0)
  )
    throw new ValueError(`cov: ${name} cannot be negative`);
}

/**
 * The covariance matrix of variables (rows) over observations (columns); of one variable (a vector, or one row) its
 * variance, 0-d.
 *
 * @param options `correction` (default 1), how often (`fweights`) and how much (`aweights`) each observation counts
 * @throws ShapeError for more than 2 dimensions or weights that do not fit; DTypeError; ValueError for negative weights
 * @example
 * ```ts
 * cov(tensor([[0, 1, 2], [2, 1, 0]])); // [[1, -1], [-1, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cov.html
 */
export function cov(x: Tensor, { correction = 1, fweights, aweights }: CovOptions = {}): Tensor {
  const rows = observations('cov', x);
  const count = rows.shape[1]!;
  if (fweights != null) checkWeights('fweights', fweights, count, (d) => !isFloating(d) && d !== 'bool');
  if (aweights != null) checkWeights('aweights', aweights, count, isFloating);
  const floating = isFloating(rows.dtype) ? rows : (rows.to('float32') as Tensor);
  const flat = (w: Tensor | null | undefined): Tensor | null => (w == null ? null : (w.reshape([count]) as Tensor));
  const [f, a] = [flat(fweights), flat(aweights)];
  const weights = f === null ? a : a === null ? f : (f.mul(a as never) as Tensor);
  const result = weighted(floating, weights, a, correction);
  return result.size === 1 ? (result.reshape([]) as Tensor) : result;
}

/** Weighted mean, deviations, and their product over the degrees of freedom. */
function weighted(rows: Tensor, w: Tensor | null, a: Tensor | null, correction: number): Tensor {
  const count = rows.shape[1]!;
  if (w === null) {
    const centred = rows.sub(rows.mean(1, { keepdim: true }) as never) as Tensor;
    return centred.matmul(centred.mT as never).div(Math.max(count - correction, 0)) as Tensor;
  }
  const total = w.sum() as Tensor;
  if (total.device.caps.syncRead && count > 0 && total.detach().dataSync()[0] === 0) throw new ValueError('cov: the weights sum to zero');
  const mean = rows
    .mul(w as never)
    .sum(1, { keepdim: true })
    .div(total as never) as Tensor;
  const centred = rows.sub(mean as never) as Tensor;
  // With amounts the correction is weighed by their average.
  const lost =
    a === null || correction === 0
      ? correction
      : w
          .mul(a as never)
          .sum()
          .div(total as never)
          .mul(correction);
  const free = total.sub(lost as never).clampMin(0) as Tensor;
  const product = centred.matmul(centred.mul(w as never).mT as never) as Tensor;
  return product.div(free as never) as Tensor;
}

/**
 * Pearson's correlation coefficients of variables (rows) over observations (columns), in [-1, 1]; of one variable 1.
 *
 * @throws ShapeError for more than 2 dimensions; DTypeError for bools
 * @example
 * ```ts
 * corrcoef(tensor([[0, 1, 2], [2, 1, 0]])); // [[1, -1], [-1, 1]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.corrcoef.html
 */
export function corrcoef(x: Tensor): Tensor {
  observations('corrcoef', x);
  const c = cov(x);
  if (c.ndim === 0) return c.div(c as never) as Tensor;
  const deviations = c.diagonal().sqrt() as Tensor;
  const n = deviations.size;
  return c
    .div(deviations.reshape([n, 1]) as never)
    .div(deviations.reshape([1, n]) as never)
    .clamp(-1, 1) as Tensor;
}

addMethod('cov', function (this: Tensor, options?: CovOptions) {
  return cov(this, options);
});
addMethod('corrcoef', function (this: Tensor) {
  return corrcoef(this);
});
