import { ShapeError, ValueError } from '../errors.ts';
import { apart } from '../parts/sliding.ts';
import { show } from '../shape.ts';
import type { Shape } from '../shape-types.ts';
import type { Tensor } from '../tensor.ts';

function checkImages(op: string, x: Tensor, name: string, factor: number): void {
  if (x.ndim < 3) throw new ShapeError(`${op}: the input ${show(x.shape)} has ${x.ndim} dimensions, expected [.., C, H, W]`);
  if (!Number.isInteger(factor) || factor < 1) throw new ValueError(`${op}: ${name} must be a positive integer, got ${factor}`);
}

/** Checks that a dimension, counted from the end, is a multiple of `by`. */
function multiple(op: string, x: Tensor, dim: number, by: number, what: string): number {
  const n = x.shape[x.ndim + dim]!;
  if (n % by !== 0) throw new ShapeError(`${op}: input ${show(x.shape)}: ${n} is no multiple of ${what} (dimension ${x.ndim + dim})`);
  return n / by;
}

/**
 * Channels rearranged to pixels: each group of r² channels makes an image r times as large, as in sub-pixel convolution
 * (Shi et al. 2016).
 *
 * @param x [.., C r², H, W]
 * @param upscaleFactor r
 * @returns [.., C, H r, W r]
 * @throws ShapeError when r² does not divide the channels, or there are fewer than 3 dimensions; ValueError for an r below 1
 * @example
 * ```ts
 * pixelShuffle(tensor([[[1]], [[2]], [[3]], [[4]]]), 2); // [[[1, 2], [3, 4]]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = upscaleFactor;
  checkImages('pixelShuffle', x, 'upscaleFactor', r);
  const c = multiple('pixelShuffle', x, -3, r * r, `the square of upscaleFactor ${r}`);
  const lead = x.shape.slice(0, -3);
  const [h, w] = x.shape.slice(-2) as [number, number];
  const k = lead.length;
  const parts = x.reshape([...lead, c, r, r, h, w]) as Tensor;
  const moved = parts.permute(...lead.map((_, d) => d), k, k + 3, k + 1, k + 4, k + 2);
  return apart(moved.reshape([...lead, c, h * r, w * r]) as Tensor, x);
}

/**
 * The inverse of {@link pixelShuffle}: pixels rearranged to channels.
 *
 * @param x [.., C, H r, W r]
 * @param downscaleFactor r
 * @returns [.., C r², H, W]
 * @throws ShapeError when r does not divide height and width, or there are fewer than 3 dimensions; ValueError for an r below 1
 * @example
 * ```ts
 * pixelUnshuffle(tensor([[[1, 2], [3, 4]]]), 2); // [[[1]], [[2]], [[3]], [[4]]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = downscaleFactor;
  checkImages('pixelUnshuffle', x, 'downscaleFactor', r);
  const h = multiple('pixelUnshuffle', x, -2, r, `downscaleFactor ${r}`);
  const w = multiple('pixelUnshuffle', x, -1, r, `downscaleFactor ${r}`);
  const lead = x.shape.slice(0, -3);
  const c = x.shape[x.ndim - 3]!;
  const k = lead.length;
  const parts = x.reshape([...lead, c, h, r, w, r]) as Tensor;
  const moved = parts.permute(...lead.map((_, d) => d), k, k + 2, k + 4, k + 1, k + 3);
  return apart(moved.reshape([...lead, c * r * r, h, w]) as Tensor, x);
}

/**
 * Channels dealt out to `groups` in turn (Zhang et al. 2018, ShuffleNet): channel i of group g becomes channel g of group i.
 *
 * @param x [N, C, ..] with at least one dimension after the channels
 * @returns the same shape
 * @throws ShapeError when `groups` does not divide the channels, or there are fewer than 3 dimensions; ValueError for `groups` below 1
 * @example
 * ```ts
 * channelShuffle(tensor([[[1], [2], [3], [4]]]), 2); // [[[1], [3], [2], [4]]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export function channelShuffle<A extends Shape>(x: Tensor<A>, groups: number): Tensor<A>;
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const op = 'channelShuffle';
  if (x.ndim < 3) throw new ShapeError(`${op}: the input ${show(x.shape)} has ${x.ndim} dimensions, expected [N, C, ..] with more than 2`);
  if (!Number.isInteger(groups) || groups < 1) throw new ValueError(`${op}: groups must be a positive integer, got ${groups}`);
  const each = multiple(op, x, 1 - x.ndim, groups, `groups ${groups}`);
  const [n, c] = x.shape as readonly [number, number];
  const rest = x.shape.slice(2);
  const moved = x.reshape([n, groups, each, ...rest]).transpose(1, 2) as Tensor;
  return apart(moved.reshape([n, c, ...rest]) as Tensor, x);
}
