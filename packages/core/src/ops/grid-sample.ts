import { isFloating } from '../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../errors.ts';
import { type Expr, input, param } from '../expr/node.ts';
import { fuseMap, fuseSum } from '../fuse.ts';
import { sizeOf } from '../layout.ts';
import { gatherAlong } from '../parts/gathering.ts';
import { type GridAxis, type GridPadding, inside, positionsOf } from '../parts/grid-coordinates.ts';
import { show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { ge, gt, le, logicalAnd, lt } from './compare.ts';
import { fromBuffer } from './create.ts';
import { cat } from './join.ts';
import { matmul } from './matmul.ts';
import { ceil, floor, round } from './rounding.ts';
import { where } from './where.ts';

export type { GridPadding } from '../parts/grid-coordinates.ts';

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** How values between pixels are made; `'bilinear'` is trilinear for volumes. Default `'bilinear'`. */
  mode?: 'bilinear' | 'nearest' | 'bicubic';
  /** What lies outside of the image. Default `'zeros'`. */
  paddingMode?: GridPadding;
  /** Whether -1 and 1 are the centers of the corner pixels instead of the corners of the image. Default false. */
  alignCorners?: boolean | null;
}

/** Along one dimension, for every sample T entries: [N, T, P] each. */
interface Samples {
  /** Positions of the entries, rounded; they may lie outside. */
  readonly at: Tensor;
  /** Their weights. */
  readonly weight: Tensor;
}

const x = input(0);

/** One expression per tap of a position: which entry, and its weight. */
interface Kernel {
  readonly at: readonly Expr[];
  readonly weight: readonly Expr[];
}

const below = floor(x);
const part = sub(x, below);

const linear: Kernel = { at: [below, add(below, 1)], weight: [sub(add(below, 1), x), part] };

/** The nearest entry. Its weight is 1, with a derivative of 0 that a graph can see. */
const nearestKernel = (rounded: Expr): Kernel => ({ at: [rounded], weight: [where(lt(x, x), x, 1)] });

/** Keys' cubic convolution (1981) with slope -3/4, at distances 1 + t, t, 1 - t and 2 - t. */
function cubicKernel(): Kernel {
  const a = -0.75;
  const near = (d: Expr): Expr => add(mul(mul(sub(mul(d, a + 2), a + 3), d), d), 1);
  const far = (d: Expr): Expr => sub(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), 4 * a);
  return {
    at: [sub(below, 1), below, add(below, 1), add(below, 2)],
    weight: [far(add(part, 1)), near(part), near(sub(1, part)), far(sub(2, part))],
  };
}

type Mode = NonNullable<GridSampleOptions['mode']>;

/** Halves between two pixels go to the even one; between two voxels away from zero, as in PyTorch. */
const nearestPixel = nearestKernel(round(x));
const nearestVoxel = nearestKernel(where(lt(x, 0), ceil(sub(x, 0.5)), floor(add(x, 0.5))));

const kernels: Readonly<Record<4 | 5, Readonly<Partial<Record<Mode, Kernel>>>>> = {
  4: { bilinear: linear, nearest: nearestPixel, bicubic: cubicKernel() },
  5: { bilinear: linear, nearest: nearestVoxel },
};

/** One expression per tap, evaluated and put side by side: [N, P] to [N, T, P]. */
function each(position: Tensor, taps: readonly Expr[]): Tensor {
  const rows = taps.map((expr) => fuseMap('gridSample', expr, [position]).unsqueeze(1) as Tensor);
  return rows.length === 1 ? rows[0]! : (cat(rows, 1) as Tensor);
}

/** The taps along one dimension. Positions are brought inside the image before there are taps, or `late` each tap is. */
function samplesOf(grid: Tensor, axis: GridAxis, kernel: Kernel, late: boolean): Samples {
  const position = positionsOf(grid, axis);
  const { at, weight } = kernel;
  if (!late) {
    const bounded = inside(position, axis);
    return { at: each(bounded.detach(), at), weight: each(bounded, weight) };
  }
  return { at: inside(each(position.detach(), at), axis), weight: each(position, weight) };
}

const withinRange = logicalAnd(ge(x, 0), le(x, param(0)));
/** An entry that exists, whatever the position: comparisons with NaN are false. */
const existing = where(gt(x, 0), where(lt(x, param(0)), x, param(0)), 0);

const [value, weight, known] = [input(0), input(1), input(2)];
/** A pixel outside counts as 0; for volumes (`skipped`) and the nearest pixel, even when its weight is NaN. */
const counted = mul(where(known, value, 0), weight);
const skipped = where(known, mul(value, weight), 0);

function checkCall(t: Tensor, grid: Tensor, options: GridSampleOptions): Required<Pick<GridSampleOptions, 'mode' | 'paddingMode'>> {
  const op = 'gridSample';
  const { mode = 'bilinear', paddingMode = 'zeros' } = options;
  if (!Object.hasOwn(kernels[4], mode)) throw new ValueError(`${op}: unknown mode '${mode as string}'; it is bilinear, nearest or bicubic`);
  if (paddingMode !== 'zeros' && paddingMode !== 'border' && paddingMode !== 'reflection') {
    throw new ValueError(`${op}: unknown paddingMode '${paddingMode as string}'; it is zeros, border or reflection`);
  }
  if (t.ndim !== 4 && t.ndim !== 5) {
    throw new ShapeError(`${op}: the input has shape ${show(t.shape)}, expected [N, C, H, W] or [N, C, D, H, W]`);
  }
  const pair = `input ${show(t.shape)} and grid ${show(grid.shape)}`;
  if (grid.ndim !== t.ndim || grid.shape[t.ndim - 1] !== t.ndim - 2) {
    throw new ShapeError(`${op}: ${pair}: expected a grid ${t.ndim === 4 ? '[N, OH, OW, 2]' : '[N, OD, OH, OW, 3]'}`);
  }
  if (grid.shape[0] !== t.shape[0]) throw new ShapeError(`${op}: ${pair}: batches differ (dimension 0)`);
  t.shape.slice(2).forEach((n, d) => {
    if (n === 0) throw new ShapeError(`${op}: input ${show(t.shape)} has empty images (dimension ${d + 2})`);
  });
  if (mode === 'bicubic' && t.ndim === 5) throw new ValueError(`${op}: mode 'bicubic' is for images, not for volumes ${show(t.shape)}`);
  if (!isFloating(t.dtype)) throw new DTypeError(`${op}: not defined for ${t.dtype}; convert with to('float32')`);
  if (grid.dtype !== t.dtype) throw new DTypeError(`${op}: the input is ${t.dtype} but the grid is ${grid.dtype}; convert one with to()`);
  return { mode, paddingMode };
}

/**
 * Pixels of an image at the positions in a grid, which runs from -1 to 1 across each dimension (Jaderberg et al. 2015, spatial
 * transformer networks).
 *
 * @param t [N, C, H, W], or volumes [N, C, D, H, W]
 * @param grid [N, OH, OW, 2] with x (along W) before y, or [N, OD, OH, OW, 3] with x, y, z
 * @returns [N, C, OH, OW] or [N, C, OD, OH, OW]
 * @throws ShapeError when shapes do not fit; ValueError for an unknown mode, or bicubic volumes; DTypeError unless both are of
 * one floating dtype
 * @example
 * ```ts
 * gridSample(images, affineGrid(theta, images.shape), { paddingMode: 'border' });
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
 */
export function gridSample(t: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  const { mode, paddingMode } = checkCall(t, grid, options);
  const sizes = t.shape.slice(2);
  const [n, c] = t.shape as readonly [number, number];
  const outputs = grid.shape.slice(1, -1);
  const p = sizeOf(outputs);
  const axis = (d: number): GridAxis => ({
    size: sizes[d]!,
    alignCorners: options.alignCorners ?? false,
    padding: paddingMode,
    nanAt: t.ndim === 4 ? 'first' : 'last',
  });
  // The grid names dimensions from the last.
  const coordinates = sizes.map((_, d) => grid.select(-1, sizes.length - 1 - d).reshape([n, p]) as Tensor);
  const kernel = kernels[t.ndim as 4 | 5][mode]!;
  const taps = sizes.map((_, d) => samplesOf(coordinates[d]!, axis(d), kernel, mode === 'bicubic'));
  // Each combination of the taps of all dimensions is one pixel: [N, T.., P], by broadcasting.
  const counts = taps.map((s) => s.at.shape[1]!);
  const along = (m: Tensor, d: number): Tensor => m.reshape([n, ...counts.map((k, e) => (e === d ? k : 1)), p]) as Tensor;
  const pixel = (s: Samples, d: number): Tensor => along(fuseMap('gridSample', existing, [s.at], [sizes[d]! - 1]).to('int64') as Tensor, d);
  const pixels = taps.map(pixel).reduce((at, next, d) => at.mul(sizes[d]!).add(next) as Tensor);
  const weights = taps.map((s, d) => along(s.weight, d)).reduce((a, b) => a.mul(b) as Tensor);
  const total = sizeOf(counts) * p;
  const places = (pixels.reshape([n, 1, total]) as Tensor).expand([n, c, total]);
  const values = gatherAlong(t.reshape([n, c, sizeOf(sizes)]) as Tensor, 2, places, 'gridSample');
  const parts = [values.reshape([n, c, sizeOf(counts), p]) as Tensor, weights.reshape([n, 1, sizeOf(counts), p]) as Tensor];
  let expr = mul(value, weight);
  if (paddingMode === 'zeros') {
    const within = (s: Samples, d: number): Tensor => along(fuseMap('gridSample', withinRange, [s.at], [sizes[d]! - 1]), d);
    const mask = taps.map(within).reduce((a, b) => a.mul(b) as Tensor);
    parts.push(mask.reshape([n, 1, sizeOf(counts), p]) as Tensor);
    expr = t.ndim === 4 ? counted : skipped;
  }
  return fuseSum('gridSample', expr, parts, [], { dims: [2] }).reshape([n, c, ...outputs]) as Tensor;
}

/** Options of {@link affineGrid}. */
export interface AffineGridOptions {
  /** Whether -1 and 1 are the centers of the corner pixels instead of the corners of the image. Default false. */
  alignCorners?: boolean | null;
}

/** n positions from -1 to 1: centers of pixels, or with aligned corners the ends included. */
function line(n: number, alignCorners: boolean): number[] {
  if (n === 1) return [0];
  return Array.from({ length: n }, (_, i) => ((2 * i - (n - 1)) / (n - 1)) * (alignCorners ? 1 : (n - 1) / n));
}

/**
 * The grid of an affine map for {@link gridSample}: where each pixel of the result comes from.
 *
 * @param theta [N, 2, 3], or [N, 3, 4] for volumes
 * @param size the result's [N, C, H, W], or [N, C, D, H, W]
 * @returns [N, H, W, 2], or [N, D, H, W, 3]
 * @throws ShapeError when `theta` does not fit the size; ValueError for a size with a dimension below 1; DTypeError unless theta is
 * floating
 * @example
 * ```ts
 * affineGrid(tensor([[[1, 0, 0], [0, 1, 0]]]), [1, 1, 2, 2]); // where the pixels are: ±0.5
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
 */
export function affineGrid(theta: Tensor, size: readonly number[], options: AffineGridOptions = {}): Tensor {
  const op = 'affineGrid';
  if (!isFloating(theta.dtype)) throw new DTypeError(`${op}: theta must be floating, got ${theta.dtype}`);
  if (size.length !== 4 && size.length !== 5) {
    throw new ShapeError(`${op}: the size ${show(size)} must be [N, C, H, W] or [N, C, D, H, W]`);
  }
  if (!size.every((n) => Number.isInteger(n) && n > 0)) throw new ValueError(`${op}: sizes must be positive integers, got ${show(size)}`);
  const rank = size.length - 2;
  const n = size[0]!;
  if (theta.ndim !== 3 || theta.shape[0] !== n || theta.shape[1] !== rank || theta.shape[2] !== rank + 1) {
    throw new ShapeError(`${op}: theta has shape ${show(theta.shape)}, expected [${n}, ${rank}, ${rank + 1}] for size ${show(size)}`);
  }
  const spatial = size.slice(2);
  const lines = spatial.map((length) => line(length, options.alignCorners ?? false));
  const points = sizeOf(spatial);
  // Homogeneous coordinates of every pixel: x, y, (z,) 1.
  const base = new Float64Array(points * (rank + 1));
  for (let i = 0; i < points; i++) {
    let rest = i;
    for (let d = rank - 1; d >= 0; d--) {
      base[i * (rank + 1) + rank - 1 - d] = lines[d]![rest % spatial[d]!]!;
      rest = Math.floor(rest / spatial[d]!);
    }
    base[i * (rank + 1) + rank] = 1;
  }
  const values = theta.dtype === 'float32' ? Float32Array.from(base) : base;
  const pixels = fromBuffer(values, theta.dtype, [points, rank + 1], { device: theta.device });
  return matmul(pixels, theta.mT as Tensor).reshape([n, ...spatial, rank]) as Tensor;
}
