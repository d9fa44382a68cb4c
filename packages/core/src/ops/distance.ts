import { float, isFloating, resultType } from '../dtype.ts';
import { elementwise } from '../elementwise.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { constant, type Expr, input } from '../expr/node.ts';
import { fuseSum } from '../fuse.ts';
import { distances } from '../parts/distances.ts';
import { broadcastShapes, normalizeDim, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { eq } from './compare.ts';
import { fromBuffer } from './create.ts';
import { div } from './division.ts';
import { clampMin } from './extrema.ts';
import { where } from './where.ts';

const computeModes = ['use_mm_for_euclid_dist_if_necessary', 'use_mm_for_euclid_dist', 'donot_use_mm_for_euclid_dist'] as const;

/** Options of {@link cdist}. */
export interface CdistOptions {
  /**
   * How PyTorch computes Euclidean distances. Here they always come from the differences, which a kernel sums as it goes
   * and which lose no digits where points are close; the names are accepted.
   */
  computeMode?: (typeof computeModes)[number];
}

/** Checks the order of a norm. */
function checkOrder(op: string, p: number): void {
  if (!(p >= 0)) throw new ValueError(`${op}: p must be at least 0, got ${p}`);
}

/**
 * The distances between the points of two sets, each in a batch: the p-norms of the differences. Gradients at a distance
 * of 0 are 0; of the largest difference (p = Infinity), all elements that reach it get the whole gradient.
 *
 * @param x1 [..., P, M], floating
 * @param x2 [..., R, M] of the same dtype; batch dimensions broadcast
 * @param p order of the norm, 0 to Infinity; 0 counts the elements that differ. Default 2
 * @returns [..., P, R]
 * @throws ShapeError for fewer than two dimensions, different M, or batches that do not broadcast
 * @throws DTypeError when an operand is not floating or the dtypes differ
 * @throws ValueError for a negative `p` or an unknown compute mode
 * @example
 * ```ts
 * cdist(tensor([[0, 0]]), tensor([[3, 4], [6, 8]])); // [[5, 10]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.cdist.html
 */
export function cdist(x1: Tensor, x2: Tensor, p: number = 2, options: CdistOptions = {}): Tensor {
  const op = 'cdist';
  const mode = options.computeMode ?? computeModes[0];
  if (!computeModes.includes(mode))
    throw new ValueError(`${op}: computeMode must be one of ${computeModes.join(', ')}, got ${String(mode)}`);
  checkOrder(op, p);
  for (const t of [x1, x2]) {
    if (t.ndim < 2) throw new ShapeError(`${op}: expected [..., points, M], got ${show(t.shape)}`);
    if (!isFloating(t.dtype)) throw new DTypeError(`${op}: not defined for ${t.dtype}; convert with to('float32') first`);
  }
  const [m, n] = [x1.shape[x1.ndim - 1]!, x2.shape[x2.ndim - 1]!];
  if (m !== n)
    throw new ShapeError(`${op}: the points of ${show(x1.shape)} and ${show(x2.shape)} have ${m} and ${n} elements (dimension -1)`);
  if (x1.dtype !== x2.dtype) throw new DTypeError(`${op}: dtypes differ: ${x1.dtype} and ${x2.dtype}`);
  broadcastShapes(op, [x1.shape.slice(0, -2), x2.shape.slice(0, -2)]);
  return distances(op, x1.unsqueeze(-2) as Tensor, x2.unsqueeze(-3) as Tensor, p);
}

/**
 * The distances between the points of one set, each pair once: row by row, what {@link cdist} has above its diagonal.
 *
 * @param x [N, M], floating
 * @param p order of the norm, 0 to Infinity. Default 2
 * @returns [N (N - 1) / 2]
 * @throws ShapeError when the input is no matrix
 * @throws DTypeError when the input is not floating
 * @throws ValueError for a negative `p`
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
 */
export function pdist(x: Tensor, p: number = 2): Tensor {
  const op = 'pdist';
  if (x.ndim !== 2) throw new ShapeError(`${op}: expected [N, M], got ${show(x.shape)}`);
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: not defined for ${x.dtype}; convert with to('float32') first`);
  checkOrder(op, p);
  const n = x.shape[0]!;
  const above = new Float64Array((n * (n - 1)) / 2);
  for (let i = 0, at = 0; i < n; i++) for (let j = i + 1; j < n; j++) above[at++] = i * n + j;
  const all = distances(op, x.unsqueeze(1) as Tensor, x.unsqueeze(0) as Tensor, p).reshape([n * n]) as Tensor;
  return all.indexSelect(0, fromBuffer(above, 'int64', [above.length], { device: x.device })) as Tensor;
}

/** Options of {@link pairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** Order of the norm. Default 2. */
  p?: number;
  /** Added to each difference, so that the gradient is finite where the points are the same. Default 1e-6. */
  eps?: number;
  /** Keep the last dimension with size 1. Default false. */
  keepdim?: boolean;
}

/**
 * The p-norm of x1 - x2 + eps along the last dimension.
 *
 * @param x1 [N, D] or [D]
 * @param x2 broadcast with x1
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError for bool
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options: PairwiseDistanceOptions = {}): Tensor {
  const { p = 2, eps = 1e-6, keepdim = false } = options;
  const difference = (x1.sub(x2) as Tensor).add(float(eps)) as Tensor;
  return difference.norm(p, -1, { keepdim }) as unknown as Tensor;
}

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** Along which dimension of the broadcast shape the vectors lie. Default 1. */
  dim?: number;
  /** The least length that a vector counts as. Default 1e-8. */
  eps?: number;
}

/** Length from the sum of squares, at least eps. As PyTorch has it, its slope is that of the length even below eps. */
const length = elementwise('cosineSimilarity', (s, eps) => clampMin(s.sqrt(), eps), {
  grad: [(_s: Expr, _eps: Expr, y: Expr) => where(eq(y, 0), 0, constant(0.5).div(y)), null],
});
const cosine = mul(div(input(0), input(2)), div(input(1), input(3)));
const square = mul(input(0), input(0));

/**
 * The cosines of the angles between the vectors along one dimension.
 *
 * @param x1 any shape
 * @param x2 broadcast with x1
 * @param options `dim`, default 1; `eps`, default 1e-8
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError when no operand is floating
 * @throws IndexError when `dim` is out of range
 * @example
 * ```ts
 * cosineSimilarity(tensor([[1, 0]]), tensor([[1, 1]])); // [0.7071]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options: CosineSimilarityOptions = {}): Tensor {
  const op = 'cosineSimilarity';
  const { dim = 1, eps = 1e-8 } = options;
  const shape = broadcastShapes(op, [x1.shape, x2.shape]);
  const along = normalizeDim(op, dim, shape);
  const dtype = resultType([x1, x2]);
  if (!isFloating(dtype)) throw new DTypeError(`${op}: not defined for ${dtype}; convert with to('float32') first`);
  const [a, b] = [x1.to(dtype).expand(shape) as Tensor, x2.to(dtype).expand(shape) as Tensor];
  const dims = shape.length === 0 ? [] : [along];
  const [na, nb] = [a, b].map((t) => length(fuseSum(op, square, [t], [], { dims, keepdim: true }), eps)) as [Tensor, Tensor];
  return fuseSum(op, cosine, [a, b, na, nb], [], { dims });
}
