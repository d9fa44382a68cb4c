/**
 * Functions for graphics kernels, in gpu.js's subset of JavaScript: numbers only, no literals for NaN and infinity (they
 * are made by division), no Math function where drivers get it wrong near 0, at large arguments or for NaN.
 */
interface Source {
  /** Other functions of this table that the code calls. */
  readonly needs?: readonly string[];
  readonly code: string;
}

const sources: Readonly<Record<string, Source>> = {
  // Compilers fold x !== x to false; a NaN is what is neither below nor above.
  isNan: { code: 'function isNan(x) { let r = 1; if (x >= 0) { r = 0; } if (x < 0) { r = 0; } return r; }' },
  isInf: {
    code: 'function isInf(x) { let r = 0; if (x > 3.4028234e38) { r = 1; } if (x < -3.4028234e38) { r = 1; } return r; }',
  },
  isEqual: { code: 'function isEqual(a, b) { let r = 0; if (a >= b && a <= b) { r = 1; } return r; }' },
  isUnequal: { code: 'function isUnequal(a, b) { let r = 1; if (a >= b && a <= b) { r = 0; } return r; }' },
  isLess: { code: 'function isLess(a, b) { let r = 0; if (a < b) { r = 1; } return r; }' },
  isLessOrEqual: { code: 'function isLessOrEqual(a, b) { let r = 0; if (a <= b) { r = 1; } return r; }' },
  isTrue: { code: 'function isTrue(x) { let r = 1; if (x >= 0 && x <= 0) { r = 0; } return r; }' },
  choose: { needs: ['isTrue'], code: 'function choose(c, a, b) { let r = a; if (isTrue(c) < 0.5) { r = b; } return r; }' },
  // Made at run time from a finite x: a compiler folds what it can see.
  makeNan: { code: 'function makeNan(x) { const z = x - x; return z / z; }' },
  makeInf: { code: 'function makeInf(x) { const z = x - x; return 1 / z; }' },
  absolute: { code: 'function absolute(x) { let r = x; if (x < 0) { r = -x; } if (x >= 0 && x <= 0) { r = 0; } return r; }' },
  signOf: { code: 'function signOf(x) { let r = 0; if (x > 0) { r = 1; } if (x < 0) { r = -1; } return r; }' },
  larger: { needs: ['isNan'], code: 'function larger(a, b) { let r = b; if (a > b) { r = a; } if (isNan(a) > 0.5) { r = a; } return r; }' },
  smaller: {
    needs: ['isNan'],
    code: 'function smaller(a, b) { let r = b; if (a < b) { r = a; } if (isNan(a) > 0.5) { r = a; } return r; }',
  },
  largerNumber: {
    needs: ['isNan'],
    code: 'function largerNumber(a, b) { let r = b; if (a >= b) { r = a; } if (isNan(b) > 0.5) { r = a; } return r; }',
  },
  smallerNumber: {
    needs: ['isNan'],
    code: 'function smallerNumber(a, b) { let r = b; if (a <= b) { r = a; } if (isNan(b) > 0.5) { r = a; } return r; }',
  },
  truncated: { code: 'function truncated(x) { let r = Math.floor(x); if (x < 0) { r = Math.ceil(x); } return r; }' },
  roundedEven: {
    code: 'function roundedEven(x) { const f = Math.floor(x); const d = x - f; let r = f; if (d > 0.5) { r = f + 1; } if (d >= 0.5 && d <= 0.5) { const h = f * 0.5; if (h > Math.floor(h)) { r = f + 1; } } return r; }',
  },
  // Corrected by one step each way: a / b may round up to the next integer.
  floorQuotient: {
    needs: ['isInf'],
    code: 'function floorQuotient(a, b) { let q = Math.floor(a / b); const r = a - q * b; if (b > 0) { if (r < 0) { q = q - 1; } if (r >= b) { q = q + 1; } } if (b < 0) { if (r > 0) { q = q - 1; } if (r <= b) { q = q + 1; } } if (isInf(b) > 0.5) { q = a - a; if (a < 0 && b > 0) { q = -1; } if (a > 0 && b < 0) { q = -1; } } if (isInf(a) > 0.5 && b !== 0) { q = a - a; } return q; }',
  },
  // Long division in binary, which is exact however large the quotient is: b 2^k is taken off for every k that fits.
  truncRemainder: {
    needs: ['absolute', 'isInf', 'isNan', 'makeNan'],
    code: 'function truncRemainder(a, b) { const x = absolute(a); const y = absolute(b); let r = x; if (y > 0 && x >= y && isInf(x) < 0.5) { const h = x * 0.5; let t = y; for (let i = 0; i < 280; i++) { if (t > h) { break; } t = t + t; } for (let i = 0; i < 280; i++) { if (r >= t) { r = r - t; } t = t * 0.5; if (t < y) { break; } } } if (a < 0) { r = -r; } if (isInf(x) > 0.5 || (y >= 0 && y <= 0)) { r = makeNan(1); } if (isNan(a) > 0.5) { r = a; } if (isNan(b) > 0.5) { r = b; } return r; }',
  },
  floorRemainder: {
    needs: ['truncRemainder'],
    code: 'function floorRemainder(a, b) { let r = truncRemainder(a, b); if (r > 0 && b < 0) { r = r + b; } if (r < 0 && b > 0) { r = r + b; } return r; }',
  },
  // Exact, where pow(2, n) is not.
  timesPowerOfTwo: {
    code: 'function timesPowerOfTwo(x, n) { let r = x; let m = n; if (n < 0) { m = -n; } if (m >= 128) { m = m - 128; r = n > 0 ? r * 18446744073709552000 : r * 5.421010862427522e-20; r = n > 0 ? r * 18446744073709552000 : r * 5.421010862427522e-20; } if (m >= 64) { m = m - 64; r = n > 0 ? r * 18446744073709552000 : r * 5.421010862427522e-20; } if (m >= 32) { m = m - 32; r = n > 0 ? r * 4294967296 : r * 2.3283064365386963e-10; } if (m >= 16) { m = m - 16; r = n > 0 ? r * 65536 : r * 0.0000152587890625; } if (m >= 8) { m = m - 8; r = n > 0 ? r * 256 : r * 0.00390625; } if (m >= 4) { m = m - 4; r = n > 0 ? r * 16 : r * 0.0625; } if (m >= 2) { m = m - 2; r = n > 0 ? r * 4 : r * 0.25; } if (m >= 1) { r = n > 0 ? r * 2 : r * 0.5; } return r; }',
  },
  // The library functions of graphics cards lose digits at large arguments and answer NaN with numbers. ln 2 is taken off
  // in two parts, the first of which has few enough digits for n times it to be exact.
  exponential: {
    needs: ['makeInf', 'timesPowerOfTwo'],
    code: 'function exponential(x) { let r = x; if (x >= -104 && x <= 88.72284) { const n = Math.floor(x * 1.442695 + 0.5); const f = x - n * 0.693359375 + n * 0.00021219444; r = timesPowerOfTwo(1 + f * (1 + f * (0.5 + f * (0.16666667 + f * (0.041666668 + f * (0.008333334 + f * (0.0013888889 + f * 0.0001984127)))))), n); } if (x < -104) { r = 0; } if (x > 88.72284 && x < 3.4028234e38) { r = makeInf(x); } return r; }',
  },
  exponential2: {
    needs: ['exponential', 'timesPowerOfTwo', 'isInf'],
    code: 'function exponential2(x) { let r = exponential(x); if (isInf(x) < 0.5 && x > -160 && x < 160) { const n = Math.floor(x + 0.5); r = timesPowerOfTwo(exponential(0.6931472 * (x - n)), n); } return r; }',
  },
  // A series near 0, where e^x - 1 cancels; the eighth power of 0.3 is below 1e-4, its term below 1e-9.
  exponentialMinus1: {
    needs: ['exponential'],
    code: 'function exponentialMinus1(x) { let r = exponential(x) - 1; if (x < 0.3 && x > -0.3) { r = x * (1 + x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334 + x * (0.0013888889 + x * 0.0001984127)))))); } return r; }',
  },
  // x = m 2^e with m about 1, and ln m = 2 artanh((m - 1) / (m + 1)).
  logarithm: {
    needs: ['makeNan', 'timesPowerOfTwo'],
    code: 'function logarithm(x) { let r = x; if (x > 1.1754943e-38 && x <= 3.4028234e38) { let e = Math.floor(Math.log(x) * 1.442695); let m = timesPowerOfTwo(x, -e); if (m > 2) { m = m * 0.5; e = e + 1; } if (m > 1.4142135) { m = m * 0.5; e = e + 1; } if (m < 0.70710677) { m = m * 2; e = e - 1; } const s = (m - 1) / (m + 1); const t = s * s; r = e * 0.693359375 + (2 * s * (1 + t * (0.33333334 + t * (0.2 + t * (0.14285715 + t * (0.11111111 + t * 0.09090909))))) - e * 0.00021219444); } else { if (x > 0 && x < 1) { r = Math.log(x); } } if (x >= 0 && x <= 0) { r = -1 / (x * x); } if (x < 0) { r = makeNan(x); } return r; }',
  },
  // ln(1 + x) = 2 artanh(x / (2 + x)): written as a series near 0, because compilers fold the usual (1 + x) - 1.
  logarithm1p: {
    needs: ['logarithm'],
    code: 'function logarithm1p(x) { let r = logarithm(1 + x); if (x < 0.4 && x > -0.3) { const s = x / (2 + x); const t = s * s; r = 2 * s * (1 + t * (0.33333334 + t * (0.2 + t * (0.14285715 + t * (0.11111111 + t * 0.09090909))))); } return r; }',
  },
  logSumOfTwo: {
    needs: ['larger', 'exponential', 'logarithm1p'],
    code: 'function logSumOfTwo(a, b) { let d = a - b; if (d > 0) { d = -d; } let r = larger(a, b); if (d <= 0) { r = r + logarithm1p(exponential(d)); } return r; }',
  },
  timesLogarithm: {
    needs: ['logarithm', 'isNan'],
    code: 'function timesLogarithm(a, b) { let r = a * logarithm(b); if (a >= 0 && a <= 0) { r = 0; } if (isNan(b) > 0.5) { r = b; } return r; }',
  },
  timesLogarithm1p: {
    needs: ['logarithm1p', 'isNan'],
    code: 'function timesLogarithm1p(a, b) { let r = a * logarithm1p(b); if (a >= 0 && a <= 0) { r = 0; } if (isNan(b) > 0.5) { r = b; } return r; }',
  },
  // |x|^p with the sign of an odd power; drivers return NaN for negative bases and 0^0, and lose digits. The whole part
  // of a small exponent is made by multiplications.
  power: {
    needs: ['isNan', 'isInf', 'makeNan', 'exponential', 'logarithm'],
    code: 'function power(x, p) { let a = x; if (x < 0) { a = -x; } let q = p; if (p < 0) { q = -p; } let r = 1; if (q <= 64) { let n = Math.floor(q); const f = q - n; let b = a; for (let i = 0; i < 7; i++) { const h = Math.floor(n * 0.5); if (n - 2 * h > 0.5) { r = r * b; } b = b * b; n = h; } if (f > 0) { if (f >= 0.5 && f <= 0.5) { r = r * Math.sqrt(a); } else { r = r * exponential(f * logarithm(a)); } } if (p < 0) { r = 1 / r; } } else { r = exponential(p * logarithm(a)); } if (a >= 1 && a <= 1) { r = 1; } if (x >= 0 && x <= 0) { if (p > 0) { r = 0; } if (p < 0) { r = 1 / (x * x); } } if (x < 0 && isInf(p) < 0.5) { const f = Math.floor(p); if (p > f) { if (isInf(x) < 0.5) { r = makeNan(p); } } else { const h = f * 0.5; if (h > Math.floor(h)) { r = -r; } } } if (isNan(x) > 0.5) { r = x; } if (isNan(p) > 0.5) { r = p; } if (p >= 0 && p <= 0) { r = 1; } if (x >= 1 && x <= 1) { r = 1; } return r; }',
  },
  powerTimesLogarithm: {
    needs: ['power', 'logarithm'],
    code: 'function powerTimesLogarithm(a, b) { let r = power(a, b) * logarithm(a); if (a >= 0 && a <= 0 && b >= 0) { r = 0; } return r; }',
  },
  logistic: {
    needs: ['exponential'],
    code: 'function logistic(x) { let r = 0; if (x >= 0) { r = 1 / (1 + exponential(-x)); } else { const e = exponential(x); r = e / (1 + e); } return r; }',
  },
  logLogistic: {
    needs: ['exponential', 'logarithm1p'],
    code: 'function logLogistic(x) { let a = x; let m = 0; if (x < 0) { a = -x; m = x; } let r = m - logarithm1p(exponential(-a)); if (a >= 0) { return r; } return x; }',
  },
  softPlus: {
    needs: ['exponential', 'logarithm1p'],
    code: 'function softPlus(x) { let a = x; let m = x; if (x < 0) { a = -x; m = 0; } let r = m + logarithm1p(exponential(-a)); if (a >= 0) { return r; } return x; }',
  },
  hyperbolicTangent: {
    needs: ['exponential'],
    code: 'function hyperbolicTangent(x) { let a = x; if (x < 0) { a = -x; } let r = 0; if (a < 0.25) { const y = x * x; r = x * (1 - y * (0.33333334 - y * (0.13333334 - y * (0.053968254 - y * (0.021869488 - y * 0.008863236))))); } else { const e = exponential(-2 * a); r = (1 - e) / (1 + e); if (x < 0) { r = -r; } } return r; }',
  },
  // Integers are exact to 2^24 on a device: 24 bits from below, then the sign, which stands for all the bits above.
  bitAnd: {
    code: 'function bitAnd(a, b) { let x = a; let y = b; let r = 0; let w = 1; for (let i = 0; i < 24; i++) { const p = Math.floor(x * 0.5); const q = Math.floor(y * 0.5); if (x - 2 * p > 0.5 && y - 2 * q > 0.5) { r = r + w; } x = p; y = q; w = w * 2; } if (x < 0 && y < 0) { r = r - w; } return r; }',
  },
  powerOfTwo: { code: 'function powerOfTwo(n) { let r = 1; for (let i = 0; i < 32; i++) { if (i < n) { r = r * 2; } } return r; }' },
  logOdds: { needs: ['logarithm'], code: 'function logOdds(x) { return logarithm(x / (1 - x)); }' },
  logOddsSlope: {
    needs: ['makeNan'],
    code: 'function logOddsSlope(x) { let r = makeNan(1); if (x >= 0 && x <= 1) { r = 1 / (x * (1 - x)); } return r; }',
  },
  replaced: {
    needs: ['isNan', 'isInf'],
    code: 'function replaced(x, n, p, m) { let r = x; if (isInf(x) > 0.5) { if (x > 0) { r = p; } else { r = m; } } if (isNan(x) > 0.5) { r = n; } return r; }',
  },
  hypotenuse: {
    needs: ['isNan', 'isInf'],
    code: 'function hypotenuse(x, y) { let a = x; if (x < 0) { a = -x; } let b = y; if (y < 0) { b = -y; } let m = a; let n = b; if (b > a) { m = b; n = a; } let r = 0; if (m > 0) { const q = n / m; r = m * Math.sqrt(1 + q * q); } if (isNan(a) > 0.5) { r = a; } if (isNan(b) > 0.5) { r = b; } if (isInf(a) > 0.5) { r = a; } if (isInf(b) > 0.5) { r = b; } return r; }',
  },
  // 1 / b tells the sign of a zero, where a device keeps it.
  withSignOf: {
    code: 'function withSignOf(a, b) { const z = 1 / b; let r = a; if (a < 0) { r = -a; } if (b < 0 || z < 0) { r = -r; } return r; }',
  },
  hyperbolicSine: {
    needs: ['exponentialMinus1', 'exponential'],
    code: 'function hyperbolicSine(x) { let a = x; if (x < 0) { a = -x; } const m = exponentialMinus1(a); let r = 0.5 * (m + m / (m + 1)); if (a > 40) { const h = exponential(0.5 * a); r = 0.5 * h * h; } if (x < 0) { r = -r; } return r; }',
  },
  hyperbolicCosine: {
    needs: ['exponential'],
    code: 'function hyperbolicCosine(x) { let a = x; if (x < 0) { a = -x; } const h = exponential(0.5 * a); return 0.5 * h * h + 0.5 / (h * h); }',
  },
  // ln(a + sqrt(a² + 1)) for a >= 0, in a form that neither cancels near 0 nor overflows.
  inverseHyperbolicSine: {
    needs: ['logarithm', 'logarithm1p'],
    code: 'function inverseHyperbolicSine(x) { let a = x; if (x < 0) { a = -x; } let r = logarithm1p(a + a * a / (1 + Math.sqrt(a * a + 1))); if (a > 1e8) { r = logarithm(a) + 0.6931472; } if (x < 0) { r = -r; } return r; }',
  },
  inverseHyperbolicCosine: {
    needs: ['makeNan', 'logarithm', 'logarithm1p'],
    code: 'function inverseHyperbolicCosine(x) { const t = x - 1; let r = logarithm1p(t + Math.sqrt(t * (x + 1))); if (x > 1e8) { r = logarithm(x) + 0.6931472; } if (x < 1) { r = makeNan(1); } return r; }',
  },
  // Odd by construction: 1 - |x| is exact near the poles, 2x / (1 - x) is not near -1.
  inverseHyperbolicTangent: {
    needs: ['logarithm1p'],
    code: 'function inverseHyperbolicTangent(x) { let a = x; if (x < 0) { a = -x; } let r = 0.5 * logarithm1p(2 * a / (1 - a)); if (x < 0) { r = -r; } return r; }',
  },
  // sin(x + shift π/2): multiples of π/2 are taken off in parts with few digits, and the multiple too is taken in two, so that
  // the products are exact, up to x = 6e6.
  circular: {
    code: 'function circular(x, shift) { const k = Math.floor(x * 0.63661975 + 0.5); const h = 1024 * Math.floor(k / 1024 + 0.5); const l = k - h; const y = x - k * 1.5 - h * 0.0703125 - l * 0.0703125 - h * 0.00048065185546875 - l * 0.00048065185546875 - h * 0.000003173947334289551 - l * 0.000003173947334289551 - k * 9.920936e-10; const q = k + shift; const m = q - 4 * Math.floor(q * 0.25); const t = y * y; const s = y * (1 - t * (0.16666667 - t * (0.008333333 - t * (0.0001984127 - t * 0.0000027557319)))); const c = 1 - t * (0.5 - t * (0.041666668 - t * (0.0013888889 - t * (0.000024801587 - t * 2.755732e-7)))); let r = s; if (m > 0.5) { r = c; } if (m > 1.5) { r = -s; } if (m > 2.5) { r = -c; } return r; }',
  },
  sine: { needs: ['circular'], code: 'function sine(x) { return circular(x, 0); }' },
  cosine: { needs: ['circular'], code: 'function cosine(x) { return circular(x, 1); }' },
  tangent: { needs: ['circular'], code: 'function tangent(x) { return circular(x, 0) / circular(x, 1); }' },
  // Reduced to [0, tan(π/12)], where the series of arctan converges fast.
  arcTangent: {
    code: 'function arcTangent(x) { let a = x; if (x < 0) { a = -x; } let big = 0; if (a > 1) { a = 1 / a; big = 1; } let mid = 0; if (a > 0.2679492) { a = (a * 1.7320508 - 1) / (a + 1.7320508); mid = 1; } const t = a * a; let r = a * (1 - t * (0.33333334 - t * (0.2 - t * (0.14285715 - t * (0.11111111 - t * 0.09090909))))); if (mid > 0.5) { r = r + 0.5235988; } if (big > 0.5) { r = 1.5707964 - r; } if (x < 0) { r = -r; } return r; }',
  },
  arcSine: {
    needs: ['makeNan', 'arcTangent'],
    code: 'function arcSine(x) { let r = 0; if (x < 1 && x > -1) { r = arcTangent(x / Math.sqrt((1 - x) * (1 + x))); } else { r = makeNan(1); } if (x >= 1 && x <= 1) { r = 1.5707964; } if (x <= -1 && x >= -1) { r = -1.5707964; } return r; }',
  },
  arcCosine: {
    needs: ['makeNan', 'arcTangent'],
    code: 'function arcCosine(x) { let a = x; if (x < 0) { a = -x; } let r = arcTangent(Math.sqrt((1 - a) * (1 + a)) / a); if (x < 0) { r = 3.1415927 - r; } if (x >= 0 && x <= 0) { r = 1.5707964; } if (a > 1) { r = makeNan(x); } return r; }',
  },
  angle: {
    needs: ['arcTangent', 'isNan', 'isInf'],
    code: 'function angle(y, x) { const v = 1 / y; const u = 1 / x; let ay = y; if (y < 0) { ay = -y; } let ax = x; if (x < 0) { ax = -x; } let r = 0; if (ax > ay) { r = arcTangent(ay / ax); } else { if (ay > 0) { r = 1.5707964 - arcTangent(ax / ay); } } if (isInf(ax) > 0.5 && isInf(ay) > 0.5) { r = 0.7853982; } if (x < 0 || u < 0) { r = 3.1415927 - r; } if (y < 0 || v < 0) { r = -r; } if (isNan(x) > 0.5) { r = x; } if (isNan(y) > 0.5) { r = y; } return r; }',
  },
  // Cody's approximations (1969), in three intervals.
  // e^(x²) erfc(x) for x > 0.46875.
  errorTailScaled: {
    code: 'function errorTailScaled(x) { let r = 0; if (x <= 4) { const p = (((((((2.1531154e-8 * x + 0.5641885) * x + 8.883149) * x + 66.11919) * x + 298.63513) * x + 881.9522) * x + 1712.0476) * x + 2051.0784) * x + 1230.3394; const q = (((((((x + 15.744926) * x + 117.693954) * x + 537.1811) * x + 1621.3896) * x + 3290.7993) * x + 4362.619) * x + 3439.3677) * x + 1230.3394; r = p / q; } else { const y = 1 / (x * x); const p = ((((0.016315387 * y + 0.30532664) * y + 0.3603449) * y + 0.12578173) * y + 0.016083785) * y + 0.00065874916; const q = ((((y + 2.5685201) * y + 1.8729529) * y + 0.5279051) * y + 0.06051834) * y + 0.0023352049; r = (0.5641896 - y * p / q) / x; } return r; }',
  },
  errorTail: {
    needs: ['exponential', 'errorTailScaled'],
    code: 'function errorTail(x) { let r = 0; if (x <= 13) { const h = Math.floor(x * 16) / 16; r = errorTailScaled(x) * exponential(-h * h) * exponential(-(x - h) * (x + h)); } return r; }',
  },
  errorCentre: {
    code: 'function errorCentre(x) { const y = x * x; const p = (((0.18577771 * y + 3.1611237) * y + 113.86415) * y + 377.48524) * y + 3209.3776; const q = (((y + 23.60129) * y + 244.02464) * y + 1282.6166) * y + 2844.2368; return x * p / q; }',
  },
  errorFunction: {
    needs: ['errorTail', 'errorCentre'],
    code: 'function errorFunction(x) { let r = 0; if (x > 0.46875) { r = 1 - errorTail(x); } else { if (x < -0.46875) { r = errorTail(-x) - 1; } else { r = errorCentre(x); } } return r; }',
  },
  complementaryError: {
    needs: ['errorTail', 'errorCentre'],
    code: 'function complementaryError(x) { let r = 0; if (x > 0.46875) { r = errorTail(x); } else { if (x < -0.46875) { r = 2 - errorTail(-x); } else { r = 1 - errorCentre(x); } } return r; }',
  },
  scaledComplementaryError: {
    needs: ['exponential', 'errorTailScaled', 'errorCentre'],
    code: 'function scaledComplementaryError(x) { let r = 0; if (x > 0.46875) { r = errorTailScaled(x); } else { const e = exponential(x * x); if (x < -0.46875) { r = 2 * e - errorTailScaled(-x); } else { r = e * (1 - errorCentre(x)); } } return r; }',
  },
  // The logarithm of half of erfc.
  logNormalTail: {
    needs: ['logarithm', 'logarithm1p', 'errorTailScaled', 'complementaryError'],
    code: 'function logNormalTail(t) { let r = 0; if (t > 0.70710678) { r = logarithm(errorTailScaled(t) * 0.5) - t * t; } else { r = logarithm1p(-0.5 * complementaryError(-t)); } return r; }',
  },
  entropyOf: {
    needs: ['logarithm', 'makeInf', 'isNan'],
    code: 'function entropyOf(x) { let r = 0; if (x > 0) { r = -x * logarithm(x); } if (x < 0) { r = -makeInf(1); } if (isNan(x) > 0.5) { r = x; } return r; }',
  },
  // e^-|x| times I_n: the power series, and the asymptotic one for large x.
  besselScaled: {
    needs: ['exponential', 'isNan', 'isInf'],
    code: 'function besselScaled(n, x) { let a = x; if (x < 0) { a = -x; } let r = 0; let term = 1; if (a <= 12 + n * n) { for (let k = 1; k < 20; k++) { if (k <= n) { term = term * a * 0.5 / k; } } r = term; for (let k = 1; k < 60; k++) { term = term * a * a * 0.25 / (k * (k + n)); r = r + term; } r = r * exponential(-a); } else { r = 1; for (let k = 1; k < 12; k++) { term = -term * (4 * n * n - (2 * k - 1) * (2 * k - 1)) / (k * 8 * a); r = r + term; } r = r / Math.sqrt(6.2831853 * a); } if (isInf(x) > 0.5) { r = 0; } if (isNan(x) > 0.5) { r = x; } const h = n * 0.5; if (h > Math.floor(h) && x < 0) { r = -r; } return r; }',
  },
  // The e with |x| = m 2^e and 1/2 <= m < 1, by halving and doubling, which is exact.
  exponentPart: {
    needs: ['absolute', 'isNan', 'isInf'],
    code: 'function exponentPart(x) { let a = absolute(x); let e = 0; if (isNan(x) < 0.5 && isInf(x) < 0.5 && a > 0) { for (let i = 0; i < 128; i++) { if (a >= 1) { a = a * 0.5; e = e + 1; } } for (let i = 0; i < 149; i++) { if (a < 0.5) { a = a * 2; e = e - 1; } } } return e; }',
  },
  mantissaPart: {
    needs: ['isNan', 'isInf'],
    code: 'function mantissaPart(x) { let a = x; let s = 1; if (x < 0) { a = -x; s = -1; } let r = x; if (isNan(x) < 0.5 && isInf(x) < 0.5 && a > 0) { for (let i = 0; i < 128; i++) { if (a >= 1) { a = a * 0.5; } } for (let i = 0; i < 149; i++) { if (a < 0.5) { a = a * 2; } } r = s * a; } return r; }',
  },
  // A number of exponent e has neighbours at 2^(e - 24), a power of two one at half of that towards 0.
  neighbour: {
    needs: ['absolute', 'isNan', 'isInf'],
    code: 'function neighbour(a, b) { let r = b; if (a < b || a > b) { let d = 1; if (a > b) { d = -1; } let m = absolute(a); let u = 5.9604645e-8; for (let i = 0; i < 128; i++) { if (m >= 1) { m = m * 0.5; u = u * 2; } } for (let i = 0; i < 126; i++) { if (m < 0.5) { m = m * 2; u = u * 0.5; } } if (m <= 0.5) { if (a * d < 0) { u = u * 0.5; } } r = a + d * u; if (a >= 0 && a <= 0) { r = d * 1.4e-45; } if (isInf(a) > 0.5) { r = -3.4028234e38; if (d < 0) { r = 3.4028234e38; } } } if (isNan(a) > 0.5) { r = a; } if (isNan(b) > 0.5) { r = b; } return r; }',
  },
  // The Euler-Maclaurin formula beyond x + 12.
  hurwitz: {
    needs: ['power', 'makeNan', 'makeInf', 'isNan', 'isInf'],
    code: 'function hurwitz(s, q) { let a = q; let sum = 0; for (let k = 0; k < 1000; k++) { if (a < 12) { sum = sum + power(a, -s); a = a + 1; } } const p = power(a, -s); let r = sum + p * (a / (s - 1) + 0.5 + s / (12 * a) * (1 - (s + 1) * (s + 2) / (60 * a * a))); if (isInf(q) > 0.5) { r = 0; } if (isInf(s) > 0.5) { r = 0; if (q >= 1 && q <= 1) { r = 1; } if (q > -1 && q < 1) { r = makeInf(1); } } if (isNan(s) > 0.5) { r = s; } if (isNan(q) > 0.5) { r = q; } if (q <= 0) { if (Math.floor(s) < s) { r = makeNan(1); } if (Math.floor(q) >= q) { r = makeInf(1); } } if (s < 1) { r = makeNan(1); } if (s >= 1 && s <= 1) { r = makeInf(1); } return r; }',
  },
  // x^a e^-x / Γ(a); for large a about its maximum.
  gammaDensity: {
    needs: ['exponential', 'logarithm', 'logarithm1p', 'logGamma'],
    code: 'function gammaDensity(a, x) { let r = 0; if (a < 20) { r = exponential(a * logarithm(x) - x - logGamma(a)); } else { const m = (x - a) / a; r = exponential(a * (logarithm1p(m) - m) - 0.083333333 / a) * Math.sqrt(a * 0.15915494); } return r; }',
  },
  gammaLower: {
    needs: ['gammaDensity'],
    code: 'function gammaLower(a, x) { let term = 1 / a; let sum = term; for (let k = 1; k < 300; k++) { term = term * x / (a + k); sum = sum + term; } return sum * gammaDensity(a, x); }',
  },
  gammaUpper: {
    needs: ['gammaDensity'],
    code: 'function gammaUpper(a, x) { let f = x + 601 - a; for (let i = 0; i < 300; i++) { const k = 300 - i; f = x + 2 * k - 1 - a - k * (k - a) / f; } return gammaDensity(a, x) / f; }',
  },
  // P for upper = 0, Q for upper = 1.
  gammaRatio: {
    needs: ['gammaLower', 'gammaUpper', 'makeNan', 'isNan', 'isInf'],
    code: 'function gammaRatio(a, x, upper) { let p = 0; let q = 1; let bad = 0; if (x > 0 && a > 0) { if (x < a + 1) { p = gammaLower(a, x); q = 1 - p; } else { q = gammaUpper(a, x); p = 1 - q; } } if (isNan(a) > 0.5 || isNan(x) > 0.5) { bad = 1; } if (isInf(x) > 0.5) { p = 1; q = 0; bad = 0; } if (isInf(a) > 0.5) { p = 0; q = 1; bad = 0; if (isInf(x) > 0.5) { bad = 1; } } if (x >= 0 && x <= 0) { p = 0; q = 1; bad = 0; } if (a >= 0 && a <= 0) { bad = 1; if (x > 0) { p = 1; q = 0; bad = 0; } } if (a < 0 || x < 0) { bad = 1; } let r = p; if (upper > 0.5) { r = q; } if (bad > 0.5) { r = makeNan(1); } return r; }',
  },
  // Integers on a device have at most 24 bits: Euclid needs fewer than 40 steps.
  commonDivisor: {
    needs: ['absolute', 'truncRemainder'],
    code: 'function commonDivisor(a, b) { let x = absolute(a); let y = absolute(b); for (let i = 0; i < 40; i++) { if (y > 0.5) { const t = truncRemainder(x, y); x = y; y = t; } } return x; }',
  },
  commonMultiple: {
    needs: ['absolute', 'commonDivisor'],
    code: 'function commonMultiple(a, b) { let r = 0; const g = commonDivisor(a, b); if (g > 0.5) { r = absolute(Math.floor(a / g + 0.5) * b); } return r; }',
  },
  // Giles (2012): single precision.
  // Near 0 by Acklam's rational function of sqrt(-2 ln x), elsewhere through the inverse of erf.
  inverseNormal: {
    needs: ['logarithm', 'inverseError', 'makeNan'],
    code: 'function inverseNormal(x) { let r = 1.41421356 * inverseError(2 * x - 1); if (x > 0 && x < 0.02425) { const q = Math.sqrt(-2 * logarithm(x)); r = (((((-0.007784894 * q - 0.32239645) * q - 2.4007582) * q - 2.5497325) * q + 4.3746643) * q + 2.938164) / ((((0.0077846957 * q + 0.3224671) * q + 2.4451342) * q + 3.7544086) * q + 1); } if (x < 0) { r = makeNan(1); } return r; }',
  },
  inverseError: {
    needs: ['logarithm', 'makeNan', 'makeInf', 'isNan'],
    code: 'function inverseError(x) { let w = -logarithm((1 - x) * (1 + x)); let p = 0; if (w < 5) { w = w - 2.5; p = 1.5014094 + w * (0.24664073 + w * (-0.0041776816 + w * (-0.0012537250 + w * (0.00021858087 + w * (-0.0000043915065 + w * (-0.0000035233877 + w * (3.4327394e-7 + w * 2.8102264e-8))))))); } else { w = Math.sqrt(w) - 3; p = 2.8329768 + w * (1.0016741 + w * (0.009438870 + w * (-0.0076224613 + w * (0.0057395077 + w * (-0.0036734284 + w * (0.0013493432 + w * (0.00010095056 - w * 0.00020021426))))))); } let r = x * p; if (x >= 1) { r = makeInf(1); if (x > 1) { r = makeNan(1); } } if (x <= -1) { r = -makeInf(1); if (x < -1) { r = makeNan(1); } } if (isNan(x) > 0.5) { r = x; } return r; }',
  },
  // Taylor's series of ln Γ about 2, Stirling's for large arguments; between them the recurrence.
  logGammaPositive: {
    needs: ['logarithm', 'logarithm1p'],
    code: 'function logGammaPositive(x) { let r = 0; let y = x; let f = 1; if (x < 8) { let t = 0; if (x <= 1.5) { t = x - 1; if (x <= 0.5) { t = x; } r = -logarithm1p(t); if (x <= 0.5) { r = r - logarithm(x); } } else { for (let i = 0; i < 6; i++) { if (y > 2.5) { y = y - 1; f = f * y; } } t = y - 2; r = logarithm(f); } r = r + t * (0.42278434 + t * (0.32246703 + t * (-0.067352301 + t * (0.020580808 + t * (-0.0073855510 + t * (0.0028905103 + t * (-0.0011927539 + t * (0.00050966952 + t * (-0.00022315476 + t * (0.000099457513 - t * 0.000044926237)))))))))); } else { const l = logarithm(x); r = x * (l - 1) - 0.5 * l + 0.9189385 + (0.083333333 - 0.0027777778 / (x * x)) / x; } return r; }',
  },
  // sin(πx) and cot(πx) from the distance to the nearest integer, which is exact.
  sinePi: {
    needs: ['sine'],
    code: 'function sinePi(x) { const f = Math.floor(x + 0.5); let r = sine(3.1415927 * (x - f)); const h = f * 0.5; if (h > Math.floor(h)) { r = -r; } return r; }',
  },
  cotangentPi: {
    needs: ['sine', 'cosine'],
    code: 'function cotangentPi(x) { const d = 3.1415927 * (x - Math.floor(x + 0.5)); return cosine(d) / sine(d); }',
  },
  logGamma: {
    needs: ['logGammaPositive', 'sinePi', 'logarithm', 'makeInf', 'isNan', 'isInf'],
    code: 'function logGamma(x) { let r = 0; if (x > 0) { r = logGammaPositive(x); } else { if (Math.floor(x) >= x) { r = makeInf(1); } else { let s = x * sinePi(x); if (s < 0) { s = -s; } r = 1.1447299 - logarithm(s) - logGammaPositive(-x); } } if (isInf(x) > 0.5) { r = x * x; } if (isNan(x) > 0.5) { r = x; } return r; }',
  },
  psi: {
    needs: ['cotangentPi', 'logarithm', 'makeNan', 'makeInf', 'isNan'],
    code: 'function psi(x) { let y = x; let r = 0; if (x < 0) { y = 1 - x; r = -3.1415927 * cotangentPi(x); } for (let i = 0; i < 6; i++) { if (y < 6) { r = r - 1 / y; y = y + 1; } } const t = 1 / (y * y); r = r + logarithm(y) - 0.5 / y - t * (0.083333333 - t * (0.0083333333 - t * 0.003968254)); if (x <= 0) { if (Math.floor(x) >= x) { r = makeNan(1); if (x >= 0) { r = -makeInf(1); } } } if (isNan(x) > 0.5) { r = x; } return r; }',
  },
  // Derivatives of psi by the Euler-Maclaurin formula; negative arguments are moved up by the recurrence.
  psiDerivative: {
    needs: ['psi', 'makeNan', 'makeInf', 'isNan', 'isInf'],
    code: 'function psiDerivative(n, x) { let r = 0; if (n < 0.5) { return psi(x); } let f = 1; for (let i = 2; i < 20; i++) { if (i <= n) { f = f * i; } } const h = n * 0.5; let s = 1; if (h <= Math.floor(h)) { s = -1; } let a = x; let sum = 0; for (let k = 0; k < 1000; k++) { if (a < 10 + n) { let p = 1 / a; for (let i = 0; i < 20; i++) { if (i < n) { p = p / a; } } sum = sum + p; a = a + 1; } } let q = 1; for (let i = 0; i < 20; i++) { if (i < n) { q = q / a; } } r = sum + q / n + 0.5 * q / a + q / a * (n + 1) / (12 * a) - q / a * (n + 1) * (n + 2) * (n + 3) / (720 * a * a * a); r = s * f * r; if (x <= 0 && Math.floor(x) >= x) { r = s * makeInf(1); } if (isInf(x) > 0.5) { r = 0; if (x < 0) { r = s * makeInf(1); if (n < 1.5) { r = makeNan(1); } } } if (isNan(x) > 0.5) { r = x; } return r; }',
  },
  // See sincDerivative for doubles: a series near 0, a recurrence beyond.
  sincDerivative: {
    needs: ['sine', 'cosine'],
    code: 'function sincDerivative(n, x) { const u = 3.1415927 * x; let a = u; if (u < 0) { a = -u; } let r = 0; if (a <= 1 + n) { let k = Math.ceil(n * 0.5); let m = 2 * k - n; let p = 1; const h = k * 0.5; if (h > Math.floor(h)) { p = -1; } if (m > 0.5) { p = p * u; } for (let i = 0; i < 20; i++) { if (i < n) { p = p * 3.1415927; } } for (let i = 0; i < 16; i++) { r = r + p / (2 * k + 1); p = -p * u * u / ((m + 1) * (m + 2)); m = m + 2; k = k + 1; } } else { const s = sine(u); const c = cosine(u); r = s / u; let w = c; let v = -s; let g = 1; for (let i = 1; i < 20; i++) { if (i <= n) { r = (g * w - i * r) / x; g = g * 3.1415927; const t = v; v = -w; w = t; } } } return r; }',
  },
};

/** The functions of the table. */
export const libraryNames: readonly string[] = Object.keys(sources);

/** Adds the function `name` of the table to `into`, after those that it calls. Whether there is one. */
export function addFromLibrary(name: string, into: Map<string, string>): boolean {
  const source = sources[name];
  if (source === undefined) return false;
  if (!into.has(name)) {
    for (const n of source.needs ?? []) addFromLibrary(n, into);
    into.set(name, source.code);
  }
  return true;
}
