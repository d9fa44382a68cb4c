/** The logarithm of the gamma function and its derivatives, to about 1e-15. */

/** Bernoulli numbers B2, B4, ... */
const bernoulli = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
] as const;

/** (-1)^n (ζ(n) - 1) / n for n = 2, 3, ...: the Taylor series of ln Γ about 2 beyond its linear term (Abramowitz and Stegun 6.1.33). */
const aboutTwo = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986, 0.0028905103307415234, -0.001192753911703261,
  0.0005096695247430425, -0.00022315475845357939, 9.945751278180853e-5, -4.492623673813314e-5, 2.050721277567069e-5, -9.439488275268397e-6,
  4.374866789907488e-6, -2.039215753801366e-6, 9.55141213040742e-7, -4.492469198764566e-7, 2.1207184805554665e-7, -1.0043224823968099e-7,
  4.7698101693639804e-8, -2.2711094608943164e-8, 1.0838659214896955e-8, -5.183475041970047e-9, 2.4836745438024785e-9,
  -1.1921401405860912e-9, 5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
] as const;
const oneMinusEuler = 0.42278433509846713;
const halfLogTwoPi = 0.9189385332046728;

/** ln Γ(2 + z) for |z| <= 1/2. */
function logGammaAboutTwo(z: number): number {
  let sum = 0;
  for (let i = aboutTwo.length - 1; i >= 0; i--) sum = (sum + aboutTwo[i]!) * z;
  return (sum + oneMinusEuler) * z;
}

/** sin(πx), through the distance of x from the nearest integer, which is exact. */
function sinPi(x: number): number {
  const n = Math.round(x);
  const s = Math.sin(Math.PI * (x - n));
  return n % 2 === 0 ? s : -s;
}

/** cot(πx) for x that is no integer. */
function cotPi(x: number): number {
  const d = x - Math.round(x);
  return Math.abs(d) === 0.5 ? 0 : 1 / Math.tan(Math.PI * d);
}

/** ln |Γ(x)|; +inf at 0 and the negative integers. */
export function lgammaOf(x: number): number {
  if (x !== x) return x;
  if (x <= 0) {
    if (x === Math.floor(x)) return Infinity; // -inf too
    // Γ(x) Γ(-x) = -π / (x sin πx)
    if (x < -0.5) return Math.log(Math.PI / Math.abs(x * sinPi(x))) - lgammaOf(-x);
  }
  if (x <= 0.5) return logGammaAboutTwo(x) - Math.log1p(x) - Math.log(Math.abs(x));
  if (x <= 1.5) return logGammaAboutTwo(x - 1) - Math.log1p(x - 1);
  if (x < 8) {
    let product = 1;
    let y = x;
    while (y > 2.5) product *= --y;
    return Math.log(product) + logGammaAboutTwo(y - 2);
  }
  if (x > 1e17) return x === Infinity ? x : x * (Math.log(x) - 1);
  // Stirling's series.
  const r = 1 / (x * x);
  let sum = 0;
  for (let k = 8; k >= 1; k--) sum = sum * r + bernoulli[k - 1]! / (2 * k * (2 * k - 1));
  return (x - 0.5) * Math.log(x) - x + halfLogTwoPi + sum / x;
}

/** ψ(x), the derivative of ln Γ: NaN at the negative integers, -inf at +0, +inf at -0. */
export function digammaOf(x: number): number {
  if (x === 0) return -1 / x;
  if (x < 0) return x === Math.floor(x) ? NaN : digammaOf(1 - x) - Math.PI * cotPi(x);
  let y = x;
  let sum = 0;
  for (; y < 10; y++) sum += 1 / y;
  const r = 1 / (y * y);
  let series = 0;
  for (let k = 8; k >= 1; k--) series = (series + bernoulli[k - 1]! / (2 * k)) * r;
  return Math.log(y) - 0.5 / y - series - sum;
}

/** ζ(s, x) = Σ (x + k)^-s for s > 1 and x > 0, by the Euler-Maclaurin formula. */
function hurwitzZeta(s: number, x: number): number {
  if (x === Infinity) return 0;
  let sum = 0;
  let a = x;
  for (; a < 10 + s; a++) {
    const term = a ** -s;
    sum += term;
    if (term <= sum * 1e-18) return sum;
  }
  const power = a ** -s;
  const r = 1 / (a * a);
  let term = (power * s) / a; // s (s+1) ... (s+2k-2) a^(-s-2k+1) / (2k)! without B2k and 1/(2k)!
  let tail = (power * a) / (s - 1) + power / 2;
  let factorial = 2;
  for (let k = 1; k <= bernoulli.length; k++) {
    tail += (bernoulli[k - 1]! / factorial) * term;
    term *= (s + 2 * k - 1) * (s + 2 * k) * r;
    factorial *= (2 * k + 1) * (2 * k + 2);
  }
  return sum + tail;
}

/**
 * The Hurwitz zeta function Σ (q + k)^-x: NaN for x < 1, +inf for x = 1 and where q + k is 0; for other q < 0 only an
 * integer x gives real terms.
 */
export function zetaOf(x: number, q: number): number {
  if (x === 1) return Infinity;
  if (x < 1) return NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return Infinity;
    if (x !== Math.floor(x)) return NaN;
  }
  if (x !== x || q !== q) return NaN;
  if (x === Infinity) return zetaLimit(q);
  return q > 0 ? hurwitzZeta(x, q) : belowZero(x, q);
}

/**
 * ζ(x, q) for q < 0 and an integer x. Of the terms below 0, those next to 0 are added one by one; Σ over the others is a zeta
 * function again, since |q + k| runs upwards from the other side. Terms of unlike sign cancel, so what each addition loses
 * is added in the end.
 */
function belowZero(x: number, q: number): number {
  const last = Math.ceil(-q);
  const near = Math.min(last, 64);
  let sum = 0;
  let lost = 0;
  let a = q + (last - near);
  for (let k = 0; k < 2 * near; k++, a++) {
    const term = a ** -x;
    const next = sum + term;
    if (next - next !== 0) return next;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  const far = near === last ? 0 : hurwitzZeta(x, near - (q + last) + 1) - hurwitzZeta(x, -q + 1);
  return sum + (lost + hurwitzZeta(x, a) + (x % 2 === 0 ? far : -far));
}

/** q^-inf, the limit of the first term. */
function zetaLimit(q: number): number {
  return Math.abs(q) < 1 ? Infinity : q === 1 ? 1 : 0;
}

/** π times the n-th derivative of cot(πx): a polynomial of c = cot(πx), since its derivative is -π (1 + c²). */
function cotDerivative(n: number, x: number): number {
  let p = [0, 1];
  for (let m = 0; m < n; m++) {
    const d = p.slice(1).map((c, i) => c * (i + 1));
    p = Array.from({ length: d.length + 2 }, (_, i) => -((d[i] ?? 0) + (d[i - 2] ?? 0)));
  }
  const c = cotPi(x);
  return Math.PI ** (n + 1) * p.reduceRight((sum, coefficient) => sum * c + coefficient, 0);
}

/**
 * The n-th derivative of ψ for integers n >= 0. At 0 and the negative integers it has poles: +inf for odd n; for even n
 * -inf, the limit from above.
 */
export function polygammaOf(n: number, x: number): number {
  if (n === 0) return digammaOf(x);
  if (x !== x || (x === -Infinity && n === 1)) return NaN;
  const odd = n % 2 === 1;
  if (x <= 0) {
    if (x === Math.floor(x)) return odd ? Infinity : -Infinity;
    // The n-th derivative of ψ(1 - x) - ψ(x) = π cot πx.
    return (odd ? -1 : 1) * polygammaOf(n, 1 - x) - cotDerivative(n, x);
  }
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  return (odd ? 1 : -1) * factorial * hurwitzZeta(n + 1, x);
}
