import { isFloating } from '../dtype.ts';
import { DTypeError, ShapeError } from '../errors.ts';
import { padConstant } from '../parts/padding.ts';
import { apart, overlapAdd, reachOf, type Sliding, slidingWindows } from '../parts/sliding.ts';
import { type Pair, pair } from '../parts/windows.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** Which windows {@link im2col} takes and {@link col2im} puts back. */
export interface WindowOptions {
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Pair;
  /** Zeros around the image. Default 0. */
  padding?: Pair;
  /** How far apart windows lie. Default 1. */
  stride?: Pair;
}

interface Geometry {
  readonly padding: readonly [number, number];
  /** For rows and columns. */
  readonly windows: readonly [Sliding, Sliding];
  /** How many windows lie along the height and the width. */
  readonly counts: readonly [number, number];
}

/** Checks a call about images of `size` and works out its windows. */
function geometryOf(op: string, size: readonly number[], kernelSize: Pair, options: WindowOptions): Geometry {
  const kernel = pair(op, 'kernelSize', kernelSize, 1);
  const stride = pair(op, 'stride', options.stride ?? 1, 1);
  const dilation = pair(op, 'dilation', options.dilation ?? 1, 1);
  const padding = pair(op, 'padding', options.padding ?? 0, 0);
  const sliding = (d: 0 | 1): Sliding => ({ size: kernel[d], stride: stride[d], dilation: dilation[d] });
  const count = (d: 0 | 1): number => {
    const room = size[d]! + 2 * padding[d];
    const reach = reachOf(sliding(d));
    if (room < reach) {
      throw new ShapeError(
        `${op}: images of ${show(size)}: a window of ${reach} does not fit in ${room}, padding included (dimension ${d - 2})`,
      );
    }
    return Math.floor((room - reach) / stride[d]) + 1;
  };
  return { padding, windows: [sliding(0), sliding(1)], counts: [count(0), count(1)] };
}

/** Checks the dtype, and that no dimension but the batch is empty. */
function checkInput(op: string, x: Tensor, rank: number, expected: string): void {
  const batched = x.ndim === rank + 1;
  if ((!batched && x.ndim !== rank) || x.shape.some((n, d) => n === 0 && !(batched && d === 0))) {
    throw new ShapeError(`${op}: the input has shape ${show(x.shape)}, expected ${expected}, nothing but the batch empty`);
  }
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: not defined for ${x.dtype}; convert with to('float32')`);
}

/**
 * Every window of an image as a column: PyTorch's `nn.functional.unfold`, exported under that name by `nn.functional`. A
 * convolution is a matrix product with these columns.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param kernelSize size of the windows
 * @returns [N, C KH KW, windows] (or without N), windows in row-major order
 * @throws ShapeError when a window does not fit, or the input has other dimensions
 * @throws ValueError when an option makes no sense
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * im2col(tensor([[[1, 2], [3, 4]]]), [1, 2]); // [[1, 3], [2, 4]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 */
export function im2col(x: Tensor, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  const op = 'im2col';
  checkInput(op, x, 3, '[N, C, H, W] or [C, H, W]');
  if (x.ndim === 3) return im2col(x.unsqueeze(0) as Tensor, kernelSize, options).squeeze(0) as Tensor;
  const { padding, windows, counts } = geometryOf(op, x.shape.slice(2), kernelSize, options);
  const around = [0, 0, ...padding];
  const rows = slidingWindows(padConstant(x, around, around), 2, windows[0]);
  const both = slidingWindows(rows, 3, windows[1]);
  const [n, c] = x.shape as readonly [number, number];
  const columns = both.permute(0, 1, 4, 5, 2, 3).reshape([n, c * windows[0].size * windows[1].size, counts[0] * counts[1]]);
  return apart(columns as Tensor, x);
}

/**
 * The image of which these are the windows, added up where they overlap: PyTorch's `nn.functional.fold`, exported under that
 * name by `nn.functional`, and the transpose of {@link im2col}.
 *
 * @param x [N, C KH KW, windows], or one image's [C KH KW, windows]
 * @param outputSize height and width of the image
 * @param kernelSize size of the windows
 * @returns [N, C, H, W] (or [C, H, W])
 * @throws ShapeError when there are not as many windows as the image has, or the input has other dimensions
 * @throws ValueError when an option makes no sense
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * col2im(ones([4, 4]), [3, 3], 2); // [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 */
export function col2im(x: Tensor, outputSize: Pair, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  const op = 'col2im';
  checkInput(op, x, 2, '[N, C KH KW, windows] or [C KH KW, windows]');
  if (x.ndim === 2) return col2im(x.unsqueeze(0) as Tensor, outputSize, kernelSize, options).squeeze(0) as Tensor;
  const size = pair(op, 'outputSize', outputSize, 1);
  const { padding, windows, counts } = geometryOf(op, size, kernelSize, options);
  const [kh, kw] = [windows[0].size, windows[1].size];
  const [n, entries, columns] = x.shape as readonly [number, number, number];
  if (entries % (kh * kw) !== 0) {
    throw new ShapeError(`${op}: input ${show(x.shape)}: ${entries} entries are no channels of windows [${kh}, ${kw}] (dimension 1)`);
  }
  if (columns !== counts[0] * counts[1]) {
    throw new ShapeError(
      `${op}: input ${show(x.shape)} has ${columns} windows, but an image of ${show(size)} has ${counts[0]} x ${counts[1]} (dimension 2)`,
    );
  }
  const c = entries / (kh * kw);
  const parts = x.reshape([n, c, kh, kw, ...counts]).permute(0, 1, 4, 2, 5, 3) as Tensor;
  const lines = overlapAdd(op, parts, 4, windows[1]);
  const image = overlapAdd(op, lines, 2, windows[0]);
  const crop = (d: 0 | 1): number => size[d] + padding[d] - image.shape[2 + d]!;
  return padConstant(image, [0, 0, -padding[0], -padding[1]], [0, 0, crop(0), crop(1)]);
}
