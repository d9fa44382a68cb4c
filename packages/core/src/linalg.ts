/**
 * Linear algebra, as PyTorch's `torch.linalg`.
 *
 * @packageDocumentation
 */
export * from './linalg/norms.ts';
export { type AlongOptions, cross, multiDot, vecdot } from './linalg/products.ts';
export { type CholeskyInfo, type CholeskyOptions, cholesky, choleskyEx } from './ops/cholesky.ts';
export { type CondOrder, cond } from './ops/cond.ts';
export { det, type SignAndLog, slogdet } from './ops/determinant.ts';
export { type EighOptions, eigh, eigvalsh, type SymmetricEigen, type UPLO } from './ops/eigh.ts';
export { type LstsqDriver, type LstsqOptions, type LstsqResult, lstsq } from './ops/lstsq.ts';
export { type LUFactors, type LUOptions, type LUSolveOptions, lu, luFactor, luFactorEx, luSolve, type PLU } from './ops/lu.ts';
export { matmul } from './ops/matmul.ts';
export { matrixExp } from './ops/matrix-exp.ts';
export { matrixPower } from './ops/matrix-power.ts';
export { matrixRank, pinv, type ToleranceOptions } from './ops/pinv.ts';
export { householderProduct, type QRMode, qr } from './ops/qr.ts';
export { inv, invEx, type SolveOptions, solve, solveEx } from './ops/solve.ts';
export { type SolveTriangularOptions, solveTriangular } from './ops/solve-triangular.ts';
export { type SVD, type SVDOptions, svd, svdvals } from './ops/svd.ts';
export { tensorinv, tensorsolve } from './ops/tensor-solve.ts';
