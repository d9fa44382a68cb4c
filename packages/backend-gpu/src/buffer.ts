import { DeviceError } from '@nabla/core';
import type { GpuResult } from './gpujs.ts';

/** What is allocated at the moment, kept exact by every buffer and every allocation. */
export interface Ledger {
  buffers: number;
  bytes: number;
}

/** One allocation on the device, shared by the buffers that have the same contents. */
export class Allocation {
  readonly bytes: number;
  readonly #ledger: Ledger;
  #refs = 0;
  #result: GpuResult | null = null;
  #pending: Promise<GpuResult> | null = null;

  constructor(result: GpuResult | Promise<GpuResult>, bytes: number, ledger: Ledger) {
    this.bytes = bytes;
    this.#ledger = ledger;
    ledger.bytes += bytes;
    if (!(result instanceof Promise)) {
      this.#result = result;
      return;
    }
    this.#pending = result;
    result.then(
      (r) => {
        if (this.#refs <= 0) r.delete();
        else this.#result = r;
        this.#pending = null;
      },
      () => undefined, // stays pending on the failure, which whoever reads the buffer is told of
    );
  }

  retain(): this {
    this.#refs++;
    return this;
  }

  release(): void {
    if (--this.#refs > 0) return;
    this.#ledger.bytes -= this.bytes;
    this.#result?.delete();
    this.#result = null;
  }

  /** The result, where kernels answer at once. */
  get result(): GpuResult {
    if (this.#result === null) throw new DeviceError('gpu: the buffer has no contents yet');
    return this.#result;
  }

  /** The result as soon as it exists. Rejects with the error of the kernel that should have made it. */
  ready(): GpuResult | Promise<GpuResult> {
    return this.#result ?? this.#pending ?? Promise.reject(new DeviceError('gpu: the buffer was freed'));
  }
}

/** A backend handle: a number of elements in an allocation. A buffer of no elements has no allocation. */
export class GpuBuffer {
  readonly length: number;
  readonly #ledger: Ledger;
  readonly #allocation: Allocation | null;
  #freed = false;

  constructor(length: number, allocation: Allocation | null, ledger: Ledger) {
    this.length = length;
    this.#allocation = allocation === null ? null : allocation.retain();
    this.#ledger = ledger;
    ledger.buffers++;
  }

  get allocation(): Allocation {
    if (this.#freed) throw new DeviceError('gpu: the buffer was freed');
    if (this.#allocation === null) throw new DeviceError('gpu: an empty buffer has nothing on the device');
    return this.#allocation;
  }

  /** Another buffer with the same contents. Buffers are never written to, so nothing is copied. */
  share(): GpuBuffer {
    if (this.#freed) throw new DeviceError('gpu: the buffer was freed');
    return new GpuBuffer(this.length, this.#allocation, this.#ledger);
  }

  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#ledger.buffers--;
    this.#allocation?.release();
  }
}
