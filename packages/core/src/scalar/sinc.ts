/** The n-th derivative of sin(πx) / (πx). */
export function sincDerivative(n: number, x: number): number {
  if (Math.abs(Math.PI * x) <= 1 + n) return series(n, x);
  // x·s = sin(πx) / π, differentiated k times: x·s⁽ᵏ⁾ + k·s⁽ᵏ⁻¹⁾ = π^(k-1) sin(πx + kπ/2).
  const waves = [Math.sin(Math.PI * x), Math.cos(Math.PI * x)] as const;
  let s = waves[0] / (Math.PI * x);
  let scale = 1;
  for (let k = 1; k <= n; k++) {
    const wave = (k % 4 < 2 ? 1 : -1) * waves[k % 2]!;
    s = (scale * wave - k * s) / x;
    scale *= Math.PI;
  }
  return s;
}

/** Σ (-1)^k (πx)^2k / (2k + 1)!, differentiated n times; its terms fall fast where πx is at most n + 1. */
function series(n: number, x: number): number {
  const u = Math.PI * x;
  let k = Math.ceil(n / 2);
  // With m = 2k - n, a term is ± π^n u^m / (m! (2k + 1)), since (2k)! / (2k + 1)! = 1 / (2k + 1).
  let power = (k % 2 === 0 ? 1 : -1) * Math.PI ** n * (n % 2 === 1 ? u : 1);
  let sum = 0;
  for (let m = n % 2; ; m += 2, k++) {
    const next = sum + power / (2 * k + 1);
    if (next === sum || next !== next) return next;
    sum = next;
    power *= -(u * u) / ((m + 1) * (m + 2));
  }
}
