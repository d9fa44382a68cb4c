import type { DType, TypedArray } from '../dtype.ts';

/** Pages of 64 KiB. The memory never grows: that would detach every array on it. Untouched pages cost nothing. */
const wanted = [2 ** 14, 2 ** 13, 2 ** 12, 2 ** 11];
/** Bytes at the start that belong to kernels while they run: arguments, packed panels, copies of what lies elsewhere. */
export const scratchBytes: number = 56 * 2 ** 20;
/** Kernels read whole vectors: bytes behind the last block that nobody owns. */
const slack = 64;

/** Elements from which a buffer is worth a place in WebAssembly memory. */
export const residentFrom = 1024;

/**
 * Bytes that buffers made outside of scopes may take. Only the collector gives those back, and it does not see what they weigh: beyond this
 * they are ordinary arrays, whose weight it knows.
 */
const unscopedBytes = 192 * 2 ** 20;
let scopes = 0;

/** Told when a scope opens or closes: inside of one, buffers are given back soon, and may fill the memory. */
export function countScope(by: 1 | -1): void {
  scopes += by;
}

/** A place in the memory, in bytes. */
interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** Sizes are rounded up, to an eighth of a power of two, so that blocks fit more than one shape. */
function rounded(bytes: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return Math.ceil(bytes / step) * step;
}

/**
 * Typed arrays on one WebAssembly memory. They are ordinary arrays to everything else; kernels reach them without a copy.
 * A block is given back by {@link free}, or when the collector finds that its array is gone.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly pages: number;
  readonly shared: boolean;
  readonly buffer: ArrayBufferLike;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** Bytes of all the arrays that were ever made here. */
  made = 0;
  readonly #end: number;
  #top = scratchBytes;
  #changed = false;
  readonly #free: Map<number, number[]> = new Map();
  readonly #blocks: WeakMap<TypedArray, Block> = new WeakMap();
  readonly #net = new FinalizationRegistry<Block>((block) => this.#give(block));

  private constructor(memory: WebAssembly.Memory, pages: number, shared: boolean) {
    this.memory = memory;
    this.pages = pages;
    this.shared = shared;
    this.buffer = memory.buffer;
    this.f32 = new Float32Array(this.buffer);
    this.i32 = new Int32Array(this.buffer);
    this.f64 = new Float64Array(this.buffer);
    this.#end = this.buffer.byteLength - slack;
  }

  /** An arena as large as the machine gives; null where there is no WebAssembly memory at all. */
  static create(shared: boolean): Arena | null {
    for (const pages of wanted) {
      try {
        return new Arena(new WebAssembly.Memory({ initial: pages, maximum: pages, shared }), pages, shared);
      } catch (error) {
        if (!(error instanceof RangeError)) return null;
      }
    }
    return null;
  }

  /** An array of `n` elements with arbitrary contents; null when there is no room. */
  take(dtype: DType, n: number): TypedArray | null {
    const make = arrays[dtype];
    const bytes = rounded(n * make.BYTES_PER_ELEMENT);
    const at = this.#find(bytes);
    if (at < 0) return null;
    this.made += bytes;
    const array = new make(this.buffer as ArrayBuffer, at, n);
    const block = { at, bytes };
    this.#blocks.set(array, block);
    this.#net.register(array, block, array);
    return array;
  }

  /** Whether an array is part of another large buffer: the memory of an arena before. */
  strange(array: TypedArray): boolean {
    return array.buffer !== this.buffer && array.buffer.byteLength > array.byteLength;
  }

  /** Gives the place of an array back. Arrays that lie elsewhere are the collector's. */
  free(array: TypedArray): void {
    const block = this.#blocks.get(array);
    if (block === undefined) return;
    this.#blocks.delete(array);
    this.#net.unregister(array);
    this.#give(block);
  }

  #give({ at, bytes }: Block): void {
    this.#changed = true;
    const list = this.#free.get(bytes);
    if (list === undefined) this.#free.set(bytes, [at]);
    else list.push(at);
  }

  #find(bytes: number): number {
    const at = this.#free.get(bytes)?.pop();
    if (at !== undefined) return at;
    const end = scopes > 0 ? this.#end : Math.min(this.#end, scratchBytes + unscopedBytes);
    if (this.#top + bytes <= end) {
      this.#top += bytes;
      return this.#top - bytes;
    }
    // Joining blocks is worth a try only when some came back since the last.
    if (!this.#changed) return -1;
    const found = this.#fit(bytes, end);
    this.#changed = found >= 0;
    return found;
  }

  /** First fit among the free blocks, neighbours joined. */
  #fit(bytes: number, end: number): number {
    const blocks = [...this.#free].flatMap(([size, list]) => list.map((at): Block => ({ at, bytes: size }))).sort((a, b) => a.at - b.at);
    const joined: { at: number; bytes: number }[] = [];
    for (const b of blocks) {
      const last = joined[joined.length - 1];
      if (last !== undefined && last.at + last.bytes === b.at) last.bytes += b.bytes;
      else joined.push({ ...b });
    }
    this.#free.clear();
    const last = joined[joined.length - 1];
    if (last !== undefined && last.at + last.bytes === this.#top) {
      this.#top = last.at;
      joined.pop();
    }
    let found = -1;
    for (const b of joined) {
      const hit = found < 0 && b.bytes >= bytes;
      if (hit) found = b.at;
      const rest = hit ? { at: b.at + bytes, bytes: b.bytes - bytes } : b;
      if (rest.bytes > 0) this.#give(rest);
    }
    if (found < 0 && this.#top + bytes <= end) {
      found = this.#top;
      this.#top += bytes;
    }
    return found;
  }
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: Float64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;
