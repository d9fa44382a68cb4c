import { applyRow, defineElementwise } from '../elementwise.ts';
import type { UnaryOp } from '../elementwise-types.ts';
import { ValueError } from '../errors.ts';
import { defineFunction } from '../expr/function.ts';
import { call, Expr } from '../expr/node.ts';
import { erfcOf, erfinvOf, erfOf } from '../scalar/erf.ts';
import { digammaOf, lgammaOf, polygammaOf } from '../scalar/gamma.ts';
import { gpuBody, gpuCall } from '../scalar/gpu.ts';
import { sincDerivative } from '../scalar/sinc.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, type Tensor } from '../tensor.ts';

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** The error function. @see https://pytorch.org/docs/stable/special.html#torch.special.erf */
    erf<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.erf}. */
    erf_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** 1 - erf(x), without cancellation. @see https://pytorch.org/docs/stable/special.html#torch.special.erfc */
    erfc<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.erfc}. */
    erfc_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The inverse of erf, on [-1, 1]. @see https://pytorch.org/docs/stable/special.html#torch.special.erfinv */
    erfinv<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.erfinv}. */
    erfinv_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** ln |Γ(x)|. @see https://pytorch.org/docs/stable/generated/torch.lgamma.html */
    lgamma<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.lgamma}. */
    lgamma_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The derivative of ln Γ. @see https://pytorch.org/docs/stable/special.html#torch.special.digamma */
    digamma<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.digamma}. */
    digamma_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The derivative of {@link Tensor.digamma}, `polygamma(1)`. */
    trigamma<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.trigamma}. */
    trigamma_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** The n-th derivative of {@link Tensor.digamma}. @see https://pytorch.org/docs/stable/special.html#torch.special.polygamma */
    polygamma<A extends Shape>(this: Tensor<A>, n: number): Tensor<A>;
    /** sin(πx) / (πx), 1 at 0. @see https://pytorch.org/docs/stable/special.html#torch.special.sinc */
    sinc<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** In-place {@link Tensor.sinc}. */
    sinc_<A extends Shape>(this: Tensor<A>): Tensor<A>;
  }
}
declare module '../expr/node.ts' {
  interface Expr {
    erf(): Expr;
    erfc(): Expr;
    erfinv(): Expr;
    lgamma(): Expr;
    digamma(): Expr;
    trigamma(): Expr;
    /** The n-th derivative of {@link Expr.digamma}. */
    polygamma(n: number): Expr;
    sinc(): Expr;
  }
}

const slopeOfErf = 2 / Math.sqrt(Math.PI);

/** The error function. */
export const erf: UnaryOp = defineElementwise({
  name: 'erf',
  js: (x) => `erfOf(${x})`,
  wasm: (v, x) => v.erf(x),
  helpers: { erfOf },
  gpu: gpuCall('errorFunction'),
  grad: [(x) => x.square().neg().exp().mul(slopeOfErf)],
}) as UnaryOp;

/** 1 - erf(x), without cancellation for large x. */
export const erfc: UnaryOp = defineElementwise({
  name: 'erfc',
  js: (x) => `erfcOf(${x})`,
  wasm: (v, x) => v.erfc(x),
  helpers: { erfcOf },
  gpu: gpuCall('complementaryError'),
  grad: [(x) => x.square().neg().exp().mul(-slopeOfErf)],
}) as UnaryOp;

/** The inverse of erf, on [-1, 1]. */
export const erfinv: UnaryOp = defineElementwise({
  name: 'erfinv',
  js: (x) => `erfinvOf(${x})`,
  helpers: { erfinvOf },
  gpu: gpuCall('inverseError'),
  grad: [
    (_x, y) =>
      y
        .square()
        .exp()
        .mul(1 / slopeOfErf),
  ],
}) as UnaryOp;

/** ln |Γ(x)|. */
export const lgamma: UnaryOp = defineElementwise({
  name: 'lgamma',
  js: (x) => `lgammaOf(${x})`,
  helpers: { lgammaOf },
  gpu: gpuCall('logGamma'),
  grad: [(x) => x.digamma()],
}) as UnaryOp;

/** The derivative of ln Γ. */
export const digamma: UnaryOp = defineElementwise({
  name: 'digamma',
  js: (x) => `digammaOf(${x})`,
  helpers: { digammaOf },
  gpu: gpuCall('psi'),
  grad: [(x) => x.trigamma()],
}) as UnaryOp;

/** The derivative of digamma. */
export const trigamma: UnaryOp = defineElementwise({
  name: 'trigamma',
  js: (x) => `polygammaOf(1,${x})`,
  helpers: { polygammaOf },
  gpu: gpuBody((x) => `psiDerivative(1, ${x})`, 'psiDerivative'),
  grad: [(x) => x.polygamma(2)],
}) as UnaryOp;

// The order n is a parameter of the kernel, but never of the derivative: it is an integer.
const polygammaRow = defineFunction({
  name: 'polygamma',
  arity: 2,
  js: (n, x) => `polygammaOf(${n},${x})`,
  helpers: { polygammaOf },
  gpu: gpuCall('psiDerivative'),
  grad: [null, (n, x) => call(polygammaRow, [n.kind === 'const' ? n.value + 1 : n.add(1), x])],
});

/** Takes derivatives of {@link digamma}. */
export interface PolygammaOp {
  <S extends Shape>(n: number, x: Tensor<S>): Tensor<S>;
  (n: number, x: Expr): Expr;
}

/**
 * The n-th derivative of {@link digamma}.
 *
 * @param n an integer, at least 0
 * @throws ValueError for another n
 * @see https://pytorch.org/docs/stable/special.html#torch.special.polygamma
 */
export const polygamma: PolygammaOp = ((n: number, x: Tensor | Expr): Tensor | Expr => {
  if (!Number.isInteger(n) || n < 0) throw new ValueError(`polygamma: the order must be an integer of at least 0, got ${n}`);
  return x instanceof Expr ? call(polygammaRow, [n, x]) : applyRow(polygammaRow, { dtype: 'float' }, [n, x]);
}) as PolygammaOp;

addMethod('polygamma', function (this: Tensor, n: number) {
  return polygamma(n, this);
});
Object.defineProperty(Expr.prototype, 'polygamma', {
  configurable: true,
  value(this: Expr, n: number): Expr {
    return polygamma(n, this);
  },
});

const sincDerivativeRow = defineFunction({
  name: 'sincDerivative',
  arity: 2,
  js: (n, x) => `sincDerivative(${n},${x})`,
  helpers: { sincDerivative },
  gpu: gpuCall('sincDerivative'),
  grad: [null, (n, x) => call(sincDerivativeRow, [n.kind === 'const' ? n.value + 1 : n.add(1), x])],
});

/** sin(πx) / (πx), 1 at 0. */
export const sinc: UnaryOp = defineElementwise({
  name: 'sinc',
  js: (x) => `sincDerivative(0,${x})`,
  helpers: { sincDerivative },
  gpu: gpuBody((x) => `sincDerivative(0, ${x})`, 'sincDerivative'),
  grad: [(x) => call(sincDerivativeRow, [1, x])],
}) as UnaryOp;
