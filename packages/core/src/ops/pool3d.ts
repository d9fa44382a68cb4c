import { ShapeError, ValueError } from '../errors.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { checkFloating } from '../parts/losses.ts';
import { checkImage, onBatch, type PerDim, perDim } from '../parts/spatial.ts';
import type { Triple } from '../parts/windows.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { fromBuffer } from './create.ts';
import { avgPool2d, type MaxPoolResult, maxPool2d } from './pool.ts';

/** Options of {@link maxPool3d}. */
export interface MaxPool3dOptions {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: Triple | null;
  /** Border around the volume that never wins; at most half of the kernel. Default 0. */
  padding?: Triple;
  /** How far apart the elements of a window lie. Default 1. */
  dilation?: Triple;
  /** Also take windows that start inside the volume but reach beyond it. Default false. */
  ceilMode?: boolean;
  /** Also give where each maximum lies. Default false. */
  returnIndices?: boolean;
}

/** Options of {@link avgPool3d}. */
export interface AvgPool3dOptions {
  /** How far apart windows lie. Default: the kernel, so that they do not overlap. */
  stride?: Triple | null;
  /** Zeros around the volume; at most half of the kernel. Default 0. */
  padding?: Triple;
  /** Also take windows that start inside the volume but reach beyond it. Default false. */
  ceilMode?: boolean;
  /** Whether padding counts as elements. Default true. */
  countIncludePad?: boolean;
  /** Divide by this instead of the number of elements. */
  divisorOverride?: number | null;
}

interface Geometry {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

interface Options {
  stride?: PerDim | null;
  padding?: PerDim;
  dilation?: PerDim;
  ceilMode?: boolean;
}

function geometryOf(op: string, x: Tensor, kernel: PerDim, o: Options): Geometry {
  const k = perDim(op, 'kernel', kernel, 3, 1);
  const stride = o.stride == null ? k : perDim(op, 'stride', o.stride, 3, 1);
  const padding = perDim(op, 'padding', o.padding ?? 0, 3, 0);
  const dilation = perDim(op, 'dilation', o.dilation ?? 1, 3, 1);
  checkImage(op, x);
  k.forEach((n, d) => {
    if (padding[d]! > n / 2) throw new ValueError(`${op}: padding ${padding[d]} is more than half of the kernel ${n} (dimension ${2 + d})`);
    const [room, reach] = [x.shape[2 + d]! + 2 * padding[d]!, (n - 1) * dilation[d]! + 1];
    if (reach > room && !(o.ceilMode === true && reach - room < stride[d]!))
      throw new ShapeError(
        `${op}: a window of ${reach} does not fit in ${room}, padding included, of input ${show(x.shape)} (dimension ${2 + d})`,
      );
  });
  return { kernel: k, stride, padding, dilation, ceilMode: o.ceilMode ?? false };
}

const planeOf = (values: readonly number[]): [number, number] => [values[1]!, values[2]!];
const depthOf = (values: readonly number[], rest: number): [number, number] => [values[0]!, rest];

/**
 * The maximum of every window of volumes. Of equal elements the first wins, and takes the gradient; NaN wins over all.
 *
 * @param x [N, C, D, H, W], or one volume [C, D, H, W]
 * @param kernel size of the windows
 * @returns [N, C, OD, OH, OW]; with `returnIndices` also the position (d * H + h) * W + w of each maximum, int64
 * @throws ShapeError when a window does not fit
 * @throws ValueError when an option makes no sense, such as padding beyond half of the kernel
 * @throws DTypeError when the input is not floating
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 */
export function maxPool3d(x: Tensor, kernel: Triple, options: MaxPool3dOptions & { returnIndices: true }): MaxPoolResult;
export function maxPool3d(x: Tensor, kernel: Triple, options?: MaxPool3dOptions & { returnIndices?: false }): Tensor;
export function maxPool3d(x: Tensor, kernel: Triple, options: MaxPool3dOptions = {}): Tensor | MaxPoolResult {
  const op = 'maxPool3d';
  checkFloating(op, 'input', x);
  // The maximum of a box is the maximum over its slices of the maxima of each; both take the first of equals.
  const [values, indices] = onBatch(op, 3, x, (t) => {
    const g = geometryOf(op, t, kernel, options);
    const [n, c, d, h, w] = t.shape as readonly [number, number, number, number, number];
    const each = { stride: planeOf(g.stride), padding: planeOf(g.padding), dilation: planeOf(g.dilation), ceilMode: g.ceilMode };
    const slices = maxPool2d(t.reshape([n, c * d, h, w]) as Tensor, planeOf(g.kernel), { ...each, returnIndices: true });
    const [oh, ow] = slices.values.shape.slice(2) as [number, number];
    const places = oh * ow;
    const across = { stride: depthOf(g.stride, 1), padding: depthOf(g.padding, 0), dilation: depthOf(g.dilation, 1), ceilMode: g.ceilMode };
    const stacked = slices.values.reshape([n, c, d, places]) as Tensor;
    const deep = maxPool2d(stacked, depthOf(g.kernel, 1), { ...across, returnIndices: true });
    const od = deep.values.shape[2]!;
    const chosen = deep.indices.reshape([n, c, od * places]) as Tensor;
    const inPlane = gatherAlong(slices.indices.reshape([n, c, d * places]) as Tensor, 2, chosen, op);
    const depth = chosen.div(places, { roundingMode: 'floor' }) as Tensor;
    const at = depth.mul(h * w).add(inPlane) as Tensor;
    return [deep.values.reshape([n, c, od, oh, ow]) as Tensor, at.reshape([n, c, od, oh, ow]) as Tensor];
  });
  return options.returnIndices === true ? { values: values!, indices: indices! } : values!;
}

/** What each window along one dimension is divided by: how many of its elements count. */
function counts(g: Geometry, d: number, size: number, windows: number, countIncludePad: boolean): Float64Array {
  return Float64Array.from({ length: windows }, (_, i) => {
    const start = i * g.stride[d]! - g.padding[d]!;
    // Padding counts, but what ceilMode reaches beyond it does not.
    const end = Math.min(start + g.kernel[d]!, size + g.padding[d]!);
    return countIncludePad ? end - start : Math.min(end, size) - Math.max(start, 0);
  });
}

/**
 * The mean of every window of volumes.
 *
 * @param x [N, C, D, H, W], or one volume [C, D, H, W]
 * @param kernel size of the windows
 * @returns [N, C, OD, OH, OW]
 * @throws ShapeError when a window does not fit
 * @throws ValueError when an option makes no sense, such as padding beyond half of the kernel
 * @throws DTypeError when the input is neither floating nor int64
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
 */
export function avgPool3d(x: Tensor, kernel: Triple, options: AvgPool3dOptions = {}): Tensor {
  const op = 'avgPool3d';
  if (x.dtype !== 'int64') checkFloating(op, 'input', x);
  const { countIncludePad = true, divisorOverride = null } = options;
  if (divisorOverride === 0) throw new ValueError(`${op}: divisorOverride must not be 0`);
  return onBatch(op, 3, x, (t) => {
    const g = geometryOf(op, t, kernel, options);
    const [n, c, d, h, w] = t.shape as readonly [number, number, number, number, number];
    const sum = { ceilMode: g.ceilMode, divisorOverride: 1 };
    const slices = avgPool2d(t.reshape([n, c * d, h, w]) as Tensor, planeOf(g.kernel), {
      ...sum,
      stride: planeOf(g.stride),
      padding: planeOf(g.padding),
    });
    const [oh, ow] = slices.shape.slice(2) as [number, number];
    const stacked = slices.reshape([n, c, d, oh * ow]) as Tensor;
    const sums = avgPool2d(stacked, depthOf(g.kernel, 1), { ...sum, stride: depthOf(g.stride, 1), padding: depthOf(g.padding, 0) });
    const windows = [sums.shape[2]!, oh, ow];
    const whole = sums.reshape([n, c, ...windows]) as Tensor;
    const divided = (by: Tensor | number): Tensor => whole.div(by, x.dtype === 'int64' ? { roundingMode: 'trunc' } : {}) as Tensor;
    if (divisorOverride !== null) return [divided(divisorOverride)];
    const [cd, ch, cw] = windows.map((count, k) => counts(g, k, t.shape[2 + k]!, count, countIncludePad)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const by = new Float64Array(cd.length * ch.length * cw.length);
    let at = 0;
    for (const i of cd) for (const j of ch) for (const k of cw) by[at++] = i * j * k;
    const values = x.dtype === 'float32' ? Float32Array.from(by) : by;
    return [divided(fromBuffer(values, x.dtype, windows, { device: x.device }) as unknown as Tensor)];
  })[0]!;
}
