import type { View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { packBytes } from './gemm-code.ts';
import { scratchBytes } from './memory.ts';
import { maxThreads, type Runtime } from './runtime.ts';

/** How many bytes the arguments of a kernel may take, on each thread. */
export const argumentBytes = 8192;
/** Where the arguments of a thread lie. */
export function argumentsAt(thread: number): number {
  return 8192 + thread * argumentBytes;
}

/** Where panels of matrix products lie, one room for each thread. */
export const panelsAt: number = argumentsAt(maxThreads);
export const panelBytes: number = Math.ceil(packBytes / 4096) * 4096;

/** Bytes at the start of the scratch region that hold the arguments of kernels, and panels of matrix products. */
const reservedBytes: number = panelsAt + maxThreads * panelBytes;

/** A copy of all that a view spans: `count` elements of its array from `first` on, at an address. */
interface Copy {
  readonly view: View;
  readonly first: number;
  readonly at: number;
  readonly count: number;
  /** The kernel writes all of them. */
  readonly dense: boolean;
}

/** Copies of operands that lie outside of WebAssembly memory, and room to work in, for one call of a kernel. */
export class Staging {
  readonly #runtime: Runtime;
  #top = reservedBytes;
  readonly #back: Copy[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The address of a view's first element, after a copy if need be; -1 when there is no room for one. */
  input(v: View): number {
    const there = this.#runtime.addressOf(v);
    return there >= 0 ? there : this.#copy(v, 'input');
  }

  /** The same for a view that the kernel writes; {@link finish} copies back. `dense`: it writes all that the view spans. */
  output(v: View, dense: boolean): number {
    const there = this.#runtime.addressOf(v);
    return there >= 0 ? there : this.#copy(v, dense ? 'dense' : 'output');
  }

  /** Room with arbitrary contents; -1 when there is none. */
  reserve(bytes: number): number {
    const at = this.#top;
    const end = at + Math.ceil(bytes / 64) * 64;
    // Kernels read whole vectors: some room behind the last place.
    if (end > scratchBytes - 64) return -1;
    this.#top = end;
    return at;
  }

  /** Room that holds these numbers. */
  table(values: readonly number[] | Int32Array): number {
    const at = this.reserve(values.length * 4);
    if (at >= 0) this.#runtime.arena.i32.set(values, at / 4);
    return at;
  }

  /** How much has been handed out; {@link rewind} takes back what is handed out from now on. */
  get mark(): number {
    return this.#top;
  }

  rewind(mark: number): void {
    this.#top = mark;
  }

  /** Copies results to where they belong: elements of the views alone, since others may have a part in what lies between. */
  finish(): void {
    for (const { view, first, at, count, dense } of this.#back) {
      const array = view.handle as TypedArray;
      const copy = this.#array(array, at, count);
      let outer = view.shape.length;
      let run = 1;
      for (; outer > 0 && (view.shape[outer - 1] === 1 || view.strides[outer - 1] === run); outer--) run *= view.shape[outer - 1]!;
      if (dense || run === count) array.set(copy, first);
      else for (const from of offsets(view, outer)) for (let i = from; i < from + run; i++) array[i] = copy[i - first]!;
    }
  }

  /** An array of the same kind as another, in the memory. */
  #array(like: TypedArray, at: number, count: number): TypedArray {
    return new (like.constructor as Float32ArrayConstructor)(this.#runtime.arena.buffer as ArrayBuffer, at, count);
  }

  #copy(v: View, use: 'input' | 'output' | 'dense'): number {
    const array = v.handle as TypedArray;
    let first = v.offset;
    let last = v.offset;
    for (let d = 0; d < v.shape.length; d++) {
      const reach = (v.shape[d]! - 1) * v.strides[d]!;
      if (reach < 0) first += reach;
      else last += reach;
    }
    const count = last - first + 1;
    const bytes = array.BYTES_PER_ELEMENT;
    const at = this.reserve(count * bytes);
    if (at < 0) return -1;
    if (use !== 'dense') this.#array(array, at, count).set(array.subarray(first, last + 1));
    if (use !== 'input') this.#back.push({ view: v, first, at, count, dense: use === 'dense' });
    return at + (v.offset - first) * bytes;
  }
}

/** Offsets of a view's elements at the beginning of every dimension from the `rank`-th on. */
function* offsets({ shape, strides, offset }: View, rank: number): Generator<number> {
  const index = new Array<number>(rank).fill(0);
  let at = offset;
  for (;;) {
    yield at;
    let d = rank - 1;
    for (; d >= 0; d--) {
      at += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      at -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
    if (d < 0) return;
  }
}
