import { DeviceLostError, type DType, type TypedArray } from '@nabla/core';
import {
  type Backend,
  type BackendReport,
  type Capabilities,
  type Computed,
  CpuBackend,
  Declined,
  type FusedKernels,
  type GatherRequest,
  type Handle,
  type MapRequest,
  type MatmulRequest,
  type MemoryReport,
  type PadRequest,
  type ReduceRequest,
  type ScatterAddRequest,
  type View,
} from '@nabla/core/internals';

/** A buffer of the device: values that may be on their way, and whether it was given back. */
class Buffer {
  values: TypedArray | Promise<TypedArray>;
  readonly bytes: number;
  freed = false;

  constructor(values: TypedArray | Promise<TypedArray>, bytes: number) {
    this.values = values;
    this.bytes = bytes;
    if (values instanceof Promise) {
      // An error in pending work surfaces at the read; nobody else may be listening.
      values.then(
        (v) => {
          this.values = v;
        },
        () => {},
      );
    }
  }
}

/** What a {@link SimulatedDevice} leaves out. */
export interface SimulatedOptions {
  /** Says why a request (`map`, `reduce`, `matmul`, ...) on these dtypes is not taken; null takes it. */
  readonly declines?: (request: string, dtypes: readonly DType[]) => string | null;
  /** dtypes it has; default all but float64. */
  readonly dtypes?: readonly DType[];
}

/**
 * A device as gpu.js is one, computed on the CPU: values can only be read asynchronously, buffers live until they are
 * freed, nothing is written in place, kernels take few inputs. It counts its buffers and fails on every use of a freed
 * one, so that the suites show what a real device would hide.
 */
export class SimulatedDevice implements Backend {
  readonly name = 'simulated';
  readonly caps: Capabilities;
  readonly fused: FusedKernels = {};
  readonly #host: CpuBackend = new CpuBackend();
  readonly #declines: (request: string, dtypes: readonly DType[]) => string | null;
  readonly #fallbacks: Map<string, { op: string; reason: string; count: number }> = new Map();
  readonly #live: Set<Buffer> = new Set();
  #buffers = 0;
  #bytes = 0;

  constructor(options: SimulatedOptions = {}) {
    this.#declines = options.declines ?? (() => null);
    this.caps = {
      dtypes: options.dtypes ?? ['bool', 'uint8', 'int32', 'int64', 'float32'],
      inPlace: false,
      syncRead: false,
      collected: false,
      exactInteger: 2 ** 24,
      maxElements: 2 ** 24,
      maxInputs: 7,
    };
  }

  upload(data: TypedArray | Promise<TypedArray>, dtype: DType, length: number): Handle {
    const own = (values: TypedArray): TypedArray => this.#host.upload(values, dtype, length) as TypedArray;
    return this.#make(data instanceof Promise ? data.then(own) : own(data), dtype, length);
  }

  async read(handle: Handle, _dtype: DType, length: number): Promise<TypedArray> {
    const values = this.#open(handle, 'read');
    return (await values).slice(0, length);
  }

  readSync(): TypedArray {
    throw new Error('the simulated device cannot be read at once');
  }

  free(handle: Handle): void {
    const buffer = handle as Buffer;
    if (buffer.freed) throw new Error('the simulated device was asked to free a buffer twice');
    buffer.freed = true;
    this.#live.delete(buffer);
    this.#buffers--;
    this.#bytes -= buffer.bytes;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  memory(): MemoryReport {
    return { buffers: this.#buffers, bytes: this.#bytes };
  }

  report(): BackendReport {
    return {
      backend: this.name,
      device: 'a device simulated on the CPU',
      mode: 'cpu',
      fallbacks: [...this.#fallbacks.values()],
      kernels: 0,
    };
  }

  countFallback(op: string, reason: string): void {
    const key = `${op}: ${reason}`;
    const known = this.#fallbacks.get(key);
    if (known === undefined) this.#fallbacks.set(key, { op, reason, count: 1 });
    else known.count++;
  }

  dispose(): void {
    this.#host.dispose();
  }

  /** Takes away the values of all buffers there are, as a lost device does. What is made afterwards is sound. */
  lose(): void {
    const gone = Promise.reject(new DeviceLostError('the simulated device was lost'));
    gone.catch(() => {});
    for (const buffer of this.#live) buffer.values = gone;
  }

  fill(value: number, dtype: DType, length: number): Handle {
    return this.#make(this.#host.fill(value, dtype, length) as TypedArray, dtype, length);
  }

  map(r: MapRequest): readonly Handle[] | Declined {
    if (r.into !== undefined) throw new Error('the simulated device writes nothing in place');
    if (r.inputs.length > this.caps.maxInputs) throw new Error(`a kernel with ${r.inputs.length} inputs`);
    const declined = this.#refuses('map', [...r.inputs.map((v) => v.dtype), ...r.outputs]);
    if (declined !== null) return declined;
    const n = count(r.shape);
    const lengths = r.outputs.map((dtype) => ({ dtype, length: n }));
    return this.#compute(r.inputs, lengths, (inputs) => this.#host.map({ ...r, inputs }) as TypedArray[]);
  }

  reduce(r: ReduceRequest): Computed {
    const length = count(r.shape.filter((_, d) => !r.dims.includes(d)));
    return this.#one('reduce', r.inputs, r.output, length, (inputs) => this.#host.reduce({ ...r, inputs }));
  }

  matmul(r: MatmulRequest): Computed {
    const length = count(r.a.shape.slice(0, -1)) * r.b.shape[r.b.shape.length - 1]!;
    return this.#one('matmul', [r.a, r.b], r.dtype, length, ([a, b]) => this.#host.matmul({ ...r, a: a!, b: b! }));
  }

  copy(src: View): Computed {
    return this.#one('copy', [src], src.dtype, count(src.shape), ([s]) => this.#host.copy(s!));
  }

  write(dst: View, src: View, length: number): Computed {
    // A window of everything does not need what was there, which may be gone.
    if (count(dst.shape) === length) {
      const { dtype, shape, strides, offset } = dst;
      return this.#one('write', [src], dtype, length, ([s]) =>
        this.#host.write({ dtype, shape, strides, offset, handle: this.#host.fill(0, dtype, length) }, s!),
      );
    }
    return this.#one('write', [dst, src], dst.dtype, length, ([d, s]) => {
      const whole = (d!.handle as TypedArray).slice();
      return this.#host.write({ ...d!, handle: whole }, s!);
    });
  }

  pad(r: PadRequest): Computed {
    const length = r.src.shape.reduce((p, n, d) => p * (n + r.before[d]! + r.after[d]!), 1);
    return this.#one('pad', [r.src], r.src.dtype, length, ([src]) => this.#host.pad({ ...r, src: src! }));
  }

  gather(r: GatherRequest): Computed {
    return this.#one('gather', [r.src, r.index], r.src.dtype, count(r.index.shape), ([src, index]) =>
      this.#host.gather({ ...r, src: src!, index: index! }),
    );
  }

  scatterAdd(r: ScatterAddRequest): Computed {
    return this.#one('scatterAdd', [r.base, r.index, r.src], r.base.dtype, count(r.base.shape), ([base, index, src]) =>
      this.#host.scatterAdd({ ...r, base: base!, index: index!, src: src! }),
    );
  }

  #make(values: TypedArray | Promise<TypedArray>, dtype: DType, length: number): Buffer {
    if (!this.caps.dtypes.includes(dtype)) throw new Error(`the simulated device has no ${dtype}`);
    const buffer = new Buffer(values, length * 4);
    this.#live.add(buffer);
    this.#buffers++;
    this.#bytes += buffer.bytes;
    return buffer;
  }

  #open(handle: Handle, what: string): TypedArray | Promise<TypedArray> {
    if (!(handle instanceof Buffer)) throw new Error(`${what}: a buffer of another backend`);
    if (handle.freed) throw new Error(`${what}: use of a freed buffer`);
    return handle.values;
  }

  #refuses(request: string, types: readonly DType[]): Declined | null {
    const reason = this.#declines(request, types);
    return reason === null ? null : new Declined(reason);
  }

  #one(request: string, views: readonly View[], dtype: DType, length: number, run: (views: View[]) => Handle): Computed {
    const declined = this.#refuses(request, [...views.map((v) => v.dtype), dtype]);
    return declined ?? this.#compute(views, [{ dtype, length }], (local) => [run(local) as TypedArray])[0]!;
  }

  /** Computes at once when every input has arrived, else when it has. */
  #compute(
    views: readonly View[],
    slots: readonly { readonly dtype: DType; readonly length: number }[],
    run: (views: View[]) => TypedArray[],
  ): Handle[] {
    const opened = views.map((v) => this.#open(v.handle, 'compute'));
    // Taken now: by the time that pending inputs arrive, the tensors behind the views may be gone.
    const windows = views.map(({ dtype, shape, strides, offset }) => ({ dtype, shape, strides, offset }));
    const local = (arrays: readonly TypedArray[]): TypedArray[] => run(windows.map((w, i) => ({ ...w, handle: arrays[i]! })));
    if (opened.some((v) => v instanceof Promise)) {
      const later = Promise.all(opened).then(local);
      return slots.map((s, i) =>
        this.#make(
          later.then((arrays) => arrays[i]!),
          s.dtype,
          s.length,
        ),
      );
    }
    const arrays = local(opened as TypedArray[]);
    return slots.map((s, i) => this.#make(arrays[i]!, s.dtype, s.length));
  }
}

const count = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);
