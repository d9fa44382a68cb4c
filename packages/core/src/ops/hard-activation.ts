import { defineElementwise } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { defineFunction } from '../expr/function.ts';
import { call } from '../expr/node.ts';
import { defineParametric, type Given, type GivenExpr, type ParametricOp } from '../parametric.ts';
import { atLeast, atMost } from '../scalar/float.ts';
import { gpuBody } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import { where } from './where.ts';

/** Options of {@link hardtanh}. */
export interface HardtanhOptions {
  /** Lower bound. Default -1. */
  readonly minVal?: number;
  /** Upper bound. Default 1. */
  readonly maxVal?: number;
}

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Values limited to [0, 6]; on the bounds the derivative is 0. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html */
    relu6<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.relu6}. */
    relu6_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Values limited to a range; on its bounds the derivative is 0. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html */
    hardtanh<A extends Shape>(this: Tensor<A>, ...parameters: Given<HardtanhOptions>): Tensor<A>;
    /** In-place {@link Tensor.hardtanh}. */
    hardtanh_<A extends Shape>(this: Tensor<A>, ...parameters: Given<HardtanhOptions>): Tensor<A>;
    /** x·relu6(x + 3) / 6. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html */
    hardswish<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.hardswish}. */
    hardswish_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** relu6(x + 3) / 6. @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html */
    hardsigmoid<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.hardsigmoid}. */
    hardsigmoid_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    relu6(): Expr;
    hardtanh(...parameters: GivenExpr<HardtanhOptions>): Expr;
    hardswish(): Expr;
    hardsigmoid(): Expr;
  }
}

/** Values limited to [0, 6]. Not defined for bool. */
export const relu6: UnaryOp = defineElementwise({
  name: 'relu6',
  dtype: 'promote',
  reject: ['bool'],
  exact: true,
  js: (x) => `${x}<0?0:${x}>6?6:${x}`,
  wasm: (v, x) => v.select(v.lt(x, v.number(0)), v.number(0), v.select(v.gt(x, v.number(6)), v.number(6), x)),
  gpu: gpuBody((x) => `smaller(larger(${x}, 0), 6)`, 'smaller', 'larger'),
  grad: [(x) => where(x.gt(0).logicalAnd(x.lt(6)), 1, 0)],
}) as UnaryOp;

/**
 * Values limited to [minVal, maxVal]. Unlike `clamp`, the derivative on the bounds is 0.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
 */
export const hardtanh: ParametricOp<HardtanhOptions> = defineParametric<HardtanhOptions>(
  {
    name: 'hardtanh',
    dtype: 'promote',
    reject: ['bool', 'uint8'],
    exact: true,
    js: (x, min, max) => `atMost(atLeast(${x},${min}),${max})`,
    wasm: (v, x, min, max) => v.min(v.max(x, min), max),
    helpers: { atLeast, atMost },
    gpu: gpuBody((x, min, max) => `smaller(larger(${x}, ${min}), ${max})`, 'smaller', 'larger'),
    grad: [
      (x, min, max) => where(x.gt(min).logicalAnd(x.lt(max)), 1, 0),
      (x, min) => where(x.le(min), 1, 0),
      (x, _min, max) => where(x.ge(max), 1, 0),
    ],
  },
  [
    ['minVal', -1],
    ['maxVal', 1],
  ],
);

// A function of its own: at -3 PyTorch takes the parabola's first derivative but the second derivative 0.
const hardswishGrad = defineFunction({
  name: 'hardswishGrad',
  arity: 1,
  js: (x) => `${x}<-3?0:${x}>=3?1:${x}/3+0.5`,
  wasm: (v, x) =>
    v.select(v.lt(x, v.number(-3)), v.number(0), v.select(v.ge(x, v.number(3)), v.number(1), v.add(v.div(x, v.number(3)), v.number(0.5)))),
  grad: [(x) => where(x.gt(-3).logicalAnd(x.lt(3)), 1 / 3, 0)],
});

/** x·relu6(x + 3) / 6. */
export const hardswish: UnaryOp = defineElementwise({
  name: 'hardswish',
  dtype: 'floating',
  js: (x) => `${x}*Math.min(Math.max(${x}+3,0),6)/6`,
  wasm: (v, x) => v.div(v.mul(x, v.min(v.max(v.add(x, v.number(3)), v.number(0)), v.number(6))), v.number(6)),
  gpu: gpuBody((x) => `${x} * smaller(larger(${x} + 3, 0), 6) / 6`, 'smaller', 'larger'),
  // A choice, so that an infinite gradient leaves nothing below -3.
  grad: [(x) => where(x.lt(-3), 0, call(hardswishGrad, [x]))],
}) as UnaryOp;

/** relu6(x + 3) / 6. */
export const hardsigmoid: UnaryOp = defineElementwise({
  name: 'hardsigmoid',
  dtype: 'floating',
  js: (x) => `Math.min(Math.max(${x}+3,0),6)/6`,
  wasm: (v, x) => v.div(v.min(v.max(v.add(x, v.number(3)), v.number(0)), v.number(6)), v.number(6)),
  gpu: gpuBody((x) => `smaller(larger(${x} + 3, 0), 6) / 6`, 'smaller', 'larger'),
  // PyTorch's sixth is that of float32 in float64 too.
  grad: [(x) => where(x.gt(-3).logicalAnd(x.lt(3)), Math.fround(1 / 6), 0)],
}) as UnaryOp;
