import { isInferenceMode } from './autograd/modes.ts';
import type { Backend, Handle } from './backend.ts';
import { bytesPerElement, type DType } from './dtype.ts';
import { UseAfterFreeError } from './errors.ts';

/** The net under device memory: frees what a program forgot. On the CPU the collector needs no help. */
const net = new FinalizationRegistry<{ backend: Backend; handle: Handle; dtype: DType }>(({ backend, handle, dtype }) => {
  backend.free(handle, dtype);
});

let made = 0;
let bytes = 0;

/** How many storages were made so far: later ones have larger ids. */
export function storagesMade(): number {
  return made;
}

/** How many bytes those have that were made so far. */
export function bytesMade(): number {
  return bytes;
}

/** A buffer with its version, shared by every view of it. */
export class Storage {
  readonly backend: Backend;
  readonly dtype: DType;
  /** Counts storages, in order of creation. */
  readonly id: number = made++;
  /** Elements in the buffer. */
  readonly length: number;
  /** Whether it was made in inference mode: it takes no part in differentiation. */
  readonly inference: boolean = isInferenceMode();
  /** Counts in-place writes. */
  version = 0;
  /** Live tensors and saved slots that refer to the buffer; at zero a scope may free it. */
  refs = 0;
  #handle: Handle | null;
  readonly #watched: boolean;

  constructor(backend: Backend, handle: Handle, dtype: DType, length: number) {
    this.backend = backend;
    this.dtype = dtype;
    this.length = length;
    this.#handle = handle;
    bytes += length * bytesPerElement(dtype);
    this.#watched = !backend.caps.collected;
    if (this.#watched) net.register(this, { backend, handle, dtype }, this);
  }

  /** The backend's buffer. */
  get handle(): Handle {
    if (this.#handle === null) throw new UseAfterFreeError('the storage of this tensor was freed by dispose() or by the end of its scope');
    return this.#handle;
  }

  /** Whether the buffer is gone. */
  get freed(): boolean {
    return this.#handle === null;
  }

  /** Takes the buffer that an in-place write produced, and counts the write. */
  written(handle: Handle): void {
    this.version++;
    if (handle === this.#handle) return;
    const old = this.handle;
    this.#handle = handle;
    if (this.#watched) {
      net.unregister(this);
      net.register(this, { backend: this.backend, handle, dtype: this.dtype }, this);
    }
    this.backend.free(old, this.dtype);
  }

  /** Gives the buffer back to the backend. */
  free(): void {
    if (this.#handle === null) return;
    const handle = this.#handle;
    this.#handle = null;
    if (this.#watched) net.unregister(this);
    this.backend.free(handle, this.dtype);
  }
}
