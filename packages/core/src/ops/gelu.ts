import { applyRow, applyRowInPlace, defineElementwise, type ElementwiseOp } from '../elementwise.ts';
import { ValueError } from '../errors.ts';
import { defineFunction } from '../expr/function.ts';
import { call, Expr } from '../expr/node.ts';
import { erfcOf } from '../scalar/erf.ts';
import { gpuBody } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** 'none': the normal distribution function itself; 'tanh': its approximation by a hyperbolic tangent. Default 'none'. */
  readonly approximate?: 'none' | 'tanh';
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** x·Φ(x), where Φ is the normal distribution function. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html */
    gelu<A extends Shape>(this: Tensor<A>, options?: GeluOptions): Tensor<A>;
    /** In-place {@link Tensor.gelu}. */
    gelu_<A extends Shape>(this: Tensor<A>, options?: GeluOptions): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    gelu(options?: GeluOptions): Expr;
  }
}

const density = 1 / Math.sqrt(2 * Math.PI);

/** The normal distribution function, in float32 to 2e-7, as PyTorch has it for gelu and its gradient: the left tail is not exact. */
const distribution = defineFunction({
  name: 'geluDistribution',
  arity: 1,
  js: (x) => `0.5*erfcOf(-${x}*${Math.SQRT1_2})`,
  wasm: (v, x) => v.normalDistribution(x),
  helpers: { erfcOf },
  gpu: gpuBody((x) => `0.5 * complementaryError(-${Math.SQRT1_2} * ${x})`, 'complementaryError'),
  grad: [(x) => x.square().mul(-0.5).exp().mul(density)],
});

// Through erfc, so that the left tail keeps its relative accuracy.
const exact: ElementwiseOp = defineElementwise({
  name: 'gelu',
  dtype: 'floating',
  js: (x) => `0.5*${x}*erfcOf(-${x}*${Math.SQRT1_2})`,
  wasm: (v, x) => v.mul(x, v.normalDistribution(x)),
  helpers: { erfcOf },
  gpu: gpuBody((x) => `0.5 * ${x} * complementaryError(-${Math.SQRT1_2} * ${x})`, 'complementaryError'),
  grad: [(x) => call(distribution, [x]).add(x.mul(x.square().mul(-0.5).exp().mul(density)))],
});

// Hendrycks and Gimpel, Gaussian Error Linear Units (2016).
const slope = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

const approximation: ElementwiseOp = defineElementwise({
  name: 'geluTanh',
  dtype: 'floating',
  noInPlace: true,
  js: (x) => `0.5*${x}*(1+Math.tanh(${slope}*(${x}+${cubic}*${x}*${x}*${x})))`,
  wasm: (v, x) => {
    const t = v.tanh(v.mul(v.number(slope), v.add(x, v.mul(v.number(cubic), v.mul(x, v.mul(x, x))))));
    return v.mul(v.mul(v.number(0.5), x), v.add(v.number(1), t));
  },
  gpu: gpuBody((x) => `0.5 * ${x} * (1 + hyperbolicTangent(${slope} * (${x} + ${cubic} * ${x} * ${x} * ${x})))`, 'hyperbolicTangent'),
  grad: [
    (x) => {
      const t = x.add(x.mul(x).mul(x).mul(cubic)).mul(slope).tanh();
      const inner = x
        .square()
        .mul(3 * cubic)
        .add(1)
        .mul(slope);
      const left = x.mul(0.5);
      return t
        .add(1)
        .mul(0.5)
        .add(left.mul(t.square().neg().add(1)).mul(inner));
    },
  ],
});

/** The Gaussian error linear unit. */
export interface GeluOp {
  <S extends Shape>(x: Tensor<S>, options?: GeluOptions): Tensor<S>;
  (x: Expr, options?: GeluOptions): Expr;
}

function variant(options: GeluOptions = {}): ElementwiseOp {
  const { approximate = 'none' } = options;
  if (approximate === 'none') return exact;
  if (approximate === 'tanh') return approximation;
  throw new ValueError(`gelu: approximate must be 'none' or 'tanh', got '${String(approximate)}'`);
}

/**
 * x·Φ(x), where Φ is the normal distribution function.
 *
 * @example
 * ```ts
 * gelu(x, { approximate: 'tanh' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
 */
export const gelu: GeluOp = ((x: Tensor | Expr, options?: GeluOptions): Tensor | Expr => {
  const { row } = variant(options);
  return x instanceof Expr ? call(row, [x]) : applyRow(row, { dtype: 'floating' }, [x]);
}) as GeluOp;

addMethod('gelu', function (this: Tensor, options?: GeluOptions) {
  return gelu(this, options);
});
addMethod('gelu_', function (this: Tensor, options?: GeluOptions) {
  return applyRowInPlace(variant(options).row, { dtype: 'floating' }, this, []);
});
Object.defineProperty(Expr.prototype, 'gelu', {
  configurable: true,
  value(this: Expr, options?: GeluOptions): Expr {
    return gelu(this, options);
  },
});
