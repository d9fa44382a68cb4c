import { DeviceError } from '@nabla/core';
import { Allocation, GpuBuffer, type Ledger } from './buffer.ts';
import type { GpuDevice, KernelSource } from './device.ts';
import { firstLine, ignore, Unavailable } from './failures.ts';
import type { GpuArgument, GpuKernel, GpuResult } from './gpujs.ts';
import { Readback } from './readback.ts';

/** Numbers that a kernel gets as arguments, with the names that its source uses for them. */
export class Arguments {
  readonly names: string[] = [];
  readonly values: number[] = [];

  add(name: string, value: number): void {
    this.names.push(name);
    this.values.push(value);
  }
}

/** A kernel's body, and the functions that it calls by name. */
export interface Source {
  /** Statements that end in `return`. Inputs are `a0`, `a1`, ...; `i` is the element to compute. */
  readonly code: string;
  readonly helpers: ReadonlyMap<string, string>;
}

/** One run of a kernel. */
export interface Launch {
  /** Names the work in messages. */
  readonly op: string;
  /** What the source depends on beyond the names of its arguments; never shapes or numbers. */
  readonly key: string;
  readonly inputs: readonly GpuBuffer[];
  readonly ints?: Arguments;
  readonly floats?: Arguments;
  /** Elements of the output. */
  readonly length: number;
  /** Called once per key. */
  readonly source: () => Source;
}

interface Compiled {
  readonly run: GpuKernel;
  /** Elements that the kernel is set up to compute. */
  length: number;
  /** On WebGPU: settles when the kernel can be called again. */
  tail: Promise<unknown>;
  /** Why it cannot be used, once that is known. */
  broken: string | null;
}

/** What a device may take up, and what is kept for the day it goes away. */
export interface KernelsOptions {
  /** Bytes of all buffers together. */
  readonly maxBytes: number;
  /** Whether the host keeps what was uploaded. */
  readonly recoverable: boolean;
}

const noArguments = new Arguments();

const uploading: KernelSource = { parameters: ['a0'], types: ['Array'], code: 'return a0[this.thread.x];', helpers: new Map() };

/** From this size on it is asked at once whether the memory for a result was there: asking makes the device stand still. */
const large = 2 ** 20;

/**
 * The kernels of one device, compiled on first use and kept: destroying one would take its results with it. There are
 * as many as the program has distinct expressions, ranks and operand kinds.
 *
 * What the device cannot do is {@link Unavailable}, with nothing changed.
 */
export class Kernels {
  readonly ledger: Ledger = { buffers: 0, bytes: 0 };
  /** Resolves with the reason when the device goes away. */
  readonly lost: Promise<string>;
  readonly #device: GpuDevice;
  readonly #options: KernelsOptions;
  readonly #cache: Map<string, Compiled> = new Map();
  /** Why kernels cannot even be made, by key. */
  readonly #refused: Map<string, string> = new Map();
  readonly #outstanding: Set<Promise<unknown>> = new Set();
  readonly #readback: Readback;
  readonly #tellLost: (reason: string) => void;
  #disposed = false;
  #loss: string | null = null;

  constructor(device: GpuDevice, options: KernelsOptions) {
    this.#device = device;
    this.#readback = new Readback(device);
    this.#options = options;
    let tell: (reason: string) => void = () => undefined;
    this.lost = new Promise((resolve) => {
      tell = resolve;
    });
    this.#tellLost = tell;
    device.onLost(() => this.#lose('the graphics context was lost'));
  }

  /** Whether kernels answer at once. */
  get synchronous(): boolean {
    return this.#device.synchronous;
  }

  /** Kernels compiled so far. */
  get compiled(): number {
    return this.#cache.size;
  }

  /** Name of gpu.js's kernel classes in use, for tests: it says what the kernels really run on. */
  get classNames(): string[] {
    return [...new Set([...this.#cache.values()].map((k) => k.run.kernel.constructor.name))];
  }

  /** Why the device is gone; null while it is there. */
  get loss(): string | null {
    if (this.#loss === null && !this.#disposed && this.#device.isLost()) this.#lose('the graphics context was lost');
    return this.#loss;
  }

  #lose(reason: string): void {
    if (this.#loss !== null || this.#disposed) return;
    this.#loss = reason;
    this.#tellLost(reason);
  }

  /** A buffer of no elements. */
  empty(): GpuBuffer {
    return new GpuBuffer(0, null, this.ledger);
  }

  /** A buffer of values that are in the host's memory and stay there until a kernel needs them. */
  onHost(values: Float32Array | Promise<Float32Array>, length: number): GpuBuffer {
    if (length === 0) return this.empty();
    if (!(values instanceof Promise)) return this.#buffer(length, this.#allocate(length, values));
    return this.#buffer(length, this.#allocate(length).takeHost(values));
  }

  /** Runs a kernel into a fresh buffer. */
  launch(l: Launch): GpuBuffer {
    if (l.length === 0) return this.empty();
    this.#check(l.op, l.length);
    const ints = l.ints ?? noArguments;
    const floats = l.floats ?? noArguments;
    const key = `${l.key}(${l.inputs.length};${ints.names};${floats.names})`;
    const { argumentType } = this.#device;
    const kernel = this.#kernel(l.op, key, () => {
      const parameters = [...l.inputs.map((_, k) => `a${k}`), ...ints.names, ...floats.names];
      const types = [...l.inputs.map(() => argumentType), ...ints.names.map(() => 'Integer'), ...floats.names.map(() => 'Float')];
      const { code, helpers } = l.source();
      return { parameters, types, code: `const i=this.thread.x;${code}`, helpers };
    });
    return this.#run(l.op, kernel, l.length, l.inputs, [...ints.values, ...floats.values]);
  }

  /** Copies values to the device, or leaves them with the host when the device cannot take them. */
  upload(values: Float32Array | Promise<Float32Array>, length: number): GpuBuffer {
    if (length === 0) return this.empty();
    const { synchronous } = this.#device;
    // The run may happen later, and the caller may write to the array then, so the values are copied now.
    const own = values instanceof Promise || (synchronous && !this.#options.recoverable) ? values : values.slice(0, length);
    try {
      this.#check('upload', length);
      const kernel = this.#uploader();
      if (own instanceof Promise) {
        const result = own.then((v) => this.#enqueue('upload', kernel, length, [v]));
        return this.#buffer(length, this.#allocate(length).take(result));
      }
      const allocation = this.#allocate(length, this.#options.recoverable ? own : null);
      allocation.take(synchronous ? this.#call('upload', kernel, length, [own]) : this.#enqueue('upload', kernel, length, [own]));
      allocation.otherwise(() => Promise.resolve(own));
      return this.#buffer(length, allocation);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return this.onHost(own === values && !(own instanceof Promise) ? own.slice(0, length) : own, length);
    }
  }

  /** The values of a buffer, where the device answers at once. */
  readSync(buffer: GpuBuffer): Float32Array {
    this.#checkDisposed('read');
    if (buffer.length === 0) return new Float32Array(0);
    const { allocation } = buffer;
    if (this.loss === null && allocation.result !== null) {
      const values = this.#readback.now(allocation.result, buffer.length);
      if (this.#intact()) return values;
    }
    return allocation.survivors('read', this.#loss!).slice();
  }

  /** The values of a buffer. */
  async read(buffer: GpuBuffer): Promise<Float32Array> {
    this.#checkDisposed('read');
    return buffer.length === 0 ? new Float32Array(0) : this.valuesOf(buffer.allocation, buffer.length);
  }

  /** The values of an allocation of `length` elements. */
  async valuesOf(allocation: Allocation, length: number): Promise<Float32Array> {
    allocation.retain();
    try {
      await allocation.settled();
      if (this.loss === null && allocation.result !== null) {
        const values = await this.#readback.later(allocation.result, length);
        if (this.#intact()) return values;
      }
      return allocation.survivors('read', this.#loss!).slice();
    } catch (error) {
      if (this.loss !== null && !(error instanceof DeviceError)) return allocation.survivors('read', this.loss).slice();
      throw failure('read', error);
    } finally {
      allocation.release();
    }
  }

  /** Whether what was just read can be trusted: a lost context reads as zeros, a texture without memory as anything. */
  #intact(): boolean {
    if (this.#device.ranOutOfMemory()) this.#lose('the device ran out of memory');
    return this.loss === null;
  }

  /** Resolves when everything that was started is done. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#outstanding]);
    if (this.loss === null) await this.#device.finish();
  }

  dispose(): void {
    this.#disposed = true;
  }

  #checkDisposed(op: string): void {
    if (this.#disposed) throw new DeviceError(`${op}: the GPU backend was disposed`);
  }

  /** Whether a result of `length` elements can be made. */
  #check(op: string, length: number): void {
    this.#checkDisposed(op);
    if (this.loss !== null) throw new Unavailable(this.loss);
    const { maxElements, bytesPerElement } = this.#device;
    if (length > maxElements) throw new Unavailable(`a tensor of more than ${maxElements} elements does not fit in one buffer`);
    const { maxBytes } = this.#options;
    if (this.ledger.bytes + length * bytesPerElement > maxBytes)
      throw new Unavailable(`the device's memory is full (${maxBytes} bytes were allowed)`);
  }

  #uploader(): Compiled {
    return this.#kernel('upload', 'upload', () => uploading);
  }

  #kernel(op: string, key: string, make: () => KernelSource): Compiled {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const refused = this.#refused.get(key);
    if (refused !== undefined) throw new Unavailable(refused);
    try {
      const kernel: Compiled = { run: this.#device.createKernel(make()), length: -1, tail: Promise.resolve(), broken: null };
      this.#cache.set(key, kernel);
      return kernel;
    } catch (error) {
      const reason = failing(op, error);
      this.#refused.set(key, reason);
      throw new Unavailable(reason, { cause: error });
    }
  }

  #run(op: string, kernel: Compiled, length: number, inputs: readonly GpuBuffer[], scalars: readonly number[]): GpuBuffer {
    if (kernel.broken !== null) throw new Unavailable(kernel.broken);
    const allocations = inputs.map((b) => b.allocation);
    if (this.#device.synchronous) {
      const before = this.ledger.bytes;
      const args = [...allocations.map((a) => this.#resident(a)), ...scalars];
      // Operands that had to be sent first may have taken the room that the result was to have.
      if (this.ledger.bytes !== before) this.#check(op, length);
      return this.#buffer(length, this.#allocate(length).take(this.#call(op, kernel, length, args)));
    }
    for (const a of allocations) a.retain();
    const result = this.#enqueue(op, kernel, length, scalars, allocations).finally(() => {
      for (const a of allocations) a.release();
    });
    return this.#buffer(length, this.#allocate(length).take(result));
  }

  /** Contents on the device, which the host may have to send first. */
  #resident(a: Allocation): GpuResult {
    if (a.result !== null) return a.result;
    const values = a.survivors('upload', 'the values are not there');
    this.#check('upload', values.length);
    a.take(this.#call('upload', this.#uploader(), values.length, [values]));
    return a.result!;
  }

  /** As {@link Kernels.#resident}, when there is a result. */
  async #arrival(a: Allocation): Promise<GpuResult> {
    await a.settled();
    if (a.result !== null) return a.result;
    const values = a.survivors('upload', 'the values are not there');
    this.#check('upload', values.length);
    a.take(this.#enqueue('upload', this.#uploader(), values.length, [values]));
    await a.settled();
    if (a.result === null) throw new Unavailable('the device does not take an operand');
    return a.result;
  }

  /** Calls a kernel that answers at once. */
  #call(op: string, kernel: Compiled, length: number, args: readonly GpuArgument[]): GpuResult {
    const { run } = kernel;
    const fresh = kernel.length < 0;
    try {
      if (kernel.length !== length || feedsItself(run, args)) {
        // gpu.js reuses a texture of an older size when a kernel is given its own last result; a fresh output avoids it.
        run.setOutput([length]);
        kernel.length = length;
      }
      forgetZeros(run, args);
      const result = checked(run(...args) as GpuResult);
      if (fresh) this.#device.checkLinked(run);
      if (length >= large && this.#device.ranOutOfMemory()) {
        result.delete();
        throw new Unavailable('the device ran out of memory');
      }
      return result;
    } catch (error) {
      throw this.#failed(op, kernel, error);
    }
  }

  /** Calls a kernel that answers with a promise, once its operands exist and its previous call is through. */
  #enqueue(
    op: string,
    kernel: Compiled,
    length: number,
    args: readonly GpuArgument[],
    allocations: readonly Allocation[] = [],
  ): Promise<GpuResult> {
    const job = Promise.all([kernel.tail, ...allocations.map((a) => a.result ?? this.#arrival(a))]).then(async ([, ...operands]) => {
      if (kernel.broken !== null) throw new Unavailable(kernel.broken);
      if (kernel.length !== length) {
        kernel.run.setOutput([length]);
        kernel.length = length;
      }
      try {
        return checked(await kernel.run(...operands, ...args));
      } catch (error) {
        throw this.#failed(op, kernel, error);
      }
    });
    kernel.tail = job.then(ignore, ignore);
    return job;
  }

  /** Why a call failed. A kernel that did is not tried again. */
  #failed(op: string, kernel: Compiled, error: unknown): Unavailable {
    if (error instanceof Unavailable) return error;
    if (this.loss !== null) return new Unavailable(this.loss, { cause: error });
    kernel.broken = failing(op, error);
    return new Unavailable(kernel.broken, { cause: error });
  }

  #allocate(length: number, host: Float32Array | null = null): Allocation {
    return new Allocation(length * this.#device.bytesPerElement, this.ledger, host);
  }

  #buffer(length: number, allocation: Allocation): GpuBuffer {
    this.#track(allocation);
    return new GpuBuffer(length, allocation, this.ledger);
  }

  /** Lets flush() wait for contents. */
  #track(allocation: Allocation): void {
    if (!allocation.isPending) return;
    const done: Promise<unknown> = allocation.arrival.then(() => this.#outstanding.delete(done));
    this.#outstanding.add(done);
  }
}

function failing(op: string, error: unknown): string {
  return `a kernel of ${op} fails: ${firstLine(error)}`;
}

function feedsItself(run: GpuKernel, args: readonly GpuArgument[]): boolean {
  const own = run.kernel.texture?.texture;
  return own !== undefined && args.some((a) => typeof a === 'object' && 'texture' in a && a.texture === own);
}

/** gpu.js compares uniforms by ===, for which 0 and -0 are the same. */
function forgetZeros(run: GpuKernel, args: readonly GpuArgument[]): void {
  if (args.includes(0) && run.kernel.uniform1fCache !== undefined) run.kernel.uniform1fCache = {};
}

function checked(result: GpuResult): GpuResult {
  if (result?.type !== 'ArrayTexture(1)' && result?.type !== 'WebGPUBuffer')
    throw new Error('gpu.js ran it on the CPU instead of the device');
  return result;
}

function failure(op: string, error: unknown): unknown {
  if (error instanceof DeviceError) return error;
  if (error instanceof Unavailable) return new DeviceError(`${op}: ${error.reason}`, { cause: error });
  return new DeviceError(`${op}: the device failed: ${firstLine(error)}`, { cause: error });
}
