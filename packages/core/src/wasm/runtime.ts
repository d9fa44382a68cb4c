import type { View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { Arena } from './memory.ts';
import { encodeModule, FunctionBuilder, type Import } from './module.ts';
import type { SharedModule, Team } from './team.ts';
import { maxParts } from './worker-source.ts';

/** The exported functions of a compiled module: all of them take and give numbers. */
export type Exports = Readonly<Record<string, (...args: number[]) => number>>;

/** Functions of JavaScript that a module calls: functions of `Math`, which worker threads know too. */
export interface Imported extends Import {
  readonly run: (...args: number[]) => number;
}

/** Most threads that a team may have: each part of a job has a place for arguments and panels. */
export const maxThreads: number = maxParts;

/** WebAssembly as kernels use it: one memory, modules compiled over it, and threads to share work with. */
export class Runtime {
  readonly arena: Arena;
  team: Team | null = null;
  /** How many modules were compiled. */
  modules = 0;
  #made: WeakMap<object, unknown> = new WeakMap();
  readonly #bytes: WeakMap<Exports, Uint8Array<ArrayBuffer>> = new WeakMap();
  readonly #shared: WeakMap<Exports, SharedModule> = new WeakMap();

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Threads that a kernel's work can be split over. */
  get threads(): number {
    return this.team === null ? 1 : this.team.size;
  }

  /** Compiles a module, synchronously: engines allow that up to 8 MiB, and kernels are a few KiB. */
  compile(functions: Readonly<Record<string, FunctionBuilder>>, imports: readonly Imported[] = []): Exports {
    const { memory, pages, shared } = this.arena;
    const bytes = encodeModule(functions, { pages, shared }, imports);
    const env: Record<string, WebAssembly.ImportValue> = { memory };
    for (const { name, run } of imports) env[name] = run;
    const exports = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports as unknown as Exports;
    this.modules++;
    if (shared) this.#bytes.set(exports, bytes);
    return exports;
  }

  /** What `make` gives, which is called once for every key: modules are compiled on first use. */
  once<T>(key: object, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }

  /** Everything is made anew when it is needed again. */
  forget(): void {
    this.#made = new WeakMap();
  }

  /** Calls an exported function once per list of arguments, side by side where there are threads; tests have those do their part. */
  run(exports: Exports, name: string, calls: readonly (readonly number[])[]): void {
    const module = this.team === null || calls.length === 1 ? null : this.share(exports);
    if (module === null) for (const args of calls) exports[name]!(...args);
    else this.team!.run(module, exports[name]!, name, calls, mode === 'always');
  }

  /** Lays a module's bytes where threads find them; null when the memory is full. */
  share(exports: Exports): SharedModule | null {
    let known = this.#shared.get(exports);
    if (known === undefined) {
      const bytes = this.#bytes.get(exports)!;
      const place = this.arena.take('uint8', bytes.length);
      if (place === null) return null;
      place.set(bytes);
      known = { id: nextModule++, bytes: place as Uint8Array, names: Object.keys(exports) };
      this.#shared.set(exports, known);
    }
    return known;
  }

  /** The address of a view's first element, or -1 when its buffer lies outside of the memory. */
  addressOf(v: View): number {
    const array = v.handle as TypedArray;
    return array.buffer === this.arena.buffer ? array.byteOffset + v.offset * array.BYTES_PER_ELEMENT : -1;
  }
}

let nextModule = 1;

/** How the CPU backend uses WebAssembly. Tests compare the three; programs leave it at `auto`. */
export type WasmMode = 'auto' | 'always' | 'off';

let mode: WasmMode = 'auto';
/** undefined until the first use, null where WebAssembly or its vectors are missing or forbidden. */
let current: Runtime | null | undefined;

/** The runtime, made on first use; null where there is none. */
export function runtime(): Runtime | null {
  if (current === undefined) current = start(false);
  return mode === 'off' ? null : current;
}

/** Replaces the runtime: buffers of the one before stay where they are, and are copied when kernels need them. */
export function setRuntime(next: Runtime): void {
  current = next;
}

/** Bytes of all the buffers that were ever made in WebAssembly memory. */
export function residentMade(): number {
  return runtime()?.arena.made ?? 0;
}

/** @internal Chooses how kernels use WebAssembly, and gives the choice before. */
export function setWasmMode(next: WasmMode): WasmMode {
  const before = mode;
  mode = next;
  return before;
}

/** Whether work of `n` elements is large enough for WebAssembly, where calling it and staging cost something. */
export function worthwhile(n: number, least: number): boolean {
  return mode === 'always' || n >= least;
}

/** How much work makes a part of its own for a thread: tests split whatever can be split. */
export function partFrom(least: number): number {
  return mode === 'always' ? 1 : least;
}

/** A runtime over a fresh memory; null where WebAssembly, its vectors or (if asked for) shared memory are missing or forbidden. */
export function start(shared: boolean): Runtime | null {
  if (typeof WebAssembly !== 'object') return null;
  const arena = Arena.create(shared);
  if (arena === null) return null;
  const made = new Runtime(arena);
  try {
    const probe = new FunctionBuilder([], 'i32');
    probe.return(probe.lane('i32x4.extract_lane', 0, probe.i32x4(1)));
    return made.compile({ probe })['probe']!() === 1 ? made : null;
  } catch {
    // No vectors in this engine, or a content-security policy without 'wasm-unsafe-eval'.
    return null;
  }
}
