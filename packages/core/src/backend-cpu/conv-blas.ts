import type { Conv2dGeometry, View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { isContiguous } from '../layout.ts';
import { rowCopier } from '../wasm/rows.ts';
import { type Blas, type BlasDType, packed } from './blas.ts';
import { Columns, isSource, type Reading, Scratch } from './columns.ts';
import { type Phase, phases } from './conv-phases.ts';

// Convolution as products of a library (Chellapilla et al. 2006, "im2col"): a matrix with a column for each position of
// the output and a row for each tap is written for as many images, or rows of an image, as stay in the cache.

const productScratch = new Scratch();
const slopeScratch = new Scratch();

/** The view itself when its planes are dense and apart, as libraries and copies by rows need them; else a copy. */
function planar(v: View): View {
  const [, channels, height, width] = v.shape as readonly [number, number, number, number];
  const [, cs] = v.strides as readonly [number, number];
  const dense = isContiguous([height, width], v.strides.slice(2)) && (channels === 1 || cs >= height * width);
  return dense ? v : packed(v, 4);
}

/** Where the results of positions go: planes of the result, `start` and `step` rows and columns apart. */
interface Placing {
  readonly out: TypedArray;
  readonly shape: readonly number[];
  /** First of the result's channels. */
  readonly to: number;
  readonly start: readonly [number, number];
  readonly step: readonly [number, number];
}

/** The matrix of weights of a group: `m` rows, as deep as the columns. */
interface Weights {
  readonly data: TypedArray;
  readonly offset: number;
  readonly ld: number;
  readonly m: number;
}

/** Products of weights and columns, written where they belong. */
function correlate(blas: Blas, w: Weights, reading: Reading, p: Placing): void {
  const { source, cols } = reading;
  const dtype = source.dtype as BlasDType;
  const [images, channels, height, width] = p.shape as readonly [number, number, number, number];
  const plane = height * width;
  const dense = p.step[0] === 1 && p.step[1] === 1;
  if (dense && isSource(reading)) {
    const [ns, cs] = source.strides as readonly [number, number];
    const ld = Math.max(cs, plane);
    for (let n = 0; n < images; n++) {
      const at = source.offset + n * ns + reading.from * cs;
      const to = (n * channels + p.to) * plane;
      const b = source.handle as TypedArray;
      blas.gemm(dtype, false, false, w.m, plane, reading.channels, w.data, w.offset, w.ld, b, at, ld, 0, p.out, to, plane);
    }
    return;
  }
  const matrix = new Columns(reading, w.m);
  const straight = dense && matrix.tile.images === 1;
  const ldc = straight ? plane : matrix.ld;
  const result = straight ? p.out : productScratch.take(dtype, w.m * ldc);
  const copy = rowCopier(result, p.out);
  matrix.each((n0, count, r0, n) => {
    const at = straight ? (n0 * channels + p.to) * plane + r0 * cols : 0;
    blas.gemm(dtype, false, false, w.m, n, matrix.depth, w.data, w.offset, w.ld, matrix.data, 0, matrix.ld, 0, result, at, ldc);
    if (straight) return;
    const size = n / count;
    for (let i = 0; i < count; i++) {
      const to = ((n0 + i) * channels + p.to) * plane;
      if (dense) copy(i * size, ldc, to + r0 * cols, plane, w.m, size);
      else {
        for (let m = 0; m < w.m; m++) {
          let from = m * ldc + i * size;
          for (let r = r0; r < r0 + size / cols; r++) {
            const row = to + m * plane + (p.start[0] + r * p.step[0]) * width + p.start[1];
            for (let q = 0; q < cols; q++) p.out[row + q * p.step[1]] = result[from++]!;
          }
        }
      }
    }
  });
}

/** Where the taps of a convolution lie from the position of the first, in padded coordinates. */
const shifts = (taps: number, dilation: number, padding: number): number[] =>
  Array.from({ length: taps }, (_, k) => k * dilation - padding);

/** What the columns of a convolution and of the gradient of its weight read. */
function convolved(
  x: View,
  g: Conv2dGeometry,
  kernel: readonly number[],
  size: readonly number[],
  channels: number,
  group: number,
): Reading {
  return {
    source: x,
    from: group * channels,
    channels,
    vertical: shifts(kernel[0]!, g.dilation[0], g.padding[0]),
    horizontal: shifts(kernel[1]!, g.dilation[1], g.padding[1]),
    rows: size[0]!,
    cols: size[1]!,
    stride: g.stride,
  };
}

/** x [N, C, H, W] * weight [O, C/groups, KH, KW] into `out` of `shape` [N, O, OH, OW]; nothing is empty. */
export function blasConv2d(blas: Blas, x: View, weight: View, g: Conv2dGeometry, out: TypedArray, shape: readonly number[]): void {
  const source = planar(x);
  const [outputs, channels, ...kernel] = weight.shape as readonly [number, number, number, number];
  const w = isContiguous(weight.shape, weight.strides) ? weight : packed(weight, 4);
  const m = outputs / g.groups;
  const ld = channels * kernel[0]! * kernel[1]!;
  for (let group = 0; group < g.groups; group++) {
    const weights = { data: w.handle as TypedArray, offset: w.offset + group * m * ld, ld, m };
    const placing: Placing = { out, shape, to: group * m, start: [0, 0], step: [1, 1] };
    correlate(blas, weights, convolved(source, g, kernel, shape.slice(2), channels, group), placing);
  }
}

/**
 * Gradient in the input: grad [N, O, OH, OW], weight [O, C/groups, KH, KW] into `out` of `shape` [N, C, H, W]. Positions
 * that no tap reaches are left as they are.
 */
export function blasConv2dInputGrad(
  blas: Blas,
  grad: View,
  weight: View,
  g: Conv2dGeometry,
  out: TypedArray,
  shape: readonly number[],
): void {
  const source = planar(grad);
  const [outputs, m, kh, kw] = weight.shape as readonly [number, number, number, number];
  const channels = outputs / g.groups;
  const reached = (p: Phase): boolean => p.taps.length > 0;
  const vertical = phases(shape[2]!, kh, g.stride[0], g.padding[0], g.dilation[0]).filter(reached);
  const horizontal = phases(shape[3]!, kw, g.stride[1], g.padding[1], g.dilation[1]).filter(reached);
  for (const v of vertical) {
    for (const h of horizontal) {
      for (let group = 0; group < g.groups; group++) {
        const reading: Reading = {
          source,
          from: group * channels,
          channels,
          vertical: v.shifts.map((s) => s - v.before),
          horizontal: h.shifts.map((s) => s - h.before),
          rows: v.count,
          cols: h.count,
          stride: [1, 1],
        };
        const weights = turned(weight, group * channels, channels, v.taps, h.taps);
        correlate(blas, weights, reading, { out, shape, to: group * m, start: [v.start, h.start], step: g.stride });
      }
    }
  }
}

/** The weights of some taps, with a row for each channel of the input. */
function turned(weight: View, from: number, channels: number, vertical: readonly number[], horizontal: readonly number[]): Weights {
  const m = weight.shape[1]!;
  const [os, cs, hs, ws] = weight.strides as readonly [number, number, number, number];
  const from0 = weight.handle as TypedArray;
  const ld = channels * vertical.length * horizontal.length;
  const data = allocate(weight.dtype, m * ld);
  let at = 0;
  for (let c = 0; c < m; c++) {
    for (let o = 0; o < channels; o++) {
      const base = weight.offset + (from + o) * os + c * cs;
      for (const i of vertical) for (const j of horizontal) data[at++] = from0[base + i * hs + j * ws]!;
    }
  }
  return { data, offset: 0, ld, m };
}

/** Gradient in the weight: grad [N, O, OH, OW], x [N, C, H, W] into `out` of `shape` [O, C/groups, KH, KW]; nothing is empty. */
export function blasConv2dWeightGrad(blas: Blas, grad: View, x: View, g: Conv2dGeometry, out: TypedArray, shape: readonly number[]): void {
  const [source, slopes] = [planar(x), planar(grad)];
  const dtype = source.dtype as BlasDType;
  const [outputs, channels, ...kernel] = shape as readonly [number, number, number, number];
  const [images, , ...size] = grad.shape as readonly [number, number, number, number];
  const plane = size[0]! * size[1]!;
  const m = outputs / g.groups;
  const [ns, cs] = slopes.strides as readonly [number, number];
  const lds = Math.max(cs, plane);
  const slope = slopes.handle as TypedArray;
  for (let group = 0; group < g.groups; group++) {
    const reading = convolved(source, g, kernel, size, channels, group);
    const first = slopes.offset + group * m * cs;
    if (isSource(reading)) {
      const [xns, xcs] = source.strides as readonly [number, number];
      const ldx = Math.max(xcs, plane);
      for (let n = 0; n < images; n++) {
        const [a, b] = [first + n * ns, source.offset + n * xns + reading.from * xcs];
        const x = source.handle as TypedArray;
        blas.gemm(dtype, false, true, m, channels, plane, slope, a, lds, x, b, ldx, n === 0 ? 0 : 1, out, group * m * channels, channels);
      }
      continue;
    }
    const matrix = new Columns(reading, m);
    const { depth, ld, tile } = matrix;
    const gathered = tile.images === 1 ? slope : slopeScratch.take(dtype, m * ld);
    const gather = rowCopier(slope, gathered);
    let beta: 0 | 1 = 0;
    matrix.each((n0, count, r0, n) => {
      if (tile.images > 1) for (let i = 0; i < count; i++) gather(first + (n0 + i) * ns, lds, i * plane, ld, m, plane);
      const [a, lda] = tile.images > 1 ? [0, ld] : [first + n0 * ns + r0 * size[1]!, lds];
      blas.gemm(dtype, false, true, m, depth, n, gathered, a, lda, matrix.data, 0, ld, beta, out, group * m * depth, depth);
      beta = 1;
    });
  }
}
