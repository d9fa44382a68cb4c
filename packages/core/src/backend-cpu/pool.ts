import { debug } from '../debug.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { allocate } from '../dtype.ts';

/** Bytes of freed buffers that are kept for reuse. */
const limit = 256 * 2 ** 20;
/** Below this a fresh array is as cheap as a recycled one. */
const worthwhile = 64;

/** Freed buffers, by kind and length. A recycled buffer is not cleared: kernels write every element. */
export class BufferPool {
  #free: Map<string, TypedArray[]> = new Map();
  #bytes = 0;

  /** A buffer with arbitrary contents. */
  take(dtype: DType, n: number): TypedArray {
    if (this.#bytes === 0 || n < worthwhile) return allocate(dtype, n);
    const key = kind(dtype, n);
    const list = this.#free.get(key);
    if (list === undefined) return allocate(dtype, n);
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
    if (buffer.length < worthwhile || buffer.byteLength > limit) return;
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
      while (this.#bytes + bytes > limit && list.length > 0) this.#bytes -= list.pop()!.byteLength;
      if (list.length > 0) return;
      this.#free.delete(key);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}

function kind(dtype: DType, n: number): string {
  return `${dtype === 'int64' ? 'float64' : dtype === 'bool' ? 'uint8' : dtype}:${n}`;
}
