/**
 * The error function and its relatives, to about 1e-15: the rational Chebyshev approximations of W. J. Cody, Rational
 * Chebyshev approximations for the error function, Mathematics of Computation 23 (1969).
 */
const smallTop = [3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694, 0.18577770618460315];
const smallBottom = [23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const middleTop = [
  0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769, 1712.0476126340707, 2051.0783778260716,
  1230.3393547979972, 2.1531153547440383e-8,
];
const middleBottom = [
  15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597, 4362.619090143247, 3439.3676741437216,
  1230.3393548037495,
];
const largeTop = [
  0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275, 0.0006587491615298378, 0.016315387137302097,
];
const largeBottom = [2.568520192289822, 1.8729528499234604, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918];
const rootOfPi = 1.772453850905516;

/** (last·x^n + t0·x^(n-1) + ... ) / (x^n + b0·x^(n-1) + ...): Cody lists the leading coefficient of the numerator last. */
function rational(top: readonly number[], bottom: readonly number[], x: number): number {
  const n = bottom.length;
  let p = top[n]! * x;
  let q = x;
  for (let i = 0; i < n - 1; i++) {
    p = (p + top[i]!) * x;
    q = (q + bottom[i]!) * x;
  }
  return (p + top[n - 1]!) / (q + bottom[n - 1]!);
}

/** e^(-x²) without the rounding error of x²: x = h + (x - h), where h has so few bits that h² is exact. */
function expMinusSquare(x: number): number {
  const h = Math.trunc(x * 16) / 16;
  return Math.exp(-h * h) * Math.exp(-(x - h) * (x + h));
}

/** erfc(x) for x > 0.46875. */
function tail(x: number): number {
  return x > 28 ? 0 : expMinusSquare(x) * scaledTail(x);
}

/** e^(x²) erfc(x) for x > 0.46875. */
function scaledTail(x: number): number {
  if (x <= 4) return rational(middleTop, middleBottom, x);
  const r = 1 / (x * x);
  return (1 / rootOfPi - r * rational(largeTop, largeBottom, r)) / x;
}

/** The error function 2/√π ∫₀ˣ e^(-t²) dt. */
export function erfOf(x: number): number {
  if (x > 0.46875) return 1 - tail(x);
  if (x < -0.46875) return tail(-x) - 1;
  return x * rational(smallTop, smallBottom, x * x);
}

/** 1 - erf(x), without cancellation for large x. */
export function erfcOf(x: number): number {
  if (x > 0.46875) return tail(x);
  return x < -0.46875 ? 2 - tail(-x) : 1 - x * rational(smallTop, smallBottom, x * x);
}

const centre = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
];
const edge = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
];

/** erfinv(a) to single precision for a = 1 - rest in [0, 1): M. Giles, Approximating the erfinv function (2012). */
function estimate(a: number, rest: number): number {
  const w = -Math.log(rest * (1 + a));
  if (w < 5) return a * centre.reduce((sum, c) => sum * (w - 2.5) + c, 0);
  if (w < 16) return a * edge.reduce((sum, c) => sum * (Math.sqrt(w) - 3) + c, 0);
  // Beyond single precision: erfc(x) tends to e^(-x²) / (x √π).
  const l = -Math.log(rest * rootOfPi);
  let x = Math.sqrt(l);
  for (let i = 0; i < 3; i++) x = Math.sqrt(l - Math.log(x));
  return x;
}

/** The x >= 0 with erf(x) = a and erfc(x) = rest: an estimate improved by Halley's method on erf, or on erfc where erf is flat. */
function inverse(a: number, rest: number): number {
  let x = estimate(a, rest);
  for (let i = 0; i < 3; i++) {
    const slope = (2 / rootOfPi) * expMinusSquare(x);
    const error = a < 0.5 ? erfOf(x) - a : rest - erfcOf(x);
    const step = error / slope;
    x -= step / (1 + x * step);
  }
  return x;
}

/** The inverse of erf. */
export function erfinvOf(y: number): number {
  const a = Math.abs(y);
  if (!(a < 1)) return a === 1 ? y * Infinity : NaN;
  const x = inverse(a, 1 - a);
  return y < 0 ? -x : y === 0 ? y : x;
}

/** e^(x²) erfc(x), which overflows only for x < -26. */
export function erfcxOf(x: number): number {
  if (x > 0.46875) return x === Infinity ? 0 : scaledTail(x);
  const y = x * x;
  return x < -0.46875 ? 2 * Math.exp(y) - scaledTail(-x) : Math.exp(y) * (1 - x * rational(smallTop, smallBottom, y));
}

/** The normal distribution function. */
export function ndtrOf(x: number): number {
  return 0.5 * erfcOf(-x * Math.SQRT1_2);
}

/** The logarithm of the normal distribution function, without underflow. */
export function logNdtrOf(x: number): number {
  const t = x * Math.SQRT1_2;
  return x < -1 ? Math.log(erfcxOf(-t) / 2) - t * t : Math.log1p(-erfcOf(t) / 2);
}

/** The inverse of the normal distribution function: NaN beyond [0, 1]. */
export function ndtriOf(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  const upper = p >= 0.5;
  // 2p - 1 and 2 - 2p are exact in the upper half, as are 1 - 2p and 2p in the lower one but for the first.
  const x = Math.SQRT2 * (upper ? inverse(2 * p - 1, 2 - 2 * p) : inverse(1 - 2 * p, 2 * p));
  return upper ? x : -x;
}

/** The density of the normal distribution over its distribution function, the derivative of {@link logNdtrOf}: about -x far left. */
export function inverseMills(x: number): number {
  return Math.sqrt(2 / Math.PI) / erfcxOf(-x * Math.SQRT1_2);
}

/** x + inverseMills(x), without cancellation: far left 1/(t + 2/(t + 3/(t + ...))) with t = -x (Abramowitz and Stegun 26.2.14). */
export function millsExcess(x: number): number {
  if (x > -6) return x + inverseMills(x);
  let rest = -x;
  for (let k = 60; k >= 2; k--) rest = -x + k / rest;
  return 1 / rest;
}
