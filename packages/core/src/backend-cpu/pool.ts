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
    if (this.#bytes > 0 && n >= worthwhile) {
      const list = this.#free.get(kind(dtype, n));
      const hit = list?.pop();
      if (hit !== undefined) {
        this.#bytes -= hit.byteLength;
        return hit;
      }
    }
    return allocate(dtype, n);
  }

  /** Takes back a buffer that nobody refers to any more. */
  give(buffer: TypedArray, dtype: DType): void {
    if (debug.poison) buffer.fill(Number.NaN);
    if (buffer.length < worthwhile || this.#bytes + buffer.byteLength > limit) return;
    const key = kind(dtype, buffer.length);
    const list = this.#free.get(key);
    if (list === undefined) this.#free.set(key, [buffer]);
    else list.push(buffer);
    this.#bytes += buffer.byteLength;
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
