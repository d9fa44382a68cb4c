import { none, only, type Rule, rule, steps } from './rule.ts';

const truth = (condition: boolean): number => (condition ? 1 : 0);
const isTrue = (x: number): boolean => x !== 0;
const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0);

/** A condition of two numbers. */
const compares = (holds: (a: number, b: number) => boolean): Rule => rule('any', (a, b) => truth(holds(a, b)), [null, null]);

/** A condition of one number. */
const tells = (holds: (x: number) => boolean): Rule => rule('any', (x) => truth(holds(x)), [null]);

/** A function of integers, which have no -0; NaN of other numbers, which stand only for unknown ones. */
const ofIntegers = (f: (a: number, b: number) => number, b: 'integer' | 'count' = 'integer'): Rule =>
  rule(['integer', b], (x, y) => (Number.isInteger(x) && Number.isInteger(y) ? f(x, y) + 0 : NaN), [null, null]);

/** A whole function of one number. */
const rounds = (f: (x: number) => number): Rule => rule('any', (x) => f(x), ['flat']);

/** Python's quotient, as PyTorch's div_floor computes it. */
function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  let rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && b < 0 !== rest < 0) {
    rest += b;
    quotient -= 1;
  }
  if (quotient === 0) return isNegative(a / b) ? -0 : 0;
  const down = Math.floor(quotient);
  return quotient - down > 0.5 ? down + 1 : down;
}

function halvesToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  const y = up ? down + 1 : down;
  return y === 0 && isNegative(x) ? -0 : y;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestDivisor(b, a % b);
}

const bytes = new DataView(new ArrayBuffer(8));

function nextAfter(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
  if (a === b) return b;
  if (a === 0) return b > 0 ? 2 ** -1074 : -(2 ** -1074);
  bytes.setFloat64(0, a);
  bytes.setBigInt64(0, bytes.getBigInt64(0) + (Math.abs(b) > Math.abs(a) && a > 0 === b > 0 ? 1n : -1n));
  return bytes.getFloat64(0);
}

/** The e with 1/2 <= |x| / 2^e < 1. */
function exponentOf(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return 0;
  let e = Math.floor(Math.log2(Math.abs(x))) + 1;
  // The logarithm may be rounded across an integer; a half of the power, which is below the largest number.
  while (Math.abs(x) / 2 ** (e - 1) >= 2) e++;
  while (Math.abs(x) / 2 ** (e - 1) < 1) e--;
  return e;
}

function mantissaOf(x: number): number {
  return x === 0 || !Number.isFinite(x) ? x : x / 2 ** (exponentOf(x) - 1) / 2;
}

/** The larger of a and b, NaN if either is. */
const larger = (a: number, b: number): number => (a > b || a !== a ? a : a === b ? (isNegative(a) ? b : a) : b);
const smaller = (a: number, b: number): number => -larger(-a, -b);
const lowerBound = (x: number, min: number): number => (x < min || min !== min ? min : x);
const upperBound = (x: number, max: number): number => (x > max || max !== max ? max : x);

/** Half of the gradient where equal. */
const share = (a: number, b: number, wins: boolean): number | typeof none => (a === b ? 0.5 : only(wins, 1));

/** Arithmetic, comparisons, choices, roundings and functions of integers. */
export const arithmetic: Readonly<Record<string, Rule>> = {
  where: rule('any', (c, a, b) => (isTrue(c) ? a : b), [null, (c) => only(isTrue(c), 1), (c) => only(!isTrue(c), 1)]),
  add: rule('any', (a, b) => a + b, [() => 1, () => 1]),
  sub: rule('any', (a, b) => a - b, [() => 1, () => -1]),
  mul: rule('factor', (a, b) => a * b, [(_a, b) => b, (a) => a]),
  div: rule('any', (a, b) => a / b, [(_a, b) => 1 / b, (a, b) => -(a / b) / b]),
  neg: rule('any', (x) => -x, [() => -1]),
  abs: rule('any', (x) => Math.abs(x), [(x) => (x > 0 ? 1 : x < 0 ? -1 : 0)]),
  sign: rule('any', (x) => (x > 0 ? 1 : x < 0 ? -1 : 0), ['flat']),
  square: rule('any', (x) => x * x, [(x) => 2 * x]),
  sqrt: rule('positive', (x) => Math.sqrt(x), [(_x, y) => 1 / (2 * y)]),
  rsqrt: rule('positive', (x) => 1 / Math.sqrt(x), [(_x, y) => -0.5 * y ** 3]),
  reciprocal: rule('any', (x) => 1 / x, [(_x, y) => -y * y]),
  floorDivide: rule('any', (a, b) => floorQuotient(a, b), ['flat', 'flat']),
  truncDivide: rule('any', (a, b) => Math.trunc(a / b), ['flat', 'flat']),
  remainder: rule('any', (a, b) => remainder(a, b), [() => 1, (a, b) => -floorQuotient(a, b)]),
  fmod: rule('any', (a, b) => a % b, [() => 1, (a, b) => -Math.trunc(a / b)]),
  addcmul: rule('any', (x, a, b, v) => x + v * a * b, [() => 1, (_x, _a, b, v) => b * v, (_x, a, _b, v) => a * v, (_x, a, b) => a * b]),
  addcdiv: rule('any', (x, a, b, v) => x + (v * a) / b, [
    () => 1,
    (_x, _a, b, v) => v / b,
    (_x, a, b, v) => -((v * a) / (b * b)),
    (_x, a, b) => a / b,
  ]),
  lerp: rule(['any', 'any', 'factor'], (s, e, w) => (w < 0.5 ? s + w * (e - s) : e - (e - s) * (1 - w)), [
    (_s, _e, w) => 1 - w,
    (_s, _e, w) => w,
    (s, e) => e - s,
  ]),

  maximum: rule('any', (a, b) => larger(a, b), [(a, b) => share(a, b, !(a < b)), (a, b) => share(a, b, !(b < a))]),
  minimum: rule('any', (a, b) => smaller(a, b), [(a, b) => share(a, b, !(a > b)), (a, b) => share(a, b, !(b > a))]),
  fmax: rule('any', (a, b) => (a >= b || b !== b ? a : b), [(a, b) => only(a >= b || b !== b, 1), (a, b) => only(!(a >= b || b !== b), 1)]),
  fmin: rule('any', (a, b) => (a <= b || b !== b ? a : b), [(a, b) => only(a <= b || b !== b, 1), (a, b) => only(!(a <= b || b !== b), 1)]),
  clampMin: rule('any', (x, min) => lowerBound(x, min), [(x, min) => only(x >= min, 1), (x, min) => only(x < min, 1)]),
  clampMax: rule('any', (x, max) => upperBound(x, max), [(x, max) => only(x <= max, 1), (x, max) => only(x > max, 1)]),
  clamp: rule('any', (x, min, max) => upperBound(lowerBound(x, min), max), [
    (x, min, max) => only(x >= min && x <= max, 1),
    (x, min, max) => only(x < min && min < max, 1),
    (x, min, max) => only(x > max || max < min, 1),
  ]),
  copysign: rule(
    'any',
    (a, b) => (isNegative(b) ? -Math.abs(a) : Math.abs(a)),
    // PyTorch multiplies by the 0; core selects it, which differs for infinite gradients alone (2026-11-23).
    [(a, _b, y) => (a === 0 ? none : y / a), 'flat'],
  ),
  heaviside: rule('any', (x, atZero) => (x === 0 ? atZero : x > 0 ? 1 : 0), [null, null]),
  nanToNum: rule(
    ['any', 'number', 'number', 'number'],
    (x, nan, up, down) => (x !== x ? nan : x === Infinity ? up : x === -Infinity ? down : x),
    [(x) => only(Number.isFinite(x), 1), null, null, null],
  ),

  eq: compares((a, b) => a === b),
  ne: compares((a, b) => a !== b),
  lt: compares((a, b) => a < b),
  le: compares((a, b) => a <= b),
  gt: compares((a, b) => a > b),
  ge: compares((a, b) => a >= b),
  logicalAnd: compares((a, b) => isTrue(a) && isTrue(b)),
  logicalOr: compares((a, b) => isTrue(a) || isTrue(b)),
  logicalXor: compares((a, b) => isTrue(a) !== isTrue(b)),
  logicalNot: tells((x) => !isTrue(x)),
  isnan: tells(Number.isNaN),
  isinf: tells((x) => Math.abs(x) === Infinity),
  isfinite: tells(Number.isFinite),
  isposinf: tells((x) => x === Infinity),
  isneginf: tells((x) => x === -Infinity),
  signbit: tells(isNegative),

  floor: rounds(Math.floor),
  ceil: rounds(Math.ceil),
  trunc: rounds(Math.trunc),
  round: rounds(halvesToEven),
  frac: rule('any', (x) => x - Math.trunc(x), [() => 1]),
  frexpExponent: rule('any', (x) => exponentOf(x), [null]),
  frexpMantissa: rule('any', (x) => mantissaOf(x), [(x) => 1 / 2 ** exponentOf(x)]),
  ldexp: rule('moderate', (a, b) => a * 2 ** b, [(_a, b) => 2 ** b, (a, b) => a * 2 ** b * Math.LN2], { off: steps }),
  nextafter: rule('any', (a, b) => nextAfter(a, b), [null, null]),

  bitwiseAnd: ofIntegers((a, b) => Number(BigInt(a) & BigInt(b))),
  bitwiseOr: ofIntegers((a, b) => Number(BigInt(a) | BigInt(b))),
  bitwiseXor: ofIntegers((a, b) => Number(BigInt(a) ^ BigInt(b))),
  bitwiseNot: rule('integer', (x) => (Number.isInteger(x) ? Number(~BigInt(x)) : NaN), [null]),
  bitwiseLeftShift: ofIntegers((a, b) => a * 2 ** b, 'count'),
  bitwiseRightShift: ofIntegers((a, b) => Math.floor(a / 2 ** b), 'count'),
  gcd: ofIntegers(greatestDivisor),
  lcm: ofIntegers((a, b) => (a === 0 || b === 0 ? 0 : Math.abs(a * b) / greatestDivisor(a, b))),
};

/** Python's remainder, as PyTorch computes it. */
function remainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && b < 0 !== rest < 0 ? rest + b : rest;
}
