import { DeviceError } from '@nabla/core';
import type { GpuDevice } from './device.ts';
import type { GpuReader, GpuResult } from './gpujs.ts';

/** Copies results of one device to the host. */
export class Readback {
  readonly #device: GpuDevice;
  #reader: GpuReader | null | undefined;
  #length = -1;

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** The values of a result, where the device answers at once. */
  now(result: GpuResult, length: number): Float32Array {
    return whole(result.toArray() as Float32Array | null, length);
  }

  /** The values of a result, without blocking where the mode can. */
  async later(result: GpuResult, length: number): Promise<Float32Array> {
    const reader = this.#asynchronous();
    if (reader === null) return whole(await result.toArray(), length);
    try {
      if (this.#length !== length) {
        reader.setOutput([length]);
        this.#length = length;
      }
      return whole(await reader(result), length);
    } catch (error) {
      if (this.#device.isLost()) throw error;
      this.#reader = null;
      return whole(await result.toArray(), length);
    }
  }

  #asynchronous(): GpuReader | null {
    if (this.#reader !== undefined) return this.#reader;
    try {
      this.#reader = this.#device.createReader();
    } catch {
      // Reading at once works too.
      this.#reader = null;
    }
    return this.#reader;
  }
}

function whole(values: Float32Array | null, length: number): Float32Array {
  if (values === null || values.length < length) throw new DeviceError(`read: the device gave ${values?.length ?? 0} of ${length} values`);
  return values;
}
