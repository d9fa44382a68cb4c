import type { View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { Arena } from './memory.ts';
import { encodeModule, FunctionBuilder, type Import } from './module.ts';

/** The exported functions of a compiled module: all of them take and give numbers. */
export type Exports = Readonly<Record<string, (...args: number[]) => number>>;

/** Functions of JavaScript that a module calls. */
export interface Imported extends Import {
  readonly run: (...args: number[]) => number;
}

/** WebAssembly as kernels use it: one memory, and modules compiled over it. */
export class Runtime {
  readonly arena: Arena;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Compiles a module, synchronously: engines allow that up to 8 MiB, and kernels are a few KiB. */
  compile(functions: Readonly<Record<string, FunctionBuilder>>, imports: readonly Imported[] = []): Exports {
    const { memory, pages, shared } = this.arena;
    const module = new WebAssembly.Module(encodeModule(functions, { pages, shared }, imports));
    const env: Record<string, WebAssembly.ImportValue> = { memory };
    for (const { name, run } of imports) env[name] = run;
    return new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
  }

  /** The address of a view's first element, or -1 when its buffer lies outside of the memory. */
  addressOf(v: View): number {
    const array = v.handle as TypedArray;
    return array.buffer === this.arena.buffer ? array.byteOffset + v.offset * array.BYTES_PER_ELEMENT : -1;
  }
}

/** How the CPU backend uses WebAssembly. Tests compare the three; programs leave it at `auto`. */
export type WasmMode = 'auto' | 'always' | 'off';

let mode: WasmMode = 'auto';
/** undefined until the first use, null where WebAssembly or its vectors are missing or forbidden. */
let shared: Runtime | null | undefined;

/** The runtime, made on first use and fixed from then on; null where there is none. */
export function runtime(): Runtime | null {
  if (shared === undefined) shared = start();
  return mode === 'off' ? null : shared;
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

function start(): Runtime | null {
  if (typeof WebAssembly !== 'object') return null;
  const arena = Arena.create(false);
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
