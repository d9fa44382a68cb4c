/** The peers of this suite so far: loops that a careful JavaScript programmer would write by hand for one case. */

/** c = a b for row-major float32 matrices, in the cache-friendly order. */
export function matmulLoop(a: Float32Array, b: Float32Array, n: number): Float32Array {
  const c = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += x * b[k * n + j]!;
    }
  }
  return c;
}

export function addLoop(a: Float32Array, b: Float32Array): Float32Array {
  const c = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) c[i] = a[i]! + b[i]!;
  return c;
}

/** x * sigmoid(x) in one pass. */
export function siluLoop(a: Float32Array): Float32Array {
  const c = new Float32Array(a.length);
  for (let i = 0; i < a.length; i++) c[i] = a[i]! / (1 + Math.exp(-a[i]!));
  return c;
}

/** Softmax of each row of n. */
export function softmaxLoop(a: Float32Array, n: number): Float32Array {
  const c = new Float32Array(a.length);
  for (let row = 0; row < a.length; row += n) {
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) top = Math.max(top, a[row + j]!);
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.exp(a[row + j]! - top);
    for (let j = 0; j < n; j++) c[row + j] = Math.exp(a[row + j]! - top) / sum;
  }
  return c;
}

/** Sum of each column of a matrix with n columns. */
export function columnSumsLoop(a: Float32Array, n: number): Float32Array {
  const sums = new Float64Array(n);
  for (let row = 0; row < a.length; row += n) for (let j = 0; j < n; j++) sums[j]! += a[row + j]!;
  return Float32Array.from(sums);
}
