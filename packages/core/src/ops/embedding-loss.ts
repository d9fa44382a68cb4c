import { float } from '../dtype.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { type Expr, input, param } from '../expr/node.ts';
import { type LossOptions, promotedLoss, reduceEach, reductionOf } from '../parts/losses.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, neg, sqrt, sub } from './arithmetic.ts';
import { eq, ne } from './compare.ts';
import { div } from './division.ts';
import { clampMin } from './extrema.ts';
import { where } from './where.ts';

// Losses that pull together what belongs together and push apart what does not, up to a margin.

const hinge = (x: Expr): Expr => clampMin(x, 0);

/** Options of {@link hingeEmbeddingLoss}. */
export interface HingeEmbeddingOptions extends LossOptions {
  /** How far apart a dissimilar pair has to be. Default 1. */
  margin?: number;
}

const hinged = add(where(ne(input(1), 1), hinge(sub(param(0), input(0))), 0), where(ne(input(1), -1), input(0), 0));

/**
 * The distance itself where the target is 1, max(0, margin - distance) where it is -1, averaged.
 *
 * @param input distances, of any shape
 * @param target 1 or -1 for each, broadcast with the input
 * @throws ShapeError when the shapes do not broadcast
 * @throws DTypeError for the mean of integers
 * @example
 * ```ts
 * hingeEmbeddingLoss(tensor([0.5, 0.25]), tensor([1, -1])).item(); // (0.5 + 0.75) / 2
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: HingeEmbeddingOptions = {}): Tensor {
  const reduction = reductionOf('hingeEmbeddingLoss', options);
  return promotedLoss('hingeEmbeddingLoss', hinged, [input, target], [float(options.margin ?? 1)], reduction);
}

/** Options of {@link marginRankingLoss} and {@link cosineEmbeddingLoss}. */
export interface MarginOptions extends LossOptions {
  /** Default 0. */
  margin?: number;
}

/**
 * max(0, -target (input1 - input2) + margin), averaged: input1 should be the larger where the target is 1, the smaller
 * where it is -1.
 *
 * @param input1 any shape
 * @param input2 of as many dimensions, broadcast with input1
 * @param target 1 or -1, of as many dimensions, broadcast with both
 * @throws ShapeError when the numbers of dimensions differ or the shapes do not broadcast
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
 */
export function marginRankingLoss(input1: Tensor, input2: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const op = 'marginRankingLoss';
  const reduction = reductionOf(op, options);
  sameRank(op, [input1, input2, target]);
  // Op by op: where a difference is infinite, PyTorch's gradient in the target is NaN even on the flat side.
  const each = add(mul(neg(target), sub(input1, input2)), float(options.margin ?? 0));
  return reduceEach(op, clampMin(each, 0), reduction);
}

function sameRank(op: string, tensors: readonly Tensor[]): void {
  if (tensors.every((t) => t.ndim === tensors[0]!.ndim)) return;
  throw new ShapeError(`${op}: the inputs must have as many dimensions, got ${tensors.map((t) => show(t.shape)).join(', ')}`);
}

// Cosine of the angle between two vectors, from their product and their squares; the squares are kept off 0.
const cosine = div(input(0), sqrt(mul(add(input(1), 1e-12), add(input(2), 1e-12))));
const target = input(3);
const byAngle = add(where(eq(target, 1), sub(1, cosine), 0), where(eq(target, -1), hinge(sub(cosine, param(0))), 0));

/**
 * 1 - cos(input1, input2) where the target is 1, max(0, cos(input1, input2) - margin) where it is -1, averaged.
 *
 * @param input1 [N, D] or [D]
 * @param input2 the same shape, or one that broadcasts with it
 * @param target [N], or [] for single vectors: 1 or -1
 * @param options `margin` from -1 to 1, default 0
 * @throws ShapeError when the target does not fit the inputs
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
 */
export function cosineEmbeddingLoss(input1: Tensor, input2: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  const op = 'cosineEmbeddingLoss';
  const reduction = reductionOf(op, options);
  const rank = target.ndim + 1;
  if (target.ndim > 1 || input1.ndim !== rank || input2.ndim !== rank) {
    throw new ShapeError(
      `${op}: expected inputs [N, D] with a target [N], or [D] with [], got ${show(input1.shape)}, ${show(input2.shape)} and ${show(target.shape)}`,
    );
  }
  const over = (a: Tensor, b: Tensor): Tensor => (mul(a, b) as Tensor).sum(-1) as Tensor;
  const inputs = [over(input1, input2), over(input1, input1), over(input2, input2), target];
  return promotedLoss(op, byAngle, inputs, [float(options.margin ?? 0)], reduction);
}

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletOptions extends LossOptions {
  /** How much farther the negative has to be than the positive. Default 1. */
  margin?: number;
  /** Use the distance from positive to negative where it is smaller than that from anchor to negative. Default false. */
  swap?: boolean;
}

/** Options of {@link tripletMarginLoss}. */
export interface TripletMarginOptions extends TripletOptions {
  /** Order of the norm that measures distances. Default 2. */
  p?: number;
  /** Added to each difference. Default 1e-6. */
  eps?: number;
}

const farther = hinge(sub(add(param(0), input(0)), input(1)));

function triplet(
  op: string,
  distance: (a: Tensor, b: Tensor) => Tensor,
  triple: readonly [Tensor, Tensor, Tensor],
  o: TripletOptions,
): Tensor {
  const reduction = reductionOf(op, o);
  const [anchor, positive, negative] = triple;
  const near = distance(anchor, positive);
  let far = distance(anchor, negative);
  if (o.swap === true) far = far.minimum(distance(positive, negative)) as Tensor;
  return promotedLoss(op, farther, [near, far], [float(o.margin ?? 1)], reduction);
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin), averaged, where d is the p-norm of the difference along the
 * last dimension.
 *
 * @param anchor [N, D] or [D]
 * @param positive of as many dimensions, broadcast with the anchor
 * @param negative of as many dimensions, broadcast with the anchor
 * @throws ShapeError when the numbers of dimensions differ or the shapes do not broadcast
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
 */
export function tripletMarginLoss(anchor: Tensor, positive: Tensor, negative: Tensor, options: TripletMarginOptions = {}): Tensor {
  const op = 'tripletMarginLoss';
  sameRank(op, [anchor, positive, negative]);
  const { p = 2, eps = 1e-6 } = options;
  const distance = (a: Tensor, b: Tensor): Tensor => (a.sub(b) as Tensor).add(float(eps)).norm(p, -1) as unknown as Tensor;
  return triplet(op, distance, [anchor, positive, negative], options);
}

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletWithDistanceOptions extends TripletOptions {
  /** Gives the distance of two tensors of samples; default: the Euclidean norm of the difference along the last dimension. */
  distanceFunction?: (a: Tensor, b: Tensor) => Tensor;
}

/**
 * {@link tripletMarginLoss} with a distance of one's own.
 *
 * @throws ValueError for a negative margin
 * @throws ShapeError when the numbers of dimensions differ
 * @example
 * ```ts
 * tripletMarginWithDistanceLoss(a, p, n, { distanceFunction: (x, y) => x.sub(y).abs().amax(-1) });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletWithDistanceOptions = {},
): Tensor {
  const op = 'tripletMarginWithDistanceLoss';
  sameRank(op, [anchor, positive, negative]);
  if ((options.margin ?? 1) < 0) throw new ValueError(`${op}: the margin must not be negative, got ${options.margin}`);
  const euclidean = (a: Tensor, b: Tensor): Tensor => (a.sub(b) as Tensor).add(float(1e-6)).norm(2, -1) as unknown as Tensor;
  return triplet(op, options.distanceFunction ?? euclidean, [anchor, positive, negative], options);
}
