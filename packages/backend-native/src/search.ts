import { DeviceError } from '@nabla/core';
import { candidates, remedy } from './candidates.ts';
import { type Library, recognize } from './library.ts';
import { proven } from './probe.ts';

/** A library that has proven that it computes. */
interface Found {
  /** The file or name under which it was loaded. */
  readonly path: string;
  readonly lib: Library;
}

type Koffi = Pick<typeof import('koffi'), 'load'>;

/** The module that calls libraries, or why there is none. */
async function loader(): Promise<Koffi | string> {
  try {
    return await import('koffi');
  } catch (error) {
    return `koffi, which calls libraries, cannot be loaded: ${firstLine(error)}`;
  }
}

/** Loads a library and lets it compute something; or says why it cannot be used. */
function attempt(koffi: Koffi, path: string): Found | string {
  try {
    const lib = recognize(koffi.load(path), path);
    const reason = lib === null ? 'it has no CBLAS' : proven(lib.functions);
    return lib === null || reason !== null ? reason! : { path, lib };
  } catch (error) {
    return firstLine(error);
  }
}

const doubt = (path: string): string =>
  `'${path}' is none of OpenBLAS, MKL, BLIS and Accelerate, and the reference BLAS is slower than WebAssembly`;

/** The library that a program asked for. @throws DeviceError when it cannot be used */
export async function openNamed(path: string): Promise<Found> {
  const koffi = await loader();
  const found = typeof koffi === 'string' ? koffi : attempt(koffi, path);
  if (typeof found === 'string') throw new DeviceError(`enableNative: cannot use the library '${path}': ${found}`);
  if (found.lib.name === null) console.warn(`@nabla/backend-native: ${doubt(path)}`);
  return found;
}

/** The first of the usual libraries that is there; null, and a line on the console, when there is none. */
export async function search(): Promise<Found | null> {
  const koffi = await loader();
  const reasons: string[] = [];
  if (typeof koffi === 'string') reasons.push(koffi);
  else {
    for (const path of candidates(process.platform)) {
      const found = attempt(koffi, path);
      if (typeof found !== 'string') {
        if (found.lib.name !== null) return found;
        reasons.push(doubt(path));
      } else reasons.push(`${path}: ${found}`);
    }
  }
  const why = reasons.join('; ');
  console.warn(`@nabla/backend-native: no BLAS library here, matrix products stay in WebAssembly (${why}); ${remedy(process.platform)}`);
  return null;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
