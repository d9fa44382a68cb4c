import { type Backend, cpu, type DType, type TypedArray } from '@nabla/core';
import { contiguousStrides, Declined, type Handle, hostReason, isFloating, sizeOf, type View } from '@nabla/core/internals';
import { expect } from 'vitest';
import { createGpuBackend, GpuBackend, type GpuMode } from '../src/index.ts';

/** With `VITE_WHOLE=1` what is run in part by default is run whole. */
export const whole: boolean = (import.meta as { readonly env?: Readonly<Record<string, unknown>> }).env?.['VITE_WHOLE'] === '1';

/** Modes of a browser; SwiftShader gives all of them on a machine without a graphics card. */
export const browserModes: readonly GpuMode[] = ['webgl2', 'webgl', 'webgpu'];

/** gpu.js's class of each mode: anything else would be a silent fallback. */
const kernelClass: Readonly<Record<GpuMode, string>> = {
  webgl2: 'WebGL2Kernel',
  webgl: 'WebGLKernel',
  headlessgl: 'HeadlessGLKernel',
  webgpu: 'WebGPUKernel',
};

/** The backend in a mode that has to be there. */
export async function gpuIn(mode: GpuMode): Promise<GpuBackend> {
  const backend = await createGpuBackend({ mode });
  if (!(backend instanceof GpuBackend)) throw new Error(`${mode} is missing: ${backend.report().device}`);
  expect(backend.report().mode).toBe(mode);
  return backend;
}

/** Asserts that everything a backend has run was run by gpu.js's kernels of its mode. */
export function expectOnDevice(gpu: GpuBackend): void {
  const { mode, fallbacks } = gpu.report();
  expect(gpu.kernelClasses).toEqual([kernelClass[mode as GpuMode]]);
  // What no backend has a kernel for is no gap of this one.
  expect(fallbacks.filter((f) => f.reason !== hostReason)).toEqual([]);
}

/** Repeatable random numbers (Steele et al. 2014, "SplitMix", 32 bits of state). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  }
  /** In 0..n-1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
  /** Values of a dtype: within ±2 when floating, small integers otherwise. */
  values(dtype: DType, n: number): TypedArray {
    if (dtype === 'bool') return Uint8Array.from({ length: n }, () => this.below(2));
    if (dtype === 'uint8') return Uint8Array.from({ length: n }, () => this.below(256));
    if (dtype === 'int32') return Int32Array.from({ length: n }, () => this.below(41) - 20);
    if (dtype === 'int64') return Float64Array.from({ length: n }, () => this.below(41) - 20);
    return Float32Array.from({ length: n }, () => this.next() * 4 - 2);
  }
}

/** A view whose handle depends on the backend. */
export interface Twin {
  readonly on: (b: Backend) => View;
  readonly shape: readonly number[];
}

/** The same request on the CPU and on a device. */
export class Pair {
  readonly gpu: GpuBackend;
  readonly #handles: { gpu: Handle; dtype: DType }[] = [];

  constructor(gpu: GpuBackend) {
    this.gpu = gpu;
  }

  /** Values on both, as a view; `shape`, strides and offset default to all of them in order. */
  view(values: TypedArray, dtype: DType, shape: readonly number[], strides = contiguousStrides(shape), offset = 0): Twin {
    const handles = { gpu: this.gpu.upload(values, dtype, values.length), cpu: cpu.upload(values, dtype, values.length), dtype };
    this.#handles.push(handles);
    return { shape, on: (b) => ({ handle: b === cpu ? handles.cpu : handles.gpu, dtype, shape, strides, offset }) };
  }

  /**
   * A random window of this shape on a buffer of random values: permuted, with gaps, reversed or repeated dimensions
   * (the last two unless `distinct`), and an offset.
   */
  window(r: Random, dtype: DType, shape: readonly number[], distinct = false): Twin {
    const order = shape.map((_, d) => d);
    for (let d = order.length - 1; d > 0; d--) {
      const k = r.below(d + 1);
      [order[d], order[k]] = [order[k]!, order[d]!];
    }
    const strides = new Array<number>(shape.length).fill(0);
    let step = 1;
    let offset = 0;
    for (const d of order) {
      step *= 1 + (r.below(3) === 0 ? 1 : 0);
      if (!distinct && r.below(6) === 0) continue;
      strides[d] = step;
      const reach = Math.max(shape[d]! - 1, 0) * step;
      step += reach;
      if (!distinct && r.below(6) === 0) {
        strides[d] = -strides[d]!;
        offset += reach;
      }
    }
    const lead = r.below(3);
    const values = r.values(dtype, lead + step + r.below(3));
    return this.view(values, dtype, shape, strides, lead + offset);
  }

  /** Compares results of `run` on both backends: integers exactly, floats within `tolerance` relative to the largest. */
  async same(
    what: string,
    dtypes: readonly DType[],
    length: number,
    run: (b: Backend, on: (t: Twin) => View) => Handle | Declined | readonly Handle[],
    tolerance = 2e-6,
  ): Promise<void> {
    const both = [cpu, this.gpu].map((b) => {
      const done = run(b, (t) => t.on(b));
      if (done instanceof Declined) throw new Error(`${what}: ${b.name} declined: ${done.reason}`);
      return Array.isArray(done) ? (done as readonly Handle[]) : [done as Handle];
    });
    for (let k = 0; k < dtypes.length; k++) {
      const want = await cpu.read(both[0]![k]!, dtypes[k]!, length);
      const got = await this.gpu.read(both[1]![k]!, dtypes[k]!, length);
      this.gpu.free(both[1]![k]!);
      expect(got.constructor, what).toBe(want.constructor);
      const wrong = firstDifference(got, want, isFloating(dtypes[k]!) ? tolerance : 0);
      if (wrong !== null) throw new Error(`${what}, output ${k}: ${wrong}`);
    }
  }

  /** Frees what was uploaded. */
  clear(): void {
    for (const h of this.#handles.splice(0)) this.gpu.free(h.gpu);
  }
}

/** Where two arrays first differ by more than `tolerance` times the larger of 1 and the element; null when nowhere. */
export function firstDifference(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): string | null {
  if (got.length !== want.length) return `${got.length} elements instead of ${want.length}`;
  for (let i = 0; i < want.length; i++) {
    const g = got[i]!;
    const w = want[i]!;
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
    if (!(Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w)))) return `element ${i} is ${g} instead of ${w}`;
  }
  return null;
}

/** Elements of a shape without some dimensions. */
export function sizeWithout(shape: readonly number[], dims: readonly number[]): number {
  return sizeOf(shape.filter((_, d) => !dims.includes(d)));
}
