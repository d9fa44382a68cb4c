import { DeviceError } from '@nabla/core';
import { ignore, lostValues } from './failures.ts';
import type { GpuResult } from './gpujs.ts';

/** What is allocated at the moment, kept exact by every buffer and every allocation. */
export interface Ledger {
  buffers: number;
  bytes: number;
}

/** Computes values elsewhere when the device has failed to. */
export type Again = (error: unknown) => Promise<Float32Array>;

/**
 * Contents shared by the buffers that have the same: on the device, on their way there, in the host's memory, or in both.
 * Those that the host has survive the loss of the device.
 */
export class Allocation {
  readonly #bytes: number;
  readonly #ledger: Ledger;
  #refs = 0;
  #charged = false;
  #result: GpuResult | null = null;
  #host: Float32Array | null;
  /** Settles when there are contents. */
  #pending: Promise<void> | null = null;
  #failure: unknown = null;
  #again: Again | null = null;

  /** `bytes` is what the contents take on the device; `host` is a copy that nobody writes to. */
  constructor(bytes: number, ledger: Ledger, host: Float32Array | null = null) {
    this.#bytes = bytes;
    this.#ledger = ledger;
    this.#host = host;
  }

  /** Takes a result of the device, or the promise of one. */
  take(result: GpuResult | Promise<GpuResult>): this {
    this.#charge(true);
    if (result instanceof Promise) this.#wait(result.then((r) => this.#arrived(r)));
    else this.#result = result;
    return this;
  }

  /** Takes the promise of values in the host's memory. */
  takeHost(values: Promise<Float32Array>): this {
    this.#wait(
      values.then((v) => {
        this.#host = v;
      }),
    );
    return this;
  }

  /** What to do when the promised result does not come. */
  otherwise(again: Again): void {
    if (this.#pending !== null) this.#again = again;
  }

  #arrived(result: GpuResult): void {
    if (this.#refs > 0) this.#result = result;
    else result.delete();
  }

  #wait(contents: Promise<void>): void {
    const settled = contents
      .catch(async (error: unknown) => {
        this.#charge(false);
        if (this.#refs <= 0 || this.#host !== null) return;
        if (this.#again === null) throw error;
        this.#host = await this.#again(error);
      })
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#pending = null;
        this.#again = null;
      });
    this.#pending = settled;
  }

  retain(): this {
    this.#refs++;
    return this;
  }

  release(): void {
    if (--this.#refs > 0) return;
    this.#charge(false);
    this.#result?.delete();
    this.#result = null;
    this.#host = null;
  }

  /** Whether the device's memory is taken up. */
  #charge(taken: boolean): void {
    if (taken === this.#charged) return;
    this.#charged = taken;
    this.#ledger.bytes += taken ? this.#bytes : -this.#bytes;
  }

  /** The contents on the device, where they are there. */
  get result(): GpuResult | null {
    return this.#result;
  }

  /** Waits for contents. @throws what kept them from coming */
  async settled(): Promise<void> {
    await this.#pending;
    if (this.#failure !== null) throw this.#failure;
    if (this.#result === null && this.#host === null) throw new DeviceError('gpu: the buffer was freed');
  }

  /** Whether contents are still on their way. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** For flush(): settles with the contents, and never rejects. */
  get arrival(): Promise<void> {
    return this.#pending?.then(ignore, ignore) ?? Promise.resolve();
  }

  /** Values that do not depend on the device. @throws DeviceLostError when only the lost device had them */
  survivors(op: string, why: string): Float32Array {
    if (this.#host === null) throw lostValues(op, why);
    return this.#host;
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
