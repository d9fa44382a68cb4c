import type { Conv2dGeometry, View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { contiguousStrides, isContiguous } from '../layout.ts';
import { rowCopier } from '../wasm/rows.ts';
import { type Blas, type BlasDType, packed } from './blas.ts';
import { Columns, isWhole, type Meeting, Scratch, type Tile } from './columns.ts';

// Convolution as products of a library, with the images of x and of its gradient as matrices of columns.

const gathered = new Scratch();

/** The view itself when its planes are dense and apart, as libraries and copies of rows need them; else a copy. */
function planar(v: View): View {
  const [, channels, height, width] = v.shape as readonly [number, number, number, number];
  const dense = isContiguous([height, width], v.strides.slice(2)) && (channels === 1 || v.strides[1]! >= height * width);
  return dense ? v : packed(v, 4);
}

/** What the columns of a group are made of. */
function meeting(planes: View, g: Conv2dGeometry, weight: readonly number[], size: readonly number[], group: number): Meeting {
  const [, channels, kh, kw] = weight as readonly [number, number, number, number];
  const taps = (n: number, d: 0 | 1): number[] => Array.from({ length: n }, (_, k) => k * g.dilation[d] - g.padding[d]);
  return {
    planes,
    from: group * channels,
    channels,
    vertical: taps(kh, 0),
    horizontal: taps(kw, 1),
    rows: size[0]!,
    cols: size[1]!,
    stride: g.stride,
  };
}

/** The channels of a group in the images of outputs or their gradients: a matrix [m, positions] for each image. */
class Slopes {
  readonly #view: View;
  readonly #m: number;
  readonly #from: number;
  readonly ld: number;

  constructor(view: View, group: number, m: number) {
    const [, , height, width] = view.shape as readonly [number, number, number, number];
    this.#view = view;
    this.#m = m;
    this.#from = view.offset + group * m * view.strides[1]!;
    this.ld = Math.max(view.strides[1]!, height * width);
  }

  get data(): TypedArray {
    return this.#view.handle as TypedArray;
  }

  at(image: number, row = 0): number {
    return this.#from + image * this.#view.strides[0]! + row * this.#view.shape[3]!;
  }

  /** The matrix of a tile: where it lies when it has one image, else side by side in `to` with rows `ld` apart. */
  of(tile: Tile, to: TypedArray | null, ld: number): { readonly data: TypedArray; readonly at: number; readonly ld: number } {
    if (to === null) return { data: this.data, at: this.at(tile.image, tile.row), ld: this.ld };
    const copy = rowCopier(this.data, to);
    const size = tile.columns / tile.images;
    for (let i = 0; i < tile.images; i++) copy(this.at(tile.image + i), this.ld, i * size, ld, this.#m, size, 1, 0, 0);
    return { data: to, at: 0, ld };
  }

  /** The reverse: puts results side by side where they belong. */
  put(tile: Tile, from: TypedArray, ld: number): void {
    const copy = rowCopier(from, this.data);
    const size = tile.columns / tile.images;
    for (let i = 0; i < tile.images; i++) copy(i * size, ld, this.at(tile.image + i), this.ld, this.#m, size, 1, 0, 0);
  }
}

/** The weights [m, channels, KH, KW] of a group as a matrix for each part of the columns. */
interface Weights {
  readonly data: TypedArray;
  readonly offset: number;
  /** Elements from the matrix of a part to the next. */
  readonly step: number;
}

/** Weights by parts: where they lie when there is one part, else in an array of their own. */
function byParts(w: View, group: number, m: number, parts: number): Weights {
  const [, channels, kh, kw] = w.shape as readonly [number, number, number, number];
  const data = w.handle as TypedArray;
  const size = channels * kh * kw;
  const offset = w.offset + group * m * size;
  if (parts === 1) return { data, offset, step: 0 };
  const out = allocate(w.dtype, m * size);
  rearrange(m, channels, kh, kw, (from, to) => {
    for (let j = 0; j < kw; j++) out[to + j] = data[offset + from + j]!;
  });
  return { data: out, offset: 0, step: m * channels * kw };
}

/** Calls `move` with where each row of taps lies in [m, channels, KH, KW] and in [KH, m, channels, KW]. */
function rearrange(m: number, channels: number, kh: number, kw: number, move: (whole: number, parted: number) => void): void {
  let whole = 0;
  for (let line = 0; line < m * channels; line++) {
    for (let i = 0; i < kh; i++, whole += kw) move(whole, (i * m * channels + line) * kw);
  }
}

function dense(handle: TypedArray, dtype: DType, shape: readonly number[]): View {
  return { handle, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

/** x [N, C, H, W] * weight [O, C/groups, KH, KW] into `out` of `shape` [N, O, OH, OW]; nothing is empty. */
export function blasConv2d(blas: Blas, x: View, weight: View, g: Conv2dGeometry, out: TypedArray, shape: readonly number[]): void {
  const planes = planar(x);
  const dtype = x.dtype as BlasDType;
  const w = isContiguous(weight.shape, weight.strides) ? weight : packed(weight, 4);
  const m = shape[1]! / g.groups;
  for (let group = 0; group < g.groups; group++) {
    const met = meeting(planes, g, weight.shape, shape.slice(2), group);
    const results = new Slopes(dense(out, dtype, shape), group, m);
    if (isWhole(met)) {
      const { data, offset } = byParts(w, group, m, 1);
      const source = new Slopes(planes, group, met.channels);
      for (let n = 0; n < shape[0]!; n++) {
        const k = met.channels;
        blas.gemm(
          dtype,
          false,
          false,
          m,
          results.ld,
          k,
          data,
          offset,
          k,
          source.data,
          source.at(n),
          source.ld,
          0,
          out,
          results.at(n),
          results.ld,
        );
      }
      continue;
    }
    const columns = new Columns(met, m);
    const { depth, ld, parts } = columns;
    const { data, offset, step } = byParts(w, group, m, parts.length);
    const beside = columns.images === 1 ? null : gathered.take(dtype, m * ld);
    columns.each((tile) => {
      columns.load(tile);
      const [c, at, ldc] = beside === null ? [out, results.at(tile.image, tile.row), results.ld] : [beside, 0, ld];
      parts.forEach((part, i) => {
        const beta = i === 0 ? 0 : 1;
        blas.gemm(dtype, false, false, m, tile.columns, depth, data, offset + i * step, depth, columns.data, part, ld, beta, c, at, ldc);
      });
      if (beside !== null) results.put(tile, beside, ld);
    });
  }
}

/** Gradient in the input: grad [N, O, OH, OW], weight [O, C/groups, KH, KW] into `out` of `shape` [N, C, H, W]; nothing is empty. */
export function blasConv2dInputGrad(
  blas: Blas,
  grad: View,
  weight: View,
  g: Conv2dGeometry,
  out: TypedArray,
  shape: readonly number[],
): void {
  const dtype = grad.dtype as BlasDType;
  const planes = dense(out, dtype, shape);
  const w = isContiguous(weight.shape, weight.strides) ? weight : packed(weight, 4);
  const m = grad.shape[1]! / g.groups;
  const outputs = planar(grad);
  for (let group = 0; group < g.groups; group++) {
    const met = meeting(planes, g, weight.shape, grad.shape.slice(2), group);
    const slopes = new Slopes(outputs, group, m);
    if (isWhole(met)) {
      const { data, offset } = byParts(w, group, m, 1);
      const target = new Slopes(planes, group, met.channels);
      for (let n = 0; n < shape[0]!; n++) {
        const k = met.channels;
        blas.gemm(
          dtype,
          true,
          false,
          k,
          target.ld,
          m,
          data,
          offset,
          k,
          slopes.data,
          slopes.at(n),
          slopes.ld,
          0,
          out,
          target.at(n),
          target.ld,
        );
      }
      continue;
    }
    if (group === 0) out.fill(0);
    const columns = new Columns(met, m);
    const { depth, ld, parts } = columns;
    const { data, offset, step } = byParts(w, group, m, parts.length);
    const beside = columns.images === 1 ? null : gathered.take(dtype, m * ld);
    columns.each((tile) => {
      const b = slopes.of(tile, beside, ld);
      // Parts overlap, and are added up.
      if (parts.length > 1) columns.data.fill(0, 0, depth * ld);
      const beta = parts.length > 1 ? 1 : 0;
      parts.forEach((part, i) => {
        blas.gemm(
          dtype,
          true,
          false,
          depth,
          tile.columns,
          m,
          data,
          offset + i * step,
          depth,
          b.data,
          b.at,
          b.ld,
          beta,
          columns.data,
          part,
          ld,
        );
      });
      columns.add(tile);
    });
  }
}

/** Gradient in the weight: grad [N, O, OH, OW], x [N, C, H, W] into `out` of `shape` [O, C/groups, KH, KW]; nothing is empty. */
export function blasConv2dWeightGrad(blas: Blas, grad: View, x: View, g: Conv2dGeometry, out: TypedArray, shape: readonly number[]): void {
  const dtype = x.dtype as BlasDType;
  const [planes, outputs] = [planar(x), planar(grad)];
  const [, channels, kh, kw] = shape as readonly [number, number, number, number];
  const m = shape[0]! / g.groups;
  const size = channels * kh * kw;
  for (let group = 0; group < g.groups; group++) {
    const met = meeting(planes, g, shape, grad.shape.slice(2), group);
    const slopes = new Slopes(outputs, group, m);
    if (isWhole(met)) {
      const source = new Slopes(planes, group, channels);
      const positions = met.rows * met.cols;
      for (let n = 0; n < grad.shape[0]!; n++) {
        const beta = n === 0 ? 0 : 1;
        const [b, c] = [source.at(n), group * m * size];
        blas.gemm(
          dtype,
          false,
          true,
          m,
          channels,
          positions,
          slopes.data,
          slopes.at(n),
          slopes.ld,
          source.data,
          b,
          source.ld,
          beta,
          out,
          c,
          channels,
        );
      }
      continue;
    }
    const columns = new Columns(met, m);
    const { depth, ld, parts } = columns;
    const beside = columns.images === 1 ? null : gathered.take(dtype, m * ld);
    const [sums, at] = parts.length === 1 ? [out, group * m * size] : [allocate(dtype, m * size), 0];
    let beta: 0 | 1 = 0;
    columns.each((tile) => {
      columns.load(tile);
      const a = slopes.of(tile, beside, ld);
      parts.forEach((part, i) => {
        const c = at + i * m * depth;
        blas.gemm(dtype, false, true, m, depth, tile.columns, a.data, a.at, a.ld, columns.data, part, ld, beta, sums, c, depth);
      });
      beta = 1;
    });
    if (parts.length === 1) continue;
    rearrange(m, channels, kh, kw, (to, from) => {
      for (let j = 0; j < kw; j++) out[group * m * size + to + j] = sums[from + j]!;
    });
  }
}
