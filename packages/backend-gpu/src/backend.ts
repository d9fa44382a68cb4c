import type { Backend, BackendReport, Capabilities, DType, MemoryReport, TypedArray } from '@nabla/core';
import { DeviceError, DTypeError } from '@nabla/core';
import {
  allocate,
  type Computed,
  Declined,
  type FusedKernels,
  type GatherRequest,
  type Handle,
  isFloating,
  type MapRequest,
  type MatmulRequest,
  type PadRequest,
  type ReduceRequest,
  type ScatterAddRequest,
  sizeOf,
  type View,
} from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { exactIndex, type GpuDevice } from './device.ts';
import { fusedKernels } from './fused.ts';
import { bufferOf } from './indexing.ts';
import { Kernels, type KernelsOptions } from './kernels.ts';
import { map } from './map.ts';
import { matmul } from './matmul.ts';
import { copy, gather, pad, scatterAdd, write } from './movement.ts';
import { constant, reduce } from './reduce.ts';
import { Safety, type Work } from './safety.ts';

/**
 * Tensors and kernels on a graphics device, through gpu.js. Buffers never change: a write makes a new one. Every dtype
 * is stored as float32, so integers are exact to 2^24.
 *
 * What the device cannot do (a kernel fails, its memory is full, it is gone) runs on the CPU and is counted, with one line on
 * the console for each reason.
 */
export class GpuBackend implements Backend {
  readonly name = 'gpu';
  readonly caps: Capabilities;
  readonly fused: FusedKernels;
  /** Resolves with the reason when the device goes away. Values that only it had are lost; work goes on on the CPU. */
  readonly lost: Promise<string>;
  readonly #device: GpuDevice;
  readonly #kernels: Kernels;
  readonly #safety: Safety;

  /** @internal Use createGpuBackend. */
  constructor(device: GpuDevice, options: KernelsOptions) {
    const kernels = new Kernels(device, options);
    this.#device = device;
    this.#kernels = kernels;
    this.#safety = new Safety(kernels, { typed, stored });
    this.lost = kernels.lost;
    this.caps = {
      dtypes: ['float32', 'int64', 'int32', 'uint8', 'bool'],
      inPlace: false,
      syncRead: device.synchronous,
      collected: false,
      exactInteger: exactIndex,
      maxElements: device.maxElements,
      maxInputs: device.maxInputs,
    };
    this.fused = fusedKernels(kernels, this.#safety);
  }

  /** Names of gpu.js's kernel classes that have run: what the work was really done by. */
  get kernelClasses(): readonly string[] {
    return this.#kernels.classNames;
  }

  upload(data: TypedArray | Promise<TypedArray>, dtype: DType, length: number): Handle {
    if (data instanceof Promise) {
      if (this.caps.syncRead) throw new DeviceError('upload: this device takes values, not a promise of them');
      return this.#kernels.upload(
        data.then((d) => stored(d, dtype, length)),
        length,
      );
    }
    return this.#kernels.upload(stored(data, dtype, length), length);
  }

  async read(handle: Handle, dtype: DType, length: number): Promise<TypedArray> {
    return typed(await this.#kernels.read(handle as GpuBuffer), dtype, length);
  }

  readSync(handle: Handle, dtype: DType, length: number): TypedArray {
    if (!this.caps.syncRead) throw new DeviceError('read: this device cannot be read at once; use await data()');
    return typed(this.#kernels.readSync(handle as GpuBuffer), dtype, length);
  }

  free(handle: Handle): void {
    (handle as GpuBuffer).free();
  }

  flush(): Promise<void> {
    return this.#kernels.flush();
  }

  memory(): MemoryReport {
    return { ...this.#kernels.ledger };
  }

  report(): BackendReport {
    const { loss } = this.#kernels;
    return {
      backend: this.name,
      device: loss === null ? this.#device.name : `the CPU: ${loss} (${this.#device.name})`,
      mode: loss === null ? this.#device.mode : 'cpu',
      fallbacks: this.#safety.fallbacks,
      kernels: this.#kernels.compiled,
    };
  }

  countFallback(op: string, reason: string): void {
    this.#safety.count(op, reason);
  }

  /** Frees everything: the graphics context goes, and with it every tensor on it. */
  dispose(): void {
    this.#kernels.dispose();
    void this.#device.destroy();
  }

  fill(value: number, dtype: DType, length: number): Handle {
    checkInteger(value, dtype);
    const done = this.#safety.one({
      op: 'fill',
      inputs: [],
      outputs: [{ dtype, length }],
      here: () => constant(this.#kernels, value, length),
      there: (b) => b.fill(value, dtype, length),
    });
    if (!(done instanceof Declined)) return done;
    this.countFallback('fill', done.reason);
    return this.#kernels.onHost(new Float32Array(length).fill(value), length);
  }

  map(r: MapRequest): readonly Handle[] | Declined {
    const length = sizeOf(r.shape);
    return this.#safety.many({
      op: r.exprs[0]?.row?.name ?? 'copy',
      inputs: r.inputs,
      outputs: r.outputs.map((dtype) => ({ dtype, length })),
      here: () => map(this.#kernels, r),
      there: (b, inputs) => b.map({ ...r, inputs }),
    });
  }

  reduce(r: ReduceRequest): Computed {
    return this.#safety.one({
      op: r.kind,
      inputs: r.inputs,
      outputs: [{ dtype: r.output, length: sizeOf(r.shape.filter((_, d) => !r.dims.includes(d))) }],
      here: () => reduce(this.#kernels, r),
      there: (b, inputs) => b.reduce({ ...r, inputs }),
    });
  }

  matmul(r: MatmulRequest): Computed {
    const { a, b: right, dtype } = r;
    return this.#safety.one({
      op: 'matmul',
      inputs: [a, right],
      outputs: [{ dtype, length: sizeOf(a.shape.slice(0, -1)) * right.shape.at(-1)! }],
      here: () => matmul(this.#kernels, r),
      there: (b, [x, y]) => b.matmul({ a: x!, b: y!, dtype }),
    });
  }

  copy(src: View): Computed {
    return this.#safety.one({
      op: 'copy',
      inputs: [src],
      outputs: [{ dtype: src.dtype, length: sizeOf(src.shape) }],
      here: () => copy(this.#kernels, src),
      there: (b, [x]) => b.copy(x!),
    });
  }

  write(dst: View, src: View, length: number): Computed {
    const outputs = [{ dtype: dst.dtype, length }];
    const { dtype, shape, strides, offset } = dst;
    const here = (): GpuBuffer => write(this.#kernels, dst, src, length);
    // A window of everything does not need what was there, which may be gone.
    const work: Work =
      bufferOf(dst).length === sizeOf(dst.shape)
        ? {
            op: 'write',
            inputs: [src],
            outputs,
            here,
            there: (b, [y]) => b.write({ dtype, shape, strides, offset, handle: b.fill(0, dtype, length) }, y!, length),
          }
        : { op: 'write', inputs: [dst, src], outputs, here, there: (b, [x, y]) => b.write(x!, y!, length) };
    const done = this.#safety.one(work);
    if (!(done instanceof Declined)) return done;
    this.countFallback('write', done.reason);
    return this.#safety.onHost(work)[0]!;
  }

  pad(r: PadRequest): Computed {
    return this.#safety.one({
      op: 'pad',
      inputs: [r.src],
      outputs: [{ dtype: r.src.dtype, length: sizeOf(r.src.shape.map((n, d) => n + r.before[d]! + r.after[d]!)) }],
      here: () => pad(this.#kernels, r),
      there: (b, [src]) => b.pad({ ...r, src: src! }),
    });
  }

  gather(r: GatherRequest): Computed {
    return this.#safety.one({
      op: 'gather',
      inputs: [r.src, r.index],
      outputs: [{ dtype: r.src.dtype, length: sizeOf(r.index.shape) }],
      here: () => gather(this.#kernels, r),
      there: (b, [src, index]) => b.gather({ ...r, src: src!, index: index! }),
    });
  }

  scatterAdd(r: ScatterAddRequest): Computed {
    return this.#safety.one({
      op: 'scatterAdd',
      inputs: [r.base, r.index, r.src],
      outputs: [{ dtype: r.base.dtype, length: sizeOf(r.base.shape) }],
      here: () => scatterAdd(this.#kernels, r),
      there: (b, [base, index, src]) => b.scatterAdd({ ...r, base: base!, index: index!, src: src! }),
    });
  }
}

function checkInteger(value: number, dtype: DType): void {
  if (!isFloating(dtype) && Math.abs(value) > exactIndex) {
    throw new DTypeError(`${dtype}: ${value} is beyond ±2^24, up to which integers are exact on the GPU`);
  }
}

/** Values as the device stores them. */
function stored(data: TypedArray, dtype: DType, length: number): Float32Array {
  const values = data.length === length ? data : data.subarray(0, length);
  if (dtype === 'int64' || dtype === 'int32') for (let i = 0; i < length; i++) checkInteger(values[i]!, dtype);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** Stored values as an array of `dtype`, which is the caller's to keep. */
function typed(values: Float32Array, dtype: DType, length: number): TypedArray {
  const part = values.length === length ? values : values.subarray(0, length);
  if (dtype === 'float32') return part.byteLength === part.buffer.byteLength ? part : part.slice();
  const out = allocate(dtype, length);
  out.set(part);
  return out;
}
