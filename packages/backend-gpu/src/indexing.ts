import { contiguousStrides, type View } from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import type { Arguments } from './kernels.ts';

/**
 * Source text for index arithmetic. Every variable of a gpu.js kernel is a float32, exact for integers to 2^24, and a
 * graphics card's division may be off by some ulps, so quotients are corrected.
 */

/** Declares `q` = floor(a / b) and `r` = a - q * b, for 0 <= a < 2^24. */
export function divide(q: string, r: string, a: string, b: string): string {
  return `let ${q}=Math.floor(${a}/${b});let ${r}=${a}-${q}*${b};if(${r}<0){${q}=${q}-1;${r}=${r}+${b};}if(${r}>=${b}){${q}=${q}+1;${r}=${r}-${b};}`;
}

/**
 * Declares the coordinates `c0`, `c1`, ... of the row-major element `from` of a shape whose sizes are the arguments
 * `n1`, `n2`, ... (the outermost size is not needed). `c` and `n` are the prefixes of the names.
 */
export function unravel(from: string, rank: number, c: string, n: string): string {
  let code = '';
  let rest = from;
  for (let d = rank - 1; d >= 1; d--) {
    code += divide(`${c}q${d}`, `${c}${d}`, rest, `${n}${d}`);
    rest = `${c}q${d}`;
  }
  return rank === 0 ? '' : `${code}const ${c}0=${rest};`;
}

/** Adds the sizes that {@link unravel} reads. */
export function addSizes(ints: Arguments, n: string, sizes: readonly number[]): void {
  for (let d = 1; d < sizes.length; d++) ints.add(`${n}${d}`, sizes[d]!);
}

/** Adds `s0`, `s1`, ... */
export function addAll(ints: Arguments, s: string, values: readonly number[]): void {
  for (let d = 0; d < values.length; d++) ints.add(`${s}${d}`, values[d]!);
}

/** The terms `c0*s0+c1*s1+...`, each with a leading plus. */
export function dot(rank: number, c: string, s: string): string {
  let code = '';
  for (let d = 0; d < rank; d++) code += `+${c}${d}*${s}${d}`;
  return code;
}

/** How an operand moves over a coalesced walk: not at all, element by element, or by strides. */
export type Motion = 'f' | 'd' | 's';

/** The motion of an operand with these strides, one per loop of sizes `sizes`. */
export function motionOf(sizes: readonly number[], strides: readonly number[]): Motion {
  if (strides.every((s) => s === 0)) return 'f';
  const dense = contiguousStrides(sizes);
  return strides.every((s, d) => s === dense[d]) ? 'd' : 's';
}

/** A view's buffer. */
export function bufferOf(v: View): GpuBuffer {
  return v.handle as GpuBuffer;
}
