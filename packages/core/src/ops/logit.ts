import { isFloating } from '../dtype.ts';
import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOp } from '../elementwise.ts';
import { defineFunction } from '../expr/function.ts';
import { call, constant, Expr, type ExprLike } from '../expr/node.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { where } from './where.ts';

/** Options of {@link logit}. */
export interface LogitOptions {
  /** Arguments are limited to [eps, 1 - eps]; null or omitted: they are not. */
  readonly eps?: number | null;
}

/** Options of {@link nanToNum}. */
export interface NanToNumOptions {
  /** Replaces NaN. Default 0. */
  readonly nan?: number | null;
  /** Replaces +infinity. Default: the largest number of the dtype. */
  readonly posinf?: number | null;
  /** Replaces -infinity. Default: the lowest number of the dtype. */
  readonly neginf?: number | null;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** ln(x / (1 - x)). @see https://pytorch.org/docs/stable/special.html#torch.special.logit */
    logit<A extends Shape>(this: Tensor<A>, options?: LogitOptions): Tensor<A>;
    /** In-place {@link Tensor.logit}. */
    logit_<A extends Shape>(this: Tensor<A>, options?: LogitOptions): Tensor<A>;
    /** NaN and infinities replaced by numbers. @see https://pytorch.org/docs/stable/generated/torch.nan_to_num.html */
    nanToNum<A extends Shape>(this: Tensor<A>, options?: NanToNumOptions): Tensor<A>;
    /** In-place {@link Tensor.nanToNum}. */
    nanToNum_<A extends Shape>(this: Tensor<A>, options?: NanToNumOptions): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    logit(options?: { readonly eps?: ExprLike | null }): Expr;
    nanToNum(nan: ExprLike, posinf: ExprLike, neginf: ExprLike): Expr;
  }
}

const one = constant(1);

/** Numeric parameters follow the tensor. */
const floats = { dtype: 'float', parameters: 1 } as const;

const inside = (x: Expr): Expr => x.ge(0).logicalAnd(x.le(1));

// 1/(x (1 - x)), a function of its own for the sake of its derivative at 0 and 1, which is PyTorch's.
const logitGrad = defineFunction({
  name: 'logitGrad',
  arity: 1,
  js: (x) => `1/(${x}*(1-${x}))`,
  wasm: (v, x) => v.div(v.number(1), v.mul(x, v.sub(v.number(1), x))),
  grad: [
    (x) => {
      const z = x.mul(one.sub(x));
      const q = one.div(z).neg().div(z);
      return q.mul(one.sub(x)).sub(q.mul(x));
    },
  ],
});

const plain: ElementwiseOp = defineElementwise({
  name: 'logit',
  js: (x) => `Math.log(${x}/(1-${x}))`,
  wasm: (v, x) => v.log(v.div(x, v.sub(v.number(1), x))),
  gpu: gpuBody((x) => `logarithm(${x} / (1 - ${x}))`, 'logarithm'),
  // Beyond [0, 1] PyTorch's derivative is NaN, and flat.
  grad: [(x) => where(inside(x), call(logitGrad, [x]), Number.NaN)],
});

const beyond = (x: Expr, eps: Expr): Expr => x.lt(eps).logicalOr(x.gt(one.sub(eps)));

const limited: ElementwiseOp = defineElementwise({
  name: 'logitEps',
  arity: 2,
  noInPlace: true,
  js: (x, eps) => `logitOf(Math.min(Math.max(${x},${eps}),1-${eps}))`,
  helpers: { logitOf },
  gpu: gpuBody((x, eps) => `logOdds(smaller(larger(${x}, ${eps}), 1 - ${eps}))`, 'logOdds', 'smaller', 'larger'),
  grad: [
    (x, eps) => where(beyond(x, eps).logicalOr(x.isnan()), 0, one.div(x.mul(one.sub(x)))),
    (x, eps) => where(x.lt(eps), one, where(x.gt(one.sub(eps)), -1, 0)).div(eps.mul(one.sub(eps))),
  ],
});

function logitOf(z: number): number {
  return Math.log(z / (1 - z));
}

/** Takes log-odds. */
export interface LogitOp {
  <S extends Shape>(x: Tensor<S>, options?: LogitOptions): Tensor<S>;
  (x: Expr, options?: { readonly eps?: ExprLike | null }): Expr;
}

/**
 * The inverse of sigmoid, ln(x / (1 - x)). With `eps`, arguments are limited to [eps, 1 - eps] first.
 *
 * @see https://pytorch.org/docs/stable/special.html#torch.special.logit
 */
export const logit: LogitOp = ((x: Tensor | Expr, options: { readonly eps?: ExprLike | null } = {}): Tensor | Expr => {
  const eps = options.eps ?? null;
  if (x instanceof Expr) return eps === null ? call(plain.row, [x]) : call(limited.row, [x, eps]);
  return eps === null ? applyRow(plain.row, floats, [x]) : applyRow(limited.row, floats, [x, eps as number]);
}) as LogitOp;

addMethod('logit', function (this: Tensor, options?: LogitOptions) {
  return logit(this, options);
});
addMethod('logit_', function (this: Tensor, options?: LogitOptions) {
  const eps = options?.eps ?? null;
  return eps === null ? applyRowInPlace(plain.row, floats, this, []) : applyRowInPlace(limited.row, floats, this, [eps]);
});
Object.defineProperty(Expr.prototype, 'logit', {
  configurable: true,
  value(this: Expr, options?: { readonly eps?: ExprLike | null }): Expr {
    return logit(this, options);
  },
});

const replace: ElementwiseOp = defineElementwise({
  name: 'nanToNum',
  arity: 4,
  js: (x, nan, posinf, neginf) => `${x}!==${x}?${nan}:${x}===Infinity?${posinf}:${x}===-Infinity?${neginf}:${x}`,
  exact: true,
  gpu: gpuCall('replaced'),
  grad: [(x) => where(x.isfinite(), 1, 0), null, null, null],
});

const largest = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

/** The replacements for a tensor. */
function replacements(x: Tensor, { nan, posinf, neginf }: NanToNumOptions = {}): [number, number, number] {
  const limit = largest[x.dtype === 'float64' ? 'float64' : 'float32'];
  return [nan ?? 0, posinf ?? limit, neginf ?? -limit];
}

/**
 * NaN and infinities replaced by numbers; integers stay as they are.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nan_to_num.html
 */
export function nanToNum<S extends Shape>(x: Tensor<S>, options?: NanToNumOptions): Tensor<S> {
  return isFloating(x.dtype) ? (applyRow(replace.row, floats, [x, ...replacements(x, options)]) as unknown as Tensor<S>) : x.clone();
}

addMethod('nanToNum', function (this: Tensor, options?: NanToNumOptions) {
  return nanToNum(this, options);
});
addMethod('nanToNum_', function (this: Tensor, options?: NanToNumOptions) {
  return isFloating(this.dtype) ? applyRowInPlace(replace.row, floats, this, replacements(this, options)) : this;
});
