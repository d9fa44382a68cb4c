import { ShapeError } from '../errors.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { perMatrix } from '../parts/linear-algebra/batch.ts';
import { batchOf, broadcastBatches, checkMatrix, checkSameFloating, checkSquare, product } from '../parts/linear-algebra/tensors.ts';
import { solveTriangle } from '../parts/linear-algebra/triangular.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { neg } from './arithmetic.ts';
import { tril, triu } from './triangular.ts';

interface Attrs {
  readonly upper: boolean;
  readonly unit: boolean;
}

/** A's triangle [.., n, n] and B [.., n, k] of one batch shape. */
export const solveTriangularOp: OpFunction<Attrs> = defineOp<Attrs>({
  name: 'linalg.solveTriangular',
  infer: ([, b]) => [{ shape: b!.shape, dtype: b!.dtype }],
  forward: ([a, b], { upper, unit }) => {
    const [n, k] = b!.shape.slice(-2) as [number, number];
    return perMatrix('linalg.solveTriangular', [a!, b!], batchOf(b!), [{ shape: [n, k], dtype: b!.dtype }], ([t, y], [x]) => {
      x!.set(y!);
      solveTriangle(t!, n, x!, k, { upper, unit, transpose: false });
    });
  },
  save: ([a], [x]) => [a!, x!],
  backward: ({ attrs: { upper, unit }, saved: [a, x], needs }, [g]) => {
    const gb = solveTriangularOp([a!.mT as Tensor, g!], { upper: !upper, unit })[0]!;
    if (!needs[0]) return [null, gb];
    const ga = neg(product(gb, x!.mT as Tensor)) as Tensor;
    const below = unit ? 1 : 0;
    return [upper ? triu(ga, below) : tril(ga, -below), gb];
  },
});

/** Options of {@link solveTriangular}. */
export interface SolveTriangularOptions {
  /** Which triangle of A counts; the other one is not read. */
  upper: boolean;
  /** Solve A X = B (the default) or X A = B. */
  left?: boolean;
  /** Take the diagonal of A for ones. Default false. */
  unitriangular?: boolean;
}

/**
 * The solution of A X = B for triangular A: [.., n, n] and [.., n, k] to [.., n, k], with broadcasting of the leading
 * dimensions. A zero on the diagonal gives infinities and NaN.
 *
 * @throws ShapeError when A is not square or does not fit B
 * @example
 * ```ts
 * linalg.solveTriangular(tensor([[2, 0], [1, 4]]), tensor([[2], [9]]), { upper: false }); // [[1], [2]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html
 */
export function solveTriangular(a: Tensor, b: Tensor, options: SolveTriangularOptions): Tensor {
  const { upper, left = true, unitriangular = false } = options;
  const op = 'linalg.solveTriangular';
  const n = checkSquare(op, a);
  checkMatrix(op, b);
  checkSameFloating(op, a, b);
  const side = b.shape[b.ndim - (left ? 2 : 1)]!;
  if (n !== side)
    throw new ShapeError(`${op}: A ${show(a.shape)} does not fit B ${show(b.shape)}: ${n} vs ${side} ${left ? 'rows' : 'columns'}`);
  const [x, y] = broadcastBatches(op, a, b);
  if (left) return solveTriangularOp([x, y], { upper, unit: unitriangular })[0]!;
  // X A = B is Aᵀ Xᵀ = Bᵀ.
  return solveTriangularOp([x.mT as Tensor, y.mT as Tensor], { upper: !upper, unit: unitriangular })[0]!.mT as Tensor;
}
