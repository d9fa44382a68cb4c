import type { TypedArray } from '@nabla/core';
import type { BlasDType } from '@nabla/core/internals';
import type { Functions } from './library.ts';
import { NativeBlas } from './native-blas.ts';

/**
 * Lets a library compute small products that tell wrong integer sizes, orders and dtypes apart.
 *
 * @returns what is wrong with it, or null
 */
export function proven(functions: Functions): string | null {
  const blas = new NativeBlas('', functions);
  for (const dtype of ['float32', 'float64'] as const) {
    for (const { n, want } of products) {
      const got = product(blas, dtype, n);
      if (got.join() !== want.join()) return `it gave ${[...got].join()} instead of ${want.join()} for a test product in ${dtype}`;
    }
  }
  return null;
}

/** [1, 2, 3; 4, 5, 6] times the first n columns of [1, 2; 3, 4; 5, 6], which lies transposed, added to ones. */
const products = [
  { n: 2, want: [23, 29, 50, 65] },
  { n: 1, want: [23, 50] },
];

function product(blas: NativeBlas, dtype: BlasDType, n: number): TypedArray {
  const make = dtype === 'float32' ? Float32Array : Float64Array;
  // One element before each matrix, and one between the rows of the first.
  const a = make.of(0, 1, 2, 3, 0, 4, 5, 6);
  const b = make.of(0, 1, 3, 5, 2, 4, 6);
  const c = new make(1 + 2 * n).fill(1);
  blas.gemm(dtype, false, true, 2, n, 3, a, 1, 4, b, 1, 3, 1, c, 1, n);
  return c.subarray(1);
}
