import { defineElementwise } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import { defineFunction } from '../expr/function.ts';
import { call, constant, type Expr } from '../expr/node.ts';
import { defineParametric, type Given, type GivenExpr, type ParametricOp } from '../parametric.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { where } from './where.ts';

export type { Given, GivenExpr, ParametricOp } from '../parametric.ts';

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Steepness. Default 1. */
  readonly beta?: number;
  /** The function is the identity where `beta * x` exceeds this. Default 20. */
  readonly threshold?: number;
}
/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Slope for negative arguments. Default 0.01. */
  readonly negativeSlope?: number;
}
/** Options of {@link elu} and {@link celu}. */
export interface EluOptions {
  /** Minus the limit at minus infinity. Default 1. */
  readonly alpha?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** 1 / (1 + e^-x). @see https://pytorch.org/docs/stable/generated/torch.sigmoid.html */
    sigmoid<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.sigmoid}. */
    sigmoid_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** ln(sigmoid(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html */
    logsigmoid<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.logsigmoid}. */
    logsigmoid_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** ln(1 + e^(beta x)) / beta. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html */
    softplus<A extends Shape>(this: Tensor<A>, ...parameters: Given<SoftplusOptions>): Tensor<A>;
    /** In-place {@link Tensor.softplus}. */
    softplus_<A extends Shape>(this: Tensor<A>, ...parameters: Given<SoftplusOptions>): Tensor<A>;
    /** max(x, 0); its derivative at 0 is 0. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
    relu<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.relu}. */
    relu_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** x where positive, else `negativeSlope * x`. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html */
    leakyRelu<A extends Shape>(this: Tensor<A>, ...parameters: Given<LeakyReluOptions>): Tensor<A>;
    /** In-place {@link Tensor.leakyRelu}. */
    leakyRelu_<A extends Shape>(this: Tensor<A>, ...parameters: Given<LeakyReluOptions>): Tensor<A>;
    /** x where positive, else `alpha * (e^x - 1)`. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html */
    elu<A extends Shape>(this: Tensor<A>, ...parameters: Given<EluOptions>): Tensor<A>;
    /** In-place {@link Tensor.elu}. */
    elu_<A extends Shape>(this: Tensor<A>, ...parameters: Given<EluOptions>): Tensor<A>;
    /** x where positive, else `alpha * (e^(x / alpha) - 1)`. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html */
    celu<A extends Shape>(this: Tensor<A>, ...parameters: Given<EluOptions>): Tensor<A>;
    /** In-place {@link Tensor.celu}. */
    celu_<A extends Shape>(this: Tensor<A>, ...parameters: Given<EluOptions>): Tensor<A>;
    /** The self-normalizing {@link Tensor.elu}. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html */
    selu<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.selu}. */
    selu_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** x · sigmoid(x). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.silu.html */
    silu<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.silu}. */
    silu_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** x · tanh(softplus(x)). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.mish.html */
    mish<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.mish}. */
    mish_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    sigmoid(): Expr;
    logsigmoid(): Expr;
    softplus(...parameters: GivenExpr<SoftplusOptions>): Expr;
    relu(): Expr;
    leakyRelu(...parameters: GivenExpr<LeakyReluOptions>): Expr;
    elu(...parameters: GivenExpr<EluOptions>): Expr;
    celu(...parameters: GivenExpr<EluOptions>): Expr;
    selu(): Expr;
    silu(): Expr;
    mish(): Expr;
  }
}

const one = constant(1);

/** 1 / (1 + e^-x). */
export const sigmoid: UnaryOp = defineElementwise({
  name: 'sigmoid',
  js: (x) => `1/(1+Math.exp(-${x}))`,
  wasm: (v, x) => v.sigmoid(x),
  gpu: gpuCall('logistic'),
  grad: [(_x, y) => one.sub(y).mul(y)],
}) as UnaryOp;

/** ln(sigmoid(x)), finite for every finite x. */
export const logsigmoid: UnaryOp = defineElementwise({
  name: 'logsigmoid',
  dtype: 'floating',
  js: (x) => `Math.min(0,${x})-Math.log1p(Math.exp(-Math.abs(${x})))`,
  wasm: (v, x) => v.sub(v.min(v.number(0), x), v.log1p(v.exp(v.neg(v.abs(x))))),
  gpu: gpuCall('logLogistic'),
  grad: [(x) => x.neg().sigmoid()],
}) as UnaryOp;

// The derivative of softplus is a function of its own: at beta * x = threshold PyTorch takes the curve's first
// derivative but the line's second.
const softplusGrad = defineFunction({
  name: 'softplusGrad',
  arity: 3,
  js: (x, beta, threshold) => `${x}*${beta}>${threshold}?1:1/(1+Math.exp(-${x}*${beta}))`,
  wasm: (v, x, beta, threshold) => v.select(v.gt(v.mul(x, beta), threshold), v.number(1), v.sigmoid(v.mul(x, beta))),
  gpu: gpuBody((x, beta, threshold) => `(${x} * ${beta} > ${threshold} ? 1 : logistic(${x} * ${beta}))`, 'logistic'),
  grad: [
    (x, beta, threshold) => where(x.mul(beta).ge(threshold), 0, bell(x.mul(beta)).mul(beta)),
    (x, beta, threshold) => where(x.mul(beta).ge(threshold), 0, bell(x.mul(beta)).mul(x)),
    null,
  ],
});

/** The derivative of the logistic function. */
function bell(u: Expr): Expr {
  const s = u.sigmoid();
  return one.sub(s).mul(s);
}

/**
 * ln(1 + e^(beta x)) / beta; the identity where beta·x exceeds `threshold`.
 *
 * @example
 * ```ts
 * softplus(x, { beta: 2 });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
 */
export const softplus: ParametricOp<SoftplusOptions> = defineParametric<SoftplusOptions>(
  {
    name: 'softplus',
    dtype: 'floating',
    js: (x, beta, threshold) => `${x}*${beta}>${threshold}?${x}:Math.log1p(Math.exp(${x}*${beta}))/${beta}`,
    wasm: (v, x, beta, threshold) => v.select(v.gt(v.mul(x, beta), threshold), x, v.div(v.log1p(v.exp(v.mul(x, beta))), beta)),
    gpu: gpuBody((x, beta, threshold) => `(${x} * ${beta} > ${threshold} ? ${x} : softPlus(${x} * ${beta}) / ${beta})`, 'softPlus'),
    grad: [
      (x, beta, threshold) => call(softplusGrad, [x, beta, threshold]),
      (x, beta, threshold, y) => where(x.mul(beta).gt(threshold), 0, x.mul(x.mul(beta).sigmoid()).sub(y).div(beta)),
      null,
    ],
  },
  [
    ['beta', 1],
    ['threshold', 20],
  ],
);

/** max(x, 0), keeping NaN; its derivative at 0 is 0. Not defined for bool. */
export const relu: UnaryOp = defineElementwise({
  name: 'relu',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (x) => `${x}<0?0:${x}`,
  wasm: (v, x) => v.select(v.lt(x, v.number(0)), v.number(0), x),
  grad: [(_x, y) => where(y.le(0), 0, 1)],
}) as UnaryOp;

/**
 * x where positive, else `negativeSlope * x`. At 0 the derivative is the slope.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
 */
export const leakyRelu: ParametricOp<LeakyReluOptions> = defineParametric<LeakyReluOptions>(
  {
    name: 'leakyRelu',
    dtype: 'floating',
    js: (x, slope) => `${x}>0?${x}:${x}*${slope}`,
    wasm: (v, x, slope) => v.select(v.gt(x, v.number(0)), x, v.mul(x, slope)),
    grad: [(x, slope) => where(x.gt(0), 1, slope), (x) => where(x.gt(0), 0, x)],
  },
  [['negativeSlope', 0.01]],
);

// The derivative of x where positive, else alpha (e^(scale x) - 1) / scale. A function of its own: at 0 PyTorch takes the
// curve's first derivative but the line's second.
const eluGrad = defineFunction({
  name: 'eluGrad',
  arity: 3,
  js: (x, alpha, scale) => `${x}<=0?Math.exp(${x}*${scale})*${alpha}:1`,
  wasm: (v, x, a, s) => v.select(v.le(x, v.number(0)), v.mul(v.exp(v.mul(x, s)), a), v.number(1)),
  gpu: gpuBody((x, alpha, scale) => `(${x} <= 0 ? exponential(${x} * ${scale}) * ${alpha} : 1)`, 'exponential'),
  grad: [
    (x, alpha, scale) => where(x.lt(0), x.mul(scale).exp().mul(alpha).mul(scale), 0),
    (x, _alpha, scale) => where(x.le(0), x.mul(scale).exp(), 0),
    (x, alpha, scale) => where(x.le(0), x.mul(scale).exp().mul(alpha).mul(x), 0),
  ],
});

// Adding 0 makes -0 to 0, as e^x - 1 does in PyTorch.

/**
 * x where positive, else `alpha * (e^x - 1)`.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
 */
export const elu: ParametricOp<EluOptions> = defineParametric<EluOptions>(
  {
    name: 'elu',
    dtype: 'floating',
    js: (x, alpha) => `${x}<=0?Math.expm1(${x})*${alpha}+0:${x}`,
    wasm: (v, x, alpha) => v.select(v.le(x, v.number(0)), v.add(v.mul(v.expm1(x), alpha), v.number(0)), x),
    gpu: gpuBody((x, alpha) => `(${x} <= 0 ? exponentialMinus1(${x}) * ${alpha} : ${x})`, 'exponentialMinus1'),
    grad: [(x, alpha) => call(eluGrad, [x, alpha, 1]), (x) => where(x.le(0), x.expm1(), 0)],
  },
  [['alpha', 1]],
);

/**
 * x where positive, else `alpha * (e^(x / alpha) - 1)`, which is smooth at 0 for every alpha.
 *
 * @throws ValueError for alpha 0
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
 */
export const celu: ParametricOp<EluOptions> = defineParametric<EluOptions>(
  {
    name: 'celu',
    dtype: 'floating',
    js: (x, alpha) => `${x}<=0?Math.expm1(${x}/${alpha})*${alpha}+0:${x}`,
    wasm: (v, x, alpha) => v.select(v.le(x, v.number(0)), v.add(v.mul(v.expm1(v.div(x, alpha)), alpha), v.number(0)), x),
    gpu: gpuBody((x, alpha) => `(${x} <= 0 ? exponentialMinus1(${x} / ${alpha}) * ${alpha} : ${x})`, 'exponentialMinus1'),
    grad: [
      (x, alpha) => call(eluGrad, [x, 1, one.div(alpha)]),
      (x, alpha, y) => where(x.le(0), y.sub(x.mul(x.div(alpha).exp())).div(alpha), 0),
    ],
  },
  [['alpha', 1]],
  (alpha) => {
    if (alpha === 0) throw new ValueError('celu: alpha must not be 0');
  },
);

// Klambauer et al., Self-Normalizing Neural Networks (2017): fixed points of the map of mean and variance.
const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;
const seluLeft = seluScale * seluAlpha;

/** The self-normalizing elu. */
export const selu: UnaryOp = defineElementwise({
  name: 'selu',
  dtype: 'floating',
  js: (x) => `${x}<=0?Math.expm1(${x})*${seluLeft}+0:${x}*${seluScale}`,
  gpu: gpuBody((x) => `(${x} <= 0 ? exponentialMinus1(${x}) * ${seluLeft} : ${x} * ${seluScale})`, 'exponentialMinus1'),
  grad: [(x) => call(eluGrad, [x, seluAlpha, 1]).mul(seluScale)],
}) as UnaryOp;

/** x·sigmoid(x), also called swish. */
export const silu: UnaryOp = defineElementwise({
  name: 'silu',
  dtype: 'floating',
  js: (x) => `${x}/(1+Math.exp(-${x}))`,
  wasm: (v, x) => v.mul(x, v.sigmoid(x)),
  gpu: gpuBody((x) => `${x} * logistic(${x})`, 'logistic'),
  grad: [
    (x) => {
      const s = x.sigmoid();
      return s.mul(one.add(x.mul(one.sub(s))));
    },
  ],
}) as UnaryOp;

/** x·tanh(softplus(x)). */
export const mish: UnaryOp = defineElementwise({
  name: 'mish',
  dtype: 'floating',
  js: (x) => `${x}*Math.tanh(Math.log1p(Math.exp(${x})))`,
  wasm: (v, x) => v.mul(x, v.tanh(v.log1p(v.exp(x)))),
  gpu: gpuBody((x) => `${x} * hyperbolicTangent(softPlus(${x}))`, 'hyperbolicTangent', 'softPlus'),
  grad: [
    (x) => {
      const t = x.softplus().tanh();
      return t.add(x.mul(x.sigmoid()).mul(one.sub(t.square())));
    },
  ],
}) as UnaryOp;
