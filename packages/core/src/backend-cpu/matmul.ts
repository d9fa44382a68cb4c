import type { MatmulRequest, View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { allocate, exactInteger, isFloating } from '../dtype.ts';
import { contiguousStrides, sizeOf } from '../layout.ts';
import { wasmMatmul } from '../wasm/gemm.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';
import { blasFor, blasMatmul } from './blas.ts';
import { type Matrix, smallMatmul } from './small-matmul.ts';

/** Rows and columns of C that the inner loop keeps in registers. */
export const tile = 4;
/** Depth of a panel: two packed panels of this depth stay in the first-level cache. */
const depth = 256;
/** Columns of B packed at a time. */
const width = 512;

/** Fills `dst` with a packed panel, `tile` lines side by side: dst[(line / tile)][k][line % tile], zero beyond the edge. */
export type Pack = (dst: Float64Array, line: number, lines: number, k: number, kn: number) => void;

/** Packs lines of a strided matrix: element (line, k) is at `offset + line * ls + k * ks`. */
export function packStrided(a: TypedArray, offset: number, ls: number, ks: number): Pack {
  return (dst, line, lines, k, kn) => {
    for (let l = 0, at = 0; l < lines; l += tile) {
      const base = offset + (line + l) * ls + k * ks;
      if (l + tile <= lines) {
        for (let p = 0, q = base; p < kn; p++, q += ks, at += tile) {
          dst[at] = a[q]!;
          dst[at + 1] = a[q + ls]!;
          dst[at + 2] = a[q + 2 * ls]!;
          dst[at + 3] = a[q + 3 * ls]!;
        }
      } else {
        for (let p = 0, q = base; p < kn; p++, q += ks) {
          for (let t = 0; t < tile; t++) dst[at++] = l + t < lines ? a[q + t * ls]! : 0;
        }
      }
    }
  };
}

let panelA = new Float64Array(0);
let panelB = new Float64Array(0);

function panels(a: number, b: number): void {
  if (panelA.length < a) panelA = new Float64Array(a);
  if (panelB.length < b) panelB = new Float64Array(b);
}

const roundUp = (n: number): number => Math.ceil(n / tile) * tile;

/**
 * C = A B for packed operands of any origin, accumulated in `c` (row stride `rs`, column stride `cs`) in float64
 * registers. The depth is walked in blocks; float32 results are rounded once a block.
 *
 * @param add whether what lies in `c` is added to. Default false
 */
export function gemm(
  packA: Pack,
  packB: Pack,
  c: TypedArray,
  offset: number,
  rs: number,
  cs: number,
  m: number,
  n: number,
  k: number,
  add: boolean = false,
): void {
  const rows = Math.min(roundUp(m), 128);
  const cols = Math.min(roundUp(n), width);
  panels(rows * depth, cols * depth);
  for (let j0 = 0; j0 < n; j0 += cols) {
    const jn = Math.min(cols, n - j0);
    for (let k0 = 0; k0 < k; k0 += depth) {
      const kn = Math.min(depth, k - k0);
      packB(panelB, j0, jn, k0, kn);
      for (let i0 = 0; i0 < m; i0 += rows) {
        const im = Math.min(rows, m - i0);
        packA(panelA, i0, im, k0, kn);
        for (let j = 0; j < jn; j += tile) {
          for (let i = 0; i < im; i += tile) {
            block(
              panelA,
              i * kn,
              panelB,
              j * kn,
              kn,
              c,
              offset + (i0 + i) * rs + (j0 + j) * cs,
              rs,
              cs,
              Math.min(tile, im - i),
              Math.min(tile, jn - j),
              k0 === 0 && !add,
            );
          }
        }
      }
    }
  }
}

/** One 4 x 4 tile of C. `first` overwrites, later blocks of the depth add. */
function block(
  a: Float64Array,
  ap: number,
  b: Float64Array,
  bp: number,
  kn: number,
  c: TypedArray,
  at: number,
  rs: number,
  cs: number,
  rows: number,
  cols: number,
  first: boolean,
): void {
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0; // biome-ignore format: the tile reads as a tile
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0; // biome-ignore format: the tile reads as a tile
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0; // biome-ignore format: the tile reads as a tile
  let c30 = 0, c31 = 0, c32 = 0, c33 = 0; // biome-ignore format: the tile reads as a tile
  for (let p = 0; p < kn; p++, ap += 4, bp += 4) {
    const a0 = a[ap]!, a1 = a[ap + 1]!, a2 = a[ap + 2]!, a3 = a[ap + 3]!; // biome-ignore format: as above
    const b0 = b[bp]!, b1 = b[bp + 1]!, b2 = b[bp + 2]!, b3 = b[bp + 3]!; // biome-ignore format: as above
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3; // biome-ignore format: as above
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3; // biome-ignore format: as above
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3; // biome-ignore format: as above
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3; // biome-ignore format: as above
  }
  row(c, at, cs, cols, first, c00, c01, c02, c03);
  if (rows > 1) row(c, at + rs, cs, cols, first, c10, c11, c12, c13);
  if (rows > 2) row(c, at + 2 * rs, cs, cols, first, c20, c21, c22, c23);
  if (rows > 3) row(c, at + 3 * rs, cs, cols, first, c30, c31, c32, c33);
}

function row(c: TypedArray, at: number, cs: number, cols: number, first: boolean, v0: number, v1: number, v2: number, v3: number): void {
  c[at] = first ? v0 : c[at]! + v0;
  if (cols > 1) c[at + cs] = first ? v1 : c[at + cs]! + v1;
  if (cols > 2) c[at + 2 * cs] = first ? v2 : c[at + 2 * cs]! + v2;
  if (cols > 3) c[at + 3 * cs] = first ? v3 : c[at + 3 * cs]! + v3;
}

/** Products from this size on gain by WebAssembly's vectors. */
const vectorized = 512;
/** Products this small are done where they lie: packing would cost more than it saves. */
const small = 4096;

/** A sum of products of integers: modulo 2^32, since a double would lose the low bits of large products. */
const multiplyAdd32 = (s: number, x: number, y: number): number => (s + Math.imul(x, y)) | 0;
/** The same for int64: an error as soon as a product or a sum leaves the exact range. */
const multiplyAdd53 = (s: number, x: number, y: number): number => exactInteger(s + exactInteger(x * y));

function directInteger(r: MatmulRequest, c: TypedArray, ao: number, bo: number, co: number, m: number, n: number, k: number): void {
  const multiplyAdd = r.dtype === 'int64' ? multiplyAdd53 : multiplyAdd32;
  const a = r.a.handle as TypedArray;
  const b = r.b.handle as TypedArray;
  const [ai, ak] = r.a.strides.slice(-2) as [number, number];
  const [bk, bj] = r.b.strides.slice(-2) as [number, number];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let p = 0, x = ao + i * ai, y = bo + j * bj; p < k; p++, x += ak, y += bk) s = multiplyAdd(s, a[x]!, b[y]!);
      c[co + i * n + j] = s;
    }
  }
}

/** The matrix that begins at `offset`, of a batch. */
function matrixIn(v: View, offset: number): Matrix {
  const rank = v.strides.length;
  return { array: v.handle as TypedArray, offset, row: v.strides[rank - 2]!, column: v.strides[rank - 1]! };
}

function asView(handle: TypedArray, shape: readonly number[]): View {
  return { handle, dtype: 'float32', shape, strides: contiguousStrides(shape), offset: 0 };
}

/** a [M, K] * b [K, N], plus a bias whose N numbers lie side by side, in one kernel of vectors; null where that is not to be had. */
export function vectorMatmul(a: View, b: View, bias: View, make: typeof allocate): TypedArray | null {
  const [m, k] = a.shape as readonly [number, number];
  const n = b.shape[1]!;
  const wasm = runtime();
  if (wasm === null || a.dtype !== 'float32' || k === 0 || !worthwhile(m * n * k, vectorized) || blasFor('float32', m, n, k) !== null)
    return null;
  const c = make('float32', m * n);
  return wasmMatmul(wasm, a, b, asView(c, [m, n]), bias) ? c : null;
}

/** Batched matrix product of strided operands into a fresh contiguous buffer. */
export function runMatmul(r: MatmulRequest, make: typeof allocate = allocate): TypedArray {
  const { a, b } = r;
  const rank = a.shape.length;
  const m = a.shape[rank - 2]!;
  const k = a.shape[rank - 1]!;
  const n = b.shape[rank - 1]!;
  if (rank === 2 && isFloating(r.dtype) && m * n * k > 0 && !worthwhile(m * n * k, vectorized)) {
    const out = make(r.dtype, m * n);
    smallMatmul(matrixIn(a, a.offset), matrixIn(b, b.offset), out, 0, m, n, k);
    return out;
  }
  const batch = a.shape.slice(0, -2);
  const count = sizeOf(batch);
  const c = make(r.dtype, count * m * n);
  if (c.length === 0) return c;
  if (k === 0) return c.fill(0);
  const blas = a.dtype === r.dtype && b.dtype === r.dtype ? blasFor(r.dtype, m, n, k) : null;
  if (blas !== null) {
    blasMatmul(blas, r, c);
    return c;
  }
  if (r.dtype === 'float32' && a.dtype === 'float32' && b.dtype === 'float32' && worthwhile(m * n * k, vectorized)) {
    const wasm = runtime();
    if (wasm !== null && wasmMatmul(wasm, a, b, asView(c, [...batch, m, n]))) return c;
  }
  const index = new Array<number>(batch.length).fill(0);
  let ao = a.offset;
  let bo = b.offset;
  for (let t = 0; t < count; t++) {
    if (!isFloating(r.dtype)) directInteger(r, c, ao, bo, t * m * n, m, n, k);
    else if (m * n * k <= small || m < 2 || n < 2) smallMatmul(matrixIn(a, ao), matrixIn(b, bo), c, t * m * n, m, n, k);
    else {
      const packA = packStrided(a.handle as TypedArray, ao, a.strides[rank - 2]!, a.strides[rank - 1]!);
      const packB = packStrided(b.handle as TypedArray, bo, b.strides[rank - 1]!, b.strides[rank - 2]!);
      gemm(packA, packB, c, t * m * n, n, 1, m, n, k);
    }
    for (let d = batch.length - 1; d >= 0; d--) {
      ao += a.strides[d]!;
      bo += b.strides[d]!;
      if (++index[d]! < batch[d]!) break;
      index[d] = 0;
      ao -= a.strides[d]! * batch[d]!;
      bo -= b.strides[d]! * batch[d]!;
    }
  }
  return c;
}
