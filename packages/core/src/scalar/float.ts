/** Scalar functions of doubles whose corners `Math` and the operators of JavaScript do not have as C and PyTorch do. */

/** a^b as in C: 1^b and (-1)^±inf are 1 (JavaScript answers NaN for 1^NaN and (±1)^±inf). */
export function powC(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Infinity || b === -Infinity))) return 1;
  return a ** b;
}

/** x^p for an exponent that is a number: PyTorch computes p = ±1/2, ±1, ±2 and 3 without a power. */
export function powNumber(x: number, p: number): number {
  switch (p) {
    case 2:
      return x * x;
    case 3:
      return x * x * x;
    case 1:
      return x;
    case 0.5:
      return Math.sqrt(x);
    case -0.5:
      return 1 / Math.sqrt(x);
    case -1:
      return 1 / x;
    case -2:
      return 1 / (x * x);
    default:
      return powC(x, p);
  }
}

/** The remainder with the sign of the divisor, as Python's %. */
export function floorMod(a: number, b: number): number {
  const m = a % b;
  return m !== 0 && b < 0 !== m < 0 ? m + b : m;
}

/** The quotient rounded down, as Python's //: exact where `Math.floor(a / b)` is off by one. */
export function floorDiv(a: number, b: number): number {
  if (b === 0) return a / b;
  const m = a % b;
  let q = (a - m) / b;
  if (m !== 0 && b < 0 !== m < 0) q -= 1;
  if (q === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const f = Math.floor(q);
  return q - f > 0.5 ? f + 1 : f;
}

/** The larger of two numbers; a NaN counts for nothing beside a number. */
export function fmaxOf(a: number, b: number): number {
  return a >= b || b !== b ? a : b;
}

/** The smaller of two numbers; a NaN counts for nothing beside a number. */
export function fminOf(a: number, b: number): number {
  return a <= b || b !== b ? a : b;
}

/** x, but no less than min. NaN if either is; unlike Math.max, -0 stays -0 above a bound of 0. */
export function atLeast(x: number, min: number): number {
  return x < min || min !== min ? min : x;
}

/** x, but no more than max. NaN if either is. */
export function atMost(x: number, max: number): number {
  return x > max || max !== max ? max : x;
}

/** |a| with the sign of b, which may be the sign of a zero. */
export function copySign(a: number, b: number): number {
  return b < 0 || (b === 0 && 1 / b < 0) ? -Math.abs(a) : Math.abs(a);
}

/** Rounds to the nearest integer, halves to the even one. */
export function roundEven(x: number): number {
  const r = Math.round(x);
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

/** ln(e^a + e^b) without overflow. */
export function logAddExp(a: number, b: number): number {
  if (a === b && (a === Infinity || a === -Infinity)) return a;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** log2(2^a + 2^b) without overflow. */
export function logAddExp2(a: number, b: number): number {
  if (a === b && (a === Infinity || a === -Infinity)) return a;
  return Math.max(a, b) + Math.log1p(2 ** -Math.abs(a - b)) * Math.LOG2E;
}

/** a·ln b, where 0·ln b is 0 for every number b. */
export function xLogY(a: number, b: number): number {
  if (b !== b) return b;
  return a === 0 ? 0 : a * Math.log(b);
}

/** a·ln(1 + b), where 0·ln(1 + b) is 0 for every number b. */
export function xLog1pY(a: number, b: number): number {
  if (b !== b) return b;
  return a === 0 ? 0 : a * Math.log1p(b);
}

const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);
const single = new Float32Array(1);
const singleBits = new Int32Array(single.buffer);

/** The double after a in the direction of b. */
export function nextAfter(a: number, b: number): number {
  if (a !== a || b !== b) return NaN;
  if (a === b) return b;
  if (a === 0) return b > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  double[0] = a;
  doubleBits[0]! += a < b === a > 0 ? 1n : -1n;
  return double[0];
}

/** The float32 number after a in the direction of b. */
export function nextAfter32(a: number, b: number): number {
  if (a !== a || b !== b) return NaN;
  if (a === b) return b;
  if (a === 0) return b > 0 ? 2 ** -149 : -(2 ** -149);
  single[0] = a;
  singleBits[0]! += a < b === a > 0 ? 1 : -1;
  return single[0];
}

/** The e with |x| = m·2^e and 1/2 <= m < 1; 0 for zeros, infinities and NaN. */
export function exponentOf(x: number): number {
  if (x === 0 || x - x !== 0) return 0;
  let a = Math.abs(x);
  let e = 0;
  if (a < 2 ** -1000) {
    a *= 2 ** 100;
    e = -100;
  }
  double[0] = a;
  e += Number((doubleBits[0]! >> 52n) & 2047n) - 1022;
  return e;
}

/** The m with x = m·2^e and 1/2 <= |m| < 1; zeros, infinities and NaN as they are. */
export function mantissaOf(x: number): number {
  if (x === 0 || x - x !== 0) return x;
  const e = exponentOf(x);
  // In two steps, since 2^-e may be beyond the largest double.
  const half = Math.trunc(e / 2);
  return x / 2 ** half / 2 ** (e - half);
}

/** Whether the sign bit is set, of -0 too; the sign of NaN cannot be seen and counts as positive. */
export function signBit(x: number): number {
  return x < 0 || (x === 0 && 1 / x < 0) ? 1 : 0;
}
