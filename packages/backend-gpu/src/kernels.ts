import { DeviceError } from '@nabla/core';
import { Allocation, GpuBuffer, type Ledger } from './buffer.ts';
import type { GpuDevice, KernelSource } from './device.ts';
import type { GpuArgument, GpuKernel, GpuReader, GpuResult } from './gpujs.ts';

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
}

const noArguments = new Arguments();

const uploading: KernelSource = { parameters: ['a0'], types: ['Array'], code: 'return a0[this.thread.x];', helpers: new Map() };

/**
 * The kernels of one device, compiled on first use and kept: destroying one would take its results with it. There are
 * as many as the program has distinct expressions, ranks and operand kinds.
 */
export class Kernels {
  readonly ledger: Ledger = { buffers: 0, bytes: 0 };
  readonly #device: GpuDevice;
  readonly #cache: Map<string, Compiled> = new Map();
  readonly #outstanding: Set<Promise<unknown>> = new Set();
  #reader: GpuReader | null | undefined;
  #readerLength = -1;
  #disposed = false;

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** Kernels compiled so far. */
  get compiled(): number {
    return this.#cache.size;
  }

  /** Name of gpu.js's kernel classes in use, for tests: it says what the kernels really run on. */
  get classNames(): string[] {
    return [...new Set([...this.#cache.values()].map((k) => k.run.kernel.constructor.name))];
  }

  /** A buffer of no elements. */
  empty(): GpuBuffer {
    return new GpuBuffer(0, null, this.ledger);
  }

  /** Runs a kernel into a fresh buffer. */
  launch(l: Launch): GpuBuffer {
    if (l.length === 0) return this.empty();
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

  /** Copies values to the device. */
  upload(values: Float32Array | Promise<Float32Array>, length: number): GpuBuffer {
    if (length === 0) return this.empty();
    this.#checkLength('upload', length);
    const kernel = this.#kernel('upload', 'upload', () => uploading);
    if (values instanceof Promise) {
      const result = values.then((v) => this.#enqueue('upload', kernel, length, [v]));
      return this.#track(result, length);
    }
    // The run may happen later, so the values are copied now.
    const own = this.#device.synchronous ? values : values.slice();
    const result = this.#device.synchronous ? this.#call('upload', kernel, length, [own]) : this.#enqueue('upload', kernel, length, [own]);
    return this.#track(result, length);
  }

  /** The values of a buffer, where the device answers at once. */
  readSync(buffer: GpuBuffer): Float32Array {
    this.#check('read');
    if (buffer.length === 0) return new Float32Array(0);
    const values = buffer.allocation.result.toArray() as Float32Array | null;
    return this.#whole(values, buffer.length);
  }

  /** The values of a buffer. */
  async read(buffer: GpuBuffer): Promise<Float32Array> {
    this.#check('read');
    if (buffer.length === 0) return new Float32Array(0);
    const allocation = buffer.allocation.retain();
    try {
      const result = await allocation.ready();
      return this.#whole(await this.#values(result, buffer.length), buffer.length);
    } catch (error) {
      throw failure('read', error);
    } finally {
      allocation.release();
    }
  }

  #values(result: GpuResult, length: number): Float32Array | Promise<Float32Array> {
    if (this.#reader === undefined) this.#reader = this.#device.createReader();
    if (this.#reader === null) return result.toArray();
    if (this.#readerLength !== length) {
      this.#reader.setOutput([length]);
      this.#readerLength = length;
    }
    return this.#reader(result);
  }

  /** Resolves when everything that was started is done. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#outstanding]);
    await this.#device.finish();
  }

  dispose(): void {
    this.#disposed = true;
  }

  #check(op: string): void {
    if (this.#disposed) throw new DeviceError(`${op}: the GPU backend was disposed`);
    // A lost context does not complain: it reads zeros.
    if (this.#device.isLost()) throw new DeviceError(`${op}: the graphics context was lost and with it the contents of every tensor on it`);
  }

  #checkLength(op: string, length: number): void {
    const { maxElements } = this.#device;
    if (length > maxElements)
      throw new DeviceError(`${op}: ${length} elements do not fit in one buffer of this device (at most ${maxElements})`);
  }

  #whole(values: Float32Array | null, length: number): Float32Array {
    this.#check('read');
    if (values === null || values.length < length)
      throw new DeviceError(`read: the device gave ${values?.length ?? 0} of ${length} values`);
    return values;
  }

  #kernel(op: string, key: string, make: () => KernelSource): Compiled {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    this.#check(op);
    const kernel: Compiled = { run: this.#device.createKernel(make()), length: -1, tail: Promise.resolve() };
    this.#cache.set(key, kernel);
    return kernel;
  }

  #run(op: string, kernel: Compiled, length: number, inputs: readonly GpuBuffer[], scalars: readonly number[]): GpuBuffer {
    this.#checkLength(op, length);
    const allocations = inputs.map((b) => b.allocation);
    if (this.#device.synchronous) {
      const args = [...allocations.map((a) => a.result), ...scalars];
      return this.#track(this.#call(op, kernel, length, args), length);
    }
    for (const a of allocations) a.retain();
    const result = this.#enqueue(op, kernel, length, scalars, allocations).finally(() => {
      for (const a of allocations) a.release();
    });
    return this.#track(result, length);
  }

  /** Calls a kernel that answers at once. */
  #call(op: string, kernel: Compiled, length: number, args: readonly GpuArgument[]): GpuResult {
    this.#check(op);
    const { run } = kernel;
    const fresh = kernel.length < 0;
    if (kernel.length !== length || feedsItself(run, args)) {
      // gpu.js reuses a texture of an older size when a kernel is given its own last result; a fresh output avoids it.
      run.setOutput([length]);
      kernel.length = length;
    }
    forgetZeros(run, args);
    let result: GpuResult | Promise<GpuResult>;
    try {
      result = run(...args);
      if (fresh) this.#device.checkLinked(run);
    } catch (error) {
      throw failure(op, error);
    }
    return checked(op, result as GpuResult);
  }

  /** Calls a kernel that answers with a promise, once its operands exist and its previous call is through. */
  #enqueue(
    op: string,
    kernel: Compiled,
    length: number,
    args: readonly GpuArgument[],
    allocations: readonly Allocation[] = [],
  ): Promise<GpuResult> {
    this.#check(op);
    const job = Promise.all([kernel.tail, ...allocations.map((a) => a.ready())]).then(async ([, ...operands]) => {
      if (kernel.length !== length) {
        kernel.run.setOutput([length]);
        kernel.length = length;
      }
      try {
        return checked(op, await kernel.run(...operands, ...args));
      } catch (error) {
        throw failure(op, error);
      }
    });
    kernel.tail = job.then(ignore, ignore);
    return job;
  }

  #track(result: GpuResult | Promise<GpuResult>, length: number): GpuBuffer {
    if (result instanceof Promise) {
      const done: Promise<unknown> = result.then(ignore, ignore).then(() => this.#outstanding.delete(done));
      this.#outstanding.add(done);
    }
    const allocation = new Allocation(result, length * this.#device.bytesPerElement, this.ledger);
    return new GpuBuffer(length, allocation, this.ledger);
  }
}

function ignore(): void {
  // Failures surface where the result is read.
}

function feedsItself(run: GpuKernel, args: readonly GpuArgument[]): boolean {
  const own = run.kernel.texture?.texture;
  return own !== undefined && args.some((a) => typeof a === 'object' && 'texture' in a && a.texture === own);
}

/** gpu.js compares uniforms by ===, for which 0 and -0 are the same. */
function forgetZeros(run: GpuKernel, args: readonly GpuArgument[]): void {
  if (args.includes(0) && run.kernel.uniform1fCache !== undefined) run.kernel.uniform1fCache = {};
}

function checked(op: string, result: GpuResult): GpuResult {
  if (result?.type !== 'ArrayTexture(1)' && result?.type !== 'WebGPUBuffer') {
    throw new DeviceError(`${op}: gpu.js ran the kernel on the CPU instead of the device`);
  }
  return result;
}

function failure(op: string, error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  // A compiler's complaint ends in the whole shader, which is in the cause.
  const text = (error instanceof Error ? error.message : String(error)).split('\n---')[0]!;
  return new DeviceError(`${op}: the device failed: ${text}`, { cause: error });
}
