import type { Backend, BackendReport, Capabilities, DType, MemoryReport, TypedArray } from '@nabla/core';
import { DeviceError, DTypeError } from '@nabla/core';
import {
  allocate,
  type Computed,
  type Declined,
  type FusedKernels,
  type GatherRequest,
  type Handle,
  isFloating,
  type MapRequest,
  type MatmulRequest,
  type PadRequest,
  type ReduceRequest,
  type ScatterAddRequest,
  type View,
} from '@nabla/core/internals';
import type { GpuBuffer } from './buffer.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './conv.ts';
import { exactIndex, type GpuDevice } from './device.ts';
import { Kernels } from './kernels.ts';
import { map } from './map.ts';
import { matmul } from './matmul.ts';
import { copy, gather, pad, scatterAdd, write } from './movement.ts';
import { avgPool2d, avgPool2dGrad, maxPool2d, maxPool2dGrad } from './pool.ts';
import { constant, reduce } from './reduce.ts';

/**
 * Tensors and kernels on a graphics device, through gpu.js. Buffers never change: a write makes a new one. Every dtype
 * is stored as float32, so integers are exact to 2^24.
 */
export class GpuBackend implements Backend {
  readonly name = 'gpu';
  readonly caps: Capabilities;
  readonly fused: FusedKernels;
  readonly #device: GpuDevice;
  readonly #kernels: Kernels;
  readonly #fallbacks: Map<string, { op: string; reason: string; count: number }> = new Map();

  /** @internal Use createGpuBackend. */
  constructor(device: GpuDevice) {
    const kernels = new Kernels(device);
    this.#device = device;
    this.#kernels = kernels;
    this.caps = {
      dtypes: ['float32', 'int64', 'int32', 'uint8', 'bool'],
      inPlace: false,
      syncRead: device.synchronous,
      collected: false,
      exactInteger: exactIndex,
      maxElements: device.maxElements,
      maxInputs: device.maxInputs,
    };
    this.fused = {
      conv2d: (x, weight, g, out) => conv2d(kernels, x, weight, g, out),
      conv2dInputGrad: (grad, weight, g, shape) => conv2dInputGrad(kernels, grad, weight, g, shape),
      conv2dWeightGrad: (grad, x, g, shape) => conv2dWeightGrad(kernels, grad, x, g, shape),
      maxPool2d: (x, g) => maxPool2d(kernels, x, g),
      maxPool2dGrad: (grad, indices, g, shape) => maxPool2dGrad(kernels, grad, indices, g, shape),
      avgPool2d: (x, g) => avgPool2d(kernels, x, g),
      avgPool2dGrad: (grad, g, shape) => avgPool2dGrad(kernels, grad, g, shape),
    };
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
    return {
      backend: this.name,
      device: this.#device.name,
      mode: this.#device.mode,
      fallbacks: [...this.#fallbacks.values()].map((f) => ({ ...f })),
      kernels: this.#kernels.compiled,
    };
  }

  countFallback(op: string, reason: string): void {
    const key = `${op}\n${reason}`;
    const known = this.#fallbacks.get(key);
    if (known === undefined) this.#fallbacks.set(key, { op, reason, count: 1 });
    else known.count++;
  }

  /** Frees everything: the graphics context goes, and with it every tensor on it. */
  dispose(): void {
    this.#kernels.dispose();
    void this.#device.destroy();
  }

  fill(value: number, dtype: DType, length: number): Handle {
    checkInteger(value, dtype);
    return constant(this.#kernels, value, length);
  }

  map(r: MapRequest): readonly Handle[] | Declined {
    return map(this.#kernels, r);
  }

  reduce(r: ReduceRequest): Computed {
    return reduce(this.#kernels, r);
  }

  matmul(r: MatmulRequest): Computed {
    return matmul(this.#kernels, r);
  }

  copy(src: View): Computed {
    return copy(this.#kernels, src);
  }

  write(dst: View, src: View, length: number): Computed {
    return write(this.#kernels, dst, src, length);
  }

  pad(r: PadRequest): Computed {
    return pad(this.#kernels, r);
  }

  gather(r: GatherRequest): Computed {
    return gather(this.#kernels, r);
  }

  scatterAdd(r: ScatterAddRequest): Computed {
    return scatterAdd(this.#kernels, r);
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
