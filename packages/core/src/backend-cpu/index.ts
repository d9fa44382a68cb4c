import type {
  Backend,
  BackendReport,
  Capabilities,
  Fallback,
  FusedKernels,
  GatherRequest,
  Handle,
  MapRequest,
  MatmulRequest,
  MemoryReport,
  PadRequest,
  ReduceRequest,
  ScatterAddRequest,
  View,
} from '../backend.ts';
import type { DType, TypedArray } from '../dtype.ts';
import { dtypes } from '../dtype.ts';
import { input } from '../expr/node.ts';
import { contiguousStrides, isContiguous, sizeOf } from '../layout.ts';
import { runtime } from '../wasm/runtime.ts';
import { currentBlas } from './blas.ts';
import { compiledKernels } from './compile.ts';
import { fusedKernels } from './fused.ts';
import { runGather, runScatterAdd } from './indexing.ts';
import { outputViews, runMap } from './map.ts';
import { runMatmul } from './matmul.ts';
import { BufferPool } from './pool.ts';
import { runReduce } from './reduce.ts';

/**
 * The reference backend: typed arrays, kernels generated from scalar expressions. Buffers belong to the garbage
 * collector; `free` only gives a buffer back for reuse, which scopes do.
 */
export class CpuBackend implements Backend {
  readonly name = 'cpu';
  readonly caps: Capabilities = {
    dtypes,
    inPlace: true,
    syncRead: true,
    collected: true,
    exactInteger: Number.MAX_SAFE_INTEGER,
    maxElements: 2 ** 32,
    maxInputs: Number.POSITIVE_INFINITY,
  };
  readonly #pool = new BufferPool();
  readonly #make = (dtype: DType, n: number): TypedArray => this.#pool.take(dtype, n);
  readonly fused: FusedKernels = fusedKernels(this.#make);

  upload(data: TypedArray | Promise<TypedArray>, dtype: DType, length: number): Handle {
    if (data instanceof Promise) throw new TypeError('the CPU backend takes values, not a promise');
    const own = this.#make(dtype, length);
    own.set(length === data.length ? data : data.subarray(0, length));
    return own;
  }

  /** The values in a buffer of this backend: the buffer itself. */
  valuesOf(handle: Handle): TypedArray {
    return handle as TypedArray;
  }

  /** Makes an array the caller no longer uses a buffer, without a copy. */
  adopt(values: TypedArray): Handle {
    return values;
  }

  async read(handle: Handle, dtype: DType, length: number): Promise<TypedArray> {
    return this.readSync(handle, dtype, length);
  }

  readSync(handle: Handle, _dtype: DType, length: number): TypedArray {
    return (handle as TypedArray).slice(0, length);
  }

  free(handle: Handle, dtype: DType): void {
    this.#pool.give(handle as TypedArray, dtype);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** What lies in the pool: live buffers are the collector's business and are not counted. */
  memory(): MemoryReport {
    return { buffers: 0, bytes: this.#pool.bytes };
  }

  report(): BackendReport {
    const fallbacks: readonly Fallback[] = [];
    const blas = currentBlas();
    const wasm = runtime();
    const how = wasm === null ? 'JavaScript' : wasm.threads === 1 ? 'WebAssembly' : `WebAssembly, ${wasm.threads} threads,`;
    const device = `${how} on the CPU${blas === null ? '' : `, matrix products by ${blas.name}`}`;
    return { backend: this.name, device, mode: 'cpu', fallbacks, kernels: compiledKernels() + (wasm?.modules ?? 0) };
  }

  countFallback(): void {
    // The CPU is what others fall back to.
  }

  dispose(): void {
    this.#pool.clear();
  }

  fill(value: number, dtype: DType, length: number): Handle {
    return this.#make(dtype, length).fill(value);
  }

  map(r: MapRequest): Handle[] {
    const targets = r.into ?? outputViews(r, this.#make);
    runMap(r, targets);
    return targets.map((t) => t.handle);
  }

  reduce(r: ReduceRequest): Handle {
    return runReduce(r, this.#make);
  }

  matmul(r: MatmulRequest): Handle {
    return runMatmul(r, this.#make);
  }

  copy(src: View): TypedArray {
    const n = sizeOf(src.shape);
    if (isContiguous(src.shape, src.strides)) {
      const out = this.#make(src.dtype, n);
      out.set((src.handle as TypedArray).subarray(src.offset, src.offset + n));
      return out;
    }
    return this.map(identity(src, src.dtype))[0] as TypedArray;
  }

  write(dst: View, src: View): Handle {
    runMap(identity(src, dst.dtype), [dst]);
    return dst.handle;
  }

  pad(r: PadRequest): Handle {
    const shape = r.src.shape.map((n, d) => n + r.before[d]! + r.after[d]!);
    const strides = contiguousStrides(shape);
    const handle = this.fill(r.value, r.src.dtype, sizeOf(shape));
    // Negative amounts crop: the window of the source that survives, and where it lands.
    const from = r.before.map((b) => Math.max(-b, 0));
    const to = r.before.map((b) => Math.max(b, 0));
    const size = r.src.shape.map((n, d) => Math.max(n - from[d]! - Math.max(-r.after[d]!, 0), 0));
    const shift = (offset: number, s: readonly number[], by: readonly number[]): number => by.reduce((o, k, d) => o + k * s[d]!, offset);
    // Field by field: a view may be a tensor, whose handle and dtype are accessors that a spread leaves out.
    const { handle: source, dtype, strides: steps } = r.src;
    const src = { handle: source, dtype, shape: size, strides: steps, offset: shift(r.src.offset, steps, from) };
    this.write({ handle, dtype, shape: size, strides, offset: shift(0, strides, to) }, src);
    return handle;
  }

  gather(r: GatherRequest): Handle {
    return runGather(r, this.#make);
  }

  scatterAdd(r: ScatterAddRequest): Handle {
    return runScatterAdd(r, () => this.copy(r.base));
  }
}

function identity(src: View, output: DType): MapRequest {
  return { exprs: [input(0)], inputs: [src], params: [], shape: src.shape, compute: src.dtype, outputs: [output] };
}

/** The CPU backend of this copy of the library. */
export const cpu: CpuBackend = new CpuBackend();
