import { StrictBlas } from './support.ts';

/** Functions of a library, by their names. */
export type FakeFunctions = Record<string, (...args: never[]) => unknown>;

/** CBLAS in JavaScript; `scale` other than 1 makes it wrong. */
export function cblas(scale = 1): FakeFunctions {
  const strict = new StrictBlas();
  type Matrix = Float32Array;
  const gemm =
    (dtype: 'float32' | 'float64') =>
    (
      _order: number,
      ta: number,
      tb: number,
      m: number,
      n: number,
      k: number,
      _one: number,
      a: Matrix,
      lda: number,
      b: Matrix,
      ldb: number,
      beta: 0 | 1,
      c: Matrix,
      ldc: number,
    ): void => {
      strict.gemm(dtype, ta === 112, tb === 112, m, n, k, a, 0, lda, b, 0, ldb, beta, c, 0, ldc);
      c[0]! *= scale;
    };
  const gemv =
    (dtype: 'float32' | 'float64') =>
    (
      _order: number,
      ta: number,
      m: number,
      n: number,
      _one: number,
      a: Matrix,
      lda: number,
      x: Matrix,
      incx: number,
      beta: 0 | 1,
      y: Matrix,
      incy: number,
    ): void => {
      const [rows, cols] = ta === 112 ? [n, m] : [m, n];
      strict.gemm(dtype, ta === 112, false, rows, 1, cols, a, 0, lda, x, 0, incx, beta, y, 0, incy);
    };
  return {
    cblas_sgemm: gemm('float32') as never,
    cblas_dgemm: gemm('float64') as never,
    cblas_sgemv: gemv('float32') as never,
    cblas_dgemv: gemv('float64') as never,
  };
}

/** What OpenBLAS adds to CBLAS. */
export function openBlas(threads: { count: number }): FakeFunctions {
  return {
    openblas_get_config: () => 'OpenBLAS 0.0.0 of a test',
    openblas_get_num_threads: () => threads.count,
    openblas_set_num_threads: ((n: number) => {
      threads.count = n;
    }) as never,
  };
}
