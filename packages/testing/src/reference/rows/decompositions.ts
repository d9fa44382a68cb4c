import { linalg, type Tensor } from '@nabla/core';
import type { OpRows } from '../rows.ts';

type Tolerance = number | Tensor;

/** PyTorch's older single tolerance of the rank is absolute. */
function rankTolerances(arg: { readonly [name: string]: unknown }): linalg.ToleranceOptions {
  const { tol, atol, rtol, hermitian } = arg;
  return {
    ...(tol == null ? {} : { atol: tol as Tolerance, rtol: 0 }),
    ...(atol == null ? {} : { atol: atol as Tolerance }),
    ...(rtol == null ? {} : { rtol: rtol as Tolerance }),
    hermitian: hermitian === true,
  };
}

export const decompositionsRows: OpRows = {
  cholesky: 'A | upper',
  cholesky_inverse: 'L | upper',
  cholesky_solve: 'B L | upper',
  det: 'A',
  geqrf: 'A',
  inverse: 'A',
  'linalg.cholesky': 'A | upper',
  'linalg.cholesky_ex': 'A | upper check_errors',
  'linalg.cond': 'A p',
  'linalg.det': 'A',
  'linalg.eigh': 'A | UPLO',
  'linalg.eigvalsh': 'A | UPLO',
  'linalg.householder_product': 'A tau',
  'linalg.inv': 'A',
  'linalg.inv_ex': 'A | check_errors',
  'linalg.lstsq': 'A B | rcond driver',
  'linalg.lu': 'A | pivot',
  'linalg.lu_factor': 'A | pivot',
  'linalg.lu_factor_ex': 'A | pivot check_errors',
  'linalg.lu_solve': 'LU pivots B | left adjoint',
  'linalg.matrix_rank': {
    params: 'A tol hermitian atol rtol',
    call: (arg) => linalg.matrixRank(arg['A'] as Tensor, rankTolerances(arg)),
  },
  'linalg.pinv': {
    // `rcond` is an older name of `rtol`.
    params: 'A rcond hermitian atol rtol',
    call: (arg) => linalg.pinv(arg['A'] as Tensor, rankTolerances({ ...arg, rtol: arg['rtol'] ?? arg['rcond'] })),
  },
  'linalg.qr': 'A | mode',
  'linalg.slogdet': 'A',
  'linalg.solve': 'A B | left',
  'linalg.solve_ex': 'A B | left check_errors',
  'linalg.solve_triangular': 'A B | upper left unitriangular',
  'linalg.svd': 'A | full_matrices',
  'linalg.svdvals': 'A',
  'linalg.tensorinv': 'A | ind',
  'linalg.tensorsolve': 'A B | dims',
  logdet: 'A',
  lu: 'A | pivot',
  lu_solve: 'b LU pivots',
  lu_unpack: 'LU pivots | unpack_data unpack_pivots',
  orgqr: 'A tau',
  ormqr: 'A tau other | left transpose',
  pinverse: 'A rcond',
  qr: 'A | some',
  slogdet: 'A',
  svd: 'A | some compute_uv',
  triangular_solve: 'b A | upper transpose unitriangular',
};
