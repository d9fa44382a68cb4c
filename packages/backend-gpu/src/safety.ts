import type { Backend, DType, TypedArray } from '@nabla/core';
import { DeviceError } from '@nabla/core';
import { type Computed, Declined, type Handle, referenceBackend, type View } from '@nabla/core/internals';
import type { Allocation, GpuBuffer } from './buffer.ts';
import { Unavailable } from './failures.ts';
import { bufferOf } from './indexing.ts';
import type { Kernels } from './kernels.ts';

/** A result of a request: dtype and number of elements. */
interface Slot {
  readonly dtype: DType;
  readonly length: number;
}

/** A request, in a form that the device and the host can both be given. */
export interface Work {
  /** Names it in reports and messages. */
  readonly op: string;
  readonly inputs: readonly View[];
  readonly outputs: readonly Slot[];
  /** On the device. */
  readonly here: () => GpuBuffer | readonly GpuBuffer[] | Declined;
  /** On a backend of the host, of its own views. */
  readonly there: (backend: Backend, views: readonly View[]) => Computed | readonly Handle[] | undefined;
}

/** How a backend stores values of a dtype. */
export interface Storing {
  readonly typed: (values: Float32Array, dtype: DType, length: number) => TypedArray;
  readonly stored: (values: TypedArray, dtype: DType, length: number) => Float32Array;
}

/** An operand as it was when the work was asked for: the tensor that it came from may be freed before it is read. */
interface Operand {
  readonly view: Omit<View, 'handle'>;
  /** Null for no elements. */
  readonly allocation: Allocation | null;
  readonly length: number;
}

/**
 * Lets work go on when the device fails: what it refuses at once is declined, so that core does it on the CPU; what it fails
 * at later (on WebGPU) is done on the CPU when that shows, from operands that are kept until then.
 */
export class Safety {
  readonly #kernels: Kernels;
  readonly #storing: Storing;
  readonly #counts: Map<string, { op: string; reason: string; count: number }> = new Map();
  readonly #told: Set<string> = new Set();

  constructor(kernels: Kernels, storing: Storing) {
    this.#kernels = kernels;
    this.#storing = storing;
    void kernels.lost.then((reason) => this.#tell(reason));
  }

  /** What ran on the CPU so far. */
  get fallbacks(): { op: string; reason: string; count: number }[] {
    return [...this.#counts.values()].map((f) => ({ ...f }));
  }

  count(op: string, reason: string): void {
    const key = `${op}\n${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { op, reason, count: 1 });
    else known.count++;
  }

  /** One line for each reason. */
  #tell(reason: string): void {
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    console.warn(`@nabla/backend-gpu: ${reason}; the work goes on on the CPU`);
  }

  /** Runs `here`; what the device cannot do is declined. */
  attempt<T>(here: () => T): T | Declined {
    try {
      return here();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#tell(error.reason);
      return new Declined(error.reason);
    }
  }

  /** Runs work with one result. */
  one(work: Work): Computed {
    const done = this.many(work);
    return done instanceof Declined ? done : done[0]!;
  }

  /** Runs work on the device, and promised results that do not come on the host. */
  many(work: Work): readonly GpuBuffer[] | Declined {
    const done = this.attempt(work.here);
    if (done instanceof Declined) return done;
    const buffers = Array.isArray(done) ? (done as readonly GpuBuffer[]) : [done as GpuBuffer];
    if (this.#kernels.synchronous) return buffers;
    const operands = operandsOf(work);
    // A copy may share what its operand waits for, and whoever made that looks after it.
    const waiting = buffers.filter((b) => b.length > 0 && b.allocation.isPending && !operands.some((o) => o.allocation === b.allocation));
    if (waiting.length > 0) this.#guard(work, buffers, waiting, operands);
    return buffers;
  }

  #guard(work: Work, buffers: readonly GpuBuffer[], waiting: readonly GpuBuffer[], operands: readonly Operand[]): void {
    const places = waiting.map((b) => buffers.indexOf(b));
    const arrivals = waiting.map((b) => b.allocation);
    let values: Promise<readonly Float32Array[]> | null = null;
    const again = ({ reason }: Unavailable): Promise<readonly Float32Array[]> => {
      this.count(work.op, reason);
      this.#tell(reason);
      return this.#later(work, operands);
    };
    arrivals.forEach((a, i) => {
      a.otherwise(async (error) => {
        // What the operands failed with is not the device's failure.
        if (!(error instanceof Unavailable)) throw error;
        values ??= again(error);
        return (await values)[places[i]!]!;
      });
    });
    for (const o of operands) o.allocation?.retain();
    void Promise.all(arrivals.map((a) => a.arrival)).then(() => {
      for (const o of operands) o.allocation?.release();
    });
  }

  /** Does work on the host, where the device is not asked. */
  onHost(work: Work): readonly GpuBuffer[] {
    const operands = operandsOf(work);
    if (this.#kernels.synchronous) {
      const arrays = this.#compute(
        work,
        operands,
        work.inputs.map((v) => this.#kernels.readSync(bufferOf(v))),
      );
      return work.outputs.map((s, i) => this.#kernels.onHost(arrays[i]!, s.length));
    }
    for (const o of operands) o.allocation?.retain();
    const all = this.#later(work, operands).finally(() => {
      for (const o of operands) o.allocation?.release();
    });
    return work.outputs.map((s, i) =>
      this.#kernels.onHost(
        all.then((arrays) => arrays[i]!),
        s.length,
      ),
    );
  }

  async #later(work: Work, operands: readonly Operand[]): Promise<readonly Float32Array[]> {
    const arrays = operands.map(({ allocation, length }) =>
      allocation === null ? new Float32Array(0) : this.#kernels.valuesOf(allocation, length),
    );
    return this.#compute(work, operands, await Promise.all(arrays));
  }

  #compute(work: Work, operands: readonly Operand[], arrays: readonly Float32Array[]): readonly Float32Array[] {
    const host = referenceBackend();
    const { typed, stored } = this.#storing;
    const views = operands.map(({ view, length }, i) => ({
      ...view,
      handle: host.upload(typed(arrays[i]!, view.dtype, length), view.dtype, length),
    }));
    const done = work.there(host, views);
    if (done === undefined || done instanceof Declined) throw new DeviceError(`${work.op}: neither the device nor the CPU can do it`);
    const handles = Array.isArray(done) ? (done as readonly Handle[]) : [done as Handle];
    return work.outputs.map((s, i) => stored(host.readSync(handles[i]!, s.dtype, s.length), s.dtype, s.length));
  }
}

function operandsOf(work: Work): Operand[] {
  return work.inputs.map((v) => {
    const { length } = bufferOf(v);
    const { dtype, shape, strides, offset } = v;
    return { view: { dtype, shape, strides, offset }, allocation: length === 0 ? null : bufferOf(v).allocation, length };
  });
}
