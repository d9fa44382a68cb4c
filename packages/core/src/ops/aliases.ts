import type { Operand } from '../elementwise.ts';
import type { Bin, BinaryOp, UnaryOp } from '../elementwise-types.ts';
import type { Shape } from '../shape-types.ts';
import { addMethod, Tensor } from '../tensor.ts';
import type { Ok, Out } from '../typed.ts';
import { sigmoid } from './activation.ts';
import { type AlphaOp, type AlphaOptions, abs, mul, neg, sign, sub } from './arithmetic.ts';
import { ge, gt, le, lt, ne } from './compare.ts';
import { type DivOp, type DivOptions, div } from './division.ts';
import { type Bound, type ClampOp, clamp } from './extrema.ts';
import { igamma, igammac, mvlgamma } from './gamma.ts';
import { trunc } from './rounding.ts';
import { digamma, lgamma } from './special.ts';
import { acos, acosh, asin, asinh, atan, atan2, atanh } from './trigonometric.ts';

// Second names that PyTorch has for its functions.

declare module '../tensor.ts' {
  interface Tensor<S extends Shape = Shape> {
    /** {@link Tensor.abs}. */
    absolute<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.abs_}. */
    absolute_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.acos}. */
    arccos<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.acos_}. */
    arccos_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.acosh}. */
    arccosh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.acosh_}. */
    arccosh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.asin}. */
    arcsin<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.asin_}. */
    arcsin_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.asinh}. */
    arcsinh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.asinh_}. */
    arcsinh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.atan}. */
    arctan<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.atan_}. */
    arctan_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.atanh}. */
    arctanh<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.atanh_}. */
    arctanh_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.trunc}. */
    fix<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.trunc_}. */
    fix_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.neg}. */
    negative<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.neg_}. */
    negative_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.sign}. */
    sgn<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.sign_}. */
    sgn_<A extends Shape>(this: Tensor<A>): Tensor<A>;
    /** {@link Tensor.atan2}. */
    arctan2<A extends Shape, const T extends Tensor>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.atan2_}. */
    arctan2_<A extends Shape>(this: Tensor<A>, other: Tensor): Tensor<A>;
    /** {@link Tensor.gt}. */
    greater<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.ge}. */
    greaterEqual<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.lt}. */
    less<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.le}. */
    lessEqual<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.ne}. */
    notEqual<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.mul}. */
    multiply<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.mul_}. */
    multiply_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** {@link Tensor.div}. */
    trueDivide<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>): Out<Bin<A, T>>;
    /** {@link Tensor.div_}. */
    trueDivide_<A extends Shape>(this: Tensor<A>, other: Operand): Tensor<A>;
    /** {@link Tensor.div}. */
    divide<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: DivOptions): Out<Bin<A, T>>;
    /** {@link Tensor.div_}. */
    divide_<A extends Shape>(this: Tensor<A>, other: Operand, options?: DivOptions): Tensor<A>;
    /** {@link Tensor.sub}. */
    subtract<A extends Shape, const T extends Operand>(this: Tensor<A>, other: Ok<Bin<A, T>, T>, options?: AlphaOptions): Out<Bin<A, T>>;
    /** {@link Tensor.sub_}. */
    subtract_<A extends Shape>(this: Tensor<A>, other: Operand, options?: AlphaOptions): Tensor<A>;
    /** {@link Tensor.clamp}. */
    clip<A extends Shape>(this: Tensor<A>, min?: Bound, max?: Bound): Tensor;
    /** {@link Tensor.clamp_}. */
    clip_<A extends Shape>(this: Tensor<A>, min?: Bound, max?: Bound): Tensor<A>;
  }
}

/** {@link abs} under another of its names in PyTorch. */
export const absolute: UnaryOp = abs;

/** {@link acos} under another of its names in PyTorch. */
export const arccos: UnaryOp = acos;

/** {@link acosh} under another of its names in PyTorch. */
export const arccosh: UnaryOp = acosh;

/** {@link asin} under another of its names in PyTorch. */
export const arcsin: UnaryOp = asin;

/** {@link asinh} under another of its names in PyTorch. */
export const arcsinh: UnaryOp = asinh;

/** {@link atan} under another of its names in PyTorch. */
export const arctan: UnaryOp = atan;

/** {@link atan2} under another of its names in PyTorch. */
export const arctan2: BinaryOp = atan2;

/** {@link atanh} under another of its names in PyTorch. */
export const arctanh: UnaryOp = atanh;

/** {@link clamp} under another of its names in PyTorch. */
export const clip: ClampOp = clamp;

/** {@link div} under another of its names in PyTorch. */
export const divide: DivOp = div;

/** {@link sigmoid} under another of its names in PyTorch. */
export const expit: UnaryOp = sigmoid;

/** {@link trunc} under another of its names in PyTorch. */
export const fix: UnaryOp = trunc;

/** {@link igamma} under another of its names in PyTorch. */
export const gammainc: BinaryOp = igamma;

/** {@link igammac} under another of its names in PyTorch. */
export const gammaincc: BinaryOp = igammac;

/** {@link lgamma} under another of its names in PyTorch. */
export const gammaln: UnaryOp = lgamma;

/** {@link gt} under another of its names in PyTorch. */
export const greater: BinaryOp = gt;

/** {@link ge} under another of its names in PyTorch. */
export const greaterEqual: BinaryOp = ge;

/** {@link lt} under another of its names in PyTorch. */
export const less: BinaryOp = lt;

/** {@link le} under another of its names in PyTorch. */
export const lessEqual: BinaryOp = le;

/** {@link mul} under another of its names in PyTorch. */
export const multiply: BinaryOp = mul;

/** {@link neg} under another of its names in PyTorch. */
export const negative: UnaryOp = neg;

/** {@link ne} under another of its names in PyTorch. */
export const notEqual: BinaryOp = ne;

/** {@link digamma} under another of its names in PyTorch. */
export const psi: UnaryOp = digamma;

/** {@link sign} under another of its names in PyTorch. */
export const sgn: UnaryOp = sign;

/** {@link sub} under another of its names in PyTorch. */
export const subtract: AlphaOp = sub;

/** {@link div} under another of its names in PyTorch. */
export const trueDivide: DivOp = div;

/** {@link mvlgamma} under another of its names in PyTorch. */
export const multigammaln: typeof mvlgamma = mvlgamma;

const methods: readonly (readonly [alias: string, name: string])[] = [
  ['absolute', 'abs'],
  ['arccos', 'acos'],
  ['arccosh', 'acosh'],
  ['arcsin', 'asin'],
  ['arcsinh', 'asinh'],
  ['arctan', 'atan'],
  ['arctanh', 'atanh'],
  ['fix', 'trunc'],
  ['negative', 'neg'],
  ['sgn', 'sign'],
  ['arctan2', 'atan2'],
  ['greater', 'gt'],
  ['greaterEqual', 'ge'],
  ['less', 'lt'],
  ['lessEqual', 'le'],
  ['notEqual', 'ne'],
  ['multiply', 'mul'],
  ['trueDivide', 'div'],
  ['divide', 'div'],
  ['subtract', 'sub'],
  ['clip', 'clamp'],
];

for (const [alias, name] of methods) {
  for (const suffix of ['', '_']) {
    const found = Object.getOwnPropertyDescriptor(Tensor.prototype, name + suffix);
    if (found !== undefined) addMethod(alias + suffix, found.value as never);
  }
}
