import { erfcOf } from './erf.ts';
import { lgammaOf } from './gamma.ts';

/** The regularized incomplete gamma functions P and Q = 1 - P. */

/** ln λ - λ + 1 for λ = 1 + m, never positive; by its series near 1, where it cancels. */
function deviation(m: number): number {
  if (Math.abs(m) > 0.1) return Math.log1p(m) - m;
  let sum = 0;
  let power = m;
  for (let k = 2; k < 40; k++) {
    power *= -m;
    sum += power / k;
  }
  return sum;
}

/** x^a e^-x / Γ(a); for large a about its maximum at x = a, where the three factors are far apart. */
function prefactor(a: number, x: number): number {
  if (a < 20) return Math.exp(a * Math.log(x) - x - lgammaOf(a));
  const r = 1 / (a * a);
  const stirling = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / a;
  return Math.exp(a * deviation((x - a) / a) - stirling) * Math.sqrt(a / (2 * Math.PI));
}

/** Q(a, x) for very large a: the uniform expansion in 1/a (Temme 1979, DLMF 8.12), of which two terms are enough here. */
function upperUniform(a: number, x: number): number {
  const m = (x - a) / a;
  const d = -deviation(m);
  const eta = Math.sign(m) * Math.sqrt(2 * d);
  const c0 = Math.abs(eta) < 0.05 ? -1 / 3 + eta * (1 / 12 - eta * (2 / 135 - eta / 864)) : 1 / m - 1 / eta;
  const c1 = -1 / 540 - eta / 288;
  return 0.5 * erfcOf(eta * Math.sqrt(a / 2)) + (Math.exp(-a * d) / Math.sqrt(2 * Math.PI * a)) * (c0 + c1 / a);
}

/** From here on {@link upperUniform} is exact to 1e-13, while the series would need thousands of terms. */
const veryLarge = 1e6;

/** P(a, x) by its power series, for x at most about a (Abramowitz and Stegun 6.5.29). */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; k < 1e6; k++) {
    term *= x / (a + k);
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return sum * prefactor(a, x);
}

/** Q(a, x) by its continued fraction, for x above a; by the modified algorithm of Lentz (Abramowitz and Stegun 6.5.31). */
function upperFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let k = 1; k < 1e6; k++) {
    const n = -k * (k - a);
    b += 2;
    d = n * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + n / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return h * prefactor(a, x);
}

/** P at the ends of the domain, NaN outside of it; null inside. The order is PyTorch's, which shows beside NaN. */
function corner(a: number, x: number): number | null {
  if (a < 0 || x < 0) return NaN;
  if (a === 0) return x > 0 ? 1 : NaN;
  if (x === 0) return 0;
  if (a === Infinity) return x === Infinity ? NaN : 0;
  if (x === Infinity) return 1;
  return a !== a || x !== x ? NaN : null;
}

/** P(a, x) = γ(a, x) / Γ(a): NaN for negative arguments. */
export function gammaP(a: number, x: number): number {
  return corner(a, x) ?? (a > veryLarge ? 1 - upperUniform(a, x) : x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x));
}

/** Q(a, x) = 1 - P(a, x), without cancellation for large x. */
export function gammaQ(a: number, x: number): number {
  const end = corner(a, x);
  if (end !== null) return 1 - end;
  if (a > veryLarge) return upperUniform(a, x);
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}
