import { allocate, type TypedArray } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { hostCompute } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { checkFloating } from '../parts/losses.ts';
import { checkImage, onBatch, type PerDim, perDim, type Spatial } from '../parts/spatial.ts';
import type { Pair, Triple } from '../parts/windows.ts';
import type { Generator } from '../random/generator.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { MaxPoolResult } from './pool.ts';
import { rand } from './random.ts';

/** Options of {@link fractionalMaxPool2d} and {@link fractionalMaxPool3d}. */
export interface FractionalMaxPoolOptions<P = PerDim> {
  /** Size of the result, one number for all dimensions or one for each. Either this or `outputRatio`. */
  outputSize?: P | null;
  /** Size of the result as a part of the input's, between 0 and 1. */
  outputRatio?: P | null;
  /** Also give where each maximum lies. Default false. */
  returnIndices?: boolean;
  /**
   * Numbers in [0, 1) that decide where windows lie, [N, C, 2] for images (width, height) and [N, C, 3] for volumes (depth,
   * height, width); N is 1 for an input without a batch. Drawn when omitted.
   */
  randomSamples?: Tensor | null;
  /** Where they are drawn from; the default generator if omitted. */
  generator?: Generator;
}

interface Geometry {
  readonly op: string;
  readonly kernel: readonly number[];
  readonly output: readonly number[];
}

/**
 * Where the windows along one dimension begin: steps of floor or ceil of alpha = room / (windows - 1), which of them
 * depends on the sample; the last window ends at the border. Computed in the precision of the input, as in PyTorch.
 */
function startsOf(sample: number, size: number, windows: number, kernel: number, round: (x: number) => number): Int32Array {
  const starts = new Int32Array(windows);
  const alpha = round((size - kernel) / (windows - 1));
  const first = Math.trunc(round(sample * alpha));
  for (let i = 0; i < windows - 1; i++) starts[i] = Math.trunc(round(round(i + sample) * alpha)) - first;
  if (windows > 0) starts[windows - 1] = size - kernel;
  return starts;
}

/** Position in its plane of the maximum of the window that begins at `start`: the first of equals, and the last NaN. */
function maximumAt(x: TypedArray, base: number, size: readonly number[], kernel: readonly number[], start: readonly number[]): number {
  const [, height, width] = size as [number, number, number];
  const [kd, kh, kw] = kernel as [number, number, number];
  const [d0, h0, w0] = start as [number, number, number];
  let at = (d0 * height + h0) * width + w0;
  let most = Number.NEGATIVE_INFINITY;
  for (let d = d0; d < d0 + kd; d++)
    for (let h = h0; h < h0 + kh; h++) {
      const row = (d * height + h) * width;
      for (let k = row + w0; k < row + w0 + kw; k++) {
        const value = x[base + k]!;
        if (value > most || Number.isNaN(value)) {
          most = value;
          at = k;
        }
      }
    }
  return at;
}

/** Values as three dimensions: images have a depth of 1. */
const deep = (values: readonly number[]): readonly number[] => (values.length === 2 ? [1, ...values] : values);

function positions(x: TypedArray, samples: TypedArray, shape: readonly number[], g: Geometry, round: (v: number) => number): TypedArray {
  const spatial = g.output.length;
  const [size, kernel, output] = [deep(shape.slice(2)), deep(g.kernel), deep(g.output)];
  const each = size.reduce((p, n) => p * n, 1);
  const out = allocate('int64', shape[0]! * shape[1]! * output.reduce((p, n) => p * n, 1));
  const bad = samples.find((u) => !(u >= 0 && u <= 1));
  if (bad !== undefined) throw new ValueError(`${g.op}: randomSamples must lie in [0, 1), got ${bad}`);
  let k = 0;
  for (let plane = 0; plane < shape[0]! * shape[1]!; plane++) {
    const own = samples.subarray(plane * spatial, (plane + 1) * spatial);
    // The samples of an image are for its width, then its height; those of a volume in the order of its dimensions.
    const ordered = spatial === 2 ? [0, own[1]!, own[0]!] : [...own];
    const [ds, hs, ws] = ordered.map((u, d) => startsOf(u, size[d]!, output[d]!, kernel[d]!, round)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    for (const d of ds) for (const h of hs) for (const w of ws) out[k++] = maximumAt(x, plane * each, size, kernel, [d, h, w]);
  }
  return out;
}

/** Only where maxima lie: their values are gathered, and so are the gradients scattered. */
const positionsOp = defineOp<Geometry>({
  name: 'fractionalMaxPool',
  infer: ([x], { output }) => [{ shape: [x!.shape[0]!, x!.shape[1]!, ...output], dtype: 'int64' }],
  forward: ([x, samples], g, [out]) =>
    hostCompute('fractionalMaxPool', [x!, samples!], [out!], ([values, u]) => [
      positions(values!, u!, x!.shape, g, x!.dtype === 'float32' ? Math.fround : Number),
    ]),
});

function outputOf(op: string, x: Tensor, spatial: Spatial, o: FractionalMaxPoolOptions): readonly number[] {
  if ((o.outputSize == null) === (o.outputRatio == null)) throw new ValueError(`${op}: give one of outputSize and outputRatio`);
  if (o.outputSize != null) return perDim(op, 'outputSize', o.outputSize, spatial, 0);
  const ratio = typeof o.outputRatio === 'number' ? Array.from({ length: spatial }, () => o.outputRatio as number) : o.outputRatio!;
  if (ratio.length !== spatial || !ratio.every((r) => r > 0 && r < 1))
    throw new ValueError(
      `${op}: outputRatio must be a number between 0 and 1, or ${spatial} of them, got ${JSON.stringify(o.outputRatio)}`,
    );
  return ratio.map((r, d) => Math.trunc(x.shape[2 + d]! * r));
}

function samplesFor(op: string, x: Tensor, spatial: Spatial, o: FractionalMaxPoolOptions): Tensor {
  const [n, c] = x.shape as readonly [number, number];
  const { dtype, device } = x;
  if (o.randomSamples == null)
    return rand([n, c, spatial], { dtype, device, ...(o.generator === undefined ? {} : { generator: o.generator }) }) as unknown as Tensor;
  const given = o.randomSamples;
  if (given.dtype !== dtype) throw new DTypeError(`${op}: randomSamples must be ${dtype} as the input, got ${given.dtype}`);
  const [rows, ...rest] = given.shape;
  if (given.ndim !== 3 || rows! < n || rest[0] !== c || rest[1] !== spatial)
    throw new ShapeError(`${op}: randomSamples must have shape ${show([n, c, spatial])}, got ${show(given.shape)}`);
  return given.detach().narrow(0, 0, n) as Tensor;
}

function fractional(op: string, spatial: Spatial, x: Tensor, kernel: PerDim, o: FractionalMaxPoolOptions): Tensor | MaxPoolResult {
  checkFloating(op, 'input', x);
  const [values, indices] = onBatch(op, spatial, x, (t) => {
    checkImage(op, t);
    const k = perDim(op, 'kernel', kernel, spatial, 1);
    const output = outputOf(op, t, spatial, o);
    output.forEach((windows, d) => {
      const size = t.shape[2 + d]!;
      if (windows + k[d]! - 1 > size)
        throw new ShapeError(
          `${op}: ${windows} windows of ${k[d]} that begin at different places do not fit in ${size}, of input ${show(t.shape)} (dimension ${2 + d})`,
        );
    });
    const [n, c, ...size] = t.shape as readonly [number, number, ...number[]];
    const at = positionsOp([t.detach(), samplesFor(op, t, spatial, o)], { op, kernel: k, output })[0]!;
    const count = (sizes: readonly number[]): number => sizes.reduce((p, m) => p * m, 1);
    const flat = t.reshape([n, c, count(size)]) as Tensor;
    return [gatherAlong(flat, 2, at.reshape([n, c, count(output)]) as Tensor, op).reshape(at.shape) as Tensor, at];
  });
  return o.returnIndices === true ? { values: values!, indices: indices! } : values!;
}

/**
 * The maximum of windows whose distances are random, so that a result of any size comes about (Graham 2014): with
 * alpha = (H - kernel) / (OH - 1) and a sample u for each plane, window i begins at floor((i + u) alpha) - floor(u alpha),
 * and the last ends at the border. Of equal elements the first wins, and takes the gradient; NaN wins over all.
 *
 * @param x [N, C, H, W], or one image [C, H, W]
 * @param kernel size of the windows
 * @param options `outputSize` or `outputRatio`; `returnIndices`, `randomSamples`, `generator`
 * @returns [N, C, OH, OW]; with `returnIndices` also the position h * W + w of each maximum, int64
 * @throws ShapeError for an input of another rank, when windows do not fit, or for samples of another shape
 * @throws ValueError for both or neither of `outputSize` and `outputRatio`, and for sizes, ratios or samples out of range
 * @throws DTypeError when the input is not floating, or the samples have another dtype
 * @example
 * ```ts
 * fractionalMaxPool2d(randn([20, 16, 50, 32]), 3, { outputSize: [13, 12] }); // [20, 16, 13, 12]
 * fractionalMaxPool2d(randn([20, 16, 50, 32]), 3, { outputRatio: 0.5 });     // [20, 16, 25, 16]
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
 * @see https://arxiv.org/abs/1412.6071
 */
export function fractionalMaxPool2d(
  x: Tensor,
  kernel: Pair,
  options: FractionalMaxPoolOptions<Pair> & { returnIndices: true },
): MaxPoolResult;
export function fractionalMaxPool2d(x: Tensor, kernel: Pair, options: FractionalMaxPoolOptions<Pair> & { returnIndices?: false }): Tensor;
export function fractionalMaxPool2d(x: Tensor, kernel: Pair, options: FractionalMaxPoolOptions<Pair>): Tensor | MaxPoolResult {
  return fractional('fractionalMaxPool2d', 2, x, kernel, options);
}

/**
 * {@link fractionalMaxPool2d} of volumes [N, C, D, H, W] or [C, D, H, W]; indices are (d * H + h) * W + w.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
 */
export function fractionalMaxPool3d(
  x: Tensor,
  kernel: Triple,
  options: FractionalMaxPoolOptions<Triple> & { returnIndices: true },
): MaxPoolResult;
export function fractionalMaxPool3d(
  x: Tensor,
  kernel: Triple,
  options: FractionalMaxPoolOptions<Triple> & { returnIndices?: false },
): Tensor;
export function fractionalMaxPool3d(x: Tensor, kernel: Triple, options: FractionalMaxPoolOptions<Triple>): Tensor | MaxPoolResult {
  return fractional('fractionalMaxPool3d', 3, x, kernel, options);
}
