import { debug } from '../debug.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { residentFrom } from '../wasm/memory.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';

/** Bytes of freed buffers that are kept for reuse. */
const limit = 256 * 2 ** 20;
/** Below this a fresh array is as cheap as a recycled one. */
const recycled = 64;

/** From so many kinds and lengths on, those of which nothing is left are forgotten. */
const mostShelves = 1024;

/** Buffers of one kind and length. */
interface Shelf {
  readonly buffers: TypedArray[];
  /** When one was last taken or given. */
  used: number;
}

/** Freed buffers, by kind and length. A recycled buffer is not cleared: kernels write every element. */
export class BufferPool {
  readonly #shelves: Map<number, Shelf> = new Map();
  #bytes = 0;
  #now = 0;

  /** A buffer with arbitrary contents. */
  take(dtype: DType, n: number): TypedArray {
    if (this.#bytes === 0 || n < recycled) return fresh(dtype, n);
    const shelf = this.#shelves.get(key(dtype, n));
    const hit = shelf?.buffers.pop();
    if (hit === undefined) return fresh(dtype, n);
    shelf!.used = this.#now++;
    this.#bytes -= hit.byteLength;
    return hit;
  }

  /** Takes back a buffer that nobody refers to any more. */
  give(buffer: TypedArray, dtype: DType): void {
    if (debug.poison) buffer.fill(buffer instanceof Float32Array || buffer instanceof Float64Array ? Number.NaN : -1);
    // One that lies in a memory of before is for the collector: kernels would have to copy it.
    if (buffer.length < recycled || buffer.byteLength > limit || runtime()?.arena.strange(buffer) === true) {
      drop(buffer);
      return;
    }
    if (this.#bytes + buffer.byteLength > limit) this.#makeRoom(buffer.byteLength);
    const at = key(dtype, buffer.length);
    let shelf = this.#shelves.get(at);
    if (shelf === undefined) {
      if (this.#shelves.size >= mostShelves) this.#clearEmpty();
      shelf = { buffers: [], used: 0 };
      this.#shelves.set(at, shelf);
    }
    shelf.buffers.push(buffer);
    shelf.used = this.#now++;
    this.#bytes += buffer.byteLength;
  }

  /** Lets go of buffers of the kinds that were not asked for longest: a program may be done with their shapes. */
  #makeRoom(bytes: number): void {
    for (const [at, { buffers }] of [...this.#shelves].sort(([, x], [, y]) => x.used - y.used)) {
      while (this.#bytes + bytes > limit && buffers.length > 0) {
        const old = buffers.pop()!;
        this.#bytes -= old.byteLength;
        drop(old);
      }
      if (buffers.length > 0) return;
      this.#shelves.delete(at);
    }
  }

  #clearEmpty(): void {
    for (const [at, { buffers }] of this.#shelves) if (buffers.length === 0) this.#shelves.delete(at);
  }

  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    for (const { buffers } of this.#shelves.values()) buffers.forEach(drop);
    this.#shelves.clear();
    this.#bytes = 0;
  }
}

/** A new buffer: in WebAssembly memory when kernels gain by it and there is room, else the collector's. */
function fresh(dtype: DType, n: number): TypedArray {
  if (!worthwhile(n, residentFrom)) return allocate(dtype, n);
  return runtime()?.arena.take(dtype, n) ?? allocate(dtype, n);
}

function drop(buffer: TypedArray): void {
  runtime()?.arena.free(buffer);
}

/** Buffers with the same key are interchangeable. */
function key(dtype: DType, n: number): number {
  return n * 4 + arrayOf[dtype];
}

/** Numbers of the typed arrays that hold the dtypes. */
const arrayOf: Readonly<Record<DType, number>> = { float32: 0, float64: 1, int64: 1, int32: 2, uint8: 3, bool: 3 };
