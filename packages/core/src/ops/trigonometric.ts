import { defineElementwise } from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import { constant } from '../expr/node.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import type { Shape } from '../shape-types.ts';
import type { Ok, Out } from '../typed.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** Sine. @see https://pytorch.org/docs/stable/generated/torch.sin.html */
    sin<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.sin}. */
    sin_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Cosine. @see https://pytorch.org/docs/stable/generated/torch.cos.html */
    cos<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.cos}. */
    cos_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Tangent. @see https://pytorch.org/docs/stable/generated/torch.tan.html */
    tan<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.tan}. */
    tan_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Arc sine, NaN outside [-1, 1]. @see https://pytorch.org/docs/stable/generated/torch.asin.html */
    asin<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.asin}. */
    asin_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Arc cosine, NaN outside [-1, 1]. @see https://pytorch.org/docs/stable/generated/torch.acos.html */
    acos<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.acos}. */
    acos_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Arc tangent. @see https://pytorch.org/docs/stable/generated/torch.atan.html */
    atan<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.atan}. */
    atan_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Hyperbolic sine. @see https://pytorch.org/docs/stable/generated/torch.sinh.html */
    sinh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.sinh}. */
    sinh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Hyperbolic cosine. @see https://pytorch.org/docs/stable/generated/torch.cosh.html */
    cosh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.cosh}. */
    cosh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Hyperbolic tangent. @see https://pytorch.org/docs/stable/generated/torch.tanh.html */
    tanh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.tanh}. */
    tanh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Inverse hyperbolic sine. @see https://pytorch.org/docs/stable/generated/torch.asinh.html */
    asinh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.asinh}. */
    asinh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Inverse hyperbolic cosine, NaN below 1. @see https://pytorch.org/docs/stable/generated/torch.acosh.html */
    acosh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.acosh}. */
    acosh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Inverse hyperbolic tangent, NaN outside [-1, 1]. @see https://pytorch.org/docs/stable/generated/torch.atanh.html */
    atanh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.atanh}. */
    atanh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Degrees in radians. @see https://pytorch.org/docs/stable/generated/torch.deg2rad.html */
    deg2rad<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.deg2rad}. */
    deg2rad_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** Radians in degrees. @see https://pytorch.org/docs/stable/generated/torch.rad2deg.html */
    rad2deg<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.rad2deg}. */
    rad2deg_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The angle of a real number as a complex one: 0, π where negative, NaN for NaN. @see https://pytorch.org/docs/stable/generated/torch.angle.html */
    angle<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The angle of the point (other, this), in (-π, π]. @see https://pytorch.org/docs/stable/generated/torch.atan2.html */
    atan2<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** In-place {@link Tensor.atan2}. */
    atan2_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    sin(): Expr;
    cos(): Expr;
    tan(): Expr;
    asin(): Expr;
    acos(): Expr;
    atan(): Expr;
    sinh(): Expr;
    cosh(): Expr;
    tanh(): Expr;
    asinh(): Expr;
    acosh(): Expr;
    atanh(): Expr;
    atan2(other: ExprLike): Expr;
    deg2rad(): Expr;
    rad2deg(): Expr;
    angle(): Expr;
  }
}

const one = constant(1);

/** Sine. */
export const sin: UnaryOp = defineElementwise({
  name: 'sin',
  js: (x) => `Math.sin(${x})`,
  wasm: (v, x) => v.sin(x),
  gpu: gpuCall('sine'),
  grad: [(x) => x.cos()],
}) as UnaryOp;

/** Cosine. */
export const cos: UnaryOp = defineElementwise({
  name: 'cos',
  js: (x) => `Math.cos(${x})`,
  wasm: (v, x) => v.cos(x),
  gpu: gpuCall('cosine'),
  grad: [(x) => x.sin().neg()],
}) as UnaryOp;

/** Tangent. */
export const tan: UnaryOp = defineElementwise({
  name: 'tan',
  js: (x) => `Math.tan(${x})`,
  gpu: gpuCall('tangent'),
  grad: [(_x, y) => y.square().add(1)],
}) as UnaryOp;

/** Arc sine, NaN outside [-1, 1]. */
export const asin: UnaryOp = defineElementwise({
  name: 'asin',
  js: (x) => `Math.asin(${x})`,
  gpu: gpuCall('arcSine'),
  grad: [(x) => one.sub(x.square()).rsqrt()],
}) as UnaryOp;

/** Arc cosine, NaN outside [-1, 1]. */
export const acos: UnaryOp = defineElementwise({
  name: 'acos',
  js: (x) => `Math.acos(${x})`,
  gpu: gpuCall('arcCosine'),
  grad: [(x) => one.sub(x.square()).rsqrt().neg()],
}) as UnaryOp;

/** Arc tangent. */
export const atan: UnaryOp = defineElementwise({
  name: 'atan',
  js: (x) => `Math.atan(${x})`,
  gpu: gpuCall('arcTangent'),
  grad: [(x) => one.div(x.square().add(1))],
}) as UnaryOp;

/** Hyperbolic sine. */
export const sinh: UnaryOp = defineElementwise({
  name: 'sinh',
  js: (x) => `Math.sinh(${x})`,
  gpu: gpuCall('hyperbolicSine'),
  grad: [(x) => x.cosh()],
}) as UnaryOp;

/** Hyperbolic cosine. */
export const cosh: UnaryOp = defineElementwise({
  name: 'cosh',
  js: (x) => `Math.cosh(${x})`,
  gpu: gpuCall('hyperbolicCosine'),
  grad: [(x) => x.sinh()],
}) as UnaryOp;

/** Hyperbolic tangent. */
export const tanh: UnaryOp = defineElementwise({
  name: 'tanh',
  js: (x) => `Math.tanh(${x})`,
  wasm: (v, x) => v.tanh(x),
  gpu: gpuCall('hyperbolicTangent'),
  grad: [(_x, y) => one.sub(y.square())],
}) as UnaryOp;

/** Inverse hyperbolic sine. */
export const asinh: UnaryOp = defineElementwise({
  name: 'asinh',
  js: (x) => `Math.asinh(${x})`,
  gpu: gpuCall('inverseHyperbolicSine'),
  grad: [(x) => x.square().add(1).rsqrt()],
}) as UnaryOp;

/** Inverse hyperbolic cosine, NaN below 1. */
export const acosh: UnaryOp = defineElementwise({
  name: 'acosh',
  js: (x) => `Math.acosh(${x})`,
  gpu: gpuCall('inverseHyperbolicCosine'),
  grad: [(x) => x.square().sub(1).rsqrt()],
}) as UnaryOp;

/** Inverse hyperbolic tangent, NaN outside [-1, 1]. */
export const atanh: UnaryOp = defineElementwise({
  name: 'atanh',
  js: (x) => `Math.atanh(${x})`,
  gpu: gpuCall('inverseHyperbolicTangent'),
  grad: [(x) => one.div(one.sub(x.square()))],
}) as UnaryOp;

/** The angle of the point (b, a), in (-π, π]. */
export const atan2: BinaryOp = defineElementwise({
  name: 'atan2',
  arity: 2,
  tensors: 'all',
  js: (a, b) => `Math.atan2(${a},${b})`,
  gpu: gpuCall('angle'),
  grad: [(a, b) => b.div(a.square().add(b.square())), (a, b) => a.neg().div(a.square().add(b.square()))],
}) as BinaryOp;

/** Degrees in radians. */
export const deg2rad: UnaryOp = defineElementwise({
  name: 'deg2rad',
  js: (x) => `${x}*${Math.PI / 180}`,
  wasm: (v, x) => v.mul(x, v.number(Math.PI / 180)),
  grad: [() => constant(Math.PI / 180)],
}) as UnaryOp;

/** Radians in degrees. */
export const rad2deg: UnaryOp = defineElementwise({
  name: 'rad2deg',
  js: (x) => `${x}*${180 / Math.PI}`,
  wasm: (v, x) => v.mul(x, v.number(180 / Math.PI)),
  grad: [() => constant(180 / Math.PI)],
}) as UnaryOp;

/** The angle of a real number as a complex one: 0, π where it is negative, NaN for NaN. Its derivative is 0. */
export const angle: UnaryOp = defineElementwise({
  name: 'angle',
  noInPlace: true,
  js: (x) => `${x}<0?Math.PI:${x}!==${x}?${x}:0`,
  gpu: gpuBody((x) => `(isNan(${x}) > 0.5 ? ${x} : 3.1415927 * isLess(${x}, 0))`, 'isNan', 'isLess'),
  grad: [() => constant(0)],
}) as UnaryOp;
