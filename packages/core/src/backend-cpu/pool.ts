import { debug } from '../debug.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';
import { residentFrom } from '../wasm/memory.ts';
import { runtime, worthwhile } from '../wasm/runtime.ts';

/** Bytes of freed buffers that are kept for reuse. */
const limit = 256 * 2 ** 20;
/** Below this a fresh array is as cheap as a recycled one. */
const recycled = 64;

/** Freed buffers, by kind and length. A recycled buffer is not cleared: kernels write every element. */
export class BufferPool {
  #free: Map<string, TypedArray[]> = new Map();
  #bytes = 0;

  /** A buffer with arbitrary contents. */
  take(dtype: DType, n: number): TypedArray {
    if (this.#bytes === 0 || n < recycled) return fresh(dtype, n);
    const key = kind(dtype, n);
    const list = this.#free.get(key);
    if (list === undefined) return fresh(dtype, n);
    const hit = list.pop()!;
    // To the end of the line: kinds that are in use are the last to be given up.
    this.#free.delete(key);
    if (list.length > 0) this.#free.set(key, list);
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
    this.#makeRoom(buffer.byteLength);
    const key = kind(dtype, buffer.length);
    const list = this.#free.get(key);
    if (list === undefined) this.#free.set(key, [buffer]);
    else list.push(buffer);
    this.#bytes += buffer.byteLength;
  }

  /** Lets go of buffers of the kinds that were not asked for longest: a program may be done with their shapes. */
  #makeRoom(bytes: number): void {
    for (const [key, list] of this.#free) {
      while (this.#bytes + bytes > limit && list.length > 0) {
        const old = list.pop()!;
        this.#bytes -= old.byteLength;
        drop(old);
      }
      if (list.length > 0) return;
      this.#free.delete(key);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    for (const list of this.#free.values()) list.forEach(drop);
    this.#free.clear();
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

function kind(dtype: DType, n: number): string {
  return `${dtype === 'int64' ? 'float64' : dtype === 'bool' ? 'uint8' : dtype}:${n}`;
}
