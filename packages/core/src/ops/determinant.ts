import { LinAlgError } from '../errors.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { cofactors, cofactorsAlong, determinant, signAndLog } from '../parts/linear-algebra/determinant.ts';
import { batchOf, checkSquare, identity, product, times } from '../parts/linear-algebra/tensors.ts';
import type { Tensor } from '../tensor.ts';
import { lt } from './compare.ts';
import { inv, solveOp } from './solve.ts';
import { where } from './where.ts';

function diverged(op: string, batch: readonly number[], entry: number): LinAlgError {
  return new LinAlgError(`${op}: ${entryName(batch, entry)}the singular values that the gradient needs did not converge`);
}

/** A number [..] per matrix, to multiply the matrices with. */
const perEntry = (t: Tensor): Tensor => t.unsqueeze(-1).unsqueeze(-1) as Tensor;

/** The trace of a product: sum of a ∘ bᵀ. */
const traceOf = (a: Tensor, b: Tensor): Tensor => perEntry(times(a, b.mT as Tensor).sum([-2, -1]) as Tensor);

/** Derivative of the cofactors of A in direction H; bilinear and symmetric in its output and H. */
const cofactorsAlongOp: OpFunction<void> = defineOp<void>({
  name: 'linalg.cofactorsAlong',
  infer: ([a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  forward: ([a, h]) => {
    const n = a!.shape[a!.ndim - 1]!;
    const batch = batchOf(a!);
    return perMatrix('linalg.det', [a!, h!], batch, [{ shape: [n, n], dtype: a!.dtype }], ([x, y], [out], entry) => {
      if (!cofactorsAlong(x!, y!, n, out!)) throw diverged('linalg.det', batch, entry);
    });
  },
  save: ([a, h]) => [a!, h!],
  backward: ({ saved: [a, h], needs }, [g]) => [
    needs[0] ? alongGradient(a!, h!, g!) : null,
    needs[1] ? cofactorsAlongOp([a!, g!], undefined)[0]! : null,
  ],
});

/**
 * The gradient in A of <D, G>, D the derivative of the cofactors along H: with X the inverse of A it is that of
 * det(A) (tr(XH) tr(XG) - tr(XHXG)). This third derivative of the determinant needs invertible matrices.
 */
function alongGradient(a: Tensor, h: Tensor, g: Tensor): Tensor {
  const x = inv(a);
  const [xh, xg] = [product(x, h), product(x, g)];
  const [first, second, both] = [product(xh, x), product(xg, x), product(xh, xg)];
  const one = identity(a.shape[a.ndim - 1]!, a);
  const [p, q, r] = [traceOf(xh, one), traceOf(xg, one), traceOf(both, one)];
  const scalar = times(p, q).sub(r) as Tensor;
  const sum = times(scalar, x)
    .sub(times(q, first) as never)
    .sub(times(p, second) as never)
    .add(product(xh, second) as never)
    .add(product(xg, first) as never) as Tensor;
  return times(perEntry(det(a)), sum.mT as Tensor);
}

const cofactorsOp = defineOp<void>({
  name: 'linalg.cofactors',
  infer: ([a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  forward: ([a]) => {
    const n = a!.shape[a!.ndim - 1]!;
    const batch = batchOf(a!);
    return perMatrix('linalg.det', [a!], batch, [{ shape: [n, n], dtype: a!.dtype }], ([x], [out], entry) => {
      if (!cofactors(x!, n, out!)) throw diverged('linalg.det', batch, entry);
    });
  },
  save: ([a]) => [a!],
  backward: ({ saved: [a] }, [g]) => [cofactorsAlongOp([a!, g!], undefined)[0]!],
});

const detOp = defineOp<void>({
  name: 'linalg.det',
  infer: ([a]) => {
    checkSquare('linalg.det', a!);
    return [{ shape: batchOf(a!), dtype: a!.dtype }];
  },
  forward: ([a]) => {
    const n = a!.shape[a!.ndim - 1]!;
    return perMatrix('linalg.det', [a!], batchOf(a!), [{ shape: [], dtype: a!.dtype }], ([x], [out]) => {
      out![0] = determinant(x!, n);
    });
  },
  save: ([a]) => [a!],
  backward: ({ saved: [a] }, [g]) => [times(perEntry(g!), cofactorsOp([a!], undefined)[0]!)],
});

const slogdetOp = defineOp<void>({
  name: 'linalg.slogdet',
  infer: ([a]) => {
    checkSquare('linalg.slogdet', a!);
    const meta = { shape: batchOf(a!), dtype: a!.dtype };
    return [meta, meta];
  },
  forward: ([a]) => {
    const n = a!.shape[a!.ndim - 1]!;
    const result = { shape: [], dtype: a!.dtype };
    return perMatrix('linalg.slogdet', [a!], batchOf(a!), [result, result], ([x], [sign, log]) => {
      [sign![0], log![0]] = signAndLog(x!, n) as [number, number];
    });
  },
  save: ([a]) => [a!],
  // The sign is constant wherever it has a derivative.
  backward: ({ saved: [a] }, [, g]) => {
    if (g == null) return [null];
    const n = a!.shape[a!.ndim - 1]!;
    // Infinite or NaN where the matrix is singular, as the function is.
    return [solveOp([a!.mT as Tensor, times(perEntry(g), identity(n, a!))], { op: 'linalg.slogdet', check: false })[0]!];
  },
});

/**
 * The determinant of a square matrix, or of each in a batch: [.., n, n] to [..]. Its gradient is the matrix of cofactors,
 * also where the matrix is singular.
 *
 * @throws ShapeError unless the matrices are square
 * @example
 * ```ts
 * linalg.det(tensor([[1, 2], [3, 4]])); // -2
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.det.html
 */
export function det(a: Tensor): Tensor {
  return detOp([a], undefined)[0]!;
}

/** Result of {@link slogdet}. */
export interface SignAndLog {
  readonly sign: Tensor;
  readonly logabsdet: Tensor;
}

/**
 * Sign and logarithm of the magnitude of the determinant, which itself may be too large or too small for a number. For a
 * singular matrix 0 and -Infinity; the gradient of the logarithm is not finite there.
 *
 * @throws ShapeError unless the matrices are square
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.slogdet.html
 */
export function slogdet(a: Tensor): SignAndLog {
  const [sign, logabsdet] = slogdetOp([a], undefined);
  return { sign: sign!, logabsdet: logabsdet! };
}

/**
 * The logarithm of the determinant: NaN where that is negative, -Infinity where it is zero.
 *
 * @throws ShapeError unless the matrices are square
 * @see https://pytorch.org/docs/stable/generated/torch.logdet.html
 */
export function logdet(a: Tensor): Tensor {
  const { sign, logabsdet } = slogdet(a);
  return where(lt(sign.detach(), 0) as Tensor, Number.NaN, logabsdet) as Tensor;
}
