/**
 * Special functions for the naive evaluator, each by the plainest method that reaches about 1e-13 where properties are tested:
 * power series without cancellation, continued fractions, quadrature, shifts to where an asymptotic series holds. Nothing is
 * shared with core, whose methods differ. Corners are those of PyTorch; numbers of equations are Abramowitz and Stegun's.
 */

const rootOfPi = Math.sqrt(Math.PI);

/** e^(x²) erfc(x) for x >= 2 by Laplace's continued fraction (7.1.14), from its far end. */
function erfcxFraction(x: number): number {
  let rest = x;
  for (let k = 300; k >= 1; k--) rest = x + k / 2 / rest;
  return 1 / rootOfPi / rest;
}

/** The error function by a series of positive terms (7.1.6). */
export function erf(x: number): number {
  if (Math.abs(x) >= 3) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = 0;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    sum += term;
    term *= (2 * x * x) / (2 * k + 1);
  }
  return x === 0 || x !== x ? x : (2 / rootOfPi) * Math.exp(-x * x) * sum;
}

export function erfc(x: number): number {
  return x > 2 ? Math.exp(-x * x) * erfcxFraction(x) : 1 - erf(x);
}

export function erfcx(x: number): number {
  if (x > 2) return erfcxFraction(x);
  return x < -2 ? 2 * Math.exp(x * x) - erfcxFraction(-x) : Math.exp(x * x) * erfc(x);
}

/** The root of a falling function between `low` and `high`, improved by Newton's method. */
function root(f: (x: number) => number, slope: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  for (let k = 0; k < 50; k++) {
    const middle = (a + b) / 2;
    if (f(middle) > 0) a = middle;
    else b = middle;
  }
  let x = (a + b) / 2;
  for (let k = 0; k < 3; k++) x -= f(x) / slope(x);
  return x;
}

export function erfinv(p: number): number {
  const q = Math.abs(p);
  if (!(q < 1)) return q === 1 ? p * Infinity : NaN;
  if (p === 0) return p;
  const f = q < 0.5 ? (x: number): number => q - erf(x) : (x: number): number => erfc(x) - (1 - q);
  return Math.sign(p) * root(f, (x) => (-2 / rootOfPi) * Math.exp(-x * x), 0, 6);
}

export function ndtr(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

/** The density of the normal distribution. */
export function density(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

export function ndtri(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  const tail = Math.min(p, 1 - p);
  const x = root(
    (t) => ndtr(-t) - tail,
    (t) => -density(t),
    0,
    38,
  );
  return p < 0.5 ? -x : x;
}

export function logNdtr(x: number): number {
  return x < -1 ? Math.log(erfcx(-x / Math.SQRT2) / 2) - (x * x) / 2 : Math.log1p(-ndtr(-x));
}

/** density / ndtr. */
export function inverseMills(x: number): number {
  return Math.sqrt(2 / Math.PI) / erfcx(-x / Math.SQRT2);
}

/** x + inverseMills(x); far left by a continued fraction (26.2.14), since the sum would cancel. */
export function millsExcess(x: number): number {
  if (x > -4) return x + inverseMills(x);
  let rest = -x;
  for (let k = 200; k >= 2; k--) rest = -x + k / rest;
  return 1 / rest;
}

const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

/** sin(πx) by the distance to the nearest integer. */
function sinPi(x: number): number {
  const n = Math.round(x);
  return Math.sin(Math.PI * (x - n)) * (n % 2 === 0 ? 1 : -1);
}

/** ln |Γ(x)|: shifted to where Stirling's series holds (6.1.40), mirrored for x <= 0 (6.1.17). */
export function lgamma(x: number): number {
  if (x !== x) return x;
  if (x <= 0) return x === Math.floor(x) ? Infinity : Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
  let y = x;
  let product = 1;
  for (; y < 16; y++) product *= y;
  const series = bernoulli.reduce((sum, b, k) => sum + b / ((2 * k + 2) * (2 * k + 1) * y ** (2 * k + 1)), 0);
  return y === Infinity ? y : y * (Math.log(y) - 1) - Math.log(y) / 2 + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}

/** ψ: shifted likewise (6.3.18); -inf at 0, +inf at -0, NaN at negative integers. */
export function digamma(x: number): number {
  if (x === 0) return -1 / x;
  if (x < 0) {
    if (x === Math.floor(x)) return NaN;
    const d = x - Math.round(x);
    return digamma(1 - x) - (Math.PI * Math.cos(Math.PI * d)) / Math.sin(Math.PI * d);
  }
  let y = x;
  let below = 0;
  for (; y < 16; y++) below += 1 / y;
  const series = bernoulli.reduce((sum, b, k) => sum + b / ((2 * k + 2) * y ** (2 * k + 2)), 0);
  return Math.log(y) - 1 / (2 * y) - series - below;
}

/** Σ (q + k)^-s over k >= 0 for q > 0: some terms, then the Euler-Maclaurin formula (23.1.30). */
function sumOfPowers(s: number, q: number): number {
  let a = q;
  let sum = 0;
  for (; a < 20 + s; a++) {
    const term = a ** -s;
    if (term <= 1e-18 * sum) return sum;
    sum += term;
  }
  if (a === Infinity) return 0;
  return sum + a ** -s * (a / (s - 1) + 0.5 + eulerMaclaurin(s, a));
}

function eulerMaclaurin(s: number, a: number): number {
  let sum = 0;
  let factor = s / a / 2; // s (s + 1) ... (s + 2k) / ((2k + 2)! a^(2k + 1))
  for (let k = 0; k < bernoulli.length; k++) {
    sum += bernoulli[k]! * factor;
    factor *= ((s + 2 * k + 1) * (s + 2 * k + 2)) / ((2 * k + 3) * (2 * k + 4) * a * a);
  }
  return sum;
}

/** The same for q < 0 that is no integer and an integer s: the sum over all integers less the other side's. */
function sumAcrossZero(s: number, q: number): number {
  const d = q - Math.round(q);
  const sign = s % 2 === 0 ? 1 : -1;
  return d ** -s + sumOfPowers(s, 1 + d) + sign * (sumOfPowers(s, 1 - d) - sumOfPowers(s, 1 - q));
}

/** The Hurwitz zeta function. */
export function zeta(s: number, q: number): number {
  if (s === 1) return Infinity;
  if (s < 1) return NaN;
  if (q <= 0 && q === Math.floor(q)) return Infinity;
  if (q <= 0 && s !== Math.floor(s)) return NaN;
  if (s !== s || q !== q) return NaN;
  if (s === Infinity) return Math.abs(q) < 1 ? Infinity : q === 1 ? 1 : 0;
  return q > 0 ? sumOfPowers(s, q) : sumAcrossZero(s, q);
}

/** The n-th derivative of ψ. */
export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  if (x !== x || (n === 1 && x === -Infinity)) return NaN;
  const sign = n % 2 === 1 ? 1 : -1;
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  return sign * factorial * zeta(n + 1, x);
}

/** x^a e^-x / Γ(a). */
function gammaFactor(a: number, x: number): number {
  return Math.exp(a * Math.log(x) - x - lgamma(a));
}

/** P and Q at the ends of their domain; null inside. */
function gammaEnds(a: number, x: number): readonly [p: number, q: number] | null {
  if (a < 0 || x < 0 || a !== a || x !== x) return a === 0 && x > 0 ? [1, 0] : x === 0 && a > 0 ? [0, 1] : [NaN, NaN];
  if (a === 0) return x > 0 ? [1, 0] : [NaN, NaN];
  if (x === 0) return [0, 1];
  if (a === Infinity) return x === Infinity ? [NaN, NaN] : [0, 1];
  return x === Infinity ? [1, 0] : null;
}

/** P(a, x) by a series of positive terms (6.5.29). */
export function igamma(a: number, x: number): number {
  const ends = gammaEnds(a, x);
  if (ends !== null) return ends[0];
  if (x > a + 40) return 1 - upperFraction(a, x);
  let term = 1 / a;
  let sum = 0;
  for (let k = 1; Math.abs(term) > 1e-17 * sum; k++) {
    sum += term;
    term *= x / (a + k);
  }
  return sum * gammaFactor(a, x);
}

/** Q(a, x) = 1 - P(a, x); by a continued fraction (6.5.31) where P is near 1. */
export function igammac(a: number, x: number): number {
  const ends = gammaEnds(a, x);
  if (ends !== null) return ends[1];
  return x > a + 2 ? upperFraction(a, x) : 1 - igamma(a, x);
}

function upperFraction(a: number, x: number): number {
  let rest = x;
  for (let k = 2000; k >= 1; k--) rest = x + (k - a) / (1 + k / rest);
  return gammaFactor(a, x) / rest;
}

/** e^-|x| I_n(x): a series of positive terms (9.6.10), the integral over the circle (9.6.19), the first terms of 9.7.1. */
export function besselIe(n: number, x: number): number {
  const a = Math.abs(x);
  const sign = x < 0 && n % 2 === 1 ? -1 : 1;
  if (a === Infinity) return sign * 0;
  if (a < 12) return sign * Math.exp(-a) * besselSeries(n, a);
  if (a < 2000) {
    const points = 600;
    let sum = 0;
    for (let k = 0; k < points; k++) {
      const angle = (2 * Math.PI * k) / points;
      sum += Math.exp(-2 * a * Math.sin(angle / 2) ** 2) * Math.cos(n * angle);
    }
    return (sign * sum) / points;
  }
  let term = 1;
  let sum = 0;
  for (let k = 1; k < 12; k++) {
    sum += term;
    term *= ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * a);
  }
  return x !== x ? x : (sign * sum) / Math.sqrt(2 * Math.PI * a);
}

function besselSeries(n: number, x: number): number {
  let term = 1;
  for (let k = 1; k <= n; k++) term *= x / (2 * k);
  let sum = 0;
  for (let k = 1; Math.abs(term) > 1e-17 * sum; k++) {
    sum += term;
    term *= (x * x) / (4 * k * (k + n));
  }
  return sum;
}

/** I_n(x); NaN at infinity, where PyTorch multiplies infinity by 0. */
export function besselI(n: number, x: number): number {
  return Math.exp(Math.abs(x)) * besselIe(n, x);
}

/** Nodes and weights of Gauss and Legendre's quadrature on [-1, 1] (25.4.29). */
function gaussLegendre(n: number): readonly (readonly [node: number, weight: number])[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 10; step++) {
      let [before, p] = [1, x];
      for (let k = 2; k <= n; k++) [before, p] = [p, ((2 * k - 1) * x * p - (k - 1) * before) / k];
      slope = (n * (x * p - before)) / (x * x - 1);
      x -= p / slope;
    }
    return [x, 2 / ((1 - x * x) * slope * slope)] as const;
  });
}

const rule = gaussLegendre(40);

/** The n-th derivative of sin(πx) / (πx), which is the mean of cos(πxt) over t in [0, 1]. */
export function sincDerivative(n: number, x: number): number {
  if (Math.abs(x) < 16) {
    return rule.reduce((sum, [node, weight]) => {
      const t = (Math.PI * (node + 1)) / 2;
      return sum + (weight / 2) * t ** n * Math.cos(x * t + (n * Math.PI) / 2);
    }, 0);
  }
  // Differentiating x sinc(x) = sin(πx) / π n times: x sinc⁽ⁿ⁾ + n sinc⁽ⁿ⁻¹⁾ on the left.
  const wave = Math.PI ** (n - 1) * Math.sin(Math.PI * x + (n * Math.PI) / 2);
  return (n === 0 ? wave : wave - n * sincDerivative(n - 1, x)) / x;
}
