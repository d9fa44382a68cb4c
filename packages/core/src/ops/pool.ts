import { type AvgPool2dGeometry, Declined, type Pool2dGeometry, type View } from '../backend.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { backendOf, wrap } from '../kernels.ts';
import { defineOp, type OpFunction } from '../op.ts';
import { checkFloating } from '../parts/losses.ts';
import { composeAvgPool2d, composeAvgPool2dGrad, composeMaxPool2d, composeMaxPool2dGrad } from '../parts/pooling.ts';
import { type Pair, pair, type Single, single } from '../parts/windows.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { gather } from './gather.ts';

/** Options of {@link maxPool2d}. */
export interface MaxPool2dOptions {
  /** How far apart windows lie. Default (also an empty list): the kernel, so that they do not overlap. */
  stride?: Pair | readonly [] | null;
  /** Border around the image that never wins; at most half of the kernel. Default 0. */
  padding?: Pair;
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Pair;
  /** Also take windows that start inside the image but reach beyond it. Default false. */
  ceilMode?: boolean;
  /** Also give where each maximum lies. Default false. */
  returnIndices?: boolean;
}

/** Options of {@link maxPool1d}: those of {@link MaxPool2dOptions} in one dimension. */
export interface MaxPool1dOptions {
  /** Default: the kernel. */
  stride?: Single | null;
  /** Default 0. */
  padding?: Single;
  /** Default 1. */
  dilation?: Single;
  /** Default false. */
  ceilMode?: boolean;
  /** Default false. */
  returnIndices?: boolean;
}

/** Options of {@link avgPool1d}: those of {@link AvgPool2dOptions} in one dimension. */
export interface AvgPool1dOptions {
  /** Default: the kernel. */
  stride?: Single | null;
  /** Default 0. */
  padding?: Single;
  /** Default false. */
  ceilMode?: boolean;
  /** Default true. */
  countIncludePad?: boolean;
}

/** Options of {@link avgPool2d}. */
export interface AvgPool2dOptions {
  /** How far apart windows lie. Default (also an empty list): the kernel, so that they do not overlap. */
  stride?: Pair | readonly [] | null;
  /** Zeros around the image; at most half of the kernel. Default 0. */
  padding?: Pair;
  /** Also take windows that start inside the image but reach beyond it. Default false. */
  ceilMode?: boolean;
  /** Whether padding counts as elements. Default true. */
  countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  divisorOverride?: number | null;
}

/** What {@link maxPool2d} gives with `returnIndices`. */
export interface MaxPoolResult {
  readonly values: Tensor;
  /** int64: the position h * W + w of each maximum in its plane. */
  readonly indices: Tensor;
}

/** A geometry with the shape of the input, which strides leave open. */
type Sized<G> = G & { readonly shape: readonly number[] };

const maxPoolOp: OpFunction<Pool2dGeometry> = defineOp<Pool2dGeometry>({
  name: 'maxPool2d',
  infer: ([x], { output }) => {
    const shape = [x!.shape[0]!, x!.shape[1]!, ...output];
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int64' },
    ];
  },
  forward: ([x], g, [out, at]) => {
    const done = x!.device.fused.maxPool2d?.(x as View, g);
    if (done === undefined || done instanceof Declined) return composeMaxPool2d(x!, g);
    return [wrap(x!.device, done[0], out!.dtype, out!.shape), wrap(x!.device, done[1], at!.dtype, at!.shape)];
  },
  save: (_inputs, [, indices]) => [indices!],
  backward: ({ attrs, saved: [indices], inputs: [x] }, [g]) => [maxPoolGradOp([g!, indices!], { ...attrs, shape: x!.shape })[0]!],
});

const maxPoolGradOp: OpFunction<Sized<Pool2dGeometry>> = defineOp<Sized<Pool2dGeometry>>({
  name: 'maxPool2dGrad',
  infer: ([grad], { shape }) => [{ shape, dtype: grad!.dtype }],
  forward: ([grad, indices], g, [out]) => {
    const backend = backendOf('maxPool2dGrad', [grad!, indices!]);
    const done = backend.fused.maxPool2dGrad?.(grad as View, indices as View, g, g.shape);
    if (done === undefined || done instanceof Declined) return [composeMaxPool2dGrad(grad!, indices!, g, g.shape)];
    return [wrap(backend, done, out!.dtype, out!.shape)];
  },
  save: ([, indices]) => [indices!],
  backward: ({ attrs: { shape }, saved: [indices], inputs: [grad] }, [h]) => {
    const [n, c, height, width] = shape as readonly [number, number, number, number];
    const places = indices!.reshape([n, c, indices!.shape[2]! * indices!.shape[3]!]) as Tensor;
    return [gather(h!.reshape([n, c, height * width]) as Tensor, 2, places).reshape(grad!.shape) as Tensor, null];
  },
});

const avgPoolOp: OpFunction<AvgPool2dGeometry> = defineOp<AvgPool2dGeometry>({
  name: 'avgPool2d',
  infer: ([x], { output }) => [{ shape: [x!.shape[0]!, x!.shape[1]!, ...output], dtype: x!.dtype }],
  forward: ([x], g, [out]) => {
    const done = x!.device.fused.avgPool2d?.(x as View, g);
    if (done === undefined || done instanceof Declined) return [composeAvgPool2d(x!, g)];
    return [wrap(x!.device, done, out!.dtype, out!.shape)];
  },
  backward: ({ attrs, inputs: [x] }, [g]) => [avgPoolGradOp([g!], { ...attrs, shape: x!.shape })[0]!],
});

const avgPoolGradOp: OpFunction<Sized<AvgPool2dGeometry>> = defineOp<Sized<AvgPool2dGeometry>>({
  name: 'avgPool2dGrad',
  infer: ([grad], { shape }) => [{ shape, dtype: grad!.dtype }],
  forward: ([grad], g, [out]) => {
    const done = grad!.device.fused.avgPool2dGrad?.(grad as View, g, g.shape);
    if (done === undefined || done instanceof Declined) return [composeAvgPool2dGrad(grad!, g, g.shape)];
    return [wrap(grad!.device, done, out!.dtype, out!.shape)];
  },
  backward: ({ attrs: { shape: _shape, ...g } }, [h]) => [avgPoolOp([h!], g)[0]!],
});

/** What messages say of a pooling: its name and how many dimensions its images have. */
interface Kind {
  readonly op: string;
  readonly spatial: 1 | 2;
}

interface Options {
  stride?: Pair | readonly [] | null;
  padding?: Pair;
  dilation?: Pair;
  ceilMode?: boolean;
}

/** Checks a pooling call and works out its geometry. `x` is batched and has two spatial dimensions. */
function geometryOf(kind: Kind, x: Tensor, kernel: Pair, options: Options): Pool2dGeometry {
  const { op, spatial } = kind;
  const k = pair(op, 'kernel', kernel, 1);
  const stride =
    options.stride == null || (typeof options.stride !== 'number' && options.stride.length === 0)
      ? k
      : pair(op, 'stride', options.stride, 1);
  const empty = x.shape.findIndex((n, d) => d > 0 && n === 0);
  if (empty > 0) throw new ShapeError(`${op}: only the batch may be empty, got ${show(x.shape)} (dimension ${empty})`);
  const padding = pair(op, 'padding', options.padding ?? 0, 0);
  const dilation = pair(op, 'dilation', options.dilation ?? 1, 1);
  const size = (d: 0 | 1): number => {
    const where = `(dimension ${spatial === 2 ? 2 + d : 2})`;
    if (padding[d] > k[d] / 2) throw new ValueError(`${op}: padding ${padding[d]} is more than half of the kernel ${k[d]} ${where}`);
    const room = x.shape[2 + d]! + 2 * padding[d];
    const reach = (k[d] - 1) * dilation[d] + 1;
    const over = options.ceilMode === true ? stride[d] - 1 : 0;
    let n = Math.floor((room - reach + over) / stride[d]) + 1;
    // The last window has to start inside the image or the padding before it.
    if (over > 0 && (n - 1) * stride[d] >= x.shape[2 + d]! + padding[d]) n--;
    if (n < 1) {
      const shown = show(spatial === 2 ? x.shape : [...x.shape.slice(0, 2), x.shape[3]!]);
      throw new ShapeError(`${op}: a window of ${reach} does not fit in ${room}, padding included, of input ${shown} ${where}`);
    }
    return n;
  };
  return { kernel: k, stride, padding, dilation, output: [size(0), size(1)] };
}

/** Runs `f` on [N, C, H, W]: an image alone becomes a batch of one, a sequence an image of height 1. */
function batched({ op, spatial }: Kind, x: Tensor, f: (x: Tensor) => readonly Tensor[]): readonly Tensor[] {
  const single = x.ndim === spatial + 1;
  if (!single && x.ndim !== spatial + 2) {
    const expected = spatial === 2 ? '[N, C, H, W] or [C, H, W]' : '[N, C, L] or [C, L]';
    throw new ShapeError(`${op}: input ${show(x.shape)} has ${x.ndim} dimensions, expected ${expected}`);
  }
  if (!single && spatial === 2) return f(x);
  const lead = single ? [1, x.shape[0]!] : x.shape.slice(0, 2);
  const rest = x.shape.slice(single ? 1 : 2);
  const image = x.reshape([...lead, ...(spatial === 2 ? rest : [1, ...rest])]) as Tensor;
  return f(image).map(
    (t) => t.reshape([...(single ? t.shape.slice(1, 2) : t.shape.slice(0, 2)), ...t.shape.slice(spatial === 2 ? 2 : 3)]) as Tensor,
  );
}

const image = (op: string): Kind => ({ op, spatial: 2 });
const sequence = (op: string): Kind => ({ op, spatial: 1 });

/** The options of one dimension as those of two. */
function across(op: string, o: { stride?: Single | null; padding?: Single; dilation?: Single; ceilMode?: boolean }): Options {
  const second = (name: string, value: Single | null | undefined, first: number, least: number): [number, number] | null =>
    value == null ? null : [first, single(op, name, value, least)];
  return {
    stride: second('stride', o.stride, 1, 1),
    padding: second('padding', o.padding, 0, 0) ?? 0,
    dilation: second('dilation', o.dilation, 1, 1) ?? 1,
    ceilMode: o.ceilMode ?? false,
  };
}

function maxPool(kind: Kind, x: Tensor, kernel: Pair, o: Options, returnIndices: boolean | undefined): Tensor | MaxPoolResult {
  checkFloating(kind.op, 'input', x);
  const [values, indices] = batched(kind, x, (t) => maxPoolOp([t], geometryOf(kind, t, kernel, o)));
  return returnIndices === true ? { values: values!, indices: indices! } : values!;
}

/** How an average counts. */
interface Counting {
  countIncludePad?: boolean;
  divisorOverride?: number | null;
}

function avgPool(kind: Kind, x: Tensor, kernel: Pair, o: Options, extra: Counting): Tensor {
  if (x.dtype !== 'int64') checkFloating(kind.op, 'input', x);
  const divisorOverride = extra.divisorOverride ?? null;
  if (divisorOverride === 0) throw new ValueError(`${kind.op}: divisorOverride must not be 0`);
  const counting = { countIncludePad: extra.countIncludePad ?? true, divisorOverride };
  return batched(kind, x, (t) => avgPoolOp([t], { ...geometryOf(kind, t, kernel, o), ...counting }))[0]!;
}

/**
 * The maximum of every window. Of equal elements the first wins, and takes the gradient; NaN wins over all.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param kernel size of the windows
 * @returns [N, C, OH, OW] with OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, or the ceiling of it
 * @throws ShapeError when a window does not fit
 * @throws ValueError when an option makes no sense, such as padding beyond half of the kernel
 * @throws DTypeError when the input is not floating
 * @example
 * ```ts
 * maxPool2d(tensor([[[1, 2], [3, 4]]]), 2); // [[[4]]]
 * const { values, indices } = maxPool2d(x, 3, { stride: 2, returnIndices: true });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
export function maxPool2d(x: Tensor, kernel: Pair, options: MaxPool2dOptions & { returnIndices: true }): MaxPoolResult;
export function maxPool2d(x: Tensor, kernel: Pair, options?: MaxPool2dOptions & { returnIndices?: false }): Tensor;
export function maxPool2d(x: Tensor, kernel: Pair, options: MaxPool2dOptions = {}): Tensor | MaxPoolResult {
  return maxPool(image('maxPool2d'), x, kernel, options, options.returnIndices);
}

/**
 * {@link maxPool2d} of sequences.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param kernel size of the windows
 * @returns [N, C, OL] with OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1, or the ceiling of it
 * @throws ShapeError when a window does not fit
 * @throws ValueError when an option makes no sense, such as padding beyond half of the kernel
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export function maxPool1d(x: Tensor, kernel: Single, options: MaxPool1dOptions & { returnIndices: true }): MaxPoolResult;
export function maxPool1d(x: Tensor, kernel: Single, options?: MaxPool1dOptions & { returnIndices?: false }): Tensor;
export function maxPool1d(x: Tensor, kernel: Single, options: MaxPool1dOptions = {}): Tensor | MaxPoolResult {
  const op = 'maxPool1d';
  return maxPool(sequence(op), x, [1, single(op, 'kernel', kernel, 1)], across(op, options), options.returnIndices);
}

/**
 * The mean of every window; of integers, cut to an integer.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param kernel size of the windows
 * @returns [N, C, OH, OW] with OH = floor((H + 2 padding - KH) / stride) + 1, or the ceiling of it
 * @throws ShapeError when a window does not fit
 * @throws ValueError when an option makes no sense, such as padding beyond half of the kernel
 * @throws DTypeError when the input is neither floating nor int64
 * @example
 * ```ts
 * avgPool2d(tensor([[[1, 2], [3, 4]]]), 2); // [[[2.5]]]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
 */
export function avgPool2d(x: Tensor, kernel: Pair, options: AvgPool2dOptions = {}): Tensor {
  return avgPool(image('avgPool2d'), x, kernel, options, options);
}

/**
 * {@link avgPool2d} of sequences.
 *
 * @param x [N, C, L], or one sequence [C, L]
 * @param kernel size of the windows
 * @returns [N, C, OL] with OL = floor((L + 2 padding - K) / stride) + 1, or the ceiling of it
 * @throws ShapeError when a window does not fit
 * @throws ValueError when an option makes no sense, such as padding beyond half of the kernel
 * @throws DTypeError when the input is neither floating nor int64
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
 */
export function avgPool1d(x: Tensor, kernel: Single, options: AvgPool1dOptions = {}): Tensor {
  const op = 'avgPool1d';
  return avgPool(sequence(op), x, [1, single(op, 'kernel', kernel, 1)], across(op, options), options);
}
