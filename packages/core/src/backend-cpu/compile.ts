import { BoundedCache } from '../expr/cache.ts';

/** Enough for every kernel of a large model; a program that makes expressions without end stays within it. */
const kernels: BoundedCache<(...args: never[]) => void> = new BoundedCache(4096);
let compiled = 0;

/** The kernel under `key`, compiled from `make`'s source on first use. */
export function compile(key: string, make: () => { code: string; helpers: Record<string, unknown> }): (...args: never[]) => void {
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    const { code, helpers } = make();
    const names = Object.keys(helpers);
    kernel = new Function('F', ...names, code)(Math.fround, ...names.map((n) => helpers[n])) as (...args: never[]) => void;
    kernels.set(key, kernel);
    compiled++;
  }
  return kernel;
}

/** How many kernels were compiled since the program started. */
export function compiledKernels(): number {
  return compiled;
}

/** Forgets compiled kernels (tests that change a function's rows need it). */
export function clearKernels(): void {
  kernels.clear();
}
