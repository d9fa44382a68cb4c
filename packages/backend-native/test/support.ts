import type { TypedArray } from '@nabla/core';
import { type Blas, setBlas } from '@nabla/core/internals';

/**
 * A BLAS in plain JavaScript that refuses what a library would take for an error, or would read and write where nothing
 * belongs to it. It counts its calls.
 */
export class StrictBlas implements Blas {
  readonly name = 'strict';
  calls = 0;

  gemm(...[dtype, transA, transB, m, n, k, a, aOffset, lda, b, bOffset, ldb, beta, c, cOffset, ldc]: Parameters<Blas['gemm']>): void {
    this.calls++;
    const make = dtype === 'float32' ? Float32Array : Float64Array;
    const check = (what: string, array: TypedArray, offset: number, rows: number, cols: number, ld: number): void => {
      if (!(array instanceof make)) throw new Error(`${what} is a ${array.constructor.name}`);
      if (![rows, cols, ld].every((s) => Number.isInteger(s) && s >= 1)) throw new Error(`${what} is [${rows}, ${cols}] by ${ld}`);
      if (ld < cols) throw new Error(`${what}: rows of ${cols} lie ${ld} apart`);
      if (offset < 0 || offset + (rows - 1) * ld + cols > array.length) throw new Error(`${what} reaches beyond its array`);
    };
    check('A', a, aOffset, transA ? k : m, transA ? m : k, lda);
    check('B', b, bOffset, transB ? n : k, transB ? k : n, ldb);
    check('C', c, cOffset, m, n, ldc);
    const [ai, ap] = transA ? [1, lda] : [lda, 1];
    const [bp, bj] = transB ? [1, ldb] : [ldb, 1];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const at = cOffset + i * ldc + j;
        let sum = beta === 0 ? 0 : c[at]!;
        for (let p = 0; p < k; p++) sum += a[aOffset + i * ai + p * ap]! * b[bOffset + p * bp + j * bj]!;
        c[at] = sum;
      }
    }
  }
}

/** Runs `fn` with a library for every product, however small. */
export function withBlas<T>(blas: Blas | null, fn: () => T): T {
  const before = setBlas(blas, 0);
  try {
    return fn();
  } finally {
    setBlas(before);
  }
}
