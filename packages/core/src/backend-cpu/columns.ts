import type { View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { type RowCopier, rowCopier } from '../wasm/rows.ts';
import { runtime } from '../wasm/runtime.ts';

/** Elements of the matrix of columns: what the library packs next is still in the second-level cache. */
const columnElements = 2 ** 18;
/** Columns that make a product worth its packing: small images are taken several at a time. */
const enoughColumns = 256;

/** An array that is kept from call to call, for each dtype. Its contents are arbitrary. */
export class Scratch {
  readonly #arrays: Map<DType, TypedArray> = new Map();

  take(dtype: DType, n: number): TypedArray {
    const arena = runtime()?.arena;
    const kept = this.#arrays.get(dtype);
    if (kept !== undefined && kept.length >= n && (arena === undefined || kept.buffer === arena.buffer)) return kept;
    if (kept !== undefined) arena?.free(kept);
    const array = arena?.take(dtype, n) ?? allocate(dtype, n);
    // What a single large request needs is not held on to.
    if (n <= 2 * columnElements) this.#arrays.set(dtype, array);
    else this.#arrays.delete(dtype);
    return array;
  }
}

const columnScratch = new Scratch();

/** What the columns of a matrix read: position (r, q) and tap t are element (r * stride[0] + v, q * stride[1] + h) of a plane, t = (v, h). */
export interface Reading {
  readonly source: View;
  /** First of the source's channels, and how many. */
  readonly from: number;
  readonly channels: number;
  readonly vertical: readonly number[];
  readonly horizontal: readonly number[];
  readonly rows: number;
  readonly cols: number;
  readonly stride: readonly [number, number];
}

/** Rows of positions and images that one matrix of columns holds. One of them is 1 or the whole. */
interface Tile {
  readonly rows: number;
  readonly images: number;
}

/** `lines`: rows of the longest matrix that is as wide as the tile. */
function tileOf(lines: number, { rows, cols, source }: Reading): Tile {
  const plane = rows * cols;
  if (lines * plane > columnElements) return { rows: Math.min(rows, Math.max(1, Math.floor(columnElements / (lines * cols)))), images: 1 };
  const fit = Math.floor(columnElements / (lines * plane));
  return { rows, images: Math.min(source.shape[0]!, fit, Math.ceil(enoughColumns / plane)) };
}

/** Positions whose tap, `shift` elements away, lies within `size` elements. */
function within(count: number, stride: number, shift: number, size: number): readonly [number, number] {
  const first = Math.max(0, Math.ceil(-shift / stride));
  return [first, Math.max(first, Math.min(count, Math.ceil((size - shift) / stride)))];
}

/** The columns of a reading, written tile by tile. */
export class Columns {
  readonly #reading: Reading;
  readonly depth: number;
  readonly tile: Tile;
  /** Elements from a row of the matrix to the next. */
  readonly ld: number;
  readonly data: TypedArray;
  readonly #copy: RowCopier;
  /** Whether taps reach beyond the source, where columns are 0. */
  readonly #clipped: boolean;
  /** The row of positions for which zeros have been written. */
  #zeroed = -1;

  /** @param beside rows of another matrix that is written tile by tile */
  constructor(r: Reading, beside: number) {
    this.#reading = r;
    this.depth = r.channels * r.vertical.length * r.horizontal.length;
    this.tile = tileOf(Math.max(this.depth, beside), r);
    this.ld = this.tile.rows * r.cols * this.tile.images;
    this.data = columnScratch.take(r.source.dtype, this.depth * this.ld);
    this.#copy = rowCopier(r.source.handle as TypedArray, this.data);
    const inside = (count: number, stride: number, shifts: readonly number[], size: number): boolean =>
      shifts.every((s) => s >= 0 && (count - 1) * stride + s < size);
    const [, , height, width] = r.source.shape as readonly [number, number, number, number];
    this.#clipped = !inside(r.rows, r.stride[0], r.vertical, height) || !inside(r.cols, r.stride[1], r.horizontal, width);
  }

  /** Calls `use` for every tile, written: with its images, rows of positions and columns. */
  each(use: (image: number, images: number, row: number, columns: number) => void): void {
    const { source, rows, cols } = this.#reading;
    const total = source.shape[0]!;
    for (let row = 0; row < rows; row += this.tile.rows) {
      const count = Math.min(this.tile.rows, rows - row);
      for (let image = 0; image < total; image += this.tile.images) {
        const images = Math.min(this.tile.images, total - image);
        for (let i = 0; i < images; i++) this.#write(image + i, i * rows * cols, row, count);
        use(image, images, row, images * count * cols);
      }
    }
  }

  /** Writes rows [row, row + count) of the positions of an image, from column `at` on. */
  #write(image: number, at: number, row: number, count: number): void {
    const { source, from, channels, vertical, horizontal, cols, stride } = this.#reading;
    if (this.#clipped && this.#zeroed !== row) {
      // What lies beyond the source stays beyond it for every image.
      this.data.fill(0, 0, this.depth * this.ld);
      this.#zeroed = row;
    }
    const [ns, cs, hs] = source.strides as readonly [number, number, number];
    const [, , height, width] = source.shape as readonly [number, number, number, number];
    const [down, right] = stride;
    const data = source.handle as TypedArray;
    let to = at;
    for (let c = 0; c < channels; c++) {
      const plane = source.offset + image * ns + (from + c) * cs;
      for (const v of vertical) {
        const [first, end] = within(row + count, down, v, height);
        const r0 = Math.max(first, row);
        for (const h of horizontal) {
          const [q0, q1] = within(cols, right, h, width);
          const read = plane + (r0 * down + v) * hs + q0 * right + h;
          const write = to + (r0 - row) * cols + q0;
          if (right === 1) this.#copy(read, down * hs, write, cols, end - r0, q1 - q0);
          else {
            for (let r = r0, x = read, y = write; r < end; r++, x += down * hs, y += cols) {
              for (let q = 0, s = x; q < q1 - q0; q++, s += right) this.data[y + q] = data[s]!;
            }
          }
          to += this.ld;
        }
      }
    }
  }
}

/** Whether the matrix of columns is the source itself: one tap at every element. */
export function isSource({ source, vertical, horizontal, rows, cols, stride }: Reading): boolean {
  const [, , height, width] = source.shape as readonly [number, number, number, number];
  const single = vertical.length === 1 && vertical[0] === 0 && horizontal.length === 1 && horizontal[0] === 0;
  return single && stride[0] === 1 && stride[1] === 1 && rows === height && cols === width;
}
