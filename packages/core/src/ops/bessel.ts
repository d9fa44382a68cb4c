import { defineElementwise } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { defineFunction, type FunctionRow } from '../expr/function.ts';
import { call, type Expr } from '../expr/node.ts';
import { besselI, besselIe } from '../scalar/bessel.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The modified Bessel function of the first kind, order 0. @see https://pytorch.org/docs/stable/generated/torch.i0.html */
    i0<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.i0}. */
    i0_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** e^-|x| times {@link Tensor.i0}, which does not overflow. @see https://pytorch.org/docs/stable/special.html#torch.special.i0e */
    i0e<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.i0e}. */
    i0e_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The modified Bessel function of the first kind, order 1. @see https://pytorch.org/docs/stable/special.html#torch.special.i1 */
    i1<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.i1}. */
    i1_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** e^-|x| times {@link Tensor.i1}, which does not overflow. @see https://pytorch.org/docs/stable/special.html#torch.special.i1e */
    i1e<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.i1e}. */
    i1e_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    i0(): Expr;
    i0e(): Expr;
    i1(): Expr;
    i1e(): Expr;
  }
}

// I_n' = (I_(n-1) + I_(n+1)) / 2: rows of any order, whose derivatives need no division by x. The order is a constant.

const orderRow = defineFunction({
  name: 'besselI',
  arity: 2,
  js: (n, x) => `besselI(${n},${x})`,
  helpers: { besselI },
  gpu: gpuBody((n, x) => `besselScaled(${n}, ${x}) * exponential(absolute(${x}))`, 'besselScaled', 'exponential', 'absolute'),
  grad: [null, (n, x) => neighbours(orderRow, n.value, x)],
});

const scaledRow = defineFunction({
  name: 'besselIe',
  arity: 2,
  js: (n, x) => `besselIe(${n},${x})`,
  helpers: { besselIe },
  gpu: gpuCall('besselScaled'),
  grad: [null, (n, x, y) => neighbours(scaledRow, n.value, x).sub(x.sign().mul(y))],
});

function neighbours(row: FunctionRow, n: number, x: Expr): Expr {
  const above = call(row, [n + 1, x]);
  return n === 0
    ? above
    : call(row, [n - 1, x])
        .add(above)
        .mul(0.5);
}

/** The modified Bessel function of the first kind, order 0. */
export const i0: UnaryOp = defineElementwise({
  name: 'i0',
  js: (x) => `besselI(0,${x})`,
  helpers: { besselI },
  gpu: gpuBody((x) => `besselScaled(0, ${x}) * exponential(absolute(${x}))`, 'besselScaled', 'exponential', 'absolute'),
  grad: [(x) => x.i1()],
}) as UnaryOp;

/** e^-|x|·{@link i0}. */
export const i0e: UnaryOp = defineElementwise({
  name: 'i0e',
  js: (x) => `besselIe(0,${x})`,
  helpers: { besselIe },
  gpu: gpuBody((x) => `besselScaled(0, ${x})`, 'besselScaled'),
  grad: [(x, y) => x.i1e().sub(x.sign().mul(y))],
}) as UnaryOp;

/** The modified Bessel function of the first kind, order 1. */
export const i1: UnaryOp = defineElementwise({
  name: 'i1',
  js: (x) => `besselI(1,${x})`,
  helpers: { besselI },
  gpu: gpuBody((x) => `besselScaled(1, ${x}) * exponential(absolute(${x}))`, 'besselScaled', 'exponential', 'absolute'),
  grad: [(x) => neighbours(orderRow, 1, x)],
}) as UnaryOp;

/** e^-|x|·{@link i1}. */
export const i1e: UnaryOp = defineElementwise({
  name: 'i1e',
  js: (x) => `besselIe(1,${x})`,
  helpers: { besselIe },
  gpu: gpuBody((x) => `besselScaled(1, ${x})`, 'besselScaled'),
  grad: [(x, y) => neighbours(scaledRow, 1, x).sub(x.sign().mul(y))],
}) as UnaryOp;
