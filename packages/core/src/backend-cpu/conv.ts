import type { Conv2dGeometry, View } from '../backend.ts';
import { Declined } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { isFloating } from '../dtype.ts';
import { sizeOf } from '../layout.ts';
import { blasFor } from './blas.ts';
import { blasConv2d, blasConv2dInputGrad, blasConv2dWeightGrad } from './conv-blas.ts';
import { phases } from './conv-phases.ts';
import { runtimeFor, wasmConv2d, wasmConv2dInputGrad, wasmConv2dWeightGrad } from './conv-wasm.ts';
import { gemm, type Pack, packStrided, tile } from './matmul.ts';

// Convolution as a matrix product whose right operand is never stored: the panels that the product packs are read
// straight from a padded copy of a few images (Chellapilla et al. 2006, "im2col", done implicitly as in cuDNN 2014).

type Make = (dtype: DType, n: number) => TypedArray;

/** Columns that make a product worth its packing: small images are taken several at a time. */
const enoughColumns = 512;
/** Elements of padded images (and gradients) that one step of the weight gradient works on. */
const chunkElements = 2 ** 18;
/** Fewer rows than this are computed without packing: a packed tile would be mostly empty. */
const fewRows = 4;

/** A window on an image, possibly larger than it: where its first row and column land, and the size around them. */
interface Frame {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Copies channels [from, from + count) of image n into a zeroed frame at `at`. What lies outside the frame is dropped. */
function loadImage(dst: Float64Array, at: number, src: View, n: number, from: number, count: number, f: Frame): void {
  const data = src.handle as TypedArray;
  const [, , height, width] = src.shape as readonly [number, number, number, number];
  const [ns, cs, hs, ws] = src.strides as readonly [number, number, number, number];
  const h0 = Math.max(0, -f.top);
  const h1 = Math.min(height, f.height - f.top);
  const w0 = Math.max(0, -f.left);
  const w1 = Math.min(width, f.width - f.left);
  for (let c = 0; c < count; c++) {
    for (let h = h0; h < h1; h++) {
      let p = at + (c * f.height + h + f.top) * f.width + w0 + f.left;
      let q = src.offset + n * ns + (from + c) * cs + h * hs + w0 * ws;
      if (ws === 1) for (let w = w0; w < w1; w++) dst[p++] = data[q++]!;
      else for (let w = w0; w < w1; w++, q += ws) dst[p++] = data[q]!;
    }
  }
}

/** Packs a matrix whose element (line, k) is `data[lines[line] + depths[k]]`. */
function packTable(data: Float64Array, lines: Int32Array, depths: Int32Array): Pack {
  return (dst, first, count, k, kn) => {
    for (let l = 0; l < count; l += 4) {
      let at = Math.floor(l / tile) * tile * kn + (l % tile);
      const line = first + l;
      if (l + 4 <= count) {
        const q0 = lines[line]!;
        const q1 = lines[line + 1]!;
        const q2 = lines[line + 2]!;
        const q3 = lines[line + 3]!;
        for (let p = k; p < k + kn; p++, at += tile) {
          const d = depths[p]!;
          dst[at] = data[q0 + d]!;
          dst[at + 1] = data[q1 + d]!;
          dst[at + 2] = data[q2 + d]!;
          dst[at + 3] = data[q3 + d]!;
        }
      } else {
        for (let p = k; p < k + kn; p++, at += tile) {
          for (let t = 0; t < 4; t++) dst[at + t] = l + t < count ? data[lines[line + t]! + depths[p]!]! : 0;
        }
      }
    }
  };
}

/** Offsets of `rows` x `cols` points, `rs` and `cs` apart, in `count` planes. */
function grid(count: number, plane: number, rows: number, rs: number, cols: number, cs: number): Int32Array {
  const out = new Int32Array(count * rows * cols);
  let at = 0;
  for (let c = 0; c < count; c++) {
    for (let r = 0; r < rows; r++) for (let i = 0; i < cols; i++) out[at++] = c * plane + r * rs + i * cs;
  }
  return out;
}

/** `offsets` once for each of `count` images that lie `step` apart. */
function repeated(offsets: Int32Array, count: number, step: number): Int32Array {
  if (count === 1) return offsets;
  const out = new Int32Array(count * offsets.length);
  for (let n = 0, at = 0; n < count; n++) for (let p = 0; p < offsets.length; p++) out[at++] = n * step + offsets[p]!;
  return out;
}

/** out[n, to + m, writes[p]] = Σ_k weights[m, k] · frame(source image n)[reads[p] + taps[k]]. */
interface Correlation {
  readonly weights: Float64Array;
  readonly rows: number;
  readonly taps: Int32Array;
  readonly reads: Int32Array;
  /** null: column p lands at p. */
  readonly writes: Int32Array | null;
  readonly source: View;
  /** First of the source's channels, and how many. */
  readonly from: number;
  readonly channels: number;
  readonly frame: Frame;
  /** First of the result's channels. */
  readonly to: number;
}

function correlate(c: Correlation, out: TypedArray, shape: readonly number[]): void {
  const images = shape[0]!;
  const plane = shape[2]! * shape[3]!;
  const columns = c.reads.length;
  const depth = c.taps.length;
  const framed = c.channels * c.frame.height * c.frame.width;
  const step = Math.min(images, Math.ceil(enoughColumns / columns));
  const frames = new Float64Array(step * framed);
  const straight = step === 1 && c.writes === null;
  const result = straight ? out : new Float64Array(c.rows * step * columns);
  for (let n0 = 0; n0 < images; n0 += step) {
    const count = Math.min(step, images - n0);
    for (let n = 0; n < count; n++) loadImage(frames, n * framed, c.source, n0 + n, c.from, c.channels, c.frame);
    const reads = repeated(c.reads, count, framed);
    const width = reads.length;
    const at = straight ? (n0 * shape[1]! + c.to) * plane : 0;
    if (c.rows < fewRows) correlateRows(c, frames, reads, result, at);
    else gemm(packStrided(c.weights, 0, depth, 1), packTable(frames, reads, c.taps), result, at, width, 1, c.rows, width, depth);
    if (straight) continue;
    for (let n = 0; n < count; n++) {
      for (let m = 0; m < c.rows; m++) {
        const target = ((n0 + n) * shape[1]! + c.to + m) * plane;
        const from = m * width + n * columns;
        if (c.writes === null) for (let p = 0; p < columns; p++) out[target + p] = result[from + p]!;
        else for (let p = 0; p < columns; p++) out[target + c.writes[p]!] = result[from + p]!;
      }
    }
  }
}

/** The product for few rows, four columns at a time, nothing packed. */
function correlateRows(c: Correlation, frames: Float64Array, reads: Int32Array, result: TypedArray, at: number): void {
  const { weights, taps, rows } = c;
  const depth = taps.length;
  const width = reads.length;
  for (let m = 0; m < rows; m++) {
    const w = m * depth;
    const to = at + m * width;
    let p = 0;
    for (; p + 4 <= width; p += 4) {
      const q0 = reads[p]!;
      const q1 = reads[p + 1]!;
      const q2 = reads[p + 2]!;
      const q3 = reads[p + 3]!;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0; k < depth; k++) {
        const v = weights[w + k]!;
        const d = taps[k]!;
        s0 += v * frames[q0 + d]!;
        s1 += v * frames[q1 + d]!;
        s2 += v * frames[q2 + d]!;
        s3 += v * frames[q3 + d]!;
      }
      result[to + p] = s0;
      result[to + p + 1] = s1;
      result[to + p + 2] = s2;
      result[to + p + 3] = s3;
    }
    for (; p < width; p++) {
      let s = 0;
      for (let k = 0; k < depth; k++) s += weights[w + k]! * frames[reads[p]! + taps[k]!]!;
      result[to + p] = s;
    }
  }
}

const unsupported = (v: View): Declined | null =>
  isFloating(v.dtype) ? null : new Declined(`the fused convolution takes float32 and float64, not ${v.dtype}`);

/** x [N, C, H, W] * weight [O, C/groups, KH, KW] → `shape` [N, O, OH, OW]. */
export function runConv2d(x: View, weight: View, g: Conv2dGeometry, shape: readonly number[], make: Make): TypedArray | Declined {
  const refused = unsupported(x);
  if (refused !== null) return refused;
  const [, , kh, kw] = weight.shape as readonly [number, number, number, number];
  const channels = weight.shape[1]!;
  const rows = weight.shape[0]! / g.groups;
  const [oh, ow] = [shape[2]!, shape[3]!];
  const out = make(x.dtype, sizeOf(shape));
  if (out.length === 0) return out;
  if (sizeOf(weight.shape) === 0) return out.fill(0);
  const blas = blasFor(x.dtype, rows, shape[0]! * oh * ow, channels * kh * kw);
  if (blas !== null) {
    blasConv2d(blas, x, weight, g, out, shape);
    return out;
  }
  const wasm = runtimeFor(x.dtype, out.length * channels * kh * kw);
  if (wasm !== null && wasmConv2d(wasm, x, weight, g, out, shape)) return out;
  const frame: Frame = {
    top: g.padding[0],
    left: g.padding[1],
    height: (oh - 1) * g.stride[0] + (kh - 1) * g.dilation[0] + 1,
    width: (ow - 1) * g.stride[1] + (kw - 1) * g.dilation[1] + 1,
  };
  const taps = grid(channels, frame.height * frame.width, kh, g.dilation[0] * frame.width, kw, g.dilation[1]);
  const reads = grid(1, 0, oh, g.stride[0] * frame.width, ow, g.stride[1]);
  for (let group = 0; group < g.groups; group++) {
    const weights = new Float64Array(rows * taps.length);
    const whole = { top: 0, left: 0, height: kh, width: kw };
    for (let m = 0; m < rows; m++) loadImage(weights, m * taps.length, weight, group * rows + m, 0, channels, whole);
    const from = group * channels;
    correlate({ weights, rows, taps, reads, writes: null, source: x, from, channels, frame, to: group * rows }, out, shape);
  }
  return out;
}

/** Gradient of the convolution in its input: grad [N, O, OH, OW], weight [O, C/groups, KH, KW] → `shape` [N, C, H, W]. */
export function runConv2dInputGrad(
  grad: View,
  weight: View,
  g: Conv2dGeometry,
  shape: readonly number[],
  make: Make,
): TypedArray | Declined {
  const refused = unsupported(grad);
  if (refused !== null) return refused;
  const [, rows, kh, kw] = weight.shape as readonly [number, number, number, number];
  const channels = weight.shape[0]! / g.groups;
  const [height, width] = [shape[2]!, shape[3]!];
  const out = make(grad.dtype, sizeOf(shape));
  if (out.length === 0) return out;
  const vertical = phases(height, kh, g.stride[0], g.padding[0], g.dilation[0]);
  const horizontal = phases(width, kw, g.stride[1], g.padding[1], g.dilation[1]);
  const covered = [...vertical, ...horizontal].every((p) => p.taps.length > 0) && sizeOf(grad.shape) > 0;
  if (!covered) out.fill(0);
  if (sizeOf(grad.shape) === 0) return out;
  const blas = blasFor(grad.dtype, rows, sizeOf(grad.shape) / grad.shape[1]!, channels * kh * kw);
  if (blas !== null) {
    blasConv2dInputGrad(blas, grad, weight, g, out, shape);
    return out;
  }
  const wasm = runtimeFor(grad.dtype, sizeOf(grad.shape) * rows * kh * kw);
  if (wasm !== null && wasmConv2dInputGrad(wasm, grad, weight, g, out, shape)) return out;
  const data = weight.handle as TypedArray;
  const [os, cs, hs, ws] = weight.strides as readonly [number, number, number, number];
  for (const v of vertical) {
    for (const h of horizontal) {
      if (v.taps.length === 0 || h.taps.length === 0) continue;
      const frame: Frame = { top: v.before, left: h.before, height: v.length, width: h.length };
      const taps = new Int32Array(channels * v.taps.length * h.taps.length);
      let at = 0;
      for (let o = 0; o < channels; o++) {
        for (const a of v.shifts) for (const b of h.shifts) taps[at++] = (o * frame.height + a) * frame.width + b;
      }
      const reads = grid(1, 0, v.count, frame.width, h.count, 1);
      const dense = g.stride[0] === 1 && g.stride[1] === 1;
      const writes = dense ? null : grid(1, 0, v.count, g.stride[0] * width, h.count, g.stride[1]);
      if (writes !== null) for (let p = 0; p < writes.length; p++) writes[p]! += v.start * width + h.start;
      for (let group = 0; group < g.groups; group++) {
        const weights = new Float64Array(rows * taps.length);
        at = 0;
        for (let c = 0; c < rows; c++) {
          for (let o = 0; o < channels; o++) {
            const base = weight.offset + (group * channels + o) * os + c * cs;
            for (const i of v.taps) for (const j of h.taps) weights[at++] = data[base + i * hs + j * ws]!;
          }
        }
        const from = group * channels;
        correlate({ weights, rows, taps, reads, writes, source: grad, from, channels, frame, to: group * rows }, out, shape);
      }
    }
  }
  return out;
}

/** Gradient of the convolution in its weight: grad [N, O, OH, OW], x [N, C, H, W] → `shape` [O, C/groups, KH, KW]. */
export function runConv2dWeightGrad(grad: View, x: View, g: Conv2dGeometry, shape: readonly number[], make: Make): TypedArray | Declined {
  const refused = unsupported(x);
  if (refused !== null) return refused;
  const [outputs, channels, kh, kw] = shape as readonly [number, number, number, number];
  const [images, , oh, ow] = grad.shape as readonly [number, number, number, number];
  const rows = outputs / g.groups;
  const out = make(x.dtype, sizeOf(shape));
  if (out.length === 0) return out;
  if (sizeOf(grad.shape) === 0) return out.fill(0);
  const blas = blasFor(x.dtype, rows, channels * kh * kw, images * oh * ow);
  if (blas !== null) {
    blasConv2dWeightGrad(blas, grad, x, g, out, shape);
    return out;
  }
  const wasm = runtimeFor(x.dtype, sizeOf(grad.shape) * channels * kh * kw);
  if (wasm !== null && wasmConv2dWeightGrad(wasm, grad, x, g, out, shape)) return out;
  const frame: Frame = {
    top: g.padding[0],
    left: g.padding[1],
    height: (oh - 1) * g.stride[0] + (kh - 1) * g.dilation[0] + 1,
    width: (ow - 1) * g.stride[1] + (kw - 1) * g.dilation[1] + 1,
  };
  const whole: Frame = { top: 0, left: 0, height: oh, width: ow };
  const framed = channels * frame.height * frame.width;
  const sloped = rows * oh * ow;
  const step = Math.max(1, Math.min(images, Math.floor(chunkElements / (framed + sloped))));
  const frames = new Float64Array(step * framed);
  const slopes = new Float64Array(step * sloped);
  const taps = grid(channels, frame.height * frame.width, kh, g.dilation[0] * frame.width, kw, g.dilation[1]);
  const reads = grid(1, 0, oh, g.stride[0] * frame.width, ow, g.stride[1]);
  const outs = grid(rows, oh * ow, 1, 0, 1, 0);
  const pixels = grid(1, 0, 1, 0, oh * ow, 1);
  const part = new Float64Array(rows * taps.length);
  for (let group = 0; group < g.groups; group++) {
    const total = new Float64Array(part.length);
    for (let n0 = 0; n0 < images; n0 += step) {
      const count = Math.min(step, images - n0);
      for (let n = 0; n < count; n++) {
        loadImage(frames, n * framed, x, n0 + n, group * channels, channels, frame);
        loadImage(slopes, n * sloped, grad, n0 + n, group * rows, rows, whole);
      }
      const at = repeated(reads, count, framed);
      const from = repeated(pixels, count, sloped);
      if (rows < fewRows) weightRows(slopes, outs, from, frames, taps, at, part);
      else {
        const packA = packTable(slopes, outs, from);
        gemm(packA, packTable(frames, taps, at), part, 0, taps.length, 1, rows, taps.length, at.length);
      }
      for (let i = 0; i < part.length; i++) total[i]! += part[i]!;
    }
    for (let i = 0; i < total.length; i++) out[group * total.length + i] = total[i]!;
  }
  return out;
}

/** part[o, k] = Σ_p slopes[outs[o] + from[p]] · frames[taps[k] + at[p]], four taps at a time. */
function weightRows(
  slopes: Float64Array,
  outs: Int32Array,
  from: Int32Array,
  frames: Float64Array,
  taps: Int32Array,
  at: Int32Array,
  part: Float64Array,
): void {
  for (let o = 0; o < outs.length; o++) {
    const slope = outs[o]!;
    const row = o * taps.length;
    let k = 0;
    for (; k + 4 <= taps.length; k += 4) {
      const [t0, t1, t2, t3] = [taps[k]!, taps[k + 1]!, taps[k + 2]!, taps[k + 3]!];
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let p = 0; p < at.length; p++) {
        const v = slopes[slope + from[p]!]!;
        const q = at[p]!;
        s0 += v * frames[q + t0]!;
        s1 += v * frames[q + t1]!;
        s2 += v * frames[q + t2]!;
        s3 += v * frames[q + t3]!;
      }
      part[row + k] = s0;
      part[row + k + 1] = s1;
      part[row + k + 2] = s2;
      part[row + k + 3] = s3;
    }
    for (; k < taps.length; k++) {
      let s = 0;
      for (let p = 0; p < at.length; p++) s += slopes[slope + from[p]!]! * frames[at[p]! + taps[k]!]!;
      part[row + k] = s;
    }
  }
}
