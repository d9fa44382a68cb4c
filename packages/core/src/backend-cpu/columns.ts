import type { View } from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { type RowMover, rowAdder, rowCopier } from '../wasm/rows.ts';
import { runtime } from '../wasm/runtime.ts';

/** Elements of a matrix that is written for a tile: what a library packs next is still in the second-level cache. */
const tileElements = 2 ** 18;
/** Columns that make a product worth its packing: small images are taken several at a time. */
const enoughColumns = 128;
/** Rows from which a product for each vertical tap is better than a matrix with rows for all of them. */
const enoughRows = 16;

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
    if (n <= 2 * tileElements) this.#arrays.set(dtype, array);
    else this.#arrays.delete(dtype);
    return array;
  }
}

const scratch = new Scratch();

/** The elements of some planes that a convolution brings together: position (r, q) and tap (v, h) meet at (r * stride[0] + v, q * stride[1] + h). */
export interface Meeting {
  /** [N, C, H, W] with dense planes. */
  readonly planes: View;
  /** First of the channels, and how many. */
  readonly from: number;
  readonly channels: number;
  readonly vertical: readonly number[];
  readonly horizontal: readonly number[];
  readonly rows: number;
  readonly cols: number;
  readonly stride: readonly [number, number];
}

/** Part of the images or of the positions' rows: `columns` of them, from an image and a row on. */
export interface Tile {
  readonly image: number;
  readonly images: number;
  readonly row: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * A matrix with a column for each position and a row for each channel and tap (Chellapilla et al. 2006, "im2col"), of as
 * many images or rows of positions as stay in the cache. Where positions are a row apart, the rows of the matrix are long
 * enough for every vertical tap, which then is a product with its columns from `parts[i]` on: a copy for each of them less.
 */
export class Columns {
  readonly #m: Meeting;
  /** Rows of the matrix. */
  readonly depth: number;
  /** Elements from a row to the next. */
  readonly ld: number;
  /** The matrix; arbitrary until it is loaded. */
  readonly data: TypedArray;
  /** Where the columns of each vertical tap begin; a single 0 when rows stand for vertical taps too. */
  readonly parts: readonly number[];
  /** Images that a tile has at most. */
  readonly images: number;
  readonly #rows: number;
  /** Rows of positions that the matrix has beyond a tile's. */
  readonly #span: number;
  readonly #vertical: readonly number[];
  /** The horizontal taps, and which positions of a row have them within the planes. */
  readonly #horizontal: readonly { readonly tap: number; readonly first: number; readonly count: number }[];
  /** Whether some taps lie beyond the planes. */
  readonly #clipped: boolean;
  /** The row for which zeros have been written. */
  #zeroed = -1;

  /** @param beside rows of another matrix that is as wide as a tile */
  constructor(m: Meeting, beside: number) {
    this.#m = m;
    const { planes, channels, vertical, horizontal, rows, cols, stride } = m;
    const [total, , height, width] = planes.shape as readonly [number, number, number, number];
    const lines = channels * horizontal.length;
    const plane = rows * cols;
    const split = vertical.length > 1 && stride[0] === 1 && lines >= enoughRows && plane >= enoughColumns;
    const first = Math.min(...vertical);
    this.#vertical = split ? [first] : vertical;
    this.#horizontal = horizontal.map((tap) => {
      const from = firstInside(stride[1], tap);
      return { tap, first: from, count: Math.max(0, endInside(cols, stride[1], tap, width) - from) };
    });
    this.#span = split ? Math.max(...vertical) - first : 0;
    this.parts = split ? vertical.map((v) => (v - first) * cols) : [0];
    this.depth = lines * this.#vertical.length;
    const most = Math.floor(tileElements / Math.max(this.depth, beside));
    if (most < (rows + this.#span) * cols) {
      this.#rows = Math.min(rows, Math.max(1, Math.floor(most / cols) - this.#span));
      this.images = 1;
    } else {
      this.#rows = rows;
      this.images = Math.min(total, Math.floor(most / plane), Math.ceil(enoughColumns / plane));
    }
    this.ld = (this.#rows + this.#span) * cols * this.images;
    this.data = scratch.take(planes.dtype, this.depth * this.ld);
    const inside = (count: number, step: number, taps: readonly number[], size: number): boolean =>
      taps.every((t) => t >= 0 && (count - 1) * step + t < size);
    this.#clipped = !inside(rows, stride[0], vertical, height) || !inside(cols, stride[1], horizontal, width);
  }

  /** Calls `use` for every tile. */
  each(use: (tile: Tile) => void): void {
    const { planes, rows, cols } = this.#m;
    const total = planes.shape[0]!;
    for (let row = 0; row < rows; row += this.#rows) {
      const count = Math.min(this.#rows, rows - row);
      for (let image = 0; image < total; image += this.images) {
        const images = Math.min(this.images, total - image);
        use({ image, images, row, rows: count, columns: images * count * cols });
      }
    }
  }

  /** Writes the matrix of a tile. */
  load(tile: Tile): void {
    const { planes, stride } = this.#m;
    const { data } = this;
    if (this.#clipped && this.#zeroed !== tile.row) {
      // What lies beyond the planes does so for every image.
      data.fill(0, 0, this.depth * this.ld);
      this.#zeroed = tile.row;
    }
    const source = planes.handle as TypedArray;
    if (stride[1] === 1) this.#walk(tile, rowCopier(source, data));
    else {
      this.#walk(tile, (at, step, column, ld, rows, cols, channels, plane, lines) => {
        for (let c = 0; c < channels; c++) {
          for (let r = 0; r < rows; r++) {
            let [p, q] = [at + c * plane + r * step, column + c * lines + r * ld];
            for (const end = q + cols; q < end; q++, p += stride[1]) data[q] = source[p]!;
          }
        }
      });
    }
  }

  /** Adds the matrix of a tile to the elements of the planes. */
  add(tile: Tile): void {
    const { planes, stride } = this.#m;
    const { data } = this;
    const target = planes.handle as TypedArray;
    if (stride[1] === 1) {
      const add = rowAdder(data, target);
      this.#walk(tile, (at, step, column, ld, rows, cols, channels, plane, lines) => {
        add(column, ld, at, step, rows, cols, channels, lines, plane);
      });
    } else {
      this.#walk(tile, (at, step, column, ld, rows, cols, channels, plane, lines) => {
        for (let c = 0; c < channels; c++) {
          for (let r = 0; r < rows; r++) {
            let [p, q] = [at + c * plane + r * step, column + c * lines + r * ld];
            for (const end = q + cols; q < end; q++, p += stride[1]) target[p]! += data[q]!;
          }
        }
      });
    }
  }

  /** Calls `visit` for each image and tap with the blocks of elements, one for each channel, that the tap's rows of the matrix meet. */
  #walk(tile: Tile, visit: RowMover): void {
    const { planes, from, channels, rows, cols, stride } = this.#m;
    const [ns, cs, hs] = planes.strides as readonly [number, number, number];
    const height = planes.shape[2]!;
    const [down, right] = stride;
    const end = tile.row + tile.rows + this.#span;
    const taps = this.#vertical.length * this.#horizontal.length;
    for (let i = 0; i < tile.images; i++) {
      const plane = planes.offset + (tile.image + i) * ns + from * cs;
      let line = i * rows * cols;
      for (const v of this.#vertical) {
        const r0 = Math.max(firstInside(down, v), tile.row);
        const count = Math.max(0, endInside(end, down, v, height) - r0);
        for (const { tap, first, count: across } of this.#horizontal) {
          const at = plane + (r0 * down + v) * hs + first * right + tap;
          visit(at, down * hs, line + (r0 - tile.row) * cols + first, cols, count, across, channels, cs, taps * this.ld);
          line += this.ld;
        }
      }
    }
  }
}

/** The first position whose tap does not lie before the elements. */
const firstInside = (stride: number, tap: number): number => Math.max(0, Math.ceil(-tap / stride));
/** The position, of `count`, behind the last one whose tap lies within `size` elements. */
const endInside = (count: number, stride: number, tap: number, size: number): number => Math.min(count, Math.ceil((size - tap) / stride));

/** Whether the matrix of columns is the planes themselves: one tap at every element. */
export function isWhole({ planes, vertical, horizontal, rows, cols, stride }: Meeting): boolean {
  const [, , height, width] = planes.shape as readonly [number, number, number, number];
  const single = vertical.length === 1 && vertical[0] === 0 && horizontal.length === 1 && horizontal[0] === 0;
  return single && stride[0] === 1 && stride[1] === 1 && rows === height && cols === width;
}
