import type { TypedArray } from '@nabla/core';
import type { Blas, BlasDType } from '@nabla/core/internals';
import type { Functions } from './library.ts';

const rowMajor = 101;
const straight = 111;
const transposed = 112;

/** An array from one of its elements on; memory is shared. A view costs less from its buffer than through subarray(). */
function from(array: TypedArray, offset: number): TypedArray {
  if (offset === 0) return array;
  const at = array.byteOffset + offset * array.BYTES_PER_ELEMENT;
  return array instanceof Float32Array ? new Float32Array(array.buffer, at) : new Float64Array(array.buffer, at);
}

/** Threads of a library that wakes them too soon. Their number is one for the whole process. */
export interface Threads {
  readonly most: number;
  readonly set: (n: number) => void;
}

/** Multiplications from which OpenBLAS takes more than one thread for a product of matrices. */
const threadedFrom = 2 ** 18;
/** And from which that gains: a smaller product ends about when the others are awake. */
const gainsFrom = 2 ** 21;

/** The products of a library as core asks for them. Arrays are handed over where they lie. */
export class NativeBlas implements Blas {
  readonly name: string;
  readonly #functions: Functions;
  readonly #threads: Threads | null;

  /** @param threads for a library that wakes its threads too soon; others decide by themselves */
  constructor(name: string, functions: Functions, threads: Threads | null = null) {
    this.name = name;
    this.#functions = functions;
    this.#threads = threads;
  }

  gemm(
    dtype: BlasDType,
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    a: TypedArray,
    aOffset: number,
    lda: number,
    b: TypedArray,
    bOffset: number,
    ldb: number,
    beta: 0 | 1,
    c: TypedArray,
    cOffset: number,
    ldc: number,
  ): void {
    const single = dtype === 'float32';
    const [x, y, z] = [from(a, aOffset), from(b, bOffset), from(c, cOffset)];
    // A product with a vector reads the matrix once; libraries pack it first when it is asked for as a product of matrices.
    if (m === 1 || n === 1) {
      // Some versions multiply by a beta of 0 what they should not read.
      if (beta === 0) for (let i = 0, at = 0; i < m * n; i++, at += n === 1 ? ldc : 1) z[at] = 0;
      const gemv = single ? this.#functions.sgemv : this.#functions.dgemv;
      if (n === 1) {
        const [rows, cols] = transA ? [k, m] : [m, k];
        gemv(rowMajor, transA ? transposed : straight, rows, cols, 1, x, lda, y, transB ? 1 : ldb, beta, z, ldc);
      } else {
        const [rows, cols] = transB ? [n, k] : [k, n];
        gemv(rowMajor, transB ? straight : transposed, rows, cols, 1, y, ldb, x, transA ? lda : 1, beta, z, 1);
      }
      return;
    }
    const gemm = single ? this.#functions.sgemm : this.#functions.dgemm;
    const [ta, tb] = [transA ? transposed : straight, transB ? transposed : straight];
    const work = m * n * k;
    const threads = work >= threadedFrom && work < gainsFrom ? this.#threads : null;
    threads?.set(1);
    gemm(rowMajor, ta, tb, m, n, k, 1, x, lda, y, ldb, beta, z, ldc);
    threads?.set(threads.most);
  }
}
