import { ShapeError } from '../errors.ts';
import { broadcastBatches, checkMatrix, checkSameFloating, checkSquare } from '../parts/linear-algebra/tensors.ts';
import { show } from '../shape.ts';
import { addMethod, type Tensor } from '../tensor.ts';
import { type CholeskyOptions, choleskyInverse, cholesky as choleskyOf, choleskySolve } from './cholesky.ts';
import { zerosLike } from './create.ts';
import { det, logdet, type SignAndLog, slogdet } from './determinant.ts';
import { type LUFactors, luFactorEx, luSolve as solveFactors } from './lu.ts';
import { pinv } from './pinv.ts';
import { geqrf, householderProduct, type OrmqrOptions, ormqr, qr as qrOf } from './qr.ts';
import { inv } from './solve.ts';
import { solveTriangularOp } from './solve-triangular.ts';
import { svd as svdOf } from './svd.ts';

// Functions of matrices that PyTorch has outside of torch.linalg, and the methods.

declare module '../tensor.ts' {
  interface Tensor {
    /** {@link linalg.inv} of this tensor. @see https://pytorch.org/docs/stable/generated/torch.inverse.html */
    inverse(): Tensor;
    /** {@link pinverse} of this tensor. */
    pinverse(rcond?: number): Tensor;
    /** {@link linalg.det} of this tensor. */
    det(): Tensor;
    /** {@link logdet} of this tensor. */
    logdet(): Tensor;
    /** {@link linalg.slogdet} of this tensor. */
    slogdet(): SignAndLog;
    /** {@link linalg.cholesky} of this tensor. */
    cholesky(options?: CholeskyOptions): Tensor;
    /** {@link choleskyInverse} of this factor. */
    choleskyInverse(options?: CholeskyOptions): Tensor;
    /** {@link choleskySolve} for this right side. */
    choleskySolve(l: Tensor, options?: CholeskyOptions): Tensor;
    /** {@link qr} of this tensor. */
    qr(options?: { some?: boolean }): { readonly Q: Tensor; readonly R: Tensor };
    /** {@link svd} of this tensor. */
    svd(options?: ThinSVDOptions): USV;
    /** {@link lu} of this tensor. */
    lu(options?: { pivot?: boolean }): LUFactors & { readonly info: Tensor };
    /** {@link luSolve} for this right side. */
    luSolve(factors: Tensor, pivots: Tensor): Tensor;
    /** {@link triangularSolve} for this right side. */
    triangularSolve(a: Tensor, options?: TriangularSolveOptions): TriangularSolution;
    /** {@link geqrf} of this tensor. */
    geqrf(): { readonly a: Tensor; readonly tau: Tensor };
    /** {@link orgqr} of these reflections. */
    orgqr(tau: Tensor): Tensor;
    /** {@link ormqr} of these reflections. */
    ormqr(tau: Tensor, other: Tensor, options?: OrmqrOptions): Tensor;
  }
}

/** {@link linalg.inv}. @see https://pytorch.org/docs/stable/generated/torch.inverse.html */
export function inverse(a: Tensor): Tensor {
  return inv(a);
}

/** {@link linalg.pinv} with only a relative tolerance. @param rcond default 1e-15 @see https://pytorch.org/docs/stable/generated/torch.pinverse.html */
export function pinverse(a: Tensor, rcond: number = 1e-15): Tensor {
  return pinv(a, { rtol: rcond });
}

/** {@link linalg.cholesky}. @see https://pytorch.org/docs/stable/generated/torch.cholesky.html */
export function cholesky(a: Tensor, options: CholeskyOptions = {}): Tensor {
  return choleskyOf(a, options);
}

/**
 * {@link linalg.qr} with PyTorch's older arguments.
 *
 * @param options some: the reduced form (the default) instead of the complete one
 * @see https://pytorch.org/docs/stable/generated/torch.qr.html
 */
export function qr(a: Tensor, options: { some?: boolean } = {}): { readonly Q: Tensor; readonly R: Tensor } {
  return qrOf(a, { mode: options.some === false ? 'complete' : 'reduced' });
}

/** Options of {@link svd}. */
export interface ThinSVDOptions {
  /** Only the vectors that belong to singular values (the default), or all. */
  some?: boolean;
  /** Without vectors U and V are zeros. Default true. */
  computeUv?: boolean;
}

/** Result of {@link svd}. */
export interface USV {
  readonly U: Tensor;
  readonly S: Tensor;
  /** Not transposed, unlike in {@link linalg.svd}. */
  readonly V: Tensor;
}

/** {@link linalg.svd} with PyTorch's older arguments and V instead of its transpose. @see https://pytorch.org/docs/stable/generated/torch.svd.html */
export function svd(a: Tensor, options: ThinSVDOptions = {}): USV {
  const { some = true, computeUv = true } = options;
  const { U, S, Vh } = svdOf(a, { fullMatrices: computeUv && !some });
  if (computeUv) return { U, S, V: Vh.mT as Tensor };
  // As in PyTorch: square zeros, whatever `some` says.
  const [m, n] = a.shape.slice(-2) as [number, number];
  const blank = (k: number): Tensor =>
    zerosLike(
      S.detach()
        .narrow(-1, 0, 0)
        .sum([-1], { keepdim: true })
        .unsqueeze(-1)
        .expand([...a.shape.slice(0, -2), k, k]) as Tensor,
    );
  return { U: blank(m), S, V: blank(n) };
}

/** {@link linalg.luFactorEx} under PyTorch's older name. @see https://pytorch.org/docs/stable/generated/torch.lu.html */
export function lu(a: Tensor, options: { pivot?: boolean } = {}): LUFactors & { readonly info: Tensor } {
  return luFactorEx(a, options);
}

/** {@link linalg.luSolve} with the right side first. @see https://pytorch.org/docs/stable/generated/torch.lu_solve.html */
export function luSolve(b: Tensor, factors: Tensor, pivots: Tensor): Tensor {
  return solveFactors(factors, pivots, b);
}

/** Options of {@link triangularSolve}. */
export interface TriangularSolveOptions {
  /** Default true. */
  upper?: boolean;
  /** Solve with Aᵀ. Default false. */
  transpose?: boolean;
  /** Take the diagonal of A for ones. Default false. */
  unitriangular?: boolean;
}

/** Result of {@link triangularSolve}. */
export interface TriangularSolution {
  readonly solution: Tensor;
  /** A copy of A, with the leading dimensions that it was broadcast to. */
  readonly clonedCoefficient: Tensor;
}

/**
 * The solution of A X = B for triangular A, with the right side first; see {@link linalg.solveTriangular}.
 *
 * @throws ShapeError when A is not square or does not fit B
 * @see https://pytorch.org/docs/stable/generated/torch.triangular_solve.html
 */
export function triangularSolve(b: Tensor, a: Tensor, options: TriangularSolveOptions = {}): TriangularSolution {
  const { upper = true, transpose = false, unitriangular = false } = options;
  const op = 'triangularSolve';
  const n = checkSquare(op, a);
  const [rows] = checkMatrix(op, b);
  checkSameFloating(op, b, a);
  if (rows !== n) throw new ShapeError(`${op}: A ${show(a.shape)} does not fit B ${show(b.shape)}: ${n} vs ${rows} rows`);
  const [x, y] = broadcastBatches(op, a, b);
  const solution = transpose
    ? solveTriangularOp([x.mT as Tensor, y], { upper: !upper, unit: unitriangular })[0]!
    : solveTriangularOp([x, y], { upper, unit: unitriangular })[0]!;
  return { solution, clonedCoefficient: x.clone() as Tensor };
}

/** {@link linalg.householderProduct} under LAPACK's name. @see https://pytorch.org/docs/stable/generated/torch.orgqr.html */
export function orgqr(a: Tensor, tau: Tensor): Tensor {
  return householderProduct(a, tau);
}

const methods = {
  inverse,
  pinverse,
  det,
  logdet,
  slogdet,
  cholesky,
  choleskyInverse,
  choleskySolve,
  qr,
  svd,
  lu,
  luSolve,
  triangularSolve,
  geqrf,
  orgqr,
  ormqr,
};
for (const [name, f] of Object.entries(methods)) {
  addMethod(name, function (this: Tensor, ...rest: never[]) {
    return (f as (t: Tensor, ...rest: never[]) => unknown)(this, ...rest);
  });
}
