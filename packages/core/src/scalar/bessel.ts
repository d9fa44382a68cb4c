/** Modified Bessel functions of the first kind of integer orders n >= 0, to about 1e-15 for the small orders that derivatives need. */

/** Beyond this the asymptotic expansion reaches double precision before its terms grow again. */
const far = (n: number): number => 25 + n * n;

/** (x/2)^n Σ (x²/4)^k / (k! (k + n)!): every term is positive, so nothing cancels (Abramowitz and Stegun 9.6.10). */
function series(n: number, x: number): number {
  const q = (x * x) / 4;
  let term = 1;
  for (let k = 1; k <= n; k++) term *= x / 2 / k;
  let sum = term;
  for (let k = 1; ; k++) {
    term *= q / (k * (k + n));
    const next = sum + term;
    if (next === sum || next !== next) return next;
    sum = next;
  }
}

/** e^-x·I_n(x) = (2πx)^-1/2 (1 - (μ - 1)/(8x) + (μ - 1)(μ - 9)/(2! (8x)²) - ...) with μ = 4n² (Abramowitz and Stegun 9.7.1). */
function asymptotic(n: number, x: number): number {
  if (x === Infinity) return 0;
  const mu = 4 * n * n;
  let term = 1;
  let sum = 1;
  for (let k = 1; k <= 40; k++) {
    term *= -(mu - (2 * k - 1) ** 2) / (k * 8 * x);
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return sum / Math.sqrt(2 * Math.PI * x);
}

/** I_n(x). NaN at ±inf, as in PyTorch: inf times 0. */
export function besselI(n: number, x: number): number {
  const a = Math.abs(x);
  const y = a > far(n) ? Math.exp(a) * asymptotic(n, a) : series(n, a);
  return x < 0 && n % 2 === 1 ? -y : y;
}

/** e^-|x|·I_n(x). */
export function besselIe(n: number, x: number): number {
  const a = Math.abs(x);
  const y = a > far(n) ? asymptotic(n, a) : series(n, a) * Math.exp(-a);
  return x < 0 && n % 2 === 1 ? -y : y;
}
