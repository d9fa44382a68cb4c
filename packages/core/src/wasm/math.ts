import type { FunctionBuilder, Value } from './module.ts';

// Elementary functions on four float32 lanes. Polynomials are minimax fits of our own; the error bounds, in units in the
// last place, are those that packages/testing/test/vector-math.test.ts measures and asserts over every range.

/** c[0] + c[1] x + c[2] x² + ..., by Horner's rule: several vectors are under way at a time, so that a chain costs no time. */
function polynomial(f: FunctionBuilder, x: Value, c: readonly number[]): Value {
  return c.slice(0, -1).reduceRight((sum, v) => add(f, mul(f, sum, x), f.f32x4(v)), f.f32x4(c.at(-1)!));
}

const add = (f: FunctionBuilder, a: Value, b: Value): Value => f.op('f32x4.add', a, b);
const sub = (f: FunctionBuilder, a: Value, b: Value): Value => f.op('f32x4.sub', a, b);
const mul = (f: FunctionBuilder, a: Value, b: Value): Value => f.op('f32x4.mul', a, b);
const div = (f: FunctionBuilder, a: Value, b: Value): Value => f.op('f32x4.div', a, b);

/** `mask ? a : b` per lane; a lane of the mask is all ones or all zeros. */
export function select(f: FunctionBuilder, mask: Value, a: Value, b: Value): Value {
  return f.op('v128.bitselect', a, b, mask);
}

const signOf = (f: FunctionBuilder, x: Value): Value => f.op('v128.and', x, f.i32x4(-0x80000000));

/** log(2) as a sum: the first has few bits, so that multiples of it are exact. */
const ln2High = 0.693359375;
const ln2Low = -0.0002121944400546906;
/** Adding it leaves a small integer in the low bits of the sum. */
const shift = 12582912;
const shiftBits = 0x4b400000;

/** e^x = 2^n y: a float whose low bits are n, and y. */
function exponential(f: FunctionBuilder, x: Value): { sum: Value; y: Value } {
  const sum = add(f, mul(f, x, f.f32x4(Math.LOG2E)), f.f32x4(shift));
  const n = sub(f, sum, f.f32x4(shift));
  const r = sub(f, sub(f, x, mul(f, n, f.f32x4(ln2High))), mul(f, n, f.f32x4(ln2Low)));
  const p = polynomial(f, r, [0.4999999344, 0.1666652048, 0.04166838986, 0.00836873558, 0.001381455966]);
  return { sum, y: add(f, f.f32x4(1), add(f, r, mul(f, mul(f, r, r), p))) };
}

/** e^x, within 1 ulp. */
export function exp(f: FunctionBuilder, x: Value): Value {
  // pmin and pmax keep a NaN that comes first.
  const inside = f.op('f32x4.pmax', f.op('f32x4.pmin', x, f.f32x4(89)), f.f32x4(-104));
  const { sum, y } = exponential(f, inside);
  // 2^n as a product, so that results beyond the range and below the normal numbers come out right: exponents with their offset of 127.
  const both = f.op('i32x4.sub', sum, f.i32x4(shiftBits - 254));
  const half = f.op('i32x4.shr_s', both, f.i32(1));
  const power = (k: Value): Value => f.op('i32x4.shl', k, f.i32(23));
  return mul(f, mul(f, y, power(half)), power(f.op('i32x4.sub', both, half)));
}

/** How large an argument of {@link expInside} may be. */
export const expLimit = 87;

/** e^x for x from -{@link expLimit} to {@link expLimit}: the same bits as {@link exp}, sooner. */
export function expInside(f: FunctionBuilder, x: Value): Value {
  const { sum, y } = exponential(f, x);
  return f.op('i32x4.add', y, f.op('i32x4.shl', sum, f.i32(23)));
}

/** e^x - 1, within 2 ulp. */
export function expm1(f: FunctionBuilder, x: Value): Value {
  const small = add(
    f,
    x,
    mul(f, mul(f, x, x), polynomial(f, x, [0.5000000385, 0.1666666399, 0.0416653586, 0.008333579035, 0.001399617642, 0.0001984980983])),
  );
  const large = sub(f, exp(f, x), f.f32x4(1));
  const near = f.op('f32x4.lt', f.op('f32x4.abs', x), f.f32x4(0.5));
  return select(f, f.op('f32x4.eq', x, f.f32x4(0)), x, select(f, near, small, large));
}

/** log(x), within 1 ulp. */
export function log(f: FunctionBuilder, x: Value): Value {
  const one = f.f32x4(1);
  // Numbers below the normal ones are brought up first.
  const tiny = f.op('f32x4.lt', x, f.f32x4(1.1754943508222875e-38));
  const y = select(f, tiny, mul(f, x, f.f32x4(8388608)), x);
  // Exponent and mantissa, in [sqrt(1/2), sqrt(2)).
  const shifted = f.op('i32x4.sub', y, f.i32x4(0x3f3504f3));
  const e = f.op('i32x4.shr_s', shifted, f.i32(23));
  const n = f.op('f32x4.convert_i32x4_s', f.op('i32x4.sub', e, f.op('v128.and', tiny, f.i32x4(23))));
  const m = f.op('i32x4.add', f.op('v128.and', shifted, f.i32x4(0x007fffff)), f.i32x4(0x3f3504f3));
  const t = sub(f, m, one);
  const s = div(f, t, add(f, t, f.f32x4(2)));
  const z = mul(f, s, s);
  const r = mul(f, z, polynomial(f, z, [0.6666666565, 0.4000033454, 0.2853734692, 0.2358147314]));
  const half = mul(f, f.f32x4(0.5), mul(f, t, t));
  const low = add(f, mul(f, s, add(f, half, r)), mul(f, n, f.f32x4(ln2Low)));
  const value = sub(f, mul(f, n, f.f32x4(ln2High)), sub(f, sub(f, half, low), t));
  // Zero, the negative, infinity and NaN.
  const infinity = f.f32x4(Number.POSITIVE_INFINITY);
  const finite = select(f, f.op('f32x4.eq', x, infinity), infinity, value);
  const positive = select(f, f.op('f32x4.eq', x, f.f32x4(0)), f.f32x4(Number.NEGATIVE_INFINITY), finite);
  return select(f, f.op('f32x4.ge', x, f.f32x4(0)), positive, f.f32x4(Number.NaN));
}

/** log(1 + x), within 3 ulp: what rounding 1 + x loses is put back as a factor. */
export function log1p(f: FunctionBuilder, x: Value): Value {
  const one = f.f32x4(1);
  const u = add(f, one, x);
  const corrected = mul(f, log(f, u), div(f, x, sub(f, u, one)));
  const plain = f.op('v128.or', f.op('f32x4.eq', u, one), f.op('f32x4.eq', x, f.f32x4(Number.POSITIVE_INFINITY)));
  // At -1 the quotient is 1, so log(0) = -inf comes through.
  return select(f, plain, x, corrected);
}

/** tanh(x), within 2 ulp. */
export function tanh(f: FunctionBuilder, x: Value): Value {
  const a = f.op('f32x4.abs', x);
  const z = mul(f, a, a);
  const small = add(
    f,
    a,
    mul(f, mul(f, z, a), polynomial(f, z, [-0.3333328194, 0.133314422, -0.05373971523, 0.02063908768, -0.005704987454])),
  );
  // From 10 on it is 1. A NaN that comes first is kept.
  const e = expInside(f, f.op('f32x4.pmin', add(f, a, a), f.f32x4(20)));
  const large = sub(f, f.f32x4(1), div(f, f.f32x4(2), add(f, e, f.f32x4(1))));
  return f.op('v128.or', select(f, f.op('f32x4.lt', a, f.f32x4(0.625)), small, large), signOf(f, x));
}

/** 1 / (1 + e^-x), within 3 ulp, by an exponential that suits x. */
export function sigmoid(f: FunctionBuilder, x: Value, power: (f: FunctionBuilder, x: Value) => Value = exp): Value {
  const e = power(f, f.op('f32x4.neg', f.op('f32x4.abs', x)));
  const r = div(f, f.f32x4(1), add(f, f.f32x4(1), e));
  return select(f, f.op('f32x4.lt', x, f.f32x4(0)), mul(f, e, r), r);
}

/** e^(a²) erfc(a) for a >= 0. */
function erfcScaled(f: FunctionBuilder, a: Value): Value {
  const u = div(f, f.f32x4(1), add(f, f.f32x4(1), mul(f, a, f.f32x4(0.4))));
  const c = [0.2257036746, 0.2250152864, 0.2143906372, 0.1321568766, 0.264872646, -0.27092111, 0.531224361, -0.4866268496, 0.192821185];
  return mul(f, u, polynomial(f, u, [...c, -0.02863669823]));
}

/** e^(-a²), with a² as a sum, since its rounding would be multiplied by a². */
function gaussian(f: FunctionBuilder, a: Value): Value {
  const high = f.op('v128.and', a, f.i32x4(-4096));
  const low = mul(f, sub(f, high, a), add(f, high, a));
  const rest = polynomial(f, low, [1, 1, 0.5, 1 / 6, 1 / 24, 1 / 120]);
  return mul(f, exp(f, f.op('f32x4.neg', mul(f, high, high))), rest);
}

/** erf(a) for 0 <= a < 1. */
function erfSmall(f: FunctionBuilder, a: Value): Value {
  const z = mul(f, a, a);
  return mul(
    f,
    a,
    polynomial(f, z, [1.128379166, -0.3761262583, 0.1128358517, -0.02685381283, 0.00518832915, -0.0008010205216, 7.853896708e-5]),
  );
}

/** erf(x) = x P(x²) / Q(x²). */
const erfNumerator = [1.12837915, 0.190401918, 0.0527475397, 0.00376527554, 0.000284850083, 2.04978845e-6];
const erfDenominator = [1, 0.50207205, 0.114106707, 0.0149685358, 0.00116240714, 3.80869222e-5];

/** The normal distribution function, within 2e-7: 1/2 + erf(x / sqrt(2)) / 2, its factors drawn into the polynomials. */
export function normalDistribution(f: FunctionBuilder, x: Value): Value {
  // Here the quotient is exactly 1/2, and so are those beyond. A NaN that comes first is kept.
  const end = 5.54398250579834;
  const a = f.op('f32x4.pmax', f.op('f32x4.pmin', x, f.f32x4(end)), f.f32x4(-end));
  const z = mul(f, a, a);
  // Both over the last coefficient of the denominator, which needs no product then.
  const last = erfDenominator.at(-1)! / 2 ** (erfDenominator.length - 1);
  const scaled = (c: readonly number[], factor: number): number[] => c.map((v, k) => (v * factor) / 2 ** k / last);
  const p = polynomial(f, z, scaled(erfNumerator, Math.SQRT1_2 / 2));
  const [second, ...rest] = scaled(erfDenominator, 1).slice(0, -1).reverse();
  const q = rest.reduce((sum, v) => add(f, mul(f, sum, z), f.f32x4(v)), add(f, z, f.f32x4(second!)));
  return add(f, f.f32x4(0.5), div(f, mul(f, a, p), q));
}

/** erf(x), within 7 ulp. */
export function erf(f: FunctionBuilder, x: Value): Value {
  // From there on it is 1. A NaN that comes first is kept.
  const a = f.op('f32x4.pmin', f.op('f32x4.abs', x), f.f32x4(3.92));
  const z = mul(f, a, a);
  const p = polynomial(f, z, erfNumerator);
  const q = polynomial(f, z, erfDenominator);
  const value = f.op('f32x4.pmin', div(f, mul(f, a, p), q), f.f32x4(1));
  return f.op('v128.or', value, signOf(f, x));
}

/** erfc(x), within 10 ulp. */
export function erfc(f: FunctionBuilder, x: Value): Value {
  const a = f.op('f32x4.pmin', f.op('f32x4.abs', x), f.f32x4(11));
  const tail = mul(f, gaussian(f, a), erfcScaled(f, a));
  const negative = f.op('f32x4.lt', x, f.f32x4(0));
  const outer = select(f, negative, sub(f, f.f32x4(2), tail), tail);
  const inner = sub(f, f.f32x4(1), f.op('v128.or', erfSmall(f, a), signOf(f, x)));
  return select(f, f.op('f32x4.lt', a, f.f32x4(0.5)), inner, outer);
}

/** sin(x) or cos(x), within 2 units in the last place of 1 for |x| up to 8192; {@link trigonometricLimit} says from where lanes need another way. */
export function sinOrCos(f: FunctionBuilder, x: Value, cosine: boolean): Value {
  const sum = add(f, mul(f, x, f.f32x4(2 / Math.PI)), f.f32x4(shift));
  const n = sub(f, sum, f.f32x4(shift));
  // Multiples of pi / 2, as a sum whose first parts have few bits.
  let r = x;
  for (const part of [1.5703125, 4.837512969970703e-4, 7.54978995489188e-8]) r = sub(f, r, mul(f, n, f.f32x4(part)));
  const quadrant = cosine ? f.op('i32x4.add', sum, f.i32x4(1)) : sum;
  const z = mul(f, r, r);
  const s = add(f, r, mul(f, mul(f, z, r), polynomial(f, z, [-0.1666666664, 0.008333329305, -0.0001983931227, 2.718121606e-6])));
  const c = add(
    f,
    sub(f, f.f32x4(1), mul(f, f.f32x4(0.5), z)),
    mul(f, mul(f, z, z), polynomial(f, z, [0.04166664568, -0.001388731625, 2.443315696e-5])),
  );
  const odd = f.op('i32x4.ne', f.op('v128.and', quadrant, f.i32x4(1)), f.i32x4(0));
  const flip = f.op('i32x4.shl', f.op('v128.and', quadrant, f.i32x4(2)), f.i32(30));
  const value = f.op('v128.xor', select(f, odd, c, s), flip);
  if (cosine) return value;
  // The smallest are their own sine, -0 too.
  return select(f, f.op('f32x4.lt', f.op('f32x4.abs', x), f.f32x4(2 ** -13)), x, value);
}

/** Arguments beyond it are reduced inaccurately. */
export const trigonometricLimit = 8192;
