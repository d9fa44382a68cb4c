import { DTypeError, IndexError, ShapeError, ValueError } from '../errors.ts';
import { sameShape } from '../layout.ts';
import { defineOp } from '../op.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { checkFloating } from '../parts/losses.ts';
import { onBatch, type PerDim, perDim, type Spatial } from '../parts/spatial.ts';
import type { Pair, Single, Triple } from '../parts/windows.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { zeros } from './create.ts';
import { avgPool1d, avgPool2d } from './pool.ts';

/** Options of {@link lpPool1d} and {@link lpPool2d}. */
export interface LpPoolOptions<P = Pair> {
  /** How far apart windows lie. Default: the kernel. */
  stride?: P | null;
  /** Also take windows that start inside the image but reach beyond it. Default false. */
  ceilMode?: boolean;
}

/** The p-th root of the sum of a window, from the mean of the p-th powers; negative sums stay negative before the root, as in PyTorch. */
function root(mean: Tensor, count: number, p: number): Tensor {
  const signed = mean.sign().mul(mean.abs().relu()) as Tensor;
  return signed.mul(count).pow(1 / p) as Tensor;
}

/**
 * The p-norm of every window, (sum of x^p)^(1/p).
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param normType p
 * @param kernel size of the windows
 * @throws ShapeError when a window does not fit
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
 */
export function lpPool1d(x: Tensor, normType: number, kernel: Single, options: LpPoolOptions<Single> = {}): Tensor {
  checkFloating('lpPool1d', 'input', x);
  const [k] = perDim('lpPool1d', 'kernel', kernel, 1, 1);
  return root(avgPool1d(x.pow(normType) as Tensor, kernel, options), k!, normType);
}

/**
 * {@link lpPool1d} of images [N, C, H, W] or [C, H, W].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
 */
export function lpPool2d(x: Tensor, normType: number, kernel: Pair, options: LpPoolOptions = {}): Tensor {
  checkFloating('lpPool2d', 'input', x);
  const [h, w] = perDim('lpPool2d', 'kernel', kernel, 2, 1);
  return root(avgPool2d(x.pow(normType) as Tensor, kernel, options), h! * w!, normType);
}

/** Options of the unpoolings. */
export interface UnpoolOptions<P = PerDim> {
  /** That of the pooling. Default: the kernel. */
  stride?: P | null;
  /** That of the pooling. Default 0. */
  padding?: P;
  /** Size of the image that was pooled, where several are possible: the last dimensions, or the whole shape. */
  outputSize?: readonly number[] | null;
}

/** The image's size: the one that fits exactly, or one given that a stride could have swallowed. */
function imageSize(op: string, x: Tensor, kernel: PerDim, spatial: Spatial, o: UnpoolOptions): number[] {
  const k = perDim(op, 'kernel', kernel, spatial, 1);
  const stride = o.stride == null ? k : perDim(op, 'stride', o.stride, spatial, 1);
  const padding = perDim(op, 'padding', o.padding ?? 0, spatial, 0);
  const exact = k.map((n, d) => (x.shape[x.ndim - spatial + d]! - 1) * stride[d]! - 2 * padding[d]! + n);
  if (o.outputSize == null) return exact;
  const given = o.outputSize.length === spatial + 2 ? o.outputSize.slice(2) : o.outputSize;
  if (given.length !== spatial)
    throw new ValueError(`${op}: outputSize must have ${spatial} or ${spatial + 2} elements, got ${show(o.outputSize)}`);
  given.forEach((n, d) => {
    const [least, most] = [exact[d]! - stride[d]!, exact[d]! + stride[d]!];
    if (!(n > least && n < most))
      throw new ValueError(`${op}: outputSize ${n} must lie between ${least} and ${most} (dimension ${d - spatial})`);
  });
  return [...given];
}

/** Each value where its index points; of several on one place the last stays, but every one has the gradient that arrives there. */
const place = defineOp<number>({
  name: 'maxUnpool',
  infer: ([x], room) => [{ shape: [x!.shape[0]!, x!.shape[1]!, room], dtype: x!.dtype }],
  forward: ([x, at], _room, [out]) => {
    const flat = zeros(out!.shape, { dtype: out!.dtype, device: x!.device }) as unknown as Tensor;
    return [flat.scatter(2, at!, x!.detach()) as Tensor];
  },
  save: ([, at]) => [at!],
  backward: ({ saved: [at] }, [g]) => [gatherAlong(g!, 2, at!), null],
});

function unpool(op: string, spatial: Spatial, x: Tensor, indices: Tensor, kernel: PerDim, o: UnpoolOptions): Tensor {
  checkFloating(op, 'input', x);
  if (indices.dtype !== 'int64') throw new DTypeError(`${op}: indices must be int64, got ${indices.dtype}`);
  if (!sameShape(x.shape, indices.shape))
    throw new ShapeError(`${op}: the indices have shape ${show(indices.shape)}, expected that of the input ${show(x.shape)}`);
  return onBatch(op, spatial, x, (t) => {
    const size = imageSize(op, t, kernel, spatial, o);
    const [n, c, ...inner] = t.shape as readonly [number, number, ...number[]];
    const count = inner.reduce((p, k) => p * k, 1);
    const room = size.reduce((p, k) => p * k, 1);
    const at = indices.reshape([n, c, count]) as Tensor;
    if (at.device.caps.collected && at.device.caps.syncRead) {
      const bad = at.dataSync().find((i) => i < 0 || i >= room);
      if (bad !== undefined) throw new IndexError(`${op}: index ${bad} is out of range for an image ${show(size)}`);
    }
    return [place([t.reshape([n, c, count]) as Tensor, at], room)[0]!.reshape([n, c, ...size]) as Tensor];
  })[0]!;
}

/**
 * Puts the maxima that {@link maxPool1d} found back where they were, into zeros.
 *
 * @param x [N, C, L], or one sequence [C, L]: the maxima
 * @param indices where they were, as `returnIndices` gave them
 * @param kernel that of the pooling
 * @throws ShapeError when the indices do not have the input's shape
 * @throws ValueError for a size that the pooling cannot have come from
 * @throws IndexError for an index outside of the image, where values can be read at once
 * @example
 * ```ts
 * const { values, indices } = maxPool1d(x, 2, { returnIndices: true });
 * maxUnpool1d(values, indices, 2); // x with everything but the maxima set to 0
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
 */
export function maxUnpool1d(x: Tensor, indices: Tensor, kernel: Single, options: UnpoolOptions<Single> = {}): Tensor {
  return unpool('maxUnpool1d', 1, x, indices, kernel, options);
}

/**
 * {@link maxUnpool1d} of images [N, C, H, W] or [C, H, W].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
 */
export function maxUnpool2d(x: Tensor, indices: Tensor, kernel: Pair, options: UnpoolOptions<Pair> = {}): Tensor {
  return unpool('maxUnpool2d', 2, x, indices, kernel, options);
}

/**
 * {@link maxUnpool1d} of volumes [N, C, D, H, W] or [C, D, H, W].
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html
 */
export function maxUnpool3d(x: Tensor, indices: Tensor, kernel: Triple, options: UnpoolOptions<Triple> = {}): Tensor {
  return unpool('maxUnpool3d', 3, x, indices, kernel, options);
}
