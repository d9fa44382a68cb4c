/**
 * Elementary functions whose bits do not depend on the JavaScript engine: they use + - * / and Math.sqrt on doubles only,
 * which IEEE 754 and ECMAScript define exactly. (Math.log and Math.cos are left to the engine.) Errors stay below 2 ulp on
 * the ranges that random draws need.
 */

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);
bits[0] = 1;
/** Which half of a double holds its exponent: depends on the machine's byte order. */
const high = words[1] === 0 ? 0 : 1;

/** ln 2 in two parts; the first has trailing zeros enough to be multiplied by an exponent exactly. */
const ln2High = 762123384785 / 0x10000000000;
const ln2Low = 7.371002565167799e-13;

/** Natural logarithm of a positive, normal, finite number. */
export function logarithm(x: number): number {
  bits[0] = x;
  const h = words[high]!;
  let exponent = (h >>> 20) - 1023;
  // The mantissa moves to [sqrt(1/2), sqrt(2)], where the series converges fast.
  words[high] = (h & 0xfffff) | 0x3ff00000;
  let m = bits[0];
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent++;
  }
  // ln m = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...) with s = (m - 1) / (m + 1), |s| < 0.1716.
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const tail =
    z *
    (1 / 3 +
      z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))))))));
  return exponent * ln2High + (2 * s + (2 * s * tail + exponent * ln2Low));
}

/** sin x for |x| <= pi/4: the Taylor polynomial of degree 17. */
function sine(x: number): number {
  const z = x * x;
  const p =
    z *
    (-1 / 6 +
      z *
        (1 / 120 +
          z *
            (-1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800 + z * (1 / 6227020800 + z * (-1 / 1307674368000 + z / 355687428096000)))))));
  return x + x * p;
}

/** cos x for |x| <= pi/4: the Taylor polynomial of degree 18. */
function cosine(x: number): number {
  const z = x * x;
  const p =
    z *
    z *
    (1 / 24 +
      z *
        (-1 / 720 +
          z *
            (1 / 40320 +
              z * (-1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z * (1 / 20922789888000 - z / 6402373705728000)))))));
  return 1 - (0.5 * z - p);
}

/** cos(2 pi u) for u in [0, 1]. The reduction to a quarter turn is exact. */
export function cosineOfTurns(u: number): number {
  const quarters = 4 * u;
  const q = Math.floor(quarters + 0.5);
  const x = (quarters - q) * (Math.PI / 2);
  switch (q & 3) {
    case 0:
      return cosine(x);
    case 1:
      return -sine(x);
    case 2:
      return -cosine(x);
    default:
      return sine(x);
  }
}

/** e^x: 2^k e^r with |r| <= ln 2 / 2, of which the Taylor polynomial of degree 14. */
export function exponential(x: number): number {
  if (x > 709.79) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const k = Math.floor(x / (ln2High + ln2Low) + 0.5);
  const r = x - k * ln2High - k * ln2Low;
  let tail = 0;
  for (let n = 14; n > 0; n--) tail = ((1 + tail) * r) / n;
  // Two factors, so that neither overflows nor loses bits below the smallest normal number before the end.
  const half = k >> 1;
  return (1 + tail) * powerOfTwo(half) * powerOfTwo(k - half);
}

/** 2^k for |k| <= 1022. */
function powerOfTwo(k: number): number {
  words[1 - high] = 0;
  words[high] = (k + 1023) << 20;
  return bits[0]!;
}

/** ln(1 - p) for p in [0, 1), accurate for small p too (Kahan's correction of the rounding of 1 - p). */
export function logarithmOfRest(p: number): number {
  const rest = 1 - p;
  return rest === 1 ? -p : (logarithm(rest) * p) / (1 - rest);
}
