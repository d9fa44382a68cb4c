/**
 * Matrix products and convolutions by a BLAS library of the system: OpenBLAS, MKL, BLIS or Accelerate.
 *
 * @packageDocumentation
 */
import { availableParallelism } from 'node:os';
import { ValueError } from '@nabla/core';
import { currentBlas, setBlas } from '@nabla/core/internals';
import type { LibraryName } from './library.ts';
import { NativeBlas } from './native-blas.ts';
import { openNamed, search } from './search.ts';

export type { LibraryName };

/** Options of {@link enableNative}. */
export interface NativeOptions {
  /**
   * The library's file, or a name that the system's loader finds, such as `libmkl_rt.so.2`. Default: the first of the
   * usual names that is there.
   */
  library?: string;
  /**
   * Threads that the library uses for one product, at least 1; more than the machine's cores are as many as its cores.
   * OpenBLAS gets one for products of matrices that would end before others are awake.
   * Default: what the library chooses, which is all cores unless `OPENBLAS_NUM_THREADS` or the like says otherwise.
   */
  threads?: number;
}

/** What {@link enableNative} found. */
export interface NativeReport {
  /** The file or name under which it was loaded. */
  readonly library: string;
  /** The make of the library; null when it is none that is known here. */
  readonly name: LibraryName | null;
  /** The library's own words on its version and how it was built. Empty when it has none. */
  readonly version: string;
  /** Threads for one product; null when the library does not tell. */
  readonly threads: number | null;
}

/**
 * Finds a BLAS library and lets the CPU backend use it, from the next op on, for products of matrices and convolutions
 * of float32 and float64 that are large enough to gain. Arrays are handed over without a copy.
 *
 * Where there is no library, the result is null, one line on the console says what was tried, and everything runs as
 * before. Results of a library depend on its version, the machine and the number of threads in their last bits; those of
 * the default CPU backend do not. Each worker thread enables it for itself.
 *
 * @returns what was found, or null
 * @throws DeviceError when the `library` that was asked for cannot be loaded, has no CBLAS or computes wrong results
 * @throws ValueError when `threads` is not a positive integer
 * @example
 * ```ts
 * const native = await enableNative({ threads: 2 });
 * console.log(native?.name, native?.threads); // 'OpenBLAS' 2
 * ```
 */
export async function enableNative(options: NativeOptions = {}): Promise<NativeReport | null> {
  const { library, threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new ValueError(`enableNative: threads must be a positive integer, got ${threads}`);
  }
  // Accelerate before macOS 15 reads this when it is loaded, and has no function for it.
  if (threads !== undefined && process.platform === 'darwin') process.env['VECLIB_MAXIMUM_THREADS'] = String(threads);
  const found = library === undefined ? await search() : await openNamed(library);
  if (found === null) return null;
  const { path, lib } = found;
  const cores = availableParallelism();
  if (threads !== undefined || (lib.threads() ?? 1) > cores) lib.setThreads(Math.min(threads ?? cores, cores));
  const inUse = lib.threads();
  const told = lib.name === 'OpenBLAS' && inUse !== null && inUse > 1 ? { most: inUse, set: lib.setThreads } : null;
  setBlas(new NativeBlas(lib.name ?? path, lib.functions, told));
  return { library: path, name: lib.name, version: lib.version, threads: inUse };
}

/**
 * Takes matrix products back from a library that {@link enableNative} found: they are WebAssembly's and JavaScript's
 * again, from the next op on.
 *
 * @returns whether there was one
 */
export function disableNative(): boolean {
  if (!(currentBlas() instanceof NativeBlas)) return false;
  setBlas(null);
  return true;
}
