import { needsGrad } from '../autograd/views.ts';
import type { DType } from '../dtype.ts';
import { AutogradError, LinAlgError, ValueError } from '../errors.ts';
import { defineOp } from '../op.ts';
import { type BlockResult, checkFinite, entryName, perMatrix } from '../parts/linear-algebra/batch.ts';
import { factorSVD } from '../parts/linear-algebra/svd.ts';
import { keepTriangle, symmetricEigen } from '../parts/linear-algebra/symmetric.ts';
import { batchOf, checkMatrix, checkSquare, expandBatch, minus, product } from '../parts/linear-algebra/tensors.ts';
import { broadcastShapes } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';

/** Which singular values count as zero: those up to max(atol, rtol · largest). */
export interface ToleranceOptions {
  /** Default 0. A tensor broadcasts with the leading dimensions. */
  atol?: number | Tensor;
  /** Default: the dtype's epsilon times the longer side, or 0 when `atol` is positive. */
  rtol?: number | Tensor;
  /** The matrices are symmetric, and only their lower triangle is read: eigenvalues are used. Default false. */
  hermitian?: boolean;
}

/** Distance of 1 to the next number. */
export function epsilonOf(dtype: DType): number {
  return dtype === 'float32' ? 2 ** -23 : 2 ** -52;
}

interface Attrs {
  readonly op: string;
  readonly hermitian: boolean;
  /** Numbers; 'input' for one that is among the inputs. */
  readonly atol: number | 'input' | undefined;
  readonly rtol: number | 'input' | undefined;
}

/** The matrices and the tolerances that are tensors, of one batch shape. */
interface Prepared {
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
}

function prepare(op: string, a: Tensor, { atol, rtol, hermitian = false }: ToleranceOptions): Prepared {
  if (hermitian) checkSquare(op, a);
  else checkMatrix(op, a);
  for (const [name, t] of [['atol', atol] as const, ['rtol', rtol] as const])
    if (isTensor(t) ? needsGrad(t) : t !== undefined && typeof t !== 'number')
      throw isTensor(t)
        ? new AutogradError(`${op}: has no gradient for ${name}; detach() it`)
        : new ValueError(`${op}: ${name} must be a number or a tensor`);
  const given = [atol, rtol].filter(isTensor).map((t) => t.detach().to(a.dtype) as Tensor);
  const batch = broadcastShapes(op, [batchOf(a), ...given.map((t) => t.shape)]);
  const word = (t: number | Tensor | undefined): number | 'input' | undefined => (isTensor(t) ? 'input' : t);
  const inputs = [expandBatch(a, batch), ...given.map((t) => t.expand(batch) as Tensor)];
  return { inputs, attrs: { op, hermitian, atol: word(atol), rtol: word(rtol) } };
}

/** Magnitudes up to this count as zero. `extra`: the tolerances among the inputs. */
function threshold({ atol, rtol }: Attrs, extra: readonly Float64Array[], standard: number, largest: number): number {
  const absolute = atol === 'input' ? extra[0]![0]! : (atol ?? 0);
  const relative = rtol === 'input' ? extra[extra.length - 1]![0]! : (rtol ?? (absolute > 0 ? 0 : standard));
  return Math.max(absolute, relative * largest);
}

/** Singular values, or eigenvalues with their sign, and what belongs to them: rows of left and right vectors. */
interface Spectrum {
  readonly values: Float64Array;
  readonly ut: Float64Array;
  readonly vt: Float64Array;
}

function spectrum(x: Float64Array, m: number, n: number, hermitian: boolean, vectors: boolean): Spectrum | null {
  if (!hermitian) {
    const f = factorSVD(x, m, n, vectors ? 'thin' : null);
    return f === null ? null : { values: f.s, ut: f.ut, vt: f.vt };
  }
  const z = vectors ? new Float64Array(n * n) : null;
  const values = symmetricEigen(x, n, false, z);
  const rows = z ?? new Float64Array(0);
  return values === null ? null : { values, ut: rows, vt: rows };
}

/** Runs `use` on the spectrum of each matrix, with the magnitude up to which values count as zero. */
function perSpectrum(
  { inputs, attrs }: Prepared,
  result: BlockResult,
  vectors: boolean,
  use: (s: Spectrum, zero: number, out: Float64Array) => void,
): Tensor {
  const { op, hermitian } = attrs;
  const a = inputs[0]!;
  const [m, n] = a.shape.slice(-2) as [number, number];
  const batch = batchOf(a);
  const standard = epsilonOf(a.dtype) * Math.max(m, n);
  return perMatrix(op, inputs, batch, [result], ([x, ...extra], [out], entry) => {
    if (hermitian) keepTriangle(x!, n, false);
    checkFinite(op, x!, batch, entry);
    const s = spectrum(x!, m, n, hermitian, vectors);
    if (s === null) throw new LinAlgError(`${op}: ${entryName(batch, entry)}the singular values did not converge`);
    const largest = s.values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    use(s, threshold(attrs, extra, standard, largest), out!);
  })[0]!;
}

const pinvOp = defineOp<Attrs>({
  name: 'linalg.pinv',
  infer: ([a]) => {
    const [m, n] = a!.shape.slice(-2) as [number, number];
    return [{ shape: [...batchOf(a!), n, m], dtype: a!.dtype }];
  },
  forward: (inputs, attrs) => {
    const [m, n] = inputs[0]!.shape.slice(-2) as [number, number];
    const result = { shape: [n, m], dtype: inputs[0]!.dtype };
    const out = perSpectrum({ inputs, attrs }, result, true, ({ values, ut, vt }, zero, p) => {
      for (let k = 0; k < values.length; k++) {
        if (Math.abs(values[k]!) <= zero) continue;
        for (let i = 0; i < n; i++) {
          const f = vt[k * n + i]! / values[k]!;
          for (let j = 0; j < m; j++) p[i * m + j]! += f * ut[k * m + j]!;
        }
      }
    });
    return [out];
  },
  save: ([a], [p]) => [a!, p!],
  backward: ({ saved: [a, p], inputs }, [g]) => [pinvBackward(g!, a!, p!), ...inputs.slice(1).map(() => null)],
});

/**
 * The gradient in A of P = pinv(A) where the rank does not change: G. Golub and V. Pereyra, "The differentiation of
 * pseudo-inverses and nonlinear least squares problems whose variables separate", 1973.
 */
export function pinvBackward(g: Tensor, a: Tensor, p: Tensor): Tensor {
  const [pt, gt] = [p.mT as Tensor, g.mT as Tensor];
  const inside = product(pt, g, pt);
  // (I - A P) Gᵀ P Pᵀ and Pᵀ P Gᵀ (I - P A), without forming projections.
  const [right, left] = [product(gt, p, pt), product(pt, p, gt)];
  const outside = minus(right, product(a, p, right)).add(minus(left, product(left, p, a))) as Tensor;
  return minus(outside, inside);
}

/**
 * The Moore-Penrose inverse [.., n, m] of a matrix [.., m, n], or of each in a batch, by its singular values.
 *
 * @throws LinAlgError when a matrix has values that are not finite
 * @example
 * ```ts
 * linalg.pinv(tensor([[1, 0], [0, 0], [0, 2]])); // [[1, 0, 0], [0, 0, 0.5]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.pinv.html
 */
export function pinv(a: Tensor, options: ToleranceOptions = {}): Tensor {
  const { inputs, attrs } = prepare('linalg.pinv', a, options);
  return pinvOp(inputs, attrs)[0]!;
}

const matrixRankOp = defineOp<Attrs>({
  name: 'linalg.matrixRank',
  infer: ([a]) => [{ shape: batchOf(a!), dtype: 'int64' }],
  forward: (inputs, attrs) => [
    perSpectrum({ inputs, attrs }, { shape: [], dtype: 'int64' }, false, ({ values }, zero, out) => {
      out[0] = values.reduce((n, v) => n + (Math.abs(v) > zero ? 1 : 0), 0);
    }),
  ],
});

/**
 * The number of singular values (with `hermitian` of eigenvalues) whose magnitude is above the tolerance: int64 [..].
 *
 * @throws LinAlgError when a matrix has values that are not finite
 * @see https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html
 */
export function matrixRank(a: Tensor, options: ToleranceOptions = {}): Tensor {
  const { inputs, attrs } = prepare('linalg.matrixRank', a, options);
  return matrixRankOp(inputs, attrs)[0]!;
}
