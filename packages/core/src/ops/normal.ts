import { defineElementwise } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { defineFunction } from '../expr/function.ts';
import { call, constant } from '../expr/node.ts';
import { erfcxOf, inverseMills, logNdtrOf, millsExcess, ndtriOf, ndtrOf } from '../scalar/erf.ts';
import { gpuBody } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The normal distribution function: the area under the bell curve left of x. @see https://pytorch.org/docs/stable/special.html#torch.special.ndtr */
    ndtr<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.ndtr}. */
    ndtr_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The inverse of {@link Tensor.ndtr}, on [0, 1]. @see https://pytorch.org/docs/stable/special.html#torch.special.ndtri */
    ndtri<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.ndtri}. */
    ndtri_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** ln(ndtr(x)), without underflow. @see https://pytorch.org/docs/stable/special.html#torch.special.log_ndtr */
    logNdtr<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.logNdtr}. */
    logNdtr_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** e^(x²) erfc(x), which does not underflow. @see https://pytorch.org/docs/stable/special.html#torch.special.erfcx */
    erfcx<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.erfcx}. */
    erfcx_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** -x·ln(x), 0 at 0 and -inf below. @see https://pytorch.org/docs/stable/special.html#torch.special.entr */
    entr<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.entr}. */
    entr_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    ndtr(): Expr;
    ndtri(): Expr;
    logNdtr(): Expr;
    erfcx(): Expr;
    entr(): Expr;
  }
}

const density = 1 / Math.sqrt(2 * Math.PI);

/** The normal distribution function. */
export const ndtr: UnaryOp = defineElementwise({
  name: 'ndtr',
  js: (x) => `ndtrOf(${x})`,
  helpers: { ndtrOf },
  gpu: gpuBody((x) => `0.5 * complementaryError(-${Math.SQRT1_2} * ${x})`, 'complementaryError'),
  grad: [(x) => x.square().mul(-0.5).exp().mul(density)],
}) as UnaryOp;

/** The inverse of {@link ndtr}; -inf at 0, +inf at 1, NaN beyond. */
export const ndtri: UnaryOp = defineElementwise({
  name: 'ndtri',
  js: (x) => `ndtriOf(${x})`,
  helpers: { ndtriOf },
  gpu: gpuBody((x) => `inverseNormal(${x})`, 'inverseNormal'),
  grad: [
    (_x, y) =>
      y
        .square()
        .mul(0.5)
        .exp()
        .mul(1 / density),
  ],
}) as UnaryOp;

// The derivative m of logNdtr and e = x + m: m' = -m e and e' = 1 - m e.

const millsRow = defineFunction({
  name: 'inverseMills',
  arity: 1,
  js: (x) => `inverseMills(${x})`,
  helpers: { inverseMills },
  gpu: gpuBody((x) => `0.7978846 / scaledComplementaryError(-${Math.SQRT1_2} * ${x})`, 'scaledComplementaryError'),
  grad: [(x, y) => y.mul(call(excessRow, [x])).neg()],
});

const excessRow = defineFunction({
  name: 'millsExcess',
  arity: 1,
  js: (x) => `millsExcess(${x})`,
  helpers: { millsExcess },
  gpu: gpuBody((x) => `${x} + 0.7978846 / scaledComplementaryError(-${Math.SQRT1_2} * ${x})`, 'scaledComplementaryError'),
  grad: [(x, y) => constant(1).sub(call(millsRow, [x]).mul(y))],
});

/** ln(ndtr(x)), without underflow. */
export const logNdtr: UnaryOp = defineElementwise({
  name: 'logNdtr',
  js: (x) => `logNdtrOf(${x})`,
  helpers: { logNdtrOf },
  gpu: gpuBody((x) => `logNormalTail(-${Math.SQRT1_2} * ${x})`, 'logNormalTail'),
  grad: [(x) => call(millsRow, [x])],
}) as UnaryOp;

/** e^(x²) erfc(x). */
export const erfcx: UnaryOp = defineElementwise({
  name: 'erfcx',
  js: (x) => `erfcxOf(${x})`,
  helpers: { erfcxOf },
  gpu: gpuBody((x) => `scaledComplementaryError(${x})`, 'scaledComplementaryError'),
  grad: [
    (x, y) =>
      x
        .mul(y)
        .mul(2)
        .sub(2 / Math.sqrt(Math.PI)),
  ],
}) as UnaryOp;

/** -x·ln(x): the entropy of a probability. 0 at 0, -inf below. */
export const entr: UnaryOp = defineElementwise({
  name: 'entr',
  js: (x) => `${x}>0?-${x}*Math.log(${x}):${x}===0?0:${x}<0?-Infinity:${x}`,
  gpu: gpuBody((x) => `entropyOf(${x})`, 'entropyOf'),
  grad: [(x) => x.log().add(1).neg()],
}) as UnaryOp;
