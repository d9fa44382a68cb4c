import { defineElementwise, type ElementwiseOp } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import { constant } from '../expr/node.ts';
import { defineParametric, type Given, type GivenExpr, type ParametricOp } from '../parametric.ts';
import { gpuBody } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';
import { where } from './where.ts';

/** Options of {@link softshrink} and {@link hardshrink}. */
export interface ShrinkOptions {
  /** Half the width of the interval that becomes 0. Default 0.5. */
  readonly lambd?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** x / (1 + |x|). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html */
    softsign<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.softsign}. */
    softsign_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** x - tanh(x). @see https://pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html */
    tanhshrink<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.tanhshrink}. */
    tanhshrink_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** x moved towards 0 by `lambd`, 0 in between. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html */
    softshrink<A extends Shape>(this: Tensor<A>, ...parameters: Given<ShrinkOptions>): Tensor<A>;
    /** In-place {@link Tensor.softshrink}. */
    softshrink_<A extends Shape>(this: Tensor<A>, ...parameters: Given<ShrinkOptions>): Tensor<A>;
    /** x where |x| exceeds `lambd`, else 0. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html */
    hardshrink<A extends Shape>(this: Tensor<A>, ...parameters: Given<ShrinkOptions>): Tensor<A>;
    /** In-place {@link Tensor.hardshrink}. */
    hardshrink_<A extends Shape>(this: Tensor<A>, ...parameters: Given<ShrinkOptions>): Tensor<A>;
    /** x where it exceeds `threshold`, else `value`. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html */
    threshold<A extends Shape>(this: Tensor<A>, threshold: number, value: number): Tensor<A>;
    /** In-place {@link Tensor.threshold}. */
    threshold_<A extends Shape>(this: Tensor<A>, threshold: number, value: number): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    softsign(): Expr;
    tanhshrink(): Expr;
    softshrink(...parameters: GivenExpr<ShrinkOptions>): Expr;
    hardshrink(...parameters: GivenExpr<ShrinkOptions>): Expr;
    threshold(threshold: ExprLike, value: ExprLike): Expr;
  }
}

const one = constant(1);

/** x / (1 + |x|). */
export const softsign: UnaryOp = defineElementwise({
  name: 'softsign',
  refuse: ['bool'],
  js: (x) => `${x}/(1+Math.abs(${x}))`,
  wasm: (v, x) => v.div(x, v.add(v.number(1), v.abs(x))),
  grad: [
    (x) => {
      const d = x.abs().add(1);
      return one.div(d).add(x.div(d).neg().div(d).mul(x.sign()));
    },
  ],
}) as UnaryOp;

/** x - tanh(x). */
export const tanhshrink: UnaryOp = defineElementwise({
  name: 'tanhshrink',
  refuse: ['bool'],
  js: (x) => `${x}-Math.tanh(${x})`,
  wasm: (v, x) => v.sub(x, v.tanh(x)),
  gpu: gpuBody((x) => `${x} - hyperbolicTangent(${x})`, 'hyperbolicTangent'),
  grad: [(x) => x.tanh().square()],
}) as UnaryOp;

/**
 * x moved towards 0 by `lambd`; 0 within `lambd` of 0.
 *
 * @throws ValueError for a negative lambd
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
 */
export const softshrink: ParametricOp<ShrinkOptions> = defineParametric<ShrinkOptions>(
  {
    name: 'softshrink',
    dtype: 'floating',
    js: (x, l) => `${x}>${l}?${x}-${l}:${x}<-${l}?${x}+${l}:0`,
    wasm: (v, x, lambda) => v.select(v.gt(x, lambda), v.sub(x, lambda), v.select(v.lt(x, v.neg(lambda)), v.add(x, lambda), v.number(0))),
    grad: [(x, l) => where(x.gt(l).logicalOr(x.lt(l.neg())), 1, 0), (x, l) => where(x.gt(l), -1, where(x.lt(l.neg()), 1, 0))],
  },
  [['lambd', 0.5]],
  (lambd) => {
    if (lambd! < 0) throw new ValueError(`softshrink: lambd must not be negative, got ${lambd}`);
  },
);

/**
 * x where |x| exceeds `lambd`, else 0.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
 */
export const hardshrink: ParametricOp<ShrinkOptions> = defineParametric<ShrinkOptions>(
  {
    name: 'hardshrink',
    dtype: 'floating',
    exact: true,
    js: (x, l) => `${x}>=-${l}&&${x}<=${l}?0:${x}`,
    wasm: (v, x, lambda) => v.select(v.and(v.ge(x, v.neg(lambda)), v.le(x, lambda)), v.number(0), x),
    grad: [(x, l) => where(x.gt(l).logicalOr(x.lt(l.neg())), 1, 0), () => constant(0)],
  },
  [['lambd', 0.5]],
);

const thresholdOp: ElementwiseOp = defineElementwise({
  name: 'threshold',
  arity: 3,
  tensors: 'first',
  parameters: 1,
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (x, limit, value) => `${x}<=${limit}?${value}:${x}`,
  wasm: (v, x, threshold, value) => v.select(v.le(x, threshold), value, x),
  grad: [(x, limit) => where(x.le(limit), 0, 1), null, (x, limit) => where(x.le(limit), 1, 0)],
});

/** Replaces what does not exceed a threshold. */
export interface ThresholdOp extends ElementwiseOp {
  <S extends Shape>(x: Tensor<S>, threshold: number, value: number): Tensor<S>;
}

/**
 * x where it exceeds `threshold`, else `value`. Not defined for bool.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
 */
export const threshold: ThresholdOp = thresholdOp as ThresholdOp;
